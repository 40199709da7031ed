// SPDX-License-Identifier: Apache-2.0
#include "link/bluez/peripheral.h"

#include <optional>
#include <set>

#include "link/bluez/gatt_application.h"
#include "link/bluez/objects.h"

namespace fairlead::link {

namespace {

constexpr Duration call_limit = std::chrono::seconds(10);
constexpr Duration look_again = std::chrono::seconds(1);  // after an obstacle
constexpr const char* gatt_manager = "org.bluez.GattManager1";
constexpr const char* advertising_manager = "org.bluez.LEAdvertisingManager1";

// To one connection with the message bus.
struct Attached {
  std::unique_ptr<Bus> bus;
  Bus::Heard heard;
  std::vector<Slot> matches;
  std::unique_ptr<GattApplication> application;
  std::function<void()> stop_pump;

  ~Attached() {
    if (stop_pump) stop_pump();
  }
};

class BluezPeripheral final : public Peripheral {
 public:
  BluezPeripheral(net::Loop& loop, std::string adapter, GattOffering offering, GattEvents events)
      : loop_(loop),
        adapter_(std::move(adapter)),
        offering_(std::move(offering)),
        events_(std::move(events)) {}

  net::Task<void> run() override;
  void want(bool on_air) override;
  bool on_air() const override { return on_air_; }
  Result<void> state() const override;

 private:
  net::Task<void> serve();
  net::Task<void> go_on_air();
  net::Task<std::string> powered_adapter();
  net::Task<void> leave_air();
  net::Task<void> answer(GattApplication::Written written);
  net::Task<void> pump();
  void on_written(GattApplication::Written written);
  void on_signal(sd_bus_message* signal);
  void on_device_gone(const std::string& device);
  void off_air();

