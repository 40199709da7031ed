// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace fairlead::der {

// Each returns one whole element.
Bytes element(std::uint8_t tag, View content);
Bytes sequence_of(std::initializer_list<View> elements);
Bytes unsigned_integer(View big_endian);  // adds the leading zero where the top bit is set
Bytes object_identifier(
    std::string_view dotted);      // "1.2.840.113549"; ASSERTs on nonsense: ours to get right
Bytes bit_string_of(View octets);  // no unused bits
Bytes time(Time time);             // UTCTime up to 2049, GeneralizedTime after (RFC 5280 §4.1.2.5)

}  // namespace fairlead::der
