// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"
#include "base/secret.h"

namespace fairlead::crypto {

enum class HashAlg { sha256, sha384, sha512 };

constexpr std::size_t size_bytes(HashAlg alg) {
  return alg == HashAlg::sha256 ? 32 : alg == HashAlg::sha384 ? 48 : 64;
}

using Sha256 = FixedBytes<32, struct Sha256Tag>;

Bytes hash(HashAlg alg, std::initializer_list<View> parts);  // of the parts, one after the other
Sha256 sha256(View data);
Bytes hmac(HashAlg alg, View key, std::initializer_list<View> parts);

}  // namespace fairlead::crypto
