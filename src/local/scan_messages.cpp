// SPDX-License-Identifier: Apache-2.0
#include "base/limits.h"
#include "local/network_messages.h"

namespace fairlead::local::scan {

using protobuf::Reader;
using protobuf::Writer;

namespace {

constexpr std::uint32_t base = 10, last = 11;  // 6 to 11 are about Thread

Result<Start> read_start(View body) {
  Reader in(body);
  Start out;
  while (in.next()) {
    if (in.field() == 1) out.blocking = in.boolean();
    if (in.field() == 2) out.passive = in.boolean();
    if (in.field() == 3) out.group_channels = in.uint32();
    if (in.field() == 4) out.period_ms = in.uint32();
  }
  return in.finish(out);
}

Result<AskResult> read_ask_result(View body) {
  Reader in(body);
  AskResult out;
  while (in.next()) {
    if (in.field() == 1) out.start_index = in.uint32();
    if (in.field() == 2) out.count = in.uint32();
  }
  return in.finish(out);
}

// Firmware of before sends its whole buffer: the name, and zeros up to 33 bytes.
Bytes read_ssid(Reader& in) {
  Bytes out = to_bytes(in.bytes(limits::ssid_bytes_max + 1));
  while (!out.empty() && out.back() == 0) out.pop_back();
  if (out.size() > limits::ssid_bytes_max) in.fail_here("the network's name is too long");
  return out;
}

// Nothing where its security is of a kind that came later (WAPI and others): as stock clients do.
Result<std::optional<Entry>> read_entry(View body) {
  Reader in(body);
  Entry out;
  bool known = true;
  while (in.next()) {
    if (in.field() == 1) out.ssid = read_ssid(in);
    if (in.field() == 2) out.channel = in.uint32();
    if (in.field() == 3) out.rssi = in.int32();
    if (in.field() == 4) out.bssid = to_bytes(in.bytes(6));
    if (in.field() == 5) {
      std::uint32_t auth = in.uint32();
      known = auth <= 7;
      out.auth = static_cast<WifiAuth>(auth & 7);
    }
  }
  TRY_VOID(in.finish());
  return known ? std::optional(std::move(out)) : std::nullopt;
}

Result<std::vector<Entry>> read_entries(View body) {
  Reader in(body);
  std::vector<Entry> out;
  while (in.next()) {
    if (in.field() != 1) continue;
    View one = in.bytes(limits::local_message_bytes_max);
    if (out.size() == limits::scan_entries_taken_max) in.fail_here("too many networks");
    if (in.failed()) break;
    TRY(auto entry, read_entry(one));
    if (entry) out.push_back(std::move(*entry));
  }
  return in.finish(std::move(out));
}

Writer entry_of(const Entry& entry) {
  Writer out;
  out.bytes(1, entry.ssid).uint(2, entry.channel).int32(3, entry.rssi).bytes(4, entry.bssid);
  out.uint(5, static_cast<std::uint32_t>(entry.auth));
  return out;
}

}  // namespace

Result<Command> decode_scan_command(View in) {
  TRY(auto payload, read_payload(in, base, last).in("scan command"));
  if (payload.step > 5 && payload.step % 2 == 0) return OtherNetwork{payload.step};
  switch (payload.step) {
    case 0: {
      TRY(auto start, read_start(payload.body).in("scan command"));
      return start;
    }
    case 2:
      return AskStatus{};
    case 4: {
      TRY(auto ask, read_ask_result(payload.body).in("scan command"));
      return ask;
    }
    default:
      return fail(Errc::malformed, "scan command is an answer");
  }
}

Bytes encode_command(const Command& command) {
  Writer body;
  std::uint32_t step = 0;
  if (auto* start = std::get_if<Start>(&command)) {
    body.boolean(1, start->blocking).boolean(2, start->passive);
    body.uint(3, start->group_channels).uint(4, start->period_ms);
  } else if (auto* ask = std::get_if<AskResult>(&command)) {
    step = 4;
    body.uint(1, ask->start_index).uint(2, ask->count);
  } else if (auto* other = std::get_if<OtherNetwork>(&command)) {
    step = other->step;
  } else {
    step = 2;
  }
  return write_payload(step, Status::success, base, body);
}

Result<Answer> decode_scan_answer(View in) {
  TRY(auto payload, read_payload(in, base, last).in("scan answer"));
  if (payload.step % 2 == 0) return fail(Errc::malformed, "scan answer is a command");
  if (payload.step > 5) return OtherAnswer{payload.step - 1, payload.status};
  if (payload.step == 1) return Started{payload.status};
  if (payload.step == 5) {
    TRY(auto entries, read_entries(payload.body).in("scan answer"));
    return TellResult{payload.status, std::move(entries)};
  }
  Reader reader(payload.body);
  TellStatus out{payload.status};
  while (reader.next()) {
    if (reader.field() == 1) out.finished = reader.boolean();
    if (reader.field() == 2) out.count = reader.uint32();
  }
  TRY_VOID(reader.finish().in("scan answer"));
  return out;
}

Bytes encode_answer(const Answer& answer) {
  Writer body;
  if (auto* started = std::get_if<Started>(&answer))
    return write_payload(1, started->status, base, body);
  if (auto* told = std::get_if<TellStatus>(&answer)) {
    body.boolean(1, told->finished).uint(2, told->count);
    return write_payload(3, told->status, base, body);
  }
  if (auto* told = std::get_if<TellResult>(&answer)) {
    for (const Entry& each : told->entries) body.message(1, entry_of(each));
    return write_payload(5, told->status, base, body);
  }
  auto& other = std::get<OtherAnswer>(answer);
  return write_payload(other.step + 1, other.status, base, body);
}

}  // namespace fairlead::local::scan
