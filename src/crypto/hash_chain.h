// SPDX-License-Identifier: Apache-2.0
// A list that can't be changed behind its reader's back: each link is a hash of all before it.
//
//   link(0) = 32 zero bytes
//   link(n) = SHA-256( link(n - 1) | SHA-256(entry n) )
//
// Who knows a link can prove of a list that everything up to there is as it was. Who may not see an
// entry follows the chain by the entry's hash.
#pragma once

#include "crypto/hash.h"

namespace fairlead::crypto {

Sha256 chain_link(const Sha256& previous, const Sha256& entry_hash);

}  // namespace fairlead::crypto
