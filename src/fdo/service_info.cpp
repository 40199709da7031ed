// SPDX-License-Identifier: Apache-2.0
#include "fdo/service_info.h"

#include <array>

#include "base/limits.h"

namespace fairlead::fdo {

using cbor::Reader;
using cbor::Writer;

namespace {

constexpr std::size_t pairs_max = 1024;
constexpr std::size_t modules_max = 128;
// Of one value. Each part costs a look at all that came before, so a value in parts of one byte
// would cost the square of its size; in messages of 256 bytes, 64 KiB are some 300 parts.
constexpr std::uint64_t parts_max = 1024;

std::vector<KeyValue> read_info(Reader& in) {
  std::vector<KeyValue> out;
  if (in.take_null()) return out;
  std::size_t count = in.array_between(0, pairs_max);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    in.array(2);
    KeyValue pair;
    pair.key = in.text(128);
    pair.value = to_bytes(in.bytes(limits::fdo_message_bytes_max));
    out.push_back(std::move(pair));
  }
  return out;
}

void write_info(Writer& out, const std::vector<KeyValue>& info) {
  out.array(info.size());
  for (const KeyValue& pair : info) out.array(2).text(pair.key).bytes(pair.value);
}

std::size_t head_size(std::size_t value) {
  return value < 24 ? 1 : value <= 0xFF ? 2 : value <= 0xFFFF ? 3 : 5;
}

// [true, true, [...]] with a three-byte array head.
constexpr std::size_t message_overhead = 6;

}  // namespace

std::size_t encoded_size(const KeyValue& pair) {
  return 1 + head_size(pair.key.size()) + pair.key.size() + head_size(pair.value.size()) +
         pair.value.size();
}

Result<DeviceInfoMessage> decode_device_info(View message) {
  Reader in(message);
  DeviceInfoMessage out;
  in.array(2);
  out.more = in.boolean();
  out.info = read_info(in);
  return in.finish(std::move(out)).in("TO2.DeviceServiceInfo");
}

Bytes encode_device_info(const DeviceInfoMessage& message) {
  Writer out;
  out.array(2).boolean(message.more);
  write_info(out, message.info);
  return out.take();
}

Result<OwnerInfoMessage> decode_owner_info(View message) {
  Reader in(message);
  OwnerInfoMessage out;
  in.array(3);
  out.more = in.boolean();
  out.done = in.boolean();
  out.info = read_info(in);
  return in.finish(std::move(out)).in("TO2.OwnerServiceInfo");
}

Bytes encode_owner_info(const OwnerInfoMessage& message) {
  Writer out;
  out.array(3).boolean(message.more).boolean(message.done);
  write_info(out, message.info);
  return out.take();
}

void Outbox::push(std::string key, Bytes value) {
  queue_.push_back({std::move(key), std::move(value)});
  bytes_ += encoded_size(queue_.back());
}

std::vector<KeyValue> Outbox::take(std::size_t limit) {
  std::vector<KeyValue> out;
  std::size_t used = message_overhead;
  while (!queue_.empty() && out.size() < pairs_max) {
    KeyValue& next = queue_.front();
    std::size_t size = encoded_size(next);
    if (used + size <= limit) {
      used += size;
      bytes_ -= size;
      out.push_back(std::move(next));
      queue_.pop_front();
      continue;
    }
    if (!out.empty()) break;
    // Alone in the message and still too large: send what fits, keep the rest under the same key.
    std::size_t head = message_overhead + 1 + head_size(next.key.size()) + next.key.size() + 5;
    if (head >= limit) break;
    std::size_t part = std::min(limit - head, next.value.size());
    auto cut = next.value.begin() + static_cast<std::ptrdiff_t>(part);
    out.push_back({next.key, Bytes(next.value.begin(), cut)});
    next.value.erase(next.value.begin(), cut);
    bytes_ -= size - encoded_size(next);
    break;
  }
  return out;
}

void Outbox::write(Writer& out) const {
  out.array(queue_.size());
  for (const KeyValue& pair : queue_) out.array(2).text(pair.key).bytes(pair.value);
}

Outbox Outbox::read(Reader& in) {
  Outbox out;
  for (KeyValue& pair : read_info(in)) out.push(std::move(pair.key), std::move(pair.value));
  return out;
}

Result<std::vector<KeyValue>> ValueJoiner::add(KeyValue pair) {
  if (!rest_.empty() && pair.key != key_)
    return fail(Errc::malformed,
                "service info value of '" + key_ + "' is not whole when '" + pair.key + "' comes");
  key_ = pair.key;
  append(rest_, pair.value);
  if (++parts_ > parts_max)
    return fail(Errc::malformed, "service info value of '" + key_ + "' comes in too many parts");
  if (rest_.size() > limits::service_info_value_bytes_max)
    return fail(Errc::malformed, "service info value of '" + key_ + "' is too long or not CBOR");
  std::vector<KeyValue> out;
  std::size_t used = 0;
  while (used < rest_.size()) {
    Reader in(View(rest_).subspan(used));
    View item = in.raw();
    if (in.failed()) break;  // not whole yet, or never; the bound above decides
    out.push_back({key_, to_bytes(item)});
    used += item.size();
    parts_ = 0;
  }
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(used));
  return out;
}

