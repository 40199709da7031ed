// SPDX-License-Identifier: Apache-2.0
// The objects that bluetoothd shows (org.freedesktop.DBus.ObjectManager), with the kinds of
// properties that we look at.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "link/bluez/bus.h"

namespace fairlead::link {

using Property = std::variant<std::monostate, bool, std::int64_t, std::string,
                              std::vector<std::string>>;  // monostate: of another kind
using Properties = std::map<std::string, Property, std::less<>>;
using Object = std::map<std::string, Properties, std::less<>>;  // by interface
using Objects = std::map<std::string, Object, std::less<>>;     // by path

inline constexpr std::string_view adapter_interface = "org.bluez.Adapter1";
inline constexpr std::string_view device_interface = "org.bluez.Device1";
inline constexpr std::string_view service_interface = "org.bluez.GattService1";
inline constexpr std::string_view characteristic_interface = "org.bluez.GattCharacteristic1";
inline constexpr std::string_view descriptor_interface = "org.bluez.GattDescriptor1";

Result<Message> ask_for_objects(sd_bus* bus);
Result<Objects> read_objects(sd_bus_message* answer);         // a{oa{sa{sv}}}
Result<Properties> read_properties(sd_bus_message* message);  // a{sv}, where the message stands
// org.freedesktop.DBus.Properties.PropertiesChanged: of which interface, and what is new.
Result<std::pair<std::string, Properties>> read_changed(sd_bus_message* signal);

template <class T>
const T* find_property(const Properties& properties, std::string_view name) {
  auto found = properties.find(name);
  return found == properties.end() ? nullptr : std::get_if<T>(&found->second);
}
bool is_set(const Properties& properties, std::string_view name);
std::string text_of(const Properties& properties, std::string_view name);  // "" for none

// The path of the adapter called `name` ("hci0"), or of the first for "". not_found, in words.
Result<std::string> find_adapter(const Objects& objects, std::string_view name);

Result<Message> set_property(sd_bus* bus, const std::string& path, std::string_view interface,
                             const char* name, bool value);
Result<Message> set_property(sd_bus* bus, const std::string& path, std::string_view interface,
                             const char* name, const std::string& value);

}  // namespace fairlead::link
