// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/key.h"
#include "registry/registry.h"

namespace fairlead::server {

// Whether `key` is listed as one of this kind, for the account or for the whole server. The empty
// account, which rendezvous asks for, has the server-wide list only: what one account trusts is no
// reason to serve strangers.
Result<bool> is_trusted(registry::Registry& registry, const AccountId& account,
                        const crypto::PublicKey& key, registry::TrustedKey::Kind kind);

}  // namespace fairlead::server
