// SPDX-License-Identifier: Apache-2.0
#include "local/refusal.h"

#include <algorithm>
#include <utility>

namespace fairlead::local {

namespace {

using Kind = Refusal::Kind;

// docs/wire/local.md. A code stays what it is: devices in the field use it.
struct AttError {
  std::uint8_t code;
  Kind kind;
  std::string_view words;
};
constexpr AttError att_errors[] = {
    {0x80, Kind::internal, "the device could not do what was asked"},
    {0x81, Kind::wrong_code, "the code is wrong"},
    {0x82, Kind::malformed, "the device does not understand, or the session has ended"},
    {0x83, Kind::unsupported, "the device does not know this way of talking"},
    {0x84, Kind::wait, "the code was wrong too often; wait a minute"},
    {0x85, Kind::busy, "somebody else is provisioning this device"},
    {0x86, Kind::closed, "the device is not in provisioning mode: press its button"},
};

}  // namespace

std::string_view to_string(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::malformed:
      return "malformed";
    case Refusal::Kind::unsupported:
      return "unsupported";
    case Refusal::Kind::wrong_code:
      return "wrong-code";
    case Refusal::Kind::wait:
      return "wait";
    case Refusal::Kind::busy:
      return "busy";
    case Refusal::Kind::closed:
      return "closed";
    case Refusal::Kind::internal:
      return "internal";
  }
  std::unreachable();
}

std::uint8_t att_error_of(Kind kind) {
  return std::ranges::find(att_errors, kind, &AttError::kind)->code;
}

Refusal refusal_of_att_error(std::uint8_t error) {
  auto found = std::ranges::find(att_errors, error, &AttError::code);
  if (found == std::end(att_errors)) found = std::begin(att_errors);
  return {found->kind, std::string(found->words)};
}

}  // namespace fairlead::local
