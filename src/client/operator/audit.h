// SPDX-License-Identifier: Apache-2.0
// The audit log followed link by link (crypto/hash_chain.h), trusting nobody who hands it over.
#pragma once

#include <cstdint>

#include "client/operator/api.h"
#include "crypto/hash.h"

namespace fairlead::client {

// "7:0a1b…": a place in the log, and the hash of all up to there. Written down elsewhere, it
// finds out who writes the log anew.
struct AuditHead {
  std::uint64_t sequence = 0;
  crypto::Sha256 link{};
};
std::string to_text(const AuditHead& head);
std::optional<AuditHead> audit_head_from(std::string_view text);

class AuditChain {
 public:
  explicit AuditChain(std::optional<AuditHead> known = {}) : known_(std::move(known)) {}

  // The next item as the API gives it, oldest first, without gaps. An entry that is withheld is
  // followed by its hash. Failed, with the place: it does not fit what came before.
  Answer<void> add(const json::value& item);
  // After the last one. Failed: the known head was not reached.
  Answer<void> finish() const;

  const AuditHead& head() const { return head_; }

 private:
  AuditHead head_;
  std::optional<AuditHead> known_;
};

}  // namespace fairlead::client
