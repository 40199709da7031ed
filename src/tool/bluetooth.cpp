// SPDX-License-Identifier: Apache-2.0
#include "tool/bluetooth.h"

#include <algorithm>

namespace fairlead::tool {

using client::Answer;
using client::Problem;
using client::ProblemKind;

namespace {

// Of stock firmware, now and before; other firmware is known by the prefix of its name.
constexpr std::string_view service_uuids[] = {"1775244d-6b43-439b-877c-060f2d9bed07",
                                              "021a9004-0382-4aea-bff4-6b3f1c5adfb4"};
constexpr std::string_view name_prefix = "PROV_";

Problem problem_of(const Error& error) {
  std::string message = "Bluetooth: " + error.context;
  if (error.code == Errc::not_found || error.code == Errc::timed_out)
    return {
        error.code == Errc::not_found ? ProblemKind::not_found : ProblemKind::failed,
        std::move(message),
        "See that the device is in provisioning mode (press its button) and within some metres."};
  return {ProblemKind::failed, std::move(message),
          "See that bluetoothd runs on this machine, and that its adapter is there and not blocked "
          "(`rfkill list`)."};
}

class BluetoothCarrier final : public client::DeviceCarrier {
 public:
  explicit BluetoothCarrier(std::unique_ptr<link::GattPeer> peer) : peer_(std::move(peer)) {}

  Answer<Bytes> exchange(const std::string& endpoint, View body) override {
    auto answer = peer_->exchange(endpoint, body);
    if (!answer) return std::unexpected(problem_of(answer.error()));
    if (answer->att_error) return std::unexpected(client::refusal_by_att_error(answer->att_error));
    return std::move(answer->value);
  }

 private:
  std::unique_ptr<link::GattPeer> peer_;
};

bool in_provisioning_mode(const link::NearbyDevice& device) {
  return device.name.starts_with(name_prefix) ||
         std::ranges::any_of(device.services, [](const std::string& uuid) {
           return std::ranges::find(service_uuids, uuid) != std::end(service_uuids);
         });
}

std::optional<int> signal_of(const link::NearbyDevice& device) {
  constexpr int unknown_dbm = 127;  // Core 5.4, Vol 4, Part E, 7.7.65.2
  if (device.signal_dbm == unknown_dbm) return std::nullopt;
  return device.signal_dbm;
}

Answer<std::vector<Bluetooth::Nearby>> look(const link::OpenCentral& open,
                                            const std::string& adapter, Duration time) {
  auto central = open(adapter);
  if (!central) return std::unexpected(problem_of(central.error()));
  auto devices = (*central)->look(time, [](const auto&) { return false; });
  if (!devices) return std::unexpected(problem_of(devices.error()));
  std::vector<Bluetooth::Nearby> out;
  for (const auto& each : *devices)
    if (in_provisioning_mode(each)) out.push_back({each.name, each.address, signal_of(each)});
  return out;
}

Answer<std::unique_ptr<client::DeviceCarrier>> connect(const link::OpenCentral& open,
                                                       const std::string& adapter,
                                                       const std::string& name_or_address) {
  auto central = open(adapter);
  if (!central) return std::unexpected(problem_of(central.error()));
  auto peer = (*central)->connect(name_or_address);
  if (!peer) return std::unexpected(problem_of(peer.error()));
  return std::make_unique<BluetoothCarrier>(std::move(*peer));
}

}  // namespace

Bluetooth bluetooth_by(link::OpenCentral open) {
  return {[open](const std::string& adapter, Duration time) { return look(open, adapter, time); },
          [open](const std::string& adapter, const std::string& name) {
            return connect(open, adapter, name);
          }};
}

}  // namespace fairlead::tool
