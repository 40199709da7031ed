// SPDX-License-Identifier: Apache-2.0
// The other side of Bluetooth LE: finds devices in provisioning mode and talks to one. Blocks; for
// programs without a loop of their own.
#pragma once

#include "base/time.h"
#include "link/peripheral.h"

namespace fairlead::link {

struct NearbyDevice {
  std::string name, address;
  int signal_dbm = 0;
  std::vector<std::string> services{};  // UUIDs that it advertises
};

// A device that is connected, until this is destroyed.
class GattPeer {
 public:
  virtual ~GattPeer() = default;

  // Writes a request to an endpoint, then reads the answer. not_found: it has no such endpoint; io,
  // refused, timed_out: the link is lost; an error of the device's own is in the answer.
  virtual Result<GattAnswer> exchange(std::string_view endpoint, View value) = 0;
};

class Central {
 public:
  virtual ~Central() = default;

  // What is in reach, strongest first. `found` ends the search early where it says true.
  using Found = std::function<bool(const NearbyDevice&)>;
  virtual Result<std::vector<NearbyDevice>> look(Duration time, const Found& found) = 0;

  // not_found: nobody with that name or address in 15 s; timed_out, refused: can't be reached;
  // unsupported: it is no device of local provisioning.
  virtual Result<std::unique_ptr<GattPeer>> connect(const std::string& name_or_address) = 0;
};
// `adapter`: "hci0", or "" for the first; it is switched on. not_found, refused, io: in words.
using OpenCentral = std::function<Result<std::unique_ptr<Central>>(const std::string& adapter)>;

}  // namespace fairlead::link
