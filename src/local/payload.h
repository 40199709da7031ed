// SPDX-License-Identifier: Apache-2.0
// What all messages of Espressif's unified provisioning have in common:
//
//   payload = { msg = 1 enum, status = 2 enum, one of: base + msg = message }
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/protobuf/reader.h"
#include "codec/protobuf/writer.h"

namespace fairlead::local {

// constants.proto. The numbers travel.
enum class Status : std::uint8_t {
  success = 0,
  invalid_scheme = 1,
  invalid_proto = 2,
  too_many_sessions = 3,
  invalid_argument = 4,
  internal_error = 5,
  crypto_error = 6,
  invalid_session = 7
};
Status read_status(protobuf::Reader& in);  // a number that we don't know is malformed

struct Payload {
  std::uint32_t step = 0;  // what `msg` says: which of the messages it is
  Status status = Status::success;
  View body;  // of the embedded message; empty where it was left out
};
// Goes by which of the embedded messages is there, since peers leave `msg` 0; where `msg` is not 0
// it must agree. Steps above `last` are malformed.
Result<Payload> read_payload(View in, std::uint32_t base, std::uint32_t last);
Bytes write_payload(std::uint32_t step, Status status, std::uint32_t base,
                    const protobuf::Writer& body);

}  // namespace fairlead::local
