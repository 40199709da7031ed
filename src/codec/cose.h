// SPDX-License-Identifier: Apache-2.0
// COSE structures (RFC 9052) as FDO uses them: COSE_Sign1 and COSE_Encrypt0. Structure only; who
// signs, and whether a signature is good, is decided elsewhere.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/cbor/reader.h"

namespace fairlead::cose {

// IANA COSE algorithms that we know. The number is what travels.
enum class Alg : std::int64_t {
  es256 = -7,
  es384 = -35,
  rs256 = -257,
  rs384 = -258,
  ps256 = -37,
  ps384 = -38
};

inline constexpr std::uint64_t tag_sign1 = 18;
inline constexpr std::uint64_t tag_encrypt0 = 16;

// 18([protected bstr, unprotected map, payload bstr, signature bstr]); the slices view the input.
struct Sign1View {
  View protected_bytes;  // content of the protected bstr: {1: alg}
  std::int64_t alg = 0;  // header label 1 of the protected map
  View unprotected;      // the encoded unprotected map
  View payload;
  View signature;
};

enum class TagRule { required, optional };

// RFC 9052 §4.2; protected must hold `alg`, labels unique (§3). Limits: payload and signature
// within `in`.
Result<Sign1View> decode_sign1(View in, TagRule tag = TagRule::required);
// The same, as the next item of a larger message.
Sign1View read_sign1(cbor::Reader& in, TagRule tag = TagRule::required);

// ["Signature1", protected, h'', payload]: what is signed (RFC 9052 §4.4, empty external AAD).
Bytes sign1_to_be_signed(View protected_bytes, View payload);
// The protected header {1: alg}, encoded (not yet wrapped in a bstr).
Bytes protected_header(std::int64_t alg);
// Puts the parts together with tag 18. `unprotected` is an encoded map (h'A0' for none).
Bytes encode_sign1(View protected_bytes, View unprotected, View payload, View signature);

// 16([protected bstr, unprotected map, ciphertext bstr])
struct Encrypt0View {
  View protected_bytes;
  std::optional<std::int64_t> alg;  // label 1 of the protected map
  View iv;                          // label 5 of the unprotected map
  View ciphertext;                  // with the tag at its end
};
Result<Encrypt0View> decode_encrypt0(View in, TagRule tag = TagRule::required);
Bytes encode_encrypt0(std::int64_t alg, View iv, View ciphertext);
Bytes encrypt0_aad(View protected_bytes);  // ["Encrypt0", protected, h'']

}  // namespace fairlead::cose
