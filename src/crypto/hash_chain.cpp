// SPDX-License-Identifier: Apache-2.0
#include "crypto/hash_chain.h"

namespace fairlead::crypto {

Sha256 chain_link(const Sha256& previous, const Sha256& entry_hash) {
  Bytes both = to_bytes(View(previous));
  append(both, View(entry_hash));
  return sha256(both);
}

}  // namespace fairlead::crypto
