// SPDX-License-Identifier: Apache-2.0
// One device from a factory-fresh state to its upstream, by somebody beside it: Offer from the
// device, Claim to the server, Grant to the device, and waiting until it is online.
#pragma once

#include <functional>

#include "client/operator/api.h"
#include "client/provision/device_link.h"

namespace fairlead::client {

struct ProvisionRequest {
  std::string code;     // as on the label
  bool button = false;  // instead of the code: the device's button was just pressed
  std::string username = "wifiprov";
  std::string account, name;  // for the Claim; may be empty
};
struct Bystander {  // who watches
  std::function<void(std::string_view)> tell;
  std::function<void(Duration)> wait;
};
struct Provisioned {
  std::string device;  // the server's id of it
};
// busy: the server wants a person's decision first; the words say whose. conflict: the device is
// not one that takes Grants. Otherwise as DeviceLink and Api say. The device rolled back where it
// failed.
Answer<Provisioned> provision(DeviceCarrier& device, Api& server, const ProvisionRequest& request,
                              Random& random, const Bystander& bystander);

}  // namespace fairlead::client
