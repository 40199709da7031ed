// SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.h"

#include "base/assert.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

namespace {

using CipherContextPtr = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

const EVP_CIPHER* cipher_of(Aead alg) {
  static const EVP_CIPHER* const ciphers[] = {EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr),
                                              EVP_CIPHER_fetch(nullptr, "AES-192-GCM", nullptr),
                                              EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr),
                                              EVP_CIPHER_fetch(nullptr, "AES-128-CCM", nullptr),
                                              EVP_CIPHER_fetch(nullptr, "AES-256-CCM", nullptr)};
  return ciphers[static_cast<int>(alg)];
}

bool is_ccm(Aead alg) { return alg == Aead::aes128_ccm_64 || alg == Aead::aes256_ccm_64; }

// CCM authenticates the length of the message, so OpenSSL wants it, and the tag, before anything
// else.
bool start(EVP_CIPHER_CTX* context, Aead alg, bool encrypt, View key, View nonce, View aad,
           View tag, std::size_t length) {
  int unused = 0;
  bool good =
      EVP_CipherInit_ex2(context, cipher_of(alg), nullptr, nullptr, encrypt, nullptr) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(nonce.size()),
                          nullptr) == 1;
  if (is_ccm(alg) || !encrypt) {
    void* expected = encrypt ? nullptr : const_cast<std::uint8_t*>(tag.data());
    good = good && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG,
                                       static_cast<int>(sizes(alg).tag), expected) == 1;
  }
  good =
      good && EVP_CipherInit_ex2(context, nullptr, key.data(), nonce.data(), encrypt, nullptr) == 1;
  if (is_ccm(alg))
    good =
        good && EVP_CipherUpdate(context, nullptr, &unused, nullptr, static_cast<int>(length)) == 1;
  if (!aad.empty())
    good = good && EVP_CipherUpdate(context, nullptr, &unused, aad.data(),
                                    static_cast<int>(aad.size())) == 1;
  return good;
}

EVP_CIPHER_CTX* fresh_context() {
  thread_local CipherContextPtr context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX_reset(context.get());
  return context.get();
}

}  // namespace

AeadSizes sizes(Aead alg) {
  switch (alg) {
    case Aead::aes128_gcm:
      return {16, 12, 16};
    case Aead::aes192_gcm:
      return {24, 12, 16};
    case Aead::aes256_gcm:
      return {32, 12, 16};
    case Aead::aes128_ccm_64:
      return {16, 7, 16};
    case Aead::aes256_ccm_64:
      return {32, 7, 16};
  }
  return {};
}

Result<Bytes> seal(Aead alg, View key, View nonce, View aad, View plaintext) {
  AeadSizes size = sizes(alg);
  ASSERT(key.size() == size.key && nonce.size() == size.nonce);
  EVP_CIPHER_CTX* context = fresh_context();
  Bytes out(plaintext.size() + size.tag);
  // To OpenSSL's CCM an input of null means the end of the message, also when nothing has begun.
  const unsigned char* in = plaintext.empty() ? out.data() : plaintext.data();
  int length = 0, rest = 0;
  bool good =
      start(context, alg, true, key, nonce, aad, {}, plaintext.size()) &&
      EVP_CipherUpdate(context, out.data(), &length, in, static_cast<int>(plaintext.size())) == 1 &&
      EVP_CipherFinal_ex(context, out.data() + length, &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(size.tag),
                          out.data() + plaintext.size()) == 1;
  if (!good) return fail(Errc::internal, "encryption failed: " + openssl_error());
  return out;
}

Result<Bytes> open(Aead alg, View key, View nonce, View aad, View ciphertext) {
  AeadSizes size = sizes(alg);
  ASSERT(key.size() == size.key);
  if (nonce.size() != size.nonce) return fail(Errc::malformed, "nonce has the wrong length");
  if (ciphertext.size() < size.tag)
    return fail(Errc::malformed, "ciphertext is shorter than its tag");
  View body = ciphertext.first(ciphertext.size() - size.tag), tag = ciphertext.last(size.tag);
  EVP_CIPHER_CTX* context = fresh_context();
  Bytes out(body.size() + 1);  // one more, so that data() is never null
  int length = 0, rest = 0;
  bool good = start(context, alg, false, key, nonce, aad, tag, body.size()) &&
              EVP_CipherUpdate(context, out.data(), &length, body.data(),
                               static_cast<int>(body.size())) == 1 &&
              (is_ccm(alg) || EVP_CipherFinal_ex(context, out.data() + length, &rest) == 1);
  if (!good) {
    ERR_clear_error();
    OPENSSL_cleanse(out.data(), out.size());
    return fail(Errc::untrusted, "message is not authentic: its tag is wrong");
  }
  out.resize(body.size());
  return out;
}

}  // namespace fairlead::crypto