  net::Loop& loop_;
  std::string adapter_;
  GattOffering offering_;
  GattEvents events_;
  bool wanted_ = false, on_air_ = false, lost_ = false;
  std::string adapter_path_, alias_before_;
  Result<void> obstacle_ = ok();
  std::set<std::string, std::less<>> devices_;  // that wrote, and are connected
  std::optional<net::Completion> wake_;
  std::unique_ptr<Attached> attached_;
};

}  // namespace

void BluezPeripheral::want(bool on_air) {
  if (std::exchange(wanted_, on_air) != on_air && wake_) wake_->complete(ok());
}

Result<void> BluezPeripheral::state() const {
  if (!wanted_ || on_air_) return ok();
  return obstacle_;
}

net::Task<void> BluezPeripheral::run() {
  for (;;) {
    auto serving = serve();
    auto served = co_await std::move(serving);
    bool stopping = loop_.stopping();
    off_air();
    attached_.reset();
    if (stopping) co_return ok();
    if (!served) obstacle_ = std::move(served);
    auto pausing = loop_.sleep(look_again);
    CO_TRY_VOID(co_await std::move(pausing));
  }
}

net::Task<void> BluezPeripheral::pump() {
  auto running = attached_->bus->run();
  auto ran = co_await std::move(running);
  (void)ran;  // serve() finds out by `lost_`, and tries again
  lost_ = true;
  if (wake_) wake_->complete(ok());
  co_return ok();
}

// With one connection to the message bus, as long as it lasts.
net::Task<void> BluezPeripheral::serve() {
  attached_ = std::make_unique<Attached>();
  lost_ = false;
  CO_TRY(attached_->bus, Bus::open(loop_));
  attached_->heard = [this](sd_bus_message* signal) { on_signal(signal); };
  for (const char* rule :
       {"type='signal',sender='org.bluez',member='PropertiesChanged'",
        "type='signal',sender='org.bluez',member='InterfacesRemoved'",
        "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.bluez'"}) {
    CO_TRY(auto slot, attached_->bus->match(rule, attached_->heard));
    attached_->matches.push_back(std::move(slot));
  }
  GattApplication::Events events{
      [this](GattApplication::Written written) { on_written(std::move(written)); },
      [this] { off_air(); }};
  CO_TRY(attached_->application,
         GattApplication::show(attached_->bus->raw(), offering_, std::move(events)));
  attached_->stop_pump = loop_.spawn_cancellable("message bus", pump());
  while (!lost_) {
    auto going = wanted_ ? go_on_air() : leave_air();
    obstacle_ = co_await std::move(going);
    if (lost_) break;
    wake_.emplace(loop_);
    auto waiting = wake_->wait(look_again);
    auto waited = co_await std::move(waiting);
    wake_.reset();
    if (!waited && waited.error().code != Errc::timed_out) co_return waited;
  }
  co_return fail(Errc::io, "the message bus (D-Bus) is gone");
}

// The path of our adapter, switched on.
net::Task<std::string> BluezPeripheral::powered_adapter() {
  Bus& bus = *attached_->bus;
  CO_TRY(auto question, ask_for_objects(bus.raw()));
  auto asking = bus.call(std::move(question), call_limit);
  CO_TRY(auto answer, co_await std::move(asking));
  CO_TRY(auto objects, read_objects(answer.get()));
  CO_TRY(auto path, find_adapter(objects, adapter_));
  const Object& object = objects.at(path);
  if (!object.contains(gatt_manager) || !object.contains(advertising_manager))
    co_return fail(Errc::refused, "the Bluetooth adapter can't advertise by Low Energy");
  const Properties& properties = object.find(adapter_interface)->second;
  if (alias_before_.empty()) alias_before_ = text_of(properties, "Alias");
  if (is_set(properties, "Powered")) co_return path;
  CO_TRY(auto power, set_property(bus.raw(), path, adapter_interface, "Powered", true));
  auto powering = bus.call(std::move(power), call_limit);
  auto powered = co_await std::move(powering);
  if (!powered)
    co_return fail(powered.error().code,
                   "the Bluetooth adapter can't be switched on (blocked by rfkill?): " +
                       powered.error().context);
  co_return path;
}

net::Task<void> BluezPeripheral::go_on_air() {
  if (on_air_) co_return ok();
  Bus& bus = *attached_->bus;
  auto finding = powered_adapter();
  CO_TRY(adapter_path_, co_await std::move(finding));
  // The GAP name is the adapter's alias; a phone that knows another one misses us the second time.
  CO_TRY(auto naming,
         set_property(bus.raw(), adapter_path_, adapter_interface, "Alias", offering_.name));
  auto named = bus.call(std::move(naming), call_limit);
  CO_TRY_VOID(co_await std::move(named));
  for (auto [manager, method, path] :
       {std::tuple{gatt_manager, "RegisterApplication", GattApplication::root},
        std::tuple{advertising_manager, "RegisterAdvertisement", GattApplication::advertisement}}) {
    CO_TRY(auto request, bluez_call(bus.raw(), adapter_path_, manager, method));
    sd_bus_message_append(request.get(), "oa{sv}", path, 0);
    auto registering = bus.call(std::move(request), call_limit);
    auto registered = co_await std::move(registering);
    bool already = !registered && registered.error().context.contains("AlreadyExists");
    if (!registered && !already) co_return fail(registered.error());
  }
  on_air_ = wanted_;
  co_return ok();
}

net::Task<void> BluezPeripheral::leave_air() {
  if (adapter_path_.empty()) co_return ok();
  Bus& bus = *attached_->bus;
  for (auto [manager, method, path] :
       {std::tuple{advertising_manager, "UnregisterAdvertisement", GattApplication::advertisement},
        std::tuple{gatt_manager, "UnregisterApplication", GattApplication::root}}) {
    CO_TRY(auto request, bluez_call(bus.raw(), adapter_path_, manager, method));
    sd_bus_message_append(request.get(), "o", path);
    auto removing = bus.call(std::move(request), call_limit);
    auto removed = co_await std::move(removing);
    (void)removed;  // it may have dropped it already
  }
  CO_TRY(auto naming, set_property(bus.raw(), adapter_path_, adapter_interface, "Alias",
                                   std::exchange(alias_before_, {})));
  auto named = bus.call(std::move(naming), call_limit);
  auto back = co_await std::move(named);
  (void)back;
  adapter_path_.clear();
  off_air();
  co_return ok();
}

void BluezPeripheral::off_air() {
  on_air_ = false;
  for (const auto& device : std::exchange(devices_, {})) events_.left(device);
}

void BluezPeripheral::on_written(GattApplication::Written written) {
  devices_.insert(written.device);
  loop_.spawn("bluetooth request", answer(std::move(written)));
}

net::Task<void> BluezPeripheral::answer(GattApplication::Written written) {
  auto answering =
      events_.written(written.device, written.endpoint, std::exchange(written.value, {}));
  CO_TRY(auto answer, co_await std::move(answering));
  if (attached_ && attached_->application)
    attached_->application->answer(std::move(written), std::move(answer));
  co_return ok();
}

void BluezPeripheral::on_device_gone(const std::string& device) {
  attached_->application->forget(device);
  if (devices_.erase(device)) events_.left(device);
}

void BluezPeripheral::on_signal(sd_bus_message* signal) {
  std::string path = sd_bus_message_get_path(signal);
  if (sd_bus_message_is_signal(signal, nullptr, "PropertiesChanged")) {
    auto changed = read_changed(signal);
    if (!changed) return;
    const auto& [interface, properties] = *changed;
    auto* connected = find_property<bool>(properties, "Connected");
    auto* powered = find_property<bool>(properties, "Powered");
    if (interface == device_interface && connected && !*connected) on_device_gone(path);
    if (interface == adapter_interface && path == adapter_path_ && powered && !*powered) off_air();
    return;
  }
  if (sd_bus_message_is_signal(signal, nullptr, "InterfacesRemoved")) {
    const char* removed = nullptr;
    if (sd_bus_message_read(signal, "o", &removed) < 0) return;
    if (removed == adapter_path_) off_air();
    on_device_gone(removed);
    return;
  }
  off_air();  // bluetoothd came or went
}

std::unique_ptr<Peripheral> bluez_peripheral(net::Loop& loop, std::string adapter,
                                             GattOffering offering, GattEvents events) {
  return std::make_unique<BluezPeripheral>(loop, std::move(adapter), std::move(offering),
                                           std::move(events));
}

}  // namespace fairlead::link
