// SPDX-License-Identifier: Apache-2.0
#include "server/trust.h"

namespace fairlead::server {

Result<bool> is_trusted(registry::Registry& registry, const AccountId& account,
                        const crypto::PublicKey& key, registry::TrustedKey::Kind kind) {
  const auto fingerprint = key.fingerprint();
  TRY(auto server_wide, registry.find_trusted_key(AccountId(), fingerprint));
  if (server_wide && server_wide->kind == kind) return true;
  if (account.empty()) return false;
  TRY(auto own, registry.find_trusted_key(account, fingerprint));
  return own && own->kind == kind;
}

}  // namespace fairlead::server
