// SPDX-License-Identifier: Apache-2.0
#include "keystore/envelope.h"

#include "crypto/aead.h"

namespace fairlead::keystore {

namespace {

constexpr std::uint8_t version = 1;
constexpr crypto::Aead alg = crypto::Aead::aes256_gcm;
constexpr std::string_view aad = "fairlead keystore seal 1";

}  // namespace

Result<Bytes> seal_envelope(const SecretBytes& key, View plaintext, Random& random) {
  Bytes nonce = random.bytes(crypto::sizes(alg).nonce);
  TRY(auto ciphertext, crypto::seal(alg, key.reveal(), nonce, as_view(aad), plaintext));
  Bytes out{version};
  append(out, nonce);
  append(out, ciphertext);
  return out;
}

Result<SecretBytes> open_envelope(const SecretBytes& key, View sealed) {
  const std::size_t head = 1 + crypto::sizes(alg).nonce;
  if (sealed.size() < head || sealed[0] != version)
    return fail(Errc::malformed, "sealed secret is not of this keystore's form");
  TRY(auto plaintext, crypto::open(alg, key.reveal(), sealed.subspan(1, head - 1), as_view(aad),
                                   sealed.subspan(head))
                          .in("sealed secret"));
  return SecretBytes(std::move(plaintext));
}

}  // namespace fairlead::keystore
