// SPDX-License-Identifier: Apache-2.0
// FDO 1.1 §3.6: the key exchange of TO2, its key derivation, and the tunnel that messages 65 to 71
// travel in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/software_key.h"
#include "fdo/types.h"

namespace fairlead::fdo {

// The suites that this implementation speaks; every other name or number is refused.
enum class KexSuite { ecdh256, ecdh384 };
std::string_view to_string(KexSuite suite);  // "ECDH256"
std::optional<KexSuite> parse_kex_suite(std::string_view name);
crypto::KeyType curve_of(KexSuite suite);
std::size_t random_bytes(KexSuite suite);     // 16 or 48
KexSuite kex_for(crypto::KeyType owner_key);  // as strong as the owner's key

enum class CipherSuite : std::int64_t {
  a128gcm = 1,
  a192gcm = 2,
  a256gcm = 3,
  ccm_64_128_128 = 32,
  ccm_64_128_256 = 33
};
std::optional<CipherSuite> parse_cipher_suite(std::int64_t number);
std::string_view to_string(CipherSuite suite);
std::optional<CipherSuite> cipher_suite_from_text(std::string_view name);
crypto::Aead aead_of(CipherSuite suite);

// One side's part of the exchange. xA and xB have the same form: len16 x ‖ len16 y ‖ len16 random.
struct KexShare {
  crypto::EcdhKey key;
  SecretBytes random;
  Bytes parameter() const;  // what travels
};
// The random part begins with a byte that is not zero: a stock device strips leading zeros and
// would fail.
Result<KexShare> make_share(KexSuite suite, Random& random);

struct KexParameter {
  Bytes x, y, random;
};
Result<KexParameter> decode_kex_parameter(KexSuite suite,
                                          View encoded);  // coordinates may lack leading zeros

// ShSe = Z ‖ device random ‖ owner random.
enum class KexRole { device, owner };
Result<SecretBytes> shared_secret(KexRole role, const KexShare& ours, const KexParameter& theirs);

// SP 800-108 counter mode with HMAC-SHA-256, as every AEAD suite uses it; `bits` of key.
SecretBytes derive_key(View shared_secret, View context_random, std::size_t bits);
SecretBytes derive_session_key(CipherSuite suite, View shared_secret);

// COSE_Encrypt0 in both directions under one key, so nonces must never meet: GCM draws twelve
// random bytes, CCM has seven, whose top bit is the role and the rest a counter.
// In one run, both ways. Each one's nonce is remembered, so there has to be an end.
inline constexpr std::size_t tunnel_messages_max = 4 * limits::service_info_rounds_idle_max;

class Tunnel {
 public:
  Tunnel(CipherSuite suite, SecretBytes key, KexRole role, std::uint64_t counter_start = 0)
      : suite_(suite), key_(std::move(key)), role_(role), counter_(counter_start) {}

  Result<Bytes> seal(View plaintext, Random& random);
  // Refuses another algorithm than the negotiated one, and a nonce that was seen before in this
  // run.
  Result<Bytes> open(View message);

  std::size_t messages_left() const {
    return tunnel_messages_max - std::min(seen_.size(), tunnel_messages_max);
  }

  // To continue on another node.
  void write(cbor::Writer& out) const;
  static std::optional<Tunnel> read(cbor::Reader& in, KexRole role);

 private:
  CipherSuite suite_;
  SecretBytes key_;
  KexRole role_;
  std::uint64_t counter_;
  std::vector<Bytes> seen_;
};

}  // namespace fairlead::fdo
