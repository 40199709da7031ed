// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "keystore/keystore.h"
#include "server/sessions.h"
#include "server/store.h"

namespace fairlead::server {

// Runs in the registry, for many servers on one database: the next message of a run may come to
// any of them, and a restart ends none. A run's state holds session keys, and its token lets
// whoever has it go on: the registry sees the token's hash and the state sealed by the keystore
// that the servers share. Costs two commits per message, in company with others.
class RegistrySessions final : public Sessions {
 public:
  RegistrySessions(Store& store, keystore::Keystore& keys, Random& random, Clock clock,
                   SessionLimits limits = {})
      : store_(store), keys_(keys), random_(random), clock_(std::move(clock)), limits_(limits) {}

  Result<std::string> create(Bytes state) override;
  Result<std::optional<Bytes>> take(std::string_view token) override;
  Result<void> put(const std::string& token, Bytes state, Standing standing) override;
  Result<void> sweep() override;  // also counts what is there
  std::size_t size() const override { return counted_ + created_since_; }

 private:
  Store& store_;
  keystore::Keystore& keys_;
  Random& random_;
  Clock clock_;
  const SessionLimits limits_;
  std::atomic<std::size_t> counted_ = 0, created_since_ = 0;  // of the last sweep, and after it
};

}  // namespace fairlead::server
