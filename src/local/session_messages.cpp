// SPDX-License-Identifier: Apache-2.0
#include "local/session_messages.h"

#include <optional>

#include "base/limits.h"
#include "crypto/srp.h"

namespace fairlead::local {

using protobuf::Reader;
using protobuf::Writer;

namespace {

constexpr std::uint32_t security_base = 10, payload_base = 20;
constexpr std::size_t value_max = crypto::srp::group_bytes;

// The fields of one embedded message, by number. None has a field above 3.
struct Fields {
  Status status = Status::success;
  Bytes second, third;
};

// { status = 1, second = 2 bytes, third = 3 bytes }
Result<Fields> read_response(View body) {
  Reader in(body);
  Fields out;
  while (in.next()) {
    if (in.field() == 1) out.status = read_status(in);
    if (in.field() == 2) out.second = to_bytes(in.bytes(value_max));
    if (in.field() == 3) out.third = to_bytes(in.bytes(value_max));
  }
  return in.finish(std::move(out));
}

// The one field of bytes that a command has.
Result<Bytes> read_bytes(View body, std::uint32_t field) {
  Reader in(body);
  Bytes out;
  while (in.next())
    if (in.field() == field) out = to_bytes(in.bytes(value_max));
  return in.finish(std::move(out));
}

// S2SessionCmd0 = { client_username = 1, client_pubkey = 2 }
Result<sec2::Cmd0> read_sec2_cmd0(View body) {
  Reader in(body);
  sec2::Cmd0 out;
  while (in.next()) {
    if (in.field() == 1) out.client_username = in.text(limits::local_username_bytes_max);
    if (in.field() == 2) out.client_pubkey = to_bytes(in.bytes(value_max));
  }
  return in.finish(std::move(out));
}

Result<SessionMessage> read_sec0(const Payload& payload) {
  if (payload.step == 0) return sec0::Cmd{};
  TRY(auto fields, read_response(payload.body));
  return sec0::Resp{fields.status};
}

Result<SessionMessage> read_sec1(const Payload& payload) {
  if (payload.step == 0) {
    TRY(auto key, read_bytes(payload.body, 1));
    return sec1::Cmd0{std::move(key)};
  }
  if (payload.step == 2) {
    TRY(auto verify, read_bytes(payload.body, 2));
    return sec1::Cmd1{std::move(verify)};
  }
  TRY(auto fields, read_response(payload.body));
  if (payload.step == 1)
    return sec1::Resp0{fields.status, std::move(fields.second), std::move(fields.third)};
  return sec1::Resp1{fields.status, std::move(fields.third)};
}

Result<SessionMessage> read_sec2(const Payload& payload) {
  if (payload.step == 0) return read_sec2_cmd0(payload.body);
  if (payload.step == 2) {
    TRY(auto proof, read_bytes(payload.body, 1));
    return sec2::Cmd1{std::move(proof)};
  }
  TRY(auto fields, read_response(payload.body));
  if (payload.step == 1)
    return sec2::Resp0{fields.status, std::move(fields.second), std::move(fields.third)};
  return sec2::Resp1{fields.status, std::move(fields.second), std::move(fields.third)};
}

Writer response(Status status, View second, View third) {
  Writer out;
  out.uint(1, static_cast<std::uint32_t>(status)).bytes(2, second).bytes(3, third);
  return out;
}

// Where a message stands: its scheme, its number, and its fields.
struct Placed {
  Security security;
  std::uint32_t step;
  Writer body;
};

struct Place {
  Placed operator()(const sec0::Cmd&) const { return {Security::none, 0, {}}; }
  Placed operator()(const sec0::Resp& m) const {
    return {Security::none, 1, response(m.status, {}, {})};
  }
  Placed operator()(const sec1::Cmd0& m) const {
    return {Security::x25519, 0, Writer().bytes(1, m.client_pubkey)};
  }
  Placed operator()(const sec1::Resp0& m) const {
    return {Security::x25519, 1, response(m.status, m.device_pubkey, m.device_random)};
  }
  Placed operator()(const sec1::Cmd1& m) const {
    return {Security::x25519, 2, Writer().bytes(2, m.client_verify_data)};
  }
  Placed operator()(const sec1::Resp1& m) const {
    return {Security::x25519, 3, response(m.status, {}, m.device_verify_data)};
  }
  Placed operator()(const sec2::Cmd0& m) const {
    return {Security::srp, 0, Writer().text(1, m.client_username).bytes(2, m.client_pubkey)};
  }
  Placed operator()(const sec2::Resp0& m) const {
    return {Security::srp, 1, response(m.status, m.device_pubkey, m.device_salt)};
  }
  Placed operator()(const sec2::Cmd1& m) const {
    return {Security::srp, 2, Writer().bytes(1, m.client_proof)};
  }
  Placed operator()(const sec2::Resp1& m) const {
    return {Security::srp, 3, response(m.status, m.device_proof, m.device_nonce)};
  }
};

}  // namespace

Result<SessionMessage> decode_session(View in) {
  if (in.size() > limits::local_message_bytes_max)
    return fail(Errc::malformed, "session message is too long");
  Reader reader(in);
  std::uint32_t version = 0;
  std::optional<std::uint32_t> present;
  View content;
  while (reader.next()) {
    if (reader.field() == 2) version = reader.uint32();
    if (reader.field() < security_base || reader.field() > security_base + 2) continue;
    present = reader.field() - security_base;
    content = reader.bytes(limits::local_message_bytes_max);
  }
  TRY_VOID(reader.finish().in("session message"));
  if (present != version)
    return fail(Errc::malformed, "session message: security scheme and content disagree");
  TRY(auto payload,
      read_payload(content, payload_base, version == 0 ? 1 : 3).in("session message"));
  if (version == 0) return read_sec0(payload);
  return version == 1 ? read_sec1(payload) : read_sec2(payload);
}

Bytes encode_session(const SessionMessage& message) {
  Placed placed = std::visit(Place{}, message);
  Writer payload, out;
  payload.uint(1, placed.step).message(payload_base + placed.step, placed.body);
  auto version = static_cast<std::uint32_t>(placed.security);
  out.uint(2, version).message(security_base + version, payload);
  return out.take();
}

}  // namespace fairlead::local
