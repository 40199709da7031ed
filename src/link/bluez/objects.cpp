// SPDX-License-Identifier: Apache-2.0
#include "link/bluez/objects.h"

#include <algorithm>

namespace fairlead::link {

namespace {

constexpr std::size_t objects_max = 4096;  // an adapter in a busy street sees hundreds
constexpr std::size_t strings_max = 256;

// Where sd-bus says that something can't be read, the message is not what it should be.
Result<bool> check(int done) {
  if (done < 0) return fail(Errc::malformed, "a message of bluetoothd has another shape");
  return done > 0;
}

Result<bool> enter(sd_bus_message* in, char kind, const char* content) {
  return check(sd_bus_message_enter_container(in, kind, content));
}
Result<bool> leave(sd_bus_message* in) { return check(sd_bus_message_exit_container(in)); }

Result<std::string> read_text(sd_bus_message* in, char kind) {
  const char* text = nullptr;
  TRY(bool there, check(sd_bus_message_read_basic(in, kind, &text)));
  if (!there) return fail(Errc::malformed, "a message of bluetoothd is too short");
  return std::string(text);
}

template <class T>
Result<Property> read_number(sd_bus_message* in, char kind) {
  T value = 0;
  TRY_VOID(check(sd_bus_message_read_basic(in, kind, &value)));
  return Property(static_cast<std::int64_t>(value));
}

Result<Property> read_texts(sd_bus_message* in) {
  std::vector<std::string> out;
  TRY_VOID(enter(in, 'a', "s"));
  for (;;) {
    const char* text = nullptr;
    TRY(bool there, check(sd_bus_message_read_basic(in, 's', &text)));
    if (!there) break;
    if (out.size() == strings_max) return fail(Errc::malformed, "bluetoothd lists too much");
    out.emplace_back(text);
  }
  TRY_VOID(leave(in));
  return Property(std::move(out));
}

Result<Property> read_value(sd_bus_message* in, std::string_view content) {
  if (content == "b") {
    int value = 0;
    TRY_VOID(check(sd_bus_message_read_basic(in, 'b', &value)));
    return Property(value != 0);
  }
  if (content == "s" || content == "o") {
    TRY(auto text, read_text(in, content[0]));
    return Property(std::move(text));
  }
  if (content == "n") return read_number<std::int16_t>(in, 'n');
  if (content == "q") return read_number<std::uint16_t>(in, 'q');
  if (content == "as") return read_texts(in);
  TRY_VOID(check(sd_bus_message_skip(in, std::string(content).c_str())));
  return Property();
}

Result<Property> read_variant(sd_bus_message* in) {
  const char* content = nullptr;
  TRY_VOID(check(sd_bus_message_peek_type(in, nullptr, &content)));
  TRY_VOID(enter(in, 'v', content));
  TRY(auto value, read_value(in, content ? content : ""));
  TRY_VOID(leave(in));
  return value;
}

Result<Object> read_object(sd_bus_message* in) {
  Object out;
  TRY_VOID(enter(in, 'a', "{sa{sv}}"));
  for (;;) {
    TRY(bool more, enter(in, 'e', "sa{sv}"));
    if (!more) break;
    TRY(auto interface, read_text(in, 's'));
    TRY(out[interface], read_properties(in));
    TRY_VOID(leave(in));
  }
  TRY_VOID(leave(in));
  return out;
}

Result<Message> setting(sd_bus* bus, const std::string& path, std::string_view interface,
                        const char* name) {
  TRY(auto call, bluez_call(bus, path, "org.freedesktop.DBus.Properties", "Set"));
  int done = sd_bus_message_append(call.get(), "ss", std::string(interface).c_str(), name);
  if (done < 0) return fail(error_of(done, "a call to bluetoothd"));
  return call;
}

}  // namespace

Result<Properties> read_properties(sd_bus_message* in) {
  Properties out;
  TRY_VOID(enter(in, 'a', "{sv}"));
  for (;;) {
    TRY(bool more, enter(in, 'e', "sv"));
    if (!more) break;
    TRY(auto name, read_text(in, 's'));
    TRY(out[name], read_variant(in));
    TRY_VOID(leave(in));
  }
  TRY_VOID(leave(in));
  return out;
}

Result<Message> ask_for_objects(sd_bus* bus) {
  return bluez_call(bus, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
}

Result<Objects> read_objects(sd_bus_message* in) {
  Objects out;
  TRY_VOID(enter(in, 'a', "{oa{sa{sv}}}"));
  for (;;) {
    TRY(bool more, enter(in, 'e', "oa{sa{sv}}"));
    if (!more) break;
    if (out.size() == objects_max) return fail(Errc::malformed, "bluetoothd lists too much");
    TRY(auto path, read_text(in, 'o'));
    TRY(out[path], read_object(in));
    TRY_VOID(leave(in));
  }
  TRY_VOID(leave(in));
  return out;
}

Result<std::pair<std::string, Properties>> read_changed(sd_bus_message* signal) {
  TRY(auto interface, read_text(signal, 's'));
  TRY(auto properties, read_properties(signal));
  return std::pair(std::move(interface), std::move(properties));
}

bool is_set(const Properties& properties, std::string_view name) {
  auto* value = find_property<bool>(properties, name);
  return value && *value;
}

std::string text_of(const Properties& properties, std::string_view name) {
  auto* value = find_property<std::string>(properties, name);
  return value ? *value : std::string();
}

Result<std::string> find_adapter(const Objects& objects, std::string_view name) {
  for (const auto& [path, object] : objects) {
    bool adapter = object.contains(adapter_interface);
    if (adapter && (name.empty() || path.ends_with("/" + std::string(name)))) return path;
  }
  if (name.empty()) return fail(Errc::not_found, "there is no Bluetooth adapter");
  return fail(Errc::not_found, "there is no Bluetooth adapter " + std::string(name));
}

Result<Message> set_property(sd_bus* bus, const std::string& path, std::string_view interface,
                             const char* name, bool value) {
  TRY(auto call, setting(bus, path, interface, name));
  int done = sd_bus_message_append(call.get(), "v", "b", static_cast<int>(value));
  if (done < 0) return fail(error_of(done, name));
  return call;
}

Result<Message> set_property(sd_bus* bus, const std::string& path, std::string_view interface,
                             const char* name, const std::string& value) {
  TRY(auto call, setting(bus, path, interface, name));
  int done = sd_bus_message_append(call.get(), "v", "s", value.c_str());
  if (done < 0) return fail(error_of(done, name));
  return call;
}

}  // namespace fairlead::link
