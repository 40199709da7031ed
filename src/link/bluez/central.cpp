// SPDX-License-Identifier: Apache-2.0
#include "link/bluez/central.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>

#include "link/bluez/objects.h"

namespace fairlead::link {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Duration call_limit = std::chrono::seconds(10);
constexpr Duration look_limit = std::chrono::seconds(15);
constexpr Duration connect_limit = std::chrono::seconds(20);
constexpr Duration exchange_limit = std::chrono::seconds(20);
constexpr int connect_tries = 3;  // a first connection fails now and then
constexpr const char* description_uuid = "00002901-0000-1000-8000-00805f9b34fb";

std::uint64_t microseconds(Duration time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

struct Called {
  Message reply;
  std::uint8_t att_error = 0;
};

// "Operation failed with ATT error: 0x81": bluetoothd's words for an error of the application.
std::uint8_t att_error_in(std::string_view words) {
  constexpr std::string_view mark = "ATT error: 0x";
  auto at = words.find(mark);
  std::uint8_t code = 0;
  if (at == words.npos) return 0;
  words.remove_prefix(at + mark.size());
  std::from_chars(words.data(), words.data() + words.size(), code, 16);
  return code;
}

Result<Called> call(sd_bus* bus, const Message& request, Duration limit) {
  sd_bus_error error = SD_BUS_ERROR_NULL;
  sd_bus_message* reply = nullptr;
  int done = sd_bus_call(bus, request.get(), microseconds(limit), &error, &reply);
  Called out{Message(reply), 0};
  if (done >= 0) return out;
  out.att_error = att_error_in(error.message ? error.message : "");
  Error failure = error_of(error);
  sd_bus_error_free(&error);
  if (out.att_error) return out;
  return fail(std::move(failure));
}

Result<void> ask(sd_bus* bus, const std::string& path, std::string_view interface,
                 const char* method, Duration limit) {
  TRY(auto request, bluez_call(bus, path, interface.data(), method));
  TRY_VOID(call(bus, request, limit));
  return ok();
}

Result<Objects> objects_of(sd_bus* bus) {
  TRY(auto request, ask_for_objects(bus));
  TRY(auto called, call(bus, request, call_limit));
  return read_objects(called.reply.get());
}

// Until something changed at bluetoothd, or 200 ms.
void wait_for_change(sd_bus* bus) {
  sd_bus_wait(bus, microseconds(std::chrono::milliseconds(200)));
  while (sd_bus_process(bus, nullptr) > 0) {
  }
}

const Properties* find_device(const Objects& objects, const std::string& path) {
  auto object = objects.find(path);
  if (object == objects.end()) return nullptr;
  auto device = object->second.find(device_interface);
  return device == object->second.end() ? nullptr : &device->second;
}

// Low Energy, and every report: a device that was seen before counts only when it is seen again.
Result<void> filter_discovery(sd_bus* bus, const std::string& adapter) {
  TRY(auto request, bluez_call(bus, adapter, adapter_interface.data(), "SetDiscoveryFilter"));
  int done = sd_bus_message_append(request.get(), "a{sv}", 1, "Transport", "s", "le");
  if (done < 0) return fail(error_of(done, "the search"));
  TRY_VOID(call(bus, request, call_limit));
  return ok();
}

Result<Bytes> read_value(sd_bus* bus, const std::string& path, std::string_view interface,
                         std::uint8_t& att_error) {
  TRY(auto request, bluez_call(bus, path, interface.data(), "ReadValue"));
  sd_bus_message_append(request.get(), "a{sv}", 0);
  TRY(auto called, call(bus, request, exchange_limit));
  att_error = called.att_error;
  if (att_error) return Bytes();
  const void* data = nullptr;
  std::size_t size = 0;
  int done = sd_bus_message_read_array(called.reply.get(), 'y', &data, &size);
  if (done < 0) return fail(error_of(done, "the device's answer"));
  auto* bytes = static_cast<const std::uint8_t*>(data);
  return Bytes(bytes, bytes + size);
}

bool is_called(const NearbyDevice& device, const std::string& name_or_address) {
  return device.name == name_or_address ||
         std::ranges::equal(device.address, name_or_address,
                            [](char a, char b) { return std::toupper(a) == std::toupper(b); });
}

Result<void> connect_device(sd_bus* bus, const std::string& path) {
  Result<void> connected = ok();
  for (int i = 0; i < connect_tries; ++i) {
    connected = ask(bus, path, device_interface, "Connect", connect_limit);
    if (connected) return ok();
    // An attempt that hangs, ours or another program's, keeps later ones from beginning.
    ignore(ask(bus, path, device_interface, "Disconnect", call_limit),
           "there may be nothing to end");
  }
  return std::move(connected).in("the device can't be reached by Bluetooth");
}

// Until bluetoothd has read the device's table of services.
Result<void> await_services(sd_bus* bus, const std::string& path) {
  auto end = Clock::now() + connect_limit;
  while (Clock::now() < end) {
    TRY(auto objects, objects_of(bus));
    const Properties* device = find_device(objects, path);
    if (!device || !is_set(*device, "Connected"))
      return fail(Errc::io, "the Bluetooth link was lost");
    if (is_set(*device, "ServicesResolved")) return ok();
    wait_for_change(bus);
  }
  return fail(Errc::timed_out, "the device does not say what it offers");
}

class BluezPeer final : public GattPeer {
 public:
  BluezPeer(BusPtr bus, std::string path) : bus_(std::move(bus)), path_(std::move(path)) {}
  ~BluezPeer() override;
  Result<void> find_endpoints();
  Result<GattAnswer> exchange(std::string_view endpoint, View value) override;

 private:
  BusPtr bus_;
  std::string path_;
  std::map<std::string, std::string, std::less<>> endpoints_;  // name to path
};

class BluezCentral final : public Central {
 public:
  BluezCentral(BusPtr bus, std::string adapter)
      : bus_(std::move(bus)), adapter_(std::move(adapter)) {}
  Result<std::vector<NearbyDevice>> look(Duration time, const Found& found) override;
  Result<std::unique_ptr<GattPeer>> connect(const std::string& name_or_address) override;

 private:
  struct Seen {
    NearbyDevice device;
    std::string path;
  };
  Result<std::vector<Seen>> seen();
  Result<std::vector<Seen>> search(Duration time, const Found& found);

  BusPtr bus_;
  std::string adapter_;  // path
};

}  // namespace

Result<std::unique_ptr<Central>> open_bluez_central(const std::string& adapter) {
  TRY(auto bus, open_system_bus());
  sd_bus_match_signal(bus.get(), nullptr, "org.bluez", nullptr, nullptr, nullptr, nullptr, nullptr);
  TRY(auto objects, objects_of(bus.get()));
  TRY(auto path, find_adapter(objects, adapter));
  const Properties& properties = objects.at(path).find(adapter_interface)->second;
  if (!is_set(properties, "Powered")) {
    TRY(auto power, set_property(bus.get(), path, adapter_interface, "Powered", true));
    TRY_VOID(call(bus.get(), power, call_limit)
                 .in("the Bluetooth adapter can't be switched on (blocked by rfkill?)"));
  }
  return std::make_unique<BluezCentral>(std::move(bus), std::move(path));
}

// bluetoothd keeps devices of earlier searches; only those seen now have a signal.
Result<std::vector<BluezCentral::Seen>> BluezCentral::seen() {
  TRY(auto objects, objects_of(bus_.get()));
  std::vector<Seen> out;
  for (const auto& [path, object] : objects) {
    if (!path.starts_with(adapter_ + "/")) continue;
    const Properties* device = find_device(objects, path);
    auto* signal = device ? find_property<std::int64_t>(*device, "RSSI") : nullptr;
    if (!signal) continue;
    NearbyDevice each{text_of(*device, "Name"), text_of(*device, "Address"),
                      static_cast<int>(*signal)};
    if (auto* services = find_property<std::vector<std::string>>(*device, "UUIDs"))
      each.services = *services;
    out.push_back({std::move(each), path});
  }
  std::ranges::sort(out, std::greater(), [](const Seen& each) { return each.device.signal_dbm; });
  return out;
}

Result<std::vector<BluezCentral::Seen>> BluezCentral::search(Duration time, const Found& found) {
  TRY_VOID(filter_discovery(bus_.get(), adapter_));
  TRY_VOID(ask(bus_.get(), adapter_, adapter_interface, "StartDiscovery", call_limit));
  auto end = Clock::now() + time;
  Result<std::vector<Seen>> now = std::vector<Seen>();
  do {
    wait_for_change(bus_.get());
    now = seen();
  } while (now && std::ranges::none_of(*now, found, &Seen::device) && Clock::now() < end);
  ignore(ask(bus_.get(), adapter_, adapter_interface, "StopDiscovery", call_limit),
         "it ends with our connection to the message bus too");
  return now;
}

Result<std::vector<NearbyDevice>> BluezCentral::look(Duration time, const Found& found) {
  TRY(auto all, search(time, found));
  std::vector<NearbyDevice> out;
  for (Seen& each : all) out.push_back(std::move(each.device));
  return out;
}

Result<std::unique_ptr<GattPeer>> BluezCentral::connect(const std::string& name_or_address) {
  auto wanted = [&](const NearbyDevice& device) { return is_called(device, name_or_address); };
  TRY(auto devices, search(look_limit, wanted));
  auto found = std::ranges::find_if(devices, wanted, &Seen::device);
  if (found == devices.end())
    return fail(Errc::not_found, "no device called " + name_or_address + " is in reach");
  TRY(auto bus, open_system_bus());
  TRY_VOID(connect_device(bus.get(), found->path));
  // From here on it disconnects by itself.
  auto peer = std::make_unique<BluezPeer>(std::move(bus), found->path);
  TRY_VOID(await_services(bus_.get(), found->path));
  TRY_VOID(peer->find_endpoints());
  return peer;
}

Result<void> BluezPeer::find_endpoints() {
  TRY(auto objects, objects_of(bus_.get()));
  for (const auto& [path, object] : objects) {
    auto descriptor = object.find(descriptor_interface);
    if (!path.starts_with(path_ + "/") || descriptor == object.end()) continue;
    if (text_of(descriptor->second, "UUID") != description_uuid) continue;
    std::uint8_t att_error = 0;
    TRY(auto name, read_value(bus_.get(), path, descriptor_interface, att_error));
    endpoints_[std::string(as_text(name))] = text_of(descriptor->second, "Characteristic");
  }
  if (!endpoints_.contains("proto-ver"))
    return fail(Errc::unsupported, "the device has no service of local provisioning");
  return ok();
}

BluezPeer::~BluezPeer() {
  ignore(ask(bus_.get(), path_, device_interface, "Disconnect", call_limit),
         "the link may be gone already");
}

Result<GattAnswer> BluezPeer::exchange(std::string_view endpoint, View value) {
  auto found = endpoints_.find(endpoint);
  if (found == endpoints_.end())
    return fail(Errc::not_found, "the device has no endpoint " + std::string(endpoint));
  TRY(auto request,
      bluez_call(bus_.get(), found->second, characteristic_interface.data(), "WriteValue"));
  int done = sd_bus_message_append_array(request.get(), 'y', value.data(), value.size());
  if (done >= 0) done = sd_bus_message_append(request.get(), "a{sv}", 1, "type", "s", "request");
  if (done < 0) return fail(error_of(done, "a request to the device"));
  TRY(auto written, call(bus_.get(), request, exchange_limit));
  GattAnswer out;
  out.att_error = written.att_error;
  if (out.att_error) return out;
  TRY(out.value, read_value(bus_.get(), found->second, characteristic_interface, out.att_error));
  return out;
}

}  // namespace fairlead::link
