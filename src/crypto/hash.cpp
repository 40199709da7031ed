// SPDX-License-Identifier: Apache-2.0
#include "crypto/hash.h"

#include <openssl/core_names.h>

#include "base/assert.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

const EVP_MD* md_for(HashAlg alg) {
  static const EVP_MD* sha256 = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  static const EVP_MD* sha384 = EVP_MD_fetch(nullptr, "SHA2-384", nullptr);
  static const EVP_MD* sha512 = EVP_MD_fetch(nullptr, "SHA2-512", nullptr);
  return alg == HashAlg::sha256 ? sha256 : alg == HashAlg::sha384 ? sha384 : sha512;
}

Bytes hash(HashAlg alg, std::initializer_list<View> parts) {
  thread_local MdContextPtr context(EVP_MD_CTX_new());
  Bytes out(size_bytes(alg));
  unsigned length = 0;
  bool good = EVP_DigestInit_ex2(context.get(), md_for(alg), nullptr) == 1;
  for (View part : parts)
    good = good && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  good = good && EVP_DigestFinal_ex(context.get(), out.data(), &length) == 1;
  ASSERT(good && length == out.size());
  return out;
}

Sha256 sha256(View data) { return *Sha256::from(hash(HashAlg::sha256, {data})); }

// RFC 2104 on the digest itself: OpenSSL 3.0's EVP_MAC costs several times the two hashes it makes.
Bytes hmac(HashAlg alg, View key, std::initializer_list<View> parts) {
  const std::size_t block = alg == HashAlg::sha256 ? 64 : 128;
  Bytes inner_pad(block, 0x36), outer_pad(block, 0x5C), shortened;
  if (key.size() > block) {
    shortened = hash(alg, {key});
    key = shortened;
  }
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner_pad[i] ^= key[i];
    outer_pad[i] ^= key[i];
  }
  thread_local MdContextPtr context(EVP_MD_CTX_new());
  Bytes inner(size_bytes(alg));
  unsigned length = 0;
  bool good = EVP_DigestInit_ex2(context.get(), md_for(alg), nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), inner_pad.data(), block) == 1;
  for (View part : parts)
    good = good && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  good = good && EVP_DigestFinal_ex(context.get(), inner.data(), &length) == 1;
  ASSERT(good);
  Bytes out = hash(alg, {outer_pad, inner});
  OPENSSL_cleanse(inner_pad.data(), block);
  OPENSSL_cleanse(outer_pad.data(), block);
  OPENSSL_cleanse(shortened.data(), shortened.size());
  return out;
}

}  // namespace fairlead::crypto
