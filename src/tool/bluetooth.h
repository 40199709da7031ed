// SPDX-License-Identifier: Apache-2.0
// Devices in provisioning mode by this machine's Bluetooth: who is near, and a way to one of them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "client/provision/device_carrier.h"
#include "link/central.h"

namespace fairlead::tool {

// Both empty where Bluetooth isn't built in. `adapter`: "hci0", or "" for the first.
struct Bluetooth {
  struct Nearby {
    std::string name, address;
    std::optional<int> signal_dbm;  // none: the adapter can't say
  };
  // Devices in provisioning mode, strongest first. Blocks for that long.
  std::function<client::Answer<std::vector<Nearby>>(const std::string& adapter, Duration)> look;
  std::function<client::Answer<std::unique_ptr<client::DeviceCarrier>>(
      const std::string& adapter, const std::string& name_or_address)>
      connect;
};

Bluetooth bluetooth_by(link::OpenCentral open);

}  // namespace fairlead::tool
