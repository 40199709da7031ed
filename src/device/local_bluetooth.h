// SPDX-License-Identifier: Apache-2.0
// Local provisioning over Bluetooth LE: advertised while the door is open.
#pragma once

#include <map>

#include "device/local_carrier.h"
#include "device/local_door.h"
#include "link/peripheral.h"

namespace fairlead::device {

// The device's name to phones: `configured`, or what local::setup_name() makes of the serial.
std::string bluetooth_name(const std::string& configured, const std::string& serial);

class LocalBluetooth final : public LocalCarrier {
 public:
  // Log and door outlive the carrier.
  LocalBluetooth(Log& log, LocalDoor& door, std::string name, const link::MakePeripheral& make);

  net::Task<void> run() { return peripheral_->run(); }  // until the loop stops
  Result<void> offer(bool open) override;

 private:
  net::Task<link::GattAnswer> answer(std::string device, std::string endpoint, Bytes value);
  void left(const std::string& device);

  Log& log_;
  LocalDoor& door_;
  std::string name_;
  std::map<std::string, local::PeerId, std::less<>> peers_;  // by bluetoothd's path
  local::PeerId last_peer_;
  bool said_on_air_ = false;
  std::unique_ptr<link::Peripheral> peripheral_;
};

}  // namespace fairlead::device
