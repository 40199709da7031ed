// SPDX-License-Identifier: Apache-2.0
// The objects that bluetoothd asks us about: the GATT service, its characteristics with their
// descriptions, and the advertisement.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "link/bluez/bus.h"
#include "link/peripheral.h"

namespace fairlead::link {

class GattApplication {
 public:
  struct Written {
    std::string device;  // path of bluetoothd's object
    std::string endpoint;
    Bytes value;
    Message call;  // for answer()
  };
  struct Events {
    std::function<void(Written)> written;
    std::function<void()> advertisement_released;  // bluetoothd dropped it
  };
  static constexpr const char* root = "/org/fairlead/provisioning";
  static constexpr const char* advertisement = "/org/fairlead/provisioning/advertisement";

  // Shows the objects on the bus until it is destroyed.
  static Result<std::unique_ptr<GattApplication>> show(sd_bus* bus, GattOffering offering,
                                                       Events events);

  ~GattApplication();

  // Ends a write, and keeps what the device may read. Long after it has gone is no harm.
  void answer(Written written, GattAnswer answer);
  void forget(const std::string& device);  // it is disconnected: its values are gone

  struct Endpoint;

 private:
  GattApplication(GattOffering offering, Events events);
  Result<void> show_on(sd_bus* bus);
  Result<void> show_object(sd_bus* bus, const std::string& path, const char* interface,
                           const sd_bus_vtable* table, void* self);
  int on_write(Endpoint& endpoint, sd_bus_message* call, sd_bus_error* error);
  int on_read(Endpoint& endpoint, sd_bus_message* call, sd_bus_error* error);
  friend struct GattTables;

  GattOffering offering_;
  Events events_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::vector<Slot> slots_;
};

}  // namespace fairlead::link
