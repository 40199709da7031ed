// SPDX-License-Identifier: Apache-2.0
#include "fdo/device_modules.h"

#include "base/limits.h"

namespace fairlead::fdo {

DeviceDialogue::DeviceDialogue(std::vector<std::unique_ptr<DeviceModule>> modules, DevMod devmod)
    : modules_(std::move(modules)) {
  for (const auto& module : modules_) devmod.modules.emplace_back(module->name());
  push_devmod(outbox_, devmod);
}

Result<void> DeviceDialogue::dispatch(const KeyValue& pair) {
  TRY(auto key, split_key(pair.key));
  auto module = std::ranges::find(modules_, key.module, [](const auto& m) { return m->name(); });
  if (key.message == "active") {
    cbor::Reader in(pair.value);
    bool wanted = in.boolean();
    TRY_VOID(in.finish().in(pair.key));
    bool known = module != modules_.end();
    if (wanted) outbox_.push(pair.key, cbor::Writer().boolean(known).take());
    if (!known || !wanted) return ok();
  }
  if (module == modules_.end())
    return ok();  // said to be inactive; its other messages mean nothing to us
  return (*module)->receive(key.message, pair.value, outbox_).in(pair.key);
}

Outcome<void> DeviceDialogue::take(const OwnerInfoMessage& message) {
  if (message.more && message.done)
    return refuse(ErrorCode::invalid_message, "TO2.OwnerServiceInfo: more and done at once");
  for (const KeyValue& pair : message.info) {
    TRY(auto values, joiner_.add(pair));
    for (const KeyValue& value : values) TRY_VOID(dispatch(value));
  }
  if (!message.more && !joiner_.whole())
    return refuse(ErrorCode::body, "TO2.OwnerServiceInfo ends inside a value");
  idle_rounds_ = message.info.empty() ? idle_rounds_ + 1 : 0;
  if (idle_rounds_ > limits::service_info_rounds_idle_max)
    return refuse(ErrorCode::invalid_message, "TO2.OwnerServiceInfo: no progress");
  owner_has_more_ = message.more;
  done_ = message.done;
  return {};
}

// One module after the other, so that what one says is not torn apart by another.
Result<bool> DeviceDialogue::let_speak(std::size_t limit) {
  for (const auto& module : modules_) {
    for (bool more = true; more;) {
      if (outbox_.bytes() >= limit) return true;
      TRY(more, module->speak(outbox_).in(module->name()));
    }
  }
  return false;
}

Outcome<DeviceInfoMessage> DeviceDialogue::produce(std::size_t limit) {
  DeviceInfoMessage out;
  if (owner_has_more_) return out;  // while one side has more, the other answers empty
  TRY(bool more, let_speak(limit));
  out.info = outbox_.take(limit);
  out.more = more || !outbox_.empty();
  if (!out.info.empty()) idle_rounds_ = 0;
  return out;
}

}  // namespace fairlead::fdo
