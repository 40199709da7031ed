// SPDX-License-Identifier: Apache-2.0
#include "crypto/hasher.h"

#include "base/assert.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

struct Hasher::Impl {
  MdContextPtr context;
};

Hasher::Hasher(HashAlg alg) : impl_(std::make_unique<Impl>()) {
  impl_->context.reset(EVP_MD_CTX_new());
  ASSERT(impl_->context && EVP_DigestInit_ex2(impl_->context.get(), md_for(alg), nullptr) == 1);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::add(View part) {
  ASSERT(EVP_DigestUpdate(impl_->context.get(), part.data(), part.size()) == 1);
}

Bytes Hasher::finish() {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  ASSERT(EVP_DigestFinal_ex(impl_->context.get(), out.data(), &size) == 1);
  out.resize(size);
  return out;
}

}  // namespace fairlead::crypto
