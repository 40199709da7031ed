// SPDX-License-Identifier: Apache-2.0
// How the bytes of local provisioning travel to one device and back: HTTP, Bluetooth LE.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "client/operator/problem.h"
#include "client/operator/transport.h"

namespace fairlead::client {

class DeviceCarrier {
 public:
  virtual ~DeviceCarrier() = default;

  // Blocks until the device's answer is there. bad_request, forbidden, busy, server_fault: the
  // device refuses, with its reason; failed: it does not answer.
  virtual Answer<Bytes> exchange(const std::string& endpoint, View body) = 0;
};

// What a device's error of the application means that came over Bluetooth LE.
Problem refusal_by_att_error(std::uint8_t error);

// docs/wire/local.md, HTTP. One per session: it keeps the device's cookie.
class HttpCarrier final : public DeviceCarrier {
 public:
  explicit HttpCarrier(Transport& device) : device_(device) {}  // outlives the carrier
  explicit HttpCarrier(std::unique_ptr<Transport> device)
      : own_(std::move(device)), device_(*own_) {}
  Answer<Bytes> exchange(const std::string& endpoint, View body) override;

 private:
  std::unique_ptr<Transport> own_;  // none: it is another's
  Transport& device_;
  std::string cookie_;
};

}  // namespace fairlead::client
