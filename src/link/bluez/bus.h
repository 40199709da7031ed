// SPDX-License-Identifier: Apache-2.0
// The system's message bus by libsystemd's sd-bus, and its messages as values. Everything here
// belongs to one thread.
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/loop.h"

namespace fairlead::link {

struct BusDeleter {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
struct MessageDeleter {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
struct SlotDeleter {
  void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};
using BusPtr = std::unique_ptr<sd_bus, BusDeleter>;
using Message = std::unique_ptr<sd_bus_message, MessageDeleter>;
using Slot = std::unique_ptr<sd_bus_slot, SlotDeleter>;  // what it stands for ends with it

// io: no bus where $DBUS_SYSTEM_BUS_ADDRESS or the system says.
Result<BusPtr> open_system_bus();

// A call to BlueZ, to which arguments may be appended.
Result<Message> bluez_call(sd_bus* bus, const std::string& path, const char* interface,
                           const char* method);

// What a failed call means. not_found: nobody has that name or object; timed_out; refused: an
// error of the other side, in its words; io: the bus is lost.
Error error_of(const sd_bus_error& error);
Error error_of(int negative_errno, std::string_view what);

// The bus on a loop: run() moves messages while call() waits.
class Bus {
 public:
  static Result<std::unique_ptr<Bus>> open(net::Loop& loop);

  net::Task<void> run();  // until the bus is lost (io) or the loop stops (cancelled)
  net::Task<Message> call(Message request, Duration limit);

  // Calls `heard` for each signal that matches a rule of D-Bus, until the slot goes.
  using Heard = std::function<void(sd_bus_message*)>;
  Result<Slot> match(const std::string& rule, Heard& heard);  // `heard` outlives the slot

  sd_bus* raw() const { return bus_.get(); }

 private:
  Bus(net::Loop& loop, BusPtr bus) : loop_(loop), bus_(std::move(bus)) {}
  Result<void> process();
  net::Task<void> wait();

  net::Loop& loop_;
  BusPtr bus_;
};

}  // namespace fairlead::link
