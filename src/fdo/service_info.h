// SPDX-License-Identifier: Apache-2.0
// ServiceInfo (FDO 1.1 §3.8 and messages 66 to 69): what owner and device tell each other once they
// trust.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fdo/types.h"

namespace fairlead::fdo {

struct KeyValue {
  std::string key;  // "module:message"
  Bytes value;      // the CBOR inside the bstr
};
std::size_t encoded_size(const KeyValue& pair);

// 68 [IsMore, ServiceInfo] and 69 [IsMore, IsDone, ServiceInfo]; ServiceInfo may be null.
struct DeviceInfoMessage {
  bool more = false;
  std::vector<KeyValue> info;
};
struct OwnerInfoMessage {
  bool more = false, done = false;
  std::vector<KeyValue> info;
};
Result<DeviceInfoMessage> decode_device_info(View message);
Bytes encode_device_info(const DeviceInfoMessage& message);
Result<OwnerInfoMessage> decode_owner_info(View message);
Bytes encode_owner_info(const OwnerInfoMessage& message);

// What waits to be sent, cut into messages that stay within a limit. A value that fits no message
// by itself is cut across pairs of one key, which peers that join them take as one stream.
class Outbox {
 public:
  void push(std::string key, Bytes value);
  bool empty() const { return queue_.empty(); }
  std::size_t bytes() const { return bytes_; }  // as encoded; what waits, not what was sent
  // As many pairs as fit into a plaintext of `limit` bytes.
  std::vector<KeyValue> take(std::size_t limit);

  void write(cbor::Writer& out) const;
  static Outbox read(cbor::Reader& in);

 private:
  std::deque<KeyValue> queue_;
  std::size_t bytes_ = 0;
};

// Whole CBOR values out of pairs: consecutive pairs of one key are one stream, so a value may be
// cut across pairs and several values may share a pair.
class ValueJoiner {
 public:
  // The values that `pair` completes. malformed when another key comes before a value is whole, or
  // it grows too large, or comes in too many parts.
  Result<std::vector<KeyValue>> add(KeyValue pair);
  bool whole() const { return rest_.empty(); }

  void write(cbor::Writer& out) const;
  static ValueJoiner read(cbor::Reader& in);

 private:
  std::string key_;
  Bytes rest_;
  std::uint64_t parts_ = 0;  // that rest_ came in
};

// "fdo.csr:simpleenroll-req" -> module and message; malformed without a colon.
struct ModuleMessage {
  std::string_view module, message;
};
Result<ModuleMessage> split_key(std::string_view key);

// devmod: what a device says of itself first.
struct DevMod {
  std::string os, arch, version, device, serial, separator, binary_formats;
  std::vector<std::string> modules;
  bool complete() const;  // all that §3.8.3 makes mandatory is there
  bool has(std::string_view module) const;

  std::uint32_t seen = 0;  // bits of mandatory messages, see service_info.cpp
  std::uint64_t modules_announced = 0;
};
Result<void> apply_devmod(DevMod& devmod, std::string_view message, View value);
void push_devmod(Outbox& out, const DevMod& devmod);
void write_devmod(cbor::Writer& out, const DevMod& devmod);
DevMod read_devmod(cbor::Reader& in);

}  // namespace fairlead::fdo
