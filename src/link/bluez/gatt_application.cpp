// SPDX-License-Identifier: Apache-2.0
#include "link/bluez/gatt_application.h"

#include "link/bluez/objects.h"

namespace fairlead::link {

namespace {

constexpr std::size_t readers_max = 16;  // devices whose last value is kept
constexpr const char* description_uuid = "2901";
constexpr const char* service_path = "/org/fairlead/provisioning/service0";
// 100 to 150 ms, in ms: a phone finds us in its first scan. bluetoothd heeds it with -E only.
constexpr std::uint32_t interval_ms_min = 100, interval_ms_max = 150;

// What bluetoothd says about a read or write, of which we use two.
struct Options {
  std::string device;
  std::size_t offset = 0;
};

Result<Options> read_options(sd_bus_message* call) {
  TRY(auto properties, read_properties(call));
  Options out;
  out.device = text_of(properties, "device");
  if (auto* offset = find_property<std::int64_t>(properties, "offset"))
    out.offset = static_cast<std::size_t>(*offset);
  return out;
}

int refuse(sd_bus_error* error, const char* name, const char* words) {
  return sd_bus_error_set(error, name, words);
}

int reply_bytes(sd_bus_message* call, View bytes) {
  sd_bus_message* made = nullptr;
  int done = sd_bus_message_new_method_return(call, &made);
  if (done < 0) return done;
  Message reply(made);
  done = sd_bus_message_append_array(made, 'y', bytes.data(), bytes.size());
  return done < 0 ? done : sd_bus_send(nullptr, made, nullptr);
}

int append_texts(sd_bus_message* reply, std::initializer_list<const char*> texts) {
  int done = sd_bus_message_open_container(reply, 'a', "s");
  for (const char* text : texts)
    if (done >= 0) done = sd_bus_message_append(reply, "s", text);
  return done < 0 ? done : sd_bus_message_close_container(reply);
}

}  // namespace

// One characteristic with its description, and what each device may read there.
struct GattApplication::Endpoint {
  GattApplication* application;
  GattEndpoint endpoint;
  std::string path, description_path;
  std::map<std::string, Bytes> values{};  // by device
};

// What sd-bus calls, and the tables that say so.
struct GattTables {
  using Endpoint = GattApplication::Endpoint;

  static const GattOffering& offering(void* at) {
    return static_cast<GattApplication*>(at)->offering_;
  }
  static Endpoint& endpoint(void* at) { return *static_cast<Endpoint*>(at); }

#define FAIRLEAD_GETTER(name, ...)                                                     \
  static int name([[maybe_unused]] sd_bus* bus, const char*, const char*, const char*, \
                  sd_bus_message* reply, [[maybe_unused]] void* at, sd_bus_error*) {   \
    return __VA_ARGS__;                                                                \
  }
  FAIRLEAD_GETTER(service_uuid, sd_bus_message_append(reply, "s", offering(at).service.c_str()))
  FAIRLEAD_GETTER(yes, sd_bus_message_append(reply, "b", 1))
  FAIRLEAD_GETTER(uuid, sd_bus_message_append(reply, "s", endpoint(at).endpoint.uuid.c_str()))
  FAIRLEAD_GETTER(service, sd_bus_message_append(reply, "o", service_path))
  FAIRLEAD_GETTER(flags, append_texts(reply, {"read", "write"}))
  FAIRLEAD_GETTER(description, sd_bus_message_append(reply, "s", description_uuid))
  FAIRLEAD_GETTER(described, sd_bus_message_append(reply, "o", endpoint(at).path.c_str()))
  FAIRLEAD_GETTER(description_flags, append_texts(reply, {"read"}))
  FAIRLEAD_GETTER(type, sd_bus_message_append(reply, "s", "peripheral"))
  // One UUID in the advertisement proper: iOS takes the first, and finds no other service.
  FAIRLEAD_GETTER(uuids, append_texts(reply, {offering(at).service.c_str()}))
  FAIRLEAD_GETTER(name, sd_bus_message_append(reply, "s", offering(at).name.c_str()))
  FAIRLEAD_GETTER(interval_min, sd_bus_message_append(reply, "u", interval_ms_min))
  FAIRLEAD_GETTER(interval_max, sd_bus_message_append(reply, "u", interval_ms_max))
#undef FAIRLEAD_GETTER

