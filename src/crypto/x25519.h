// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace fairlead::crypto {

inline constexpr std::size_t x25519_bytes = 32;

// An ephemeral Diffie-Hellman key on Curve25519 (RFC 7748).
struct X25519Key {
  SecretBytes secret;  // x25519_bytes
  Bytes public_value;  // x25519_bytes
};
X25519Key generate_x25519(Random& random);

// RFC 7748 §6.1. untrusted: wrong length, or a point of small order (the result is all zero).
Result<SecretBytes> x25519(const X25519Key& ours, View peer_public);

}  // namespace fairlead::crypto
