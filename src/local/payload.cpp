// SPDX-License-Identifier: Apache-2.0
#include "local/payload.h"

#include <optional>

#include "base/limits.h"

namespace fairlead::local {

Status read_status(protobuf::Reader& in) {
  std::uint32_t value = in.uint32();
  if (value > static_cast<std::uint32_t>(Status::invalid_session))
    in.fail_here("status is not a known one");
  return static_cast<Status>(value & 7);
}

Result<Payload> read_payload(View in, std::uint32_t base, std::uint32_t last) {
  protobuf::Reader reader(in);
  Payload out;
  std::optional<std::uint32_t> named, present;
  while (reader.next()) {
    if (reader.field() == 1) {
      named = reader.uint32();
    } else if (reader.field() == 2) {
      out.status = read_status(reader);
    } else if (reader.field() >= base && reader.field() <= base + last) {
      present = reader.field() - base;
      out.body = reader.bytes(limits::local_message_bytes_max);
    }
  }
  TRY_VOID(reader.finish());
  out.step = present ? *present : named.value_or(0);
  if (out.step > last) return fail(Errc::malformed, "message number is out of range");
  if (present && named && *named != 0 && *named != *present)
    return fail(Errc::malformed, "message number and content disagree");
  return out;
}

Bytes write_payload(std::uint32_t step, Status status, std::uint32_t base,
                    const protobuf::Writer& body) {
  protobuf::Writer out;
  out.uint(1, step).uint(2, static_cast<std::uint32_t>(status)).message(base + step, body);
  return out.take();
}

}  // namespace fairlead::local