  static int on_write(sd_bus_message* call, void* at, sd_bus_error* error) {
    return endpoint(at).application->on_write(endpoint(at), call, error);
  }
  static int on_read(sd_bus_message* call, void* at, sd_bus_error* error) {
    return endpoint(at).application->on_read(endpoint(at), call, error);
  }
  static int on_read_description(sd_bus_message* call, void* at, sd_bus_error* error) {
    auto options = read_options(call);
    const std::string& text = endpoint(at).endpoint.name;
    if (!options || options->offset > text.size())
      return refuse(error, "org.bluez.Error.InvalidOffset", "beyond the end");
    return reply_bytes(call, as_view(text).subspan(options->offset));
  }
  static int on_release(sd_bus_message* call, void* at, sd_bus_error*) {
    static_cast<GattApplication*>(at)->events_.advertisement_released();
    return sd_bus_reply_method_return(call, "");
  }

  static constexpr std::uint64_t fixed = SD_BUS_VTABLE_PROPERTY_CONST;
  static constexpr std::uint64_t open = SD_BUS_VTABLE_UNPRIVILEGED;

  static constexpr sd_bus_vtable of_service[] = {
      SD_BUS_VTABLE_START(0), SD_BUS_PROPERTY("UUID", "s", service_uuid, 0, fixed),
      SD_BUS_PROPERTY("Primary", "b", yes, 0, fixed), SD_BUS_VTABLE_END};
  static constexpr sd_bus_vtable of_characteristic[] = {
      SD_BUS_VTABLE_START(0),
      SD_BUS_PROPERTY("UUID", "s", uuid, 0, fixed),
      SD_BUS_PROPERTY("Service", "o", service, 0, fixed),
      SD_BUS_PROPERTY("Flags", "as", flags, 0, fixed),
      SD_BUS_METHOD("ReadValue", "a{sv}", "ay", on_read, open),
      SD_BUS_METHOD("WriteValue", "aya{sv}", "", on_write, open),
      SD_BUS_VTABLE_END};
  static constexpr sd_bus_vtable of_description[] = {
      SD_BUS_VTABLE_START(0),
      SD_BUS_PROPERTY("UUID", "s", description, 0, fixed),
      SD_BUS_PROPERTY("Characteristic", "o", described, 0, fixed),
      SD_BUS_PROPERTY("Flags", "as", description_flags, 0, fixed),
      SD_BUS_METHOD("ReadValue", "a{sv}", "ay", on_read_description, open),
      SD_BUS_VTABLE_END};
  static constexpr sd_bus_vtable of_advertisement[] = {
      SD_BUS_VTABLE_START(0),
      SD_BUS_PROPERTY("Type", "s", type, 0, fixed),
      SD_BUS_PROPERTY("ServiceUUIDs", "as", uuids, 0, fixed),
      SD_BUS_PROPERTY("LocalName", "s", name, 0, fixed),
      SD_BUS_PROPERTY("MinInterval", "u", interval_min, 0, fixed),
      SD_BUS_PROPERTY("MaxInterval", "u", interval_max, 0, fixed),
      SD_BUS_METHOD("Release", "", "", on_release, open),
      SD_BUS_VTABLE_END};
};

GattApplication::GattApplication(GattOffering offering, Events events)
    : offering_(std::move(offering)), events_(std::move(events)) {
  for (const auto& each : offering_.endpoints) {
    std::string path =
        std::string(service_path) + "/characteristic" + std::to_string(endpoints_.size());
    endpoints_.push_back(
        std::make_unique<Endpoint>(Endpoint{this, each, path, path + "/description"}));
  }
}

GattApplication::~GattApplication() = default;

Result<std::unique_ptr<GattApplication>> GattApplication::show(sd_bus* bus, GattOffering offering,
                                                               Events events) {
  std::unique_ptr<GattApplication> out(new GattApplication(std::move(offering), std::move(events)));
  TRY_VOID(out->show_on(bus));
  return out;
}

Result<void> GattApplication::show_object(sd_bus* bus, const std::string& path,
                                          const char* interface, const sd_bus_vtable* table,
                                          void* self) {
  sd_bus_slot* slot = nullptr;
  int done = sd_bus_add_object_vtable(bus, &slot, path.c_str(), interface, table, self);
  if (done < 0) return fail(error_of(done, "an object on the message bus"));
  slots_.emplace_back(slot);
  return ok();
}

Result<void> GattApplication::show_on(sd_bus* bus) {
  sd_bus_slot* slot = nullptr;
  int done = sd_bus_add_object_manager(bus, &slot, root);
  if (done < 0) return fail(error_of(done, "an object on the message bus"));
  slots_.emplace_back(slot);
  TRY_VOID(show_object(bus, service_path, service_interface.data(), GattTables::of_service, this));
  for (auto& each : endpoints_) {
    TRY_VOID(show_object(bus, each->path, characteristic_interface.data(),
                         GattTables::of_characteristic, each.get()));
    TRY_VOID(show_object(bus, each->description_path, descriptor_interface.data(),
                         GattTables::of_description, each.get()));
  }
  return show_object(bus, advertisement, "org.bluez.LEAdvertisement1", GattTables::of_advertisement,
                     this);
}

// bluetoothd joins a long write: it comes as a whole, from offset 0.
int GattApplication::on_write(Endpoint& endpoint, sd_bus_message* call, sd_bus_error* error) {
  const void* data = nullptr;
  std::size_t size = 0;
  if (sd_bus_message_read_array(call, 'y', &data, &size) < 0)
    return refuse(error, "org.bluez.Error.Failed", "no value");
  auto options = read_options(call);
  if (!options || options->device.empty())
    return refuse(error, "org.bluez.Error.Failed", "from which device?");
  if (options->offset != 0)
    return refuse(error, "org.bluez.Error.InvalidOffset", "a request is written as a whole");
  if (size > gatt_value_bytes_max)
    return refuse(error, "org.bluez.Error.InvalidValueLength", "at most 512 bytes");
  if (size == 0) return sd_bus_reply_method_return(call, "");  // as stock firmware: nothing happens
  auto* bytes = static_cast<const std::uint8_t*>(data);
  events_.written({options->device, endpoint.endpoint.name, Bytes(bytes, bytes + size),
                   Message(sd_bus_message_ref(call))});
  return 1;  // answered later
}

int GattApplication::on_read(Endpoint& endpoint, sd_bus_message* call, sd_bus_error* error) {
  auto options = read_options(call);
  if (!options) return refuse(error, "org.bluez.Error.Failed", "from which device?");
  auto found = endpoint.values.find(options->device);
  View value = found == endpoint.values.end() ? View() : View(found->second);
  if (options->offset > value.size())
    return refuse(error, "org.bluez.Error.InvalidOffset", "beyond the end");
  return reply_bytes(call, value.subspan(options->offset));
}

void GattApplication::answer(Written written, GattAnswer answer) {
  for (auto& each : endpoints_) {
    if (each->endpoint.name != written.endpoint) continue;
    if (each->values.size() >= readers_max && !each->values.contains(written.device))
      each->values.clear();
    each->values[written.device] = answer.att_error ? Bytes() : std::move(answer.value);
  }
  if (!answer.att_error) {
    sd_bus_reply_method_return(written.call.get(), "");
    return;
  }
  constexpr char digits[] = "0123456789abcdef";
  std::string code = {'0', 'x', digits[answer.att_error >> 4], digits[answer.att_error & 15]};
  // bluetoothd makes the error of the application out of these words.
  sd_bus_reply_method_errorf(written.call.get(), "org.bluez.Error.Failed", "%s", code.c_str());
}

void GattApplication::forget(const std::string& device) {
  for (auto& each : endpoints_) each->values.erase(device);
}

}  // namespace fairlead::link
