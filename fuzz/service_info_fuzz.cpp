// SPDX-License-Identifier: Apache-2.0
// Service info: both messages, joining values out of pairs, devmod, and the device's dialogue. What
// is sent stays within its limit and is read again as it was.
#include "base/assert.h"
#include "fdo/device_modules.h"
#include "fdo/service_info.h"

namespace {

using namespace fairlead;
using namespace fairlead::fdo;

void join(const std::vector<KeyValue>& info) {
  ValueJoiner joiner;
  DevMod devmod;
  Outbox outbox;
  for (const KeyValue& pair : info) {
    auto values = joiner.add(pair);
    if (!values) return;
    for (const KeyValue& value : *values) {
      auto key = split_key(value.key);
      if (key) (void)apply_devmod(devmod, key->message, value.value);
      outbox.push(value.key, value.value);
    }
  }
  cbor::Writer out;
  write_devmod(out, devmod);
  joiner.write(out);
  cbor::Reader in(out.view());
  read_devmod(in);
  ValueJoiner::read(in);
  ASSERT(in.finish());
  while (!outbox.empty()) {
    OwnerInfoMessage message{true, false, outbox.take(256)};
    ASSERT(!message.info.empty());
    Bytes encoded = encode_owner_info(message);
    ASSERT(encoded.size() <= 256);
    ASSERT(decode_owner_info(encoded).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  View input(data, size);
  if (auto message = decode_device_info(input)) {
    ASSERT(decode_device_info(encode_device_info(*message)).has_value());
    join(message->info);
  }
  if (auto message = decode_owner_info(input)) {
    ASSERT(decode_owner_info(encode_owner_info(*message)).has_value());
    join(message->info);
    DeviceDialogue dialogue({}, {});
    (void)dialogue.produce(5000);
    if (dialogue.take(*message)) (void)dialogue.produce(256);
  }
  DevMod devmod;
  for (auto message : {"active", "os", "nummodules", "modules", "sn", "nl"})
    (void)apply_devmod(devmod, message, input);
  (void)split_key(as_text(input));
  return 0;
}