void ValueJoiner::write(Writer& out) const { out.array(3).text(key_).bytes(rest_).uint(parts_); }

ValueJoiner ValueJoiner::read(Reader& in) {
  ValueJoiner out;
  in.array(3);
  out.key_ = in.text(128);
  out.rest_ = to_bytes(in.bytes(limits::service_info_value_bytes_max));
  out.parts_ = in.uint_at_most(parts_max);
  return out;
}

Result<ModuleMessage> split_key(std::string_view key) {
  auto colon = key.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == key.size())
    return fail(Errc::malformed,
                "service info key '" + std::string(key) + "' is not module:message");
  return ModuleMessage{key.substr(0, colon), key.substr(colon + 1)};
}

namespace {

enum Mandatory : std::uint32_t {
  active = 1,
  os = 2,
  arch = 4,
  version = 8,
  device = 16,
  sep = 32,
  bin = 64,
  nummodules = 128,
  all = 255
};

struct TextField {
  std::string_view message;
  std::string DevMod::* member;
  std::uint32_t bit;
};
constexpr std::array<TextField, 6> text_fields{{{"os", &DevMod::os, os},
                                                {"arch", &DevMod::arch, arch},
                                                {"version", &DevMod::version, version},
                                                {"device", &DevMod::device, device},
                                                {"sep", &DevMod::separator, sep},
                                                {"bin", &DevMod::binary_formats, bin}}};

// modules = [start, count, name, ...]; may come in parts.
void read_modules(Reader& in, DevMod& devmod) {
  std::size_t count = in.array_between(2, modules_max + 2);
  in.uint_at_most(modules_max);
  in.uint_at_most(modules_max);
  for (std::size_t i = 2; i < count && !in.failed(); ++i) {
    if (devmod.modules.size() == modules_max) in.fail_here("too many modules");
    devmod.modules.push_back(in.text(128));
  }
}

}  // namespace

bool DevMod::complete() const {
  return (seen & all) == all && (modules_announced == 0 || !modules.empty());
}
bool DevMod::has(std::string_view module) const {
  return std::ranges::find(modules, module) != modules.end();
}

Result<void> apply_devmod(DevMod& devmod, std::string_view message, View value) {
  Reader in(value);
  auto field = std::ranges::find(text_fields, message, &TextField::message);
  if (field != text_fields.end()) {
    devmod.*field->member = in.text(1024);
    devmod.seen |= field->bit;
  } else if (message == "active") {
    if (!in.boolean()) in.fail_here("devmod is not active");
    devmod.seen |= active;
  } else if (message == "nummodules") {
    devmod.modules_announced = in.uint_at_most(modules_max);
    devmod.seen |= nummodules;
  } else if (message == "modules") {
    read_modules(in, devmod);
  } else if (message == "sn") {
    devmod.serial = in.peek() == cbor::Kind::bytes ? to_hex(in.bytes(256)) : in.text(256);
  } else {
    in.skip();  // optional ones that nothing here uses
  }
  return in.finish().in("devmod:" + std::string(message));
}

void push_devmod(Outbox& out, const DevMod& devmod) {
  out.push("devmod:active", Writer().boolean(true).take());
  for (const TextField& field : text_fields)
    out.push("devmod:" + std::string(field.message), Writer().text(devmod.*field.member).take());
  if (!devmod.serial.empty()) out.push("devmod:sn", Writer().text(devmod.serial).take());
  out.push("devmod:nummodules", Writer().uint(devmod.modules.size()).take());
  Writer modules;
  modules.array(devmod.modules.size() + 2).uint(0).uint(devmod.modules.size());
  for (const std::string& module : devmod.modules) modules.text(module);
  out.push("devmod:modules", modules.take());
}

void write_devmod(Writer& out, const DevMod& devmod) {
  out.array(10)
      .text(devmod.os)
      .text(devmod.arch)
      .text(devmod.version)
      .text(devmod.device)
      .text(devmod.serial);
  out.text(devmod.separator).text(devmod.binary_formats).uint(devmod.seen);
  out.uint(devmod.modules_announced);
  out.array(devmod.modules.size());
  for (const std::string& module : devmod.modules) out.text(module);
}

DevMod read_devmod(Reader& in) {
  DevMod out;
  in.array(10);
  for (auto member : {&DevMod::os, &DevMod::arch, &DevMod::version, &DevMod::device,
                      &DevMod::serial, &DevMod::separator, &DevMod::binary_formats})
    out.*member = in.text(1024);
  out.seen = static_cast<std::uint32_t>(in.uint_at_most(all));
  out.modules_announced = in.uint_at_most(modules_max);
  std::size_t count = in.array_between(0, modules_max);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) out.modules.push_back(in.text(128));
  return out;
}

}  // namespace fairlead::fdo
