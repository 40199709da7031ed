// SPDX-License-Identifier: Apache-2.0
#include "crypto/siv.h"

#include "base/assert.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

namespace {

using CipherContextPtr = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

const EVP_CIPHER* cipher_for(View key) {
  // OpenSSL's names count half the key.
  static const EVP_CIPHER* const aes128 = EVP_CIPHER_fetch(nullptr, "AES-128-SIV", nullptr);
  static const EVP_CIPHER* const aes192 = EVP_CIPHER_fetch(nullptr, "AES-192-SIV", nullptr);
  static const EVP_CIPHER* const aes256 = EVP_CIPHER_fetch(nullptr, "AES-256-SIV", nullptr);
  ASSERT(key.size() == 32 || key.size() == 48 || key.size() == 64);
  return key.size() == 32 ? aes128 : key.size() == 48 ? aes192 : aes256;
}

// One call per component. OpenSSL wants a pointer for the empty one as well, and before 3.0.10
// leaves it out (CVE-2023-2975): siv_test would see that.
bool add_components(EVP_CIPHER_CTX* context, std::initializer_list<View> ads) {
  const unsigned char nothing = 0;
  int unused = 0;
  for (View ad : ads)
    if (EVP_CipherUpdate(context, nullptr, &unused, ad.empty() ? &nothing : ad.data(),
                         static_cast<int>(ad.size())) != 1)
      return false;
  return true;
}

}  // namespace

Result<Bytes> siv_seal(View key, std::initializer_list<View> ads, View plaintext) {
  ASSERT(!plaintext.empty());
  CipherContextPtr context(EVP_CIPHER_CTX_new());
  Bytes out(siv_bytes + plaintext.size());
  int length = 0;
  const bool good =
      EVP_EncryptInit_ex2(context.get(), cipher_for(key), key.data(), nullptr, nullptr) == 1 &&
      add_components(context.get(), ads) &&
      EVP_EncryptUpdate(context.get(), out.data() + siv_bytes, &length, plaintext.data(),
                        static_cast<int>(plaintext.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), nullptr, &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, siv_bytes, out.data()) == 1;
  if (!good) return fail(Errc::internal, "AES-SIV: " + openssl_error());
  return out;
}

Result<Bytes> siv_open(View key, std::initializer_list<View> ads, View sealed) {
  if (sealed.size() <= siv_bytes) return fail(Errc::untrusted, "sealed bytes are too few");
  CipherContextPtr context(EVP_CIPHER_CTX_new());
  Bytes iv = to_bytes(sealed.first(siv_bytes)), out(sealed.size() - siv_bytes);
  int length = 0;
  const bool good =
      EVP_DecryptInit_ex2(context.get(), cipher_for(key), key.data(), nullptr, nullptr) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, siv_bytes, iv.data()) == 1 &&
      add_components(context.get(), ads) &&
      EVP_DecryptUpdate(context.get(), out.data(), &length, sealed.data() + siv_bytes,
                        static_cast<int>(out.size())) == 1 &&
      EVP_DecryptFinal_ex(context.get(), nullptr, &length) == 1;
  if (!good) {
    ERR_clear_error();
    OPENSSL_cleanse(out.data(), out.size());
    return fail(Errc::untrusted, "sealed with another key, or changed on the way");
  }
  return out;
}

}  // namespace fairlead::crypto
