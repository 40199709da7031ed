// SPDX-License-Identifier: Apache-2.0
#include "device/local_bluetooth.h"

#include "base/events.h"
#include "local/commands.h"
#include "local/setup_label.h"

namespace fairlead::device {

namespace {

// Above every number that an HTTP cookie can have: the door sees one space of peers.
constexpr local::PeerId first_peer = local::PeerId{1} << 32;

// The layout of stock firmware. Phones cache it, so what is new goes to the end.
link::GattOffering offering_for(const std::string& name) {
  constexpr std::string_view head = "1775", tail = "-6b43-439b-877c-060f2d9bed07";
  auto uuid = [&](std::string_view digits) {
    return std::string(head) + std::string(digits) + std::string(tail);
  };
  return {name,
          uuid("244d"),
          {{uuid("ff4f"), "prov-ctrl"},
           {uuid("ff50"), "prov-scan"},
           {uuid("ff51"), "prov-session"},
           {uuid("ff52"), "prov-config"},
           {uuid("ff53"), "proto-ver"},
           {uuid("ff54"), std::string(local::own_endpoint)}}};
}

// "bluetooth 00:AA:01:00:00:01" of "/org/bluez/hci0/dev_00_AA_01_00_00_01".
std::string source_of(std::string device) {
  auto at = device.rfind("/dev_");
  if (at != device.npos) device.erase(0, at + 5);
  for (char& c : device)
    if (c == '_') c = ':';
  return "bluetooth " + device;
}

}  // namespace

std::string bluetooth_name(const std::string& configured, const std::string& serial) {
  return configured.empty() ? local::setup_name(serial) : configured;
}

LocalBluetooth::LocalBluetooth(Log& log, LocalDoor& door, std::string name,
                               const link::MakePeripheral& make)
    : log_(log), door_(door), name_(std::move(name)), last_peer_(first_peer) {
  link::GattEvents events{[this](std::string client, std::string endpoint, Bytes value) {
                            return answer(std::move(client), std::move(endpoint), std::move(value));
                          },
                          [this](const std::string& client) { left(client); }};
  peripheral_ = make(offering_for(name_), std::move(events));
}

Result<void> LocalBluetooth::offer(bool open) {
  peripheral_->want(open);
  auto state = peripheral_->state();
  bool on_air = open && peripheral_->on_air();
  if (on_air && !said_on_air_) log_(event::device_bluetooth_advertises, {{"name", name_}});
  said_on_air_ = on_air;
  return state;
}

net::Task<link::GattAnswer> LocalBluetooth::answer(std::string device, std::string endpoint,
                                                   Bytes value) {
  auto [peer, is_new] = peers_.try_emplace(device, last_peer_ + 1);
  if (is_new) {
    ++last_peer_;
    log_(event::device_bluetooth_connected, {{"source", source_of(device)}});
  }
  local::Request request{peer->second, source_of(device), std::move(endpoint), std::move(value)};
  auto asking = door_.ask(std::move(request));
  CO_TRY(auto said, co_await std::move(asking));
  link::GattAnswer out;
  if (auto* refusal = std::get_if<local::Refusal>(&said))
    out.att_error = local::att_error_of(refusal->kind);
  else
    out.value = std::move(std::get<Bytes>(said));
  co_return out;
}

void LocalBluetooth::left(const std::string& device) {
  auto found = peers_.find(device);
  if (found == peers_.end()) return;
  log_(event::device_bluetooth_left, {{"source", source_of(device)}});
  door_.left(found->second);
  peers_.erase(found);
}

}  // namespace fairlead::device
