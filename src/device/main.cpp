// SPDX-License-Identifier: Apache-2.0
// The wiring of fairlead-device.
#include <malloc.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "base/events.h"
#include "crypto/system_random.h"
#include "device/button.h"
#include "device/device.h"
#include "device/local_bluetooth.h"
#include "device/local_code.h"
#include "device/local_http.h"
#include "device/local_presence.h"
#include "device/local_stick.h"
#include "device/removal.h"
#include "device/resident.h"
#include "device/state_hook.h"
#include "device/status.h"
#include "device/upstream_search.h"
#include "disk/whole_file.h"
#include "keystore/built_in.h"
#ifdef FAIRLEAD_AVAHI
#include "link/avahi/avahi_announcer.h"
#endif
#ifdef FAIRLEAD_BLUEZ
#include "link/bluez/peripheral.h"
#endif
#ifdef FAIRLEAD_GPIO
#include "link/gpio/gpio_button.h"
#endif
#ifdef FAIRLEAD_WIFI
#include "link/wpa/wpa_enrollee.h"
#include "link/wpa/wpa_wifi.h"
#endif

namespace {

using namespace fairlead;
using namespace fairlead::device;

int complain(const Error& error) {
  std::cerr << "fairlead-device: " << to_string(error) << "\n";
  return 1;
}

Checkpoint checkpoint_for(const Config& config, Log& log) {
  if (!config.allow_fault_injection) return no_checkpoint;
  const char* wanted = std::getenv("FAIRLEAD_CRASH_AT");
  return crash_points(wanted ? wanted : "", log);
}

// A device whose disk is full can't even write down that it is: status looks for itself.
std::optional<Failure> no_room(const StateDirectory& directory) {
  constexpr std::uint64_t enough = 32 * 1024;  // for journal, identity and a few keys
  auto room = directory.room();
  if (!room || *room >= enough) return std::nullopt;
  return Failure{Reason::disk_full, directory.path().string() + " has room for " +
                                        std::to_string(*room) + " bytes only"};
}

int show_status(const Config& config) {
  std::optional<Identity> identity;
  JournalRecord journal;
  auto directory = StateDirectory::look(config.state);
  if (!directory && directory.error().code != Errc::not_found) return complain(directory.error());
  if (directory) {
    auto loaded = load_identity(*directory);
    if (!loaded) return complain(loaded.error());
    identity = std::move(*loaded);
    std::optional<Error> lost;
    journal = Journal::open(*directory, system_clock(), lost).record();
    if (auto full = no_room(*directory)) journal.failure = std::move(full);
  }
  std::cout << (config.json ? status_json(identity, journal)
                            : status_text(identity, journal, system_clock()()));
  return 0;
}

Result<std::unique_ptr<link::Wifi>> make_wifi(const Config& config) {
  if (config.wifi.empty()) return nullptr;
#ifdef FAIRLEAD_WIFI
  return link::wpa::wpa_wifi(config.wifi);
#else
  return fail(Errc::unsupported, "this fairlead-device was built without Wi-Fi");
#endif
}

// Where they are due. A device without Wi-Fi has none, as far as it knows.
void forget_networks(const Config& config, const StateDirectory& directory, Log& log) {
  auto wifi = make_wifi(config);
  if (wifi && !*wifi) return;
  auto forgotten = wifi ? device::forget_networks(directory, **wifi)
                        : Result<std::optional<std::size_t>>(fail(wifi.error()));
  if (!forgotten)
    log(event::device_wifi_not_forgotten, {{"why", forgotten.error().context}});
  else if (*forgotten)
    log(event::device_wifi_forgotten, {{"networks", std::to_string(**forgotten)}});
}

// Gives up the upstream and the owner's word; the FDO credential stays, so the owner (or the next
// one) can onboard the device again.
int reset(const Config& config, const StateDirectory& directory, keystore::Keystore& keystore,
          Log& log) {
  if (!config.yes) {
    std::cerr << "fairlead-device: this takes the device off its upstream; say --yes to do it\n";
    return 1;
  }
  auto identity = load_identity(directory);
  if (!identity) return complain(identity.error());
  auto given_up = give_up_upstream(directory, keystore, work_folder(config), *identity,
                                   Afterwards::begins_anew);
  if (!given_up) return complain(given_up.error());
  forget_networks(config, directory, log);
  log(event::device_reset,
      {{"what",
        "certificate, endpoints, files of the owner and journal are gone; the credential stays"}});
  return 0;
}

Result<std::string> read_code(const std::filesystem::path& file) {
  if (file.empty()) return std::string();
  std::ifstream opened(file);
  std::istream& in = file == "-" ? std::cin : opened;
  std::string code;
  if (!std::getline(in, code)) return fail(Errc::not_found, "no code in " + file.string());
  return code;
}

Result<void> write_label(const std::filesystem::path& file, const std::string& line) {
  if (file != "-") return disk::replace_file(file, line + "\n", 0600);
  std::cout << line << std::endl;
  return std::cout ? ok() : fail(Errc::io, "standard output can't be written");
}

// A code of its own for this device, and what its label needs. Only what checks the code is kept: a
// label that gets lost takes another code.
int set_code(const Config& config, const StateDirectory& directory, keystore::Keystore& keystore) {
  auto wanted = read_code(config.code_file);
  if (!wanted) return complain(wanted.error());
  auto before = load_local_code(directory);
  crypto::SystemRandom random;
  auto code = set_local_code(directory, std::move(*wanted), random);
  if (!code) return complain(code.error());
  LabelKey key;
  if (!config.wifi.empty()) {
    auto made = make_label_key(directory, keystore, serial_of(config), random);
    if (!made) return complain(made.error());
    key = std::move(*made);
  }
  auto facts = label_facts(config, *code, key.uri);
  if (config.label_file.empty()) {
    std::cout << *code << "\n" << local::encode_setup_label(*facts.setup) << "\n";
    return 0;
  }
  if (before && *before)
    std::cerr
        << "fairlead-device: this device had a code; a label with that one is worthless now\n";
  auto written = write_label(config.label_file, local::encode_label_facts(facts));
  return written ? 0 : complain(written.error());
}

// After DI, of a device that has its credential: a run that was stopped gets no label.
int hand_out_label(const Config& config, const StateDirectory& directory,
                   keystore::Keystore& keystore) {
  if (config.command != Command::initialize || config.label_file.empty()) return 0;
  auto identity = load_identity(directory);
  if (!identity) return complain(identity.error());
  return *identity && (*identity)->has_credential() ? set_code(config, directory, keystore) : 1;
}

Result<std::unique_ptr<link::Announcer>> make_announcer(const Config& config, Log& log) {
  if (!config.announce) return nullptr;
#ifdef FAIRLEAD_AVAHI
  return std::make_unique<link::avahi::AvahiAnnouncer>(log);
#else
  (void)log;
  return fail(Errc::unsupported, "this program was built without Avahi and can't announce");
#endif
}

Result<LocalFacts> local_facts(const Config& config, keystore::Keystore& keystore,
                               const std::optional<Identity>& identity) {
  LocalFacts facts{serial_of(config), config.model, config.product_uri, firmware_of(config),
                   config.key_type};
  if (identity && identity->has_credential()) {
    TRY(auto key, keystore.open_key(identity->device_key));
    facts.fingerprint = key->public_key().fingerprint().hex();
  }
  return facts;
}

Result<LocalDoor::Radio> make_radio(const Config& config, const Workshop& workshop) {
  LocalDoor::Radio out;
  if (config.wifi.empty()) return out;
  TRY(out.label, load_label_key(workshop.directory, workshop.keystore, serial_of(config)));
  if (config.call_for_network && !out.label)
    return fail(Errc::not_found,
                "there is no label to call by: `fairlead-device set-code --wifi SOCKET` makes it");
  TRY(out.wifi, make_wifi(config));
#ifdef FAIRLEAD_WIFI
  out.enrollee = link::wpa::wpa_enrollee(config.wifi);
#endif
  return out;
}

// What lets in from beside the device, or nothing where that is off.
Result<std::unique_ptr<LocalDoor>> make_door(const Config& config, const Workshop& workshop,
                                             const LocalFacts& facts, Log& log) {
  if (config.local_listen.empty() && !config.bluetooth && config.stick_directory.empty() &&
      !config.call_for_network)
    return nullptr;
  local::DeviceSecrets secrets;
  TRY(auto verifier, load_local_code(workshop.directory));
  if (verifier) secrets.srp.push_back({std::move(*verifier), local::Proof::code});
  if (!config.security1_code_file.empty()) {
    TRY(auto code, read_code(config.security1_code_file));
    if (code.empty()) return fail(Errc::refused, "the code for Security 1 is empty");
    secrets.security1 = SecretBytes::copy_of(as_view(code));
  }
  TRY(auto radio, make_radio(config, workshop));
  return std::make_unique<LocalDoor>(config, workshop, log, std::move(secrets), facts,
                                     std::move(radio));
}

using Carriers = std::vector<std::unique_ptr<LocalCarrier>>;

Result<Carriers> carriers_for(const Config& config, const Workshop& workshop, Log& log,
                              LocalDoor& door, const LocalFacts& facts,
                              link::Announcer* announcer) {
  Carriers out;
  std::vector<const LocalHttp*> ways;
  for (const ListenAddress& address : config.local_listen) {
    auto way = std::make_unique<LocalHttp>(workshop.loop, log, workshop.random, door, address);
    ways.push_back(way.get());
    out.push_back(std::move(way));
  }
  if (announcer)
    out.push_back(
        std::make_unique<LocalPresence>(config, facts, door, std::move(ways), *announcer));
  if (!config.stick_directory.empty()) {
    auto stick =
        std::make_unique<LocalStick>(config, workshop.loop, log, workshop.random, door, facts);
    workshop.loop.spawn("stick", stick->run());
    out.push_back(std::move(stick));
  }
  if (!config.bluetooth) return out;
#ifdef FAIRLEAD_BLUEZ
  auto make = [&](link::GattOffering offering, link::GattEvents events) {
    return link::bluez_peripheral(workshop.loop, config.bluetooth_adapter, std::move(offering),
                                  std::move(events));
  };
  std::string name = bluetooth_name(config.bluetooth_name, facts.serial);
  auto bluetooth = std::make_unique<LocalBluetooth>(log, door, std::move(name), make);
  workshop.loop.spawn("bluetooth", bluetooth->run());
  out.push_back(std::move(bluetooth));
  return out;
#else
  return fail(Errc::unsupported, "this fairlead-device was built without Bluetooth");
#endif
}

LocalDoor::Chooser chooser_for(UpstreamCandidates& upstreams, LocalDoor& door, Log& log) {
  return [&](const local::ChooseUpstream& choice) -> Result<void> {
    TRY_VOID(upstreams.choose(choice.uri, choice.fingerprint));
    log(event::device_upstream_chosen,
        {{"uri", choice.uri.empty() ? "none" : choice.uri},
         {"key", choice.fingerprint.empty() ? "any" : to_hex(choice.fingerprint)},
         {"proof", std::string(local::to_string(choice.proof))}});
    door.set_upstreams(upstreams.list(std::chrono::steady_clock::now()));
    return ok();
  };
}

// Stands for the button, for scripts and where there is none.
net::Task<void> watch_signal(net::Loop& loop, LocalDoor& door) {
  boost::asio::signal_set signals(loop.context(), SIGUSR1);
  for (;;) {
    auto waiting = signals.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    auto waited = co_await std::move(waiting);
    if (std::get<0>(waited)) co_return ok();  // told to stop
    door.press_button();
  }
}

Result<std::unique_ptr<link::Button>> open_button(const link::ButtonPlace& place) {
  if (auto* key = std::get_if<link::InputKey>(&place)) return link::open_input_key(*key);
#ifdef FAIRLEAD_GPIO
  return link::gpio::open_gpio_line(std::get<link::GpioLine>(place));
#else
  return fail(Errc::unsupported, "this fairlead-device was built without GPIO lines");
#endif
}

net::Task<void> run_to_the_end(Device& device, net::Loop& loop, std::optional<Error>& failure) {
  auto running = device.run();
  auto ran = co_await std::move(running);
  if (!ran && ran.error().code != Errc::cancelled) failure = ran.error();
  loop.stop();
  co_return ok();
}

// What an earlier run left undone.
Result<std::optional<Identity>> take_stock(const Config& config, const StateDirectory& directory,
                                           keystore::Keystore& keystore, Log& log) {
  TRY(auto identity, load_identity(directory));
  TRY(bool resumed, resume_removal(directory, keystore, work_folder(config), identity));
  if (resumed)
    log(event::device_removal_resumed,
        {{"what", "certificate, endpoints and files of the owner are gone"}});
  forget_networks(config, directory, log);
  TRY_VOID(sweep_keys(keystore, identity));
  return identity;
}

int run(const Config& config, const StateDirectory& directory, keystore::Keystore& keystore,
        Log& log, Checkpoint checkpoint) {
  auto identity = take_stock(config, directory, keystore, log);
  if (!identity) return complain(identity.error());
  bool initialized = *identity && (*identity)->has_credential();
  if (initialized && config.command == Command::initialize) {
    std::ostream& out = config.label_file == "-" ? std::cerr : std::cout;
    out << "already initialised as " << fdo::to_text((*identity)->credential.guid) << "\n";
    return hand_out_label(config, directory, keystore);
  }
  std::optional<Error> lost;
  Journal journal = Journal::open(directory, system_clock(), lost);
  if (lost) log(event::device_journal_lost, {{"why", lost->context}});
  crypto::SystemRandom random;
  net::Loop loop(log, 1, 64);
  Workshop workshop{loop, keystore, directory, random, system_clock(), std::move(checkpoint)};
  Config effective = config;
  if (config.command == Command::initialize) effective.once = true;
  auto announcer = make_announcer(effective, log);
  if (!announcer) return complain(announcer.error());
  auto facts = local_facts(config, keystore, *identity);
  if (!facts) return complain(facts.error());
  auto door = make_door(effective, workshop, *facts, log);
  if (!door) return complain(door.error());
  UpstreamCandidates upstreams(directory);
  Device device(effective, workshop, journal, log, std::move(*identity), upstreams, door->get());
  Carriers carriers;
  if (*door) {
    auto made = carriers_for(effective, workshop, log, **door, *facts, announcer->get());
    if (!made) return complain(made.error());
    carriers = std::move(*made);
  }
  for (auto& carrier : carriers) (*door)->add(*carrier);
  if (*door) loop.spawn("local provisioning", (*door)->run());
  UpstreamSearch search(effective, loop, random, log, upstreams, door->get());
  loop.spawn("search for upstreams", search.run());
  if (*door) (*door)->choose_by(chooser_for(upstreams, **door, log));
  if (*door) loop.spawn("signal of the button", watch_signal(loop, **door));
  if (*door && config.button)
    loop.spawn("button", watch_button(loop, log, *config.button, open_button,
                                      [&] { (*door)->press_button(); }));
  if (!config.state_hook.empty())
    loop.spawn("state hook",
               show_state(effective, workshop, log, door->get(), [&] { return device.state(); }));
  std::optional<Error> failure;
  loop.spawn("device", run_to_the_end(device, loop, failure));
  loop.run_until_signal();
  // After the device's last word to its upstream, which may have gone by one of them.
  if (state_of(load_identity(directory).value_or(std::nullopt)) == State::decommissioned)
    forget_networks(config, directory, log);
  if (!failure) return hand_out_label(effective, directory, keystore);
  std::cerr << "fairlead-device: " << failure->context << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 1);  // one heap for the few threads: half the memory
  auto line = parse_command_line(
      std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc - 1)));
  if (!line) return complain(line.error());
  if (line->help) {
    std::cout << usage();
    return 0;
  }
  const Config& config = line->config;
  if (config.command == Command::status) return show_status(config);
  if (config.command == Command::run) bind_libraries_at_start(argv);
  JsonLog log(STDERR_FILENO, system_clock(), config.log_level);
  Checkpoint checkpoint = checkpoint_for(config, log);
  auto directory = StateDirectory::open(config.state, checkpoint);
  if (!directory) return complain(directory.error());
  auto keys = keystore::open_keystore(
      config.keystore, keystore::built_in, config.state / "keys",
      keystore::Credentials::from_environment(config.keystore_credentials), checkpoint);
  if (!keys) return complain(keys.error());
  if (config.command == Command::set_code) return set_code(config, *directory, **keys);
  if (config.command == Command::reset) return reset(config, *directory, **keys, log);
  return run(config, *directory, **keys, log, checkpoint);
}
