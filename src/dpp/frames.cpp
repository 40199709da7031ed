// SPDX-License-Identifier: Apache-2.0
#include "dpp/frames.h"

#include <array>

#include "base/assert.h"
#include "base/limits.h"

namespace fairlead::dpp {

namespace {

constexpr std::uint8_t action = 0x09, request = 0x0A, response = 0x0B;
// OUI and type of Wi-Fi Easy Connect, then the cipher suite, which is always 1.
constexpr std::uint8_t vendor[] = {0x50, 0x6F, 0x9A, 0x1A, 0x01};
constexpr std::uint8_t advertisement[] = {0x6C, 0x08, 0x7F, 0xDD, 0x05,
                                          0x50, 0x6F, 0x9A, 0x1A, 0x01};

// Takes `expected` from the front; false if something else is there.
bool skip(View& in, View expected) {
  if (in.size() < expected.size() || !equal(in.first(expected.size()), expected)) return false;
  in = in.subspan(expected.size());
  return true;
}

std::optional<FrameType> frame_type(std::uint8_t number) {
  for (FrameType type : {FrameType::authentication_request, FrameType::authentication_response,
                         FrameType::authentication_confirm, FrameType::configuration_result,
                         FrameType::connection_status_result, FrameType::presence_announcement})
    if (static_cast<std::uint8_t>(type) == number) return type;
  return std::nullopt;
}

Result<Frame> decode_action(View in) {
  if (!skip(in, vendor) || in.empty())
    return fail(Errc::malformed, "not an action of Wi-Fi Easy Connect");
  auto type = frame_type(in[0]);
  if (!type)
    return fail(Errc::unsupported, "messages of type " + std::to_string(in[0]) +
                                       " (PKEX, reconfiguration, peer discovery) are not spoken");
  return ActionFrame{*type, to_bytes(in.subspan(1))};
}

// From ADV on.
Result<Bytes> decode_exchange(View in) {
  if (!skip(in, advertisement) || in.size() < 2)
    return fail(Errc::malformed, "not a configuration exchange of Wi-Fi Easy Connect");
  if (in.size() - 2 != std::size_t(in[0] | in[1] << 8))
    return fail(Errc::malformed, "the length in a configuration exchange is wrong");
  return to_bytes(in.subspan(2));
}

void append_exchange(Bytes& out, View attributes) {
  append(out, advertisement);
  out.push_back(static_cast<std::uint8_t>(attributes.size()));
  out.push_back(static_cast<std::uint8_t>(attributes.size() >> 8));
  append(out, attributes);
}

std::size_t length_at(View buffer) {
  return std::size_t{buffer[0]} << 24 | std::size_t{buffer[1]} << 16 | std::size_t{buffer[2]} << 8 |
         buffer[3];
}

}  // namespace

Result<Frame> decode_frame(View body) {
  if (body.size() < 2) return fail(Errc::malformed, "the message is too short");
  if (body.size() > limits::dpp_message_bytes_max)
    return fail(Errc::malformed, "the message is too long");
  if (body[0] == action) return decode_action(body.subspan(1));
  if (body[0] == request) {
    TRY(Bytes attributes, decode_exchange(body.subspan(2)));
    return ConfigurationRequestFrame{body[1], std::move(attributes)};
  }
  const std::uint8_t whole_and_good[] = {0, 0, 0, 0};  // status, comeback delay
  if (body[0] == response) {
    View rest = body.subspan(2);
    if (!skip(rest, whole_and_good))
      return fail(Errc::unsupported, "a configuration that comes later or not at all");
    TRY(Bytes attributes, decode_exchange(rest));
    return ConfigurationResponseFrame{body[1], std::move(attributes)};
  }
  return fail(Errc::unsupported, "a message that is none of Wi-Fi Easy Connect's");
}

Bytes encode_frame(const Frame& frame) {
  Bytes out;
  if (const auto* each = std::get_if<ActionFrame>(&frame)) {
    out.push_back(action);
    append(out, action_header(each->type));
    append(out, each->attributes);
  } else if (const auto* asks = std::get_if<ConfigurationRequestFrame>(&frame)) {
    out = {request, asks->token};
    append_exchange(out, asks->attributes);
  } else {
    const auto& answers = std::get<ConfigurationResponseFrame>(frame);
    out = {response, answers.token, 0, 0, 0, 0};
    append_exchange(out, answers.attributes);
  }
  return out;
}

Bytes action_header(FrameType type) {
  Bytes out = to_bytes(View(vendor));
  out.push_back(static_cast<std::uint8_t>(type));
  return out;
}

Bytes framed(View body) {
  ASSERT(body.size() <= limits::dpp_message_bytes_max);
  Bytes out{0, 0, static_cast<std::uint8_t>(body.size() >> 8),
            static_cast<std::uint8_t>(body.size())};
  append(out, body);
  return out;
}

Result<void> BodyJoiner::check() const {
  if (buffer_.size() < 4) return ok();
  const std::size_t length = length_at(buffer_);
  if (length == 0 || length > limits::dpp_message_bytes_max)
    return fail(Errc::malformed, "a message of " + std::to_string(length) + " bytes was announced");
  return ok();
}

Result<void> BodyJoiner::take(View bytes) {
  append(buffer_, bytes);
  return check();
}

std::optional<Bytes> BodyJoiner::next() {
  if (buffer_.size() < 4 || !check() || buffer_.size() - 4 < length_at(buffer_))
    return std::nullopt;
  const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(4 + length_at(buffer_));
  Bytes out(buffer_.begin() + 4, end);
  buffer_.erase(buffer_.begin(), end);
  return out;
}

}  // namespace fairlead::dpp
