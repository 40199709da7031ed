// SPDX-License-Identifier: Apache-2.0
// The Entity Attestation Token with which a device proves itself, in TO1 (message 32) and TO2
// (message 64).
#pragma once

#include "fdo/types.h"

namespace fairlead::fdo {

struct Eat {
  Nonce nonce;
  Guid guid;                   // from the UEID: 01 ‖ GUID
  Bytes xb;                    // FDO claim -257: [xB]; TO2 only
  std::optional<Nonce> setup;  // unprotected -259
};

// Grammar. Payload {10: nonce, 256: ueid, ? -257: [bstr], ? -258: any}, in any order.
struct SignedEat {
  Eat claims;
  Bytes protected_bytes, payload, signature;
  std::int64_t alg = 0;
};
Result<SignedEat> decode_eat(View message);
// untrusted when it is not by `device_key`. One stock device pads r or s too little: every split is
// tried.
Result<void> verify_eat(const SignedEat& eat, const crypto::PublicKey& device_key);
Result<Bytes> encode_eat(const Eat& claims, crypto::Signer& device_key);

}  // namespace fairlead::fdo
