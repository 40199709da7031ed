// SPDX-License-Identifier: Apache-2.0
// Messages as they travel over TCP and tunnels (over the air a category byte 04 comes before):
//
//   message       = length:u32 big endian, body
//   body          = 09 50 6F 9A 1A 01 type attributes                         DPP Public Action
//                 | 0A token ADV length:u16 attributes                        Configuration Request
//                 | 0B token status:u16 comeback:u16 ADV length:u16 attributes      and Response
//   ADV           = 6C 08 7F DD 05 50 6F 9A 1A 01
//
// The 16-bit numbers are little endian. 0C and 0D, by which a response may come in pieces, are
// refused: no response of ours needs them, and a peer asks for them after a status that we don't
// send.
#pragma once

#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::dpp {

// The number travels.
enum class FrameType : std::uint8_t {
  authentication_request = 0,
  authentication_response = 1,
  authentication_confirm = 2,
  configuration_result = 11,
  connection_status_result = 12,
  presence_announcement = 13
};

struct ActionFrame {
  FrameType type;
  Bytes attributes;
};
struct ConfigurationRequestFrame {
  std::uint8_t token = 0;
  Bytes attributes;
};
struct ConfigurationResponseFrame {
  std::uint8_t token = 0;
  Bytes attributes;
};
using Frame = std::variant<ActionFrame, ConfigurationRequestFrame, ConfigurationResponseFrame>;

Result<Frame> decode_frame(View body);
Bytes encode_frame(const Frame& frame);

// What stands before the attributes of an action and is sealed with them: 50 6F 9A 1A 01 type.
Bytes action_header(FrameType type);

// `body` with its length before it. At most dpp_message_bytes_max.
Bytes framed(View body);

// Bodies from a stream of bytes.
class BodyJoiner {
 public:
  // malformed: a length is 0 or above dpp_message_bytes_max. Then nothing comes any more.
  Result<void> take(View bytes);
  std::optional<Bytes> next();  // a whole body, if there is one

 private:
  Result<void> check() const;
  Bytes buffer_;
};

}  // namespace fairlead::dpp
