// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace fairlead::local {

// Why a device does not answer a request with bytes. Each carrier has its own way to say it: HTTP a
// status and the words, BLE an ATT error.
struct Refusal {
  enum class Kind {
    malformed,    // can't be decoded, or out of order
    unsupported,  // a security scheme or endpoint that this device doesn't have
    wrong_code,   // the proof is wrong: the code was
    wait,         // after wrong codes; the words say how long
    busy,         // somebody else is provisioning this device
    closed,       // not in provisioning mode
    internal
  };
  Kind kind;
  std::string why;  // one plain sentence
};
std::string_view to_string(Refusal::Kind kind);  // "wrong-code"
// Over Bluetooth LE: an error of the application, 0x80 to 0x9f.
std::uint8_t att_error_of(Refusal::Kind kind);
// The refusal behind such an error, in words that its kind alone allows.
Refusal refusal_of_att_error(std::uint8_t error);

template <class T>
using Answered = std::expected<T, Refusal>;

inline std::unexpected<Refusal> refuse(Refusal::Kind kind, std::string why) {
  return std::unexpected<Refusal>(Refusal{kind, std::move(why)});
}

}  // namespace fairlead::local
