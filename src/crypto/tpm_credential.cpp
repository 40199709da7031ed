// SPDX-License-Identifier: Apache-2.0
#include "crypto/tpm_credential.h"

#include <openssl/rsa.h>

#include "base/assert.h"
#include "crypto/openssl.h"
#include "crypto/software_key.h"

namespace fairlead::crypto {

namespace {

constexpr std::size_t seed_bytes = 32, storage_key_bytes = 16;
constexpr std::string_view identity_label = "IDENTITY";

void append_number(Bytes& out, std::size_t number, std::size_t width) {
  while (width-- > 0) out.push_back(static_cast<std::uint8_t>(number >> (8 * width)));
}
void append_sized(Bytes& out, View content) {
  append_number(out, content.size(), 2);
  append(out, content);
}

// Part 1, 11.4.10.2, for at most one SHA-256.
SecretBytes kdf_a(const SecretBytes& key, std::string_view label, View context, std::size_t size) {
  Bytes head, tail;
  append_number(head, 1, 4);
  append(head, as_view(label));
  head.push_back(0);
  append_number(tail, 8 * size, 4);
  Bytes out = hmac(HashAlg::sha256, key.reveal(), {head, context, tail});
  out.resize(size);
  return SecretBytes(std::move(out));
}

// Part 1, 11.4.10.3, for one SHA-256.
SecretBytes kdf_e(const SecretBytes& shared, View party_u, View party_v) {
  Bytes counter, label = to_bytes(identity_label);
  append_number(counter, 1, 4);
  label.push_back(0);
  return SecretBytes(hash(HashAlg::sha256, {counter, shared.reveal(), label, party_u, party_v}));
}

struct Exchange {
  SecretBytes seed;
  Bytes encrypted;
};

// Annex B.10.3: OAEP, with the label's NUL.
Result<Exchange> exchange_by_rsa(const PublicKey& key, Random& random) {
  Exchange out{SecretBytes(random.bytes(seed_bytes)), {}};
  PkeyContextPtr context(EVP_PKEY_CTX_new(key.impl().pkey.get(), nullptr));
  void* label = OPENSSL_memdup(identity_label.data(), identity_label.size() + 1);
  bool ready = context && label && EVP_PKEY_encrypt_init(context.get()) == 1 &&
               EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), md_for(HashAlg::sha256)) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), md_for(HashAlg::sha256)) == 1;
  // Takes the label over where it succeeds.
  ready = ready && EVP_PKEY_CTX_set0_rsa_oaep_label(
                       context.get(), label, static_cast<int>(identity_label.size() + 1)) == 1;
  if (!ready) {
    OPENSSL_free(label);
    return fail(Errc::internal, "RSA-OAEP: " + openssl_error());
  }
  std::size_t size = encrypted_secret_bytes_max;
  out.encrypted.resize(size);
  const View seed = out.seed.reveal();
  if (EVP_PKEY_encrypt(context.get(), out.encrypted.data(), &size, seed.data(), seed.size()) != 1)
    return fail(Errc::internal, "RSA-OAEP: " + openssl_error());
  out.encrypted.resize(size);
  return out;
}

// Annex C.6.1: a key for this once; the seed is made of the shared point.
Result<Exchange> exchange_by_ecdh(const PublicKey& key, Random& random) {
  constexpr std::size_t width = coordinate_bytes(KeyType::p256);
  const Bytes point = key.point();
  const View x = View(point).subspan(1, width), y = View(point).subspan(1 + width);
  TRY(auto ours, generate_ecdh(KeyType::p256, random));
  TRY(auto shared, ecdh(ours, x, y));
  Exchange out{kdf_e(shared, ours.x, x), {}};
  append_sized(out.encrypted, ours.x);
  append_sized(out.encrypted, ours.y);
  return out;
}

Result<Bytes> aes128_cfb(const SecretBytes& key, View plaintext) {
  const std::uint8_t zeros[16] = {};
  Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> context(EVP_CIPHER_CTX_new());
  Bytes out(plaintext.size());
  int size = 0;
  bool good = context &&
              EVP_EncryptInit_ex(context.get(), EVP_aes_128_cfb128(), nullptr, key.reveal().data(),
                                 zeros) == 1 &&
              EVP_EncryptUpdate(context.get(), out.data(), &size, plaintext.data(),
                                static_cast<int>(plaintext.size())) == 1;
  if (!good) return fail(Errc::internal, "AES-128-CFB: " + openssl_error());
  return out;
}

}  // namespace

Result<TpmCredential> make_tpm_credential(const PublicKey& endorsement_key, View name,
                                          const SecretBytes& secret, Random& random) {
  ASSERT(secret.size() == credential_secret_bytes);
  const KeyType type = endorsement_key.type();
  if (type != KeyType::rsa2048 && type != KeyType::p256)
    return fail(Errc::unsupported, "an endorsement key is RSA-2048 or P-256");
  TRY(auto exchange, type == KeyType::p256 ? exchange_by_ecdh(endorsement_key, random)
                                           : exchange_by_rsa(endorsement_key, random));
  const SecretBytes storage_key = kdf_a(exchange.seed, "STORAGE", name, storage_key_bytes);
  const SecretBytes integrity_key = kdf_a(exchange.seed, "INTEGRITY", {}, seed_bytes);
  Bytes plaintext;
  append_sized(plaintext, secret.reveal());
  TRY(auto identity, aes128_cfb(storage_key, plaintext));
  explicit_bzero(plaintext.data(), plaintext.size());
  TpmCredential out;
  append_sized(out.id_object, hmac(HashAlg::sha256, integrity_key.reveal(), {identity, name}));
  append(out.id_object, identity);
  out.encrypted_secret = std::move(exchange.encrypted);
  return out;
}

}  // namespace fairlead::crypto
