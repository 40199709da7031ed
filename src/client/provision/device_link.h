// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/provision/device_carrier.h"
#include "local/conversation.h"
#include "local/version.h"

namespace fairlead::client {

// Stock firmware says no more than that it broke off.
enum class Firmware { ours, stock };

// A secured session with one device (docs/wire/local.md). Blocks.
class DeviceLink {
 public:
  // untrusted_server: it doesn't know the code; forbidden: wrong code, or not in provisioning mode;
  // busy: somebody else is at it, or wait after wrong codes. The carrier outlives the link.
  static Answer<DeviceLink> open(DeviceCarrier& device, local::ClientSecret secret, Random& random,
                                 Firmware firmware = Firmware::ours);

  Answer<local::Answer> say(const local::Command& command);
  // One message to an endpoint of Espressif's. After a failure the session is over.
  Answer<Bytes> ask(const std::string& endpoint, View plain);
  enroll::OfferNonce expected_nonce(const enroll::OfferNonce& nonce) const {
    return conversation_.expected_nonce(nonce);
  }
  Random& random() { return random_; }
  // What the device can do on our endpoint (Version::fairlead_capabilities); set by open_device().
  std::vector<std::string> capabilities{};

 private:
  DeviceLink(DeviceCarrier& device, local::ClientSecret secret, Random& random)
      : device_(device), random_(random), conversation_(std::move(secret), random) {}
  Answer<local::Heard> exchange(local::Send send);

  DeviceCarrier& device_;
  Random& random_;
  local::Conversation conversation_;
};

// What the device at the other end can do. unreachable, server_fault: it is none.
Answer<local::Version> ask_version(DeviceCarrier& device);

}  // namespace fairlead::client
