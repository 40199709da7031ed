// SPDX-License-Identifier: Apache-2.0
// The device as a Bluetooth LE peripheral: one GATT service whose characteristics are endpoints,
// each with its name as user description (0x2901). A client writes a request, then reads the answer
// at the same characteristic.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "net/task.h"

namespace fairlead::link {

inline constexpr std::size_t gatt_value_bytes_max = 512;  // Core 5.4, Vol 3, Part F, 3.2.9

struct GattEndpoint {
  std::string uuid, name;
};
struct GattOffering {
  std::string name;     // of the device, as advertised
  std::string service;  // UUID
  std::vector<GattEndpoint> endpoints;
};

// What a written value came to: what can be read then, or an error of the application
// (0x80 to 0x9f).
struct GattAnswer {
  Bytes value{};
  std::uint8_t att_error = 0;
};

// All on the loop's thread. `client` is the same text from its first request until it has left.
struct GattEvents {
  // A request; one at a time for each client, as ATT has it. To be answered within five seconds.
  std::function<net::Task<GattAnswer>(std::string client, std::string endpoint, Bytes value)>
      written;
  std::function<void(const std::string& client)> left;  // it has disconnected
};

// Advertises and serves while that is wanted. An adapter that is missing, blocked or unplugged, and
// anything between us and it that goes and comes back: it says so in words, and goes on when it
// can.
class Peripheral {
 public:
  virtual ~Peripheral() = default;

  virtual net::Task<void> run() = 0;  // until the loop stops
  virtual void want(bool on_air) = 0;
  virtual bool on_air() const = 0;
  // Why it is not on the air although that is wanted. not_found, refused, io: in words.
  virtual Result<void> state() const = 0;
};
using MakePeripheral = std::function<std::unique_ptr<Peripheral>(GattOffering, GattEvents)>;

}  // namespace fairlead::link
