// SPDX-License-Identifier: Apache-2.0
// SRP6a over the 3072-bit group of RFC 5054 (g = 5) with SHA-512: both sides prove that they know
// one code, and share a key, without the code or anything to guess it from on the wire. Proofs are
// those of Espressif's Security 2:
//
//   x = H(salt | H(username | ":" | code))    v = g^x    k = H(N | PAD(g))    u = H(PAD(A) |
//   PAD(B)) A = g^a    B = k*v + g^b    client S = (B - k*g^x)^(a + u*x)    device S = (A * v^u)^b
//   K = H(S without leading zeros)
//   M1 = H((H(N) xor H(PAD(g))) | H(username) | salt | A | B | K)    M2 = H(A | M1 | K)
//
// A, B and salt enter M1 and M2 as they travelled. All exponents that are secret are raised in
// constant time.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace fairlead::crypto::srp {

inline constexpr std::size_t group_bytes = 384;  // N, v, A and B
inline constexpr std::size_t salt_bytes = 16;
inline constexpr std::size_t secret_bytes = 32;  // a and b
inline constexpr std::size_t hash_bytes = 64;    // K, M1 and M2

// What a device keeps instead of the code. Who learns it can play the device, and guess the code.
struct Verifier {
  std::string username;
  Bytes salt;
  SecretBytes value;  // group_bytes
};
// Draws a salt whose first byte isn't 0, since peers strip it. refused: this code's hash begins
// with a zero byte, which one peer strips: choose another.
Result<Verifier> make_verifier(std::string_view username, View code, Random& random);

struct DeviceKeys {
  Bytes public_value;  // B
  SecretBytes key;     // K
  Bytes client_proof;  // M1, to be compared in constant time
  Bytes device_proof;  // M2, to be told only to who showed M1
};
// The device's answer to the client's A, of 1 to group_bytes bytes. untrusted: A is 0 mod N or
// longer. b is drawn until none of B, S, K and M1 begins with a zero byte: peers disagree about
// such values.
Result<DeviceKeys> answer(const Verifier& verifier, View client_public, Random& random);

struct ClientShare {
  SecretBytes secret;  // a
  Bytes public_value;  // A, group_bytes, its first byte never 0
};
ClientShare start(Random& random);

struct ClientKeys {
  SecretBytes key;     // K
  Bytes client_proof;  // M1
  Bytes device_proof;  // M2, to be compared in constant time
};
// untrusted: B is 0 mod N or longer than group_bytes, or u is 0.
Result<ClientKeys> finish(const ClientShare& share, std::string_view username, View code, View salt,
                          View device_public);

}  // namespace fairlead::crypto::srp
