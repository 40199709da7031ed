// SPDX-License-Identifier: Apache-2.0
#include "crypto/key_stream.h"

#include "base/assert.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

struct KeyStream::Impl {
  Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> context;
};

KeyStream::KeyStream(View key, View initial_block) : impl_(std::make_unique<Impl>()) {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr);
  ASSERT(key.size() == 32 && initial_block.size() == 16);
  impl_->context.reset(EVP_CIPHER_CTX_new());
  ASSERT(impl_->context && EVP_EncryptInit_ex2(impl_->context.get(), cipher, key.data(),
                                               initial_block.data(), nullptr) == 1);
}
KeyStream::~KeyStream() = default;
KeyStream::KeyStream(KeyStream&&) noexcept = default;
KeyStream& KeyStream::operator=(KeyStream&&) noexcept = default;

Bytes KeyStream::apply(View text) {
  Bytes out(text.size());
  if (text.empty()) return out;
  int length = 0;
  ASSERT(EVP_EncryptUpdate(impl_->context.get(), out.data(), &length, text.data(),
                           static_cast<int>(text.size())) == 1);
  ASSERT(static_cast<std::size_t>(length) == text.size());
  return out;
}

}  // namespace fairlead::crypto
