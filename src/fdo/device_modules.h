// SPDX-License-Identifier: Apache-2.0
// What a device does in service info. A module is told what the owner sends and queues what it
// answers.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "fdo/service_info.h"

namespace fairlead::fdo {

class DeviceModule {
 public:
  virtual ~DeviceModule() = default;
  virtual std::string_view name() const = 0;
  // `message` without the module's name; "active" is answered for the module before it hears of it.
  // May block. An error ends the run with code 100 (malformed) or 500.
  virtual Result<void> receive(std::string_view message, View value, Outbox& out) = 0;
  // Asked whenever there is room in a message: queues the next of what the module has to say by
  // itself, a stretch of a file or what came of a thing that takes long. True: more is ready to be
  // said. So a file is never in memory as a whole. May block; an error ends the run with code 500.
  virtual Result<bool> speak(Outbox&) { return false; }
};

// The device's half of messages 68 and 69.
class DeviceDialogue {
 public:
  DeviceDialogue(std::vector<std::unique_ptr<DeviceModule>> modules, DevMod devmod);

  Outcome<void> take(const OwnerInfoMessage& message);
  Outcome<DeviceInfoMessage> produce(std::size_t limit);
  bool done() const { return done_; }  // the owner said IsDone

 private:
  Result<void> dispatch(const KeyValue& pair);
  Result<bool> let_speak(std::size_t limit);  // true: more is ready than fits

  std::vector<std::unique_ptr<DeviceModule>> modules_;
  Outbox outbox_;
  ValueJoiner joiner_;
  bool done_ = false, owner_has_more_ = false;
  std::size_t idle_rounds_ = 0;
};

}  // namespace fairlead::fdo
