// SPDX-License-Identifier: Apache-2.0
#include "crypto/password.h"

#include "crypto/openssl.h"

namespace fairlead::crypto {

Result<Bytes> scrypt(std::string_view password, View salt) {
  constexpr std::uint64_t n = 1 << 15, r = 8, p = 1, memory_max = 64 * 1024 * 1024;
  Bytes out(32);
  if (EVP_PBE_scrypt(password.data(), password.size(), salt.data(), salt.size(), n, r, p,
                     memory_max, out.data(), out.size()) != 1)
    return fail(Errc::internal, "scrypt: " + openssl_error());
  return out;
}

}  // namespace fairlead::crypto
