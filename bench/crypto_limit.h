// SPDX-License-Identifier: Apache-2.0
// The ceiling of TO2: the OpenSSL operations that one onboarding costs the owner, and nothing else,
// in one thread, with every context prepared where that is possible for keys that are met for the
// first time.
//
//   operation                        with Grant   without   what for
//   ECDSA signature                      5           3      61; 65; entry of the replacement
//                                                           voucher; certificate; Grant
//   ECDSA verification                   3           1      64; the request's and the Offer's
//                                                           signature
//   EC key pair                          1           1      key share of 61
//   ECDH, with the peer's point          1           1      64
//   import of a public key               2           1      device's, operational
//   AEAD, sealed or opened             2r - 5      2r - 5   65; then each request and its answer
//   draw of random bytes               r + 5       r + 4    nonce, key share (2), token, GUID,
//                                                           counter; serial number; a nonce for
//                                                           each of the r - 2 sealed messages
//   SHA-256 or SHA-384 of 512 bytes     20          12      signatures' digests, HelloDevice, key
//                                                           derivation, fingerprints, documents
//
// r: requests, all of 60 to 70. Counted by uprobes on libcrypto, the server makes exactly these
// signatures, verifications and AEAD calls; but 31 digests, for it makes fingerprints more than
// once, and 2 to 3 imports.
//
// Voucher chain and entries are verified at import, not in TO2. "Without" is a device that asks for
// no certificate.
#pragma once

#include <memory>

#include "crypto/key.h"

namespace fairlead::bench {

struct OwnerOperations {
  // draws: beside one for each message that is sealed
  int signs, verifies, key_pairs, agreements, imports, draws, hashes;
};
inline constexpr OwnerOperations with_grant{5, 3, 1, 1, 2, 7, 20},
    without_grant{3, 1, 1, 1, 1, 6, 12};

class CryptoLimit {
 public:
  CryptoLimit(crypto::KeyType type, const OwnerOperations& operations, unsigned requests);
  ~CryptoLimit();
  bool onboarding();  // all operations of one; false if one of them failed

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::bench
