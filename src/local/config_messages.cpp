// SPDX-License-Identifier: Apache-2.0
#include "base/limits.h"
#include "local/network_messages.h"

namespace fairlead::local::config {

using protobuf::Reader;
using protobuf::Writer;

namespace {

constexpr std::uint32_t base = 10, last = 11;  // 6 to 11 are about Thread
constexpr std::size_t address_bytes_max = 45;
constexpr std::size_t value_bytes_max = 256;  // what plausible() gets to see

std::uint32_t number(Status status) { return static_cast<std::uint32_t>(status); }

Result<Set> read_set(View body) {
  Reader in(body);
  Set out;
  while (in.next()) {
    if (in.field() == 1) out.ssid = to_bytes(in.bytes(value_bytes_max));
    if (in.field() == 2) out.passphrase = SecretBytes::copy_of(in.bytes(value_bytes_max));
    if (in.field() == 3) out.bssid = to_bytes(in.bytes(value_bytes_max));
    if (in.field() == 4) out.channel = in.int32();
  }
  return in.finish(std::move(out));
}

Result<Connected> read_connected(View body) {
  Reader in(body);
  Connected out;
  while (in.next()) {
    if (in.field() == 1) out.ip4_address = in.text(address_bytes_max);
    if (in.field() == 2) {
      std::uint32_t auth = in.uint32();
      // One of a kind that came later is not told apart: the network is joined all the same.
      if (auth <= 7) out.auth = static_cast<WifiAuth>(auth & 7);
    }
    if (in.field() == 3) out.ssid = to_bytes(in.bytes(limits::ssid_bytes_max));
    if (in.field() == 4) out.bssid = to_bytes(in.bytes(6));
    if (in.field() == 5) out.channel = in.int32();
  }
  return in.finish(std::move(out));
}

// { attempts_remaining = 1 }
Result<Connecting> read_attempts(View body) {
  Reader in(body);
  Connecting out;
  while (in.next())
    if (in.field() == 1) out.attempts_remaining = in.uint32();
  return in.finish(out);
}

Result<TellStatus> read_status_answer(View body) {
  Reader in(body);
  TellStatus out;
  std::uint32_t state = 0, reason = 0;
  View connected, attempts;
  while (in.next()) {
    if (in.field() == 1) out.status = read_status(in);
    if (in.field() == 2) state = in.uint32();
    if (in.field() == 10) reason = in.uint32();
    if (in.field() == 11) connected = in.bytes(limits::local_message_bytes_max);
    if (in.field() == 12) attempts = in.bytes(limits::local_message_bytes_max);
  }
  if (state > 3 || reason > 1) in.fail_here("state or reason is not a known one");
  TRY_VOID(in.finish());
  if (state == 0) {
    TRY(out.state, read_connected(connected));
  } else if (state == 1) {
    TRY(out.state, read_attempts(attempts));
  } else if (state == 2) {
    out.state = Disconnected{};
  } else {
    out.state = ConnectionFailed{static_cast<FailReason>(reason)};
  }
  return out;
}

// The status of an answer stands in its own content here, not in the payload.
Result<Status> read_content_status(View body) {
  Reader in(body);
  Status out = Status::success;
  while (in.next())
    if (in.field() == 1) out = read_status(in);
  return in.finish(out);
}

Writer status_answer(const TellStatus& told) {
  Writer out;
  out.uint(1, number(told.status)).uint(2, static_cast<std::uint32_t>(told.state.index()));
  if (auto* now = std::get_if<Connected>(&told.state)) {
    Writer inner;
    inner.text(1, now->ip4_address).uint(2, static_cast<std::uint32_t>(now->auth));
    inner.bytes(3, now->ssid).bytes(4, now->bssid).int32(5, now->channel);
    out.message(11, inner);
  }
  auto* connecting = std::get_if<Connecting>(&told.state);
  if (connecting && connecting->attempts_remaining > 0)
    out.message(12, Writer().uint(1, connecting->attempts_remaining));
  auto* failed = std::get_if<ConnectionFailed>(&told.state);
  if (failed) out.uint(10, static_cast<std::uint32_t>(failed->reason));
  return out;
}

}  // namespace

bool plausible(const Set& set) {
  return !set.ssid.empty() && set.ssid.size() <= limits::ssid_bytes_max &&
         set.passphrase.size() <= limits::wifi_passphrase_bytes_max &&
         (set.bssid.empty() || set.bssid.size() == 6) && set.channel >= 0 && set.channel <= 255;
}

Result<Command> decode_config_command(View in) {
  TRY(auto payload, read_payload(in, base, last).in("network command"));
  if (payload.step % 2 == 1) return fail(Errc::malformed, "network command is an answer");
  if (payload.step > 5) return OtherNetwork{payload.step};
  if (payload.step == 0) return AskStatus{};
  if (payload.step == 4) return Apply{};
  TRY(auto set, read_set(payload.body).in("network command"));
  return set;
}

Bytes encode_command(const Command& command) {
  Writer body;
  std::uint32_t step = 0;
  if (auto* set = std::get_if<Set>(&command)) {
    step = 2;
    body.bytes(1, set->ssid).bytes(2, set->passphrase.reveal()).bytes(3, set->bssid);
    body.int32(4, set->channel);
  } else if (std::holds_alternative<Apply>(command)) {
    step = 4;
  } else if (auto* other = std::get_if<OtherNetwork>(&command)) {
    step = other->step;
  }
  return write_payload(step, Status::success, base, body);
}

Result<Answer> decode_config_answer(View in) {
  TRY(auto payload, read_payload(in, base, last).in("network answer"));
  if (payload.step % 2 == 0) return fail(Errc::malformed, "network answer is a command");
  if (payload.step == 1) {
    TRY(auto told, read_status_answer(payload.body).in("network answer"));
    return told;
  }
  TRY(auto status, read_content_status(payload.body).in("network answer"));
  if (payload.step == 3) return SetDone{status};
  if (payload.step == 5) return ApplyDone{status};
  return OtherAnswer{payload.step - 1, status};
}

Bytes encode_answer(const Answer& answer) {
  if (auto* told = std::get_if<TellStatus>(&answer))
    return write_payload(1, Status::success, base, status_answer(*told));
  if (auto* done = std::get_if<SetDone>(&answer))
    return write_payload(3, Status::success, base, Writer().uint(1, number(done->status)));
  if (auto* done = std::get_if<ApplyDone>(&answer))
    return write_payload(5, Status::success, base, Writer().uint(1, number(done->status)));
  auto& other = std::get<OtherAnswer>(answer);
  return write_payload(other.step + 1, Status::success, base,
                       Writer().uint(1, number(other.status)));
}

}  // namespace fairlead::local::config

namespace fairlead::local::ctrl {

namespace {
constexpr std::uint32_t base = 10, last = 8;  // 5 to 8 are about Thread
}

Result<Command> decode_ctrl_command(View in) {
  TRY(auto payload, read_payload(in, base, last).in("control command"));
  if (payload.step == 1) return Command::reset;
  if (payload.step == 3) return Command::reprovision;
  if (payload.step == 5 || payload.step == 7) return Command::other;
  return fail(Errc::malformed, "control command is none");
}

// `other` stands for the first command about Thread.
Bytes encode_command(Command command) {
  std::uint32_t step = command == Command::other ? 5 : static_cast<std::uint32_t>(command);
  return write_payload(step, Status::success, base, {});
}

Bytes encode_answer(Command command, Status status) {
  std::uint32_t step = command == Command::other ? 5 : static_cast<std::uint32_t>(command);
  return write_payload(step + 1, status, base, {});
}

Result<Status> decode_ctrl_answer(View in) {
  TRY(auto payload, read_payload(in, base, last).in("control answer"));
  if (payload.step == 0 || payload.step % 2 == 1)
    return fail(Errc::malformed, "control answer is none");
  return payload.status;
}

}  // namespace fairlead::local::ctrl
