// SPDX-License-Identifier: Apache-2.0
// AES-SIV (RFC 5297): deterministic authenticated encryption. What is sealed begins with the
// synthetic IV of siv_bytes. Each element of `ads` is a component of S2V of its own, empty ones
// too.
#pragma once

#include <initializer_list>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::crypto {

inline constexpr std::size_t siv_bytes = 16;

// The key has 32, 48 or 64 bytes: AES-128, -192, -256. The plaintext is not empty.
Result<Bytes> siv_seal(View key, std::initializer_list<View> ads, View plaintext);
// untrusted: not sealed with this key and these components, or too short to be.
Result<Bytes> siv_open(View key, std::initializer_list<View> ads, View sealed);

}  // namespace fairlead::crypto
