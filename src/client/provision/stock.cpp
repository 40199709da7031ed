// SPDX-License-Identifier: Apache-2.0
#include "client/provision/stock.h"

#include <algorithm>

#include "local/network_messages.h"

namespace fairlead::client {

namespace config = local::config;
namespace scan = local::scan;
using local::Security;

namespace {

constexpr const char* scan_endpoint = "prov-scan";
constexpr const char* config_endpoint = "prov-config";
constexpr const char* control_endpoint = "prov-ctrl";

// A page of old firmware holds no more by Bluetooth LE.
constexpr std::uint32_t page_max = 4, networks_max = 64;
// In groups, so that a device that is an access point itself hears us in between.
constexpr scan::Start scan_start{.blocking = true, .group_channels = 5, .period_ms = 120};
constexpr int scan_questions_max = 20;
constexpr Duration scan_pause = std::chrono::milliseconds(500);
constexpr Duration status_pause = std::chrono::seconds(1);
constexpr Duration status_patience = std::chrono::minutes(2);
constexpr int disconnected_max = 3;  // in a row: it says so before its first try, too

using Ended = std::variant<config::Connected, config::FailReason>;

// One question, and an answer of the kind `Wanted` that says success.
template <class Wanted, class Decode>
Answer<Wanted> ask(DeviceLink& link, const char* endpoint, View question, const Decode& decode) {
  TRY(auto plain, link.ask(endpoint, question));
  auto answer = decode(plain);
  if (!answer)
    return problem(ProblemKind::server_fault, std::string("the device's answer at ") + endpoint +
                                                  ": " + answer.error().context);
  auto* wanted = std::get_if<Wanted>(&*answer);
  if (!wanted)
    return problem(ProblemKind::server_fault,
                   std::string("the device answers another question at ") + endpoint);
  if (wanted->status != local::Status::success)
    return problem(ProblemKind::failed, std::string("the device refuses at ") + endpoint +
                                            " with status " +
                                            std::to_string(static_cast<int>(wanted->status)));
  return std::move(*wanted);
}

// A code that was given has to count: somebody else's device could say that it needs none.
Answer<SecretBytes> code_for(const Access& access, const local::Version& version) {
  const bool wants_none = version.security == Security::none ||
                          (version.security == Security::x25519 && version.has("no_pop"));
  if (wants_none && !access.code.empty())
    return problem(ProblemKind::forbidden,
                   "the device asks for no code, though you have one for it",
                   "Another device may answer. If it is the right one, say --button instead of the "
                   "code.");
  if (!wants_none && access.code.empty())
    return problem(ProblemKind::forbidden,
                   "the device has stock firmware, which lets nobody in without its code (proof of "
                   "possession)");
  return SecretBytes::copy_of(as_view(access.code));
}

Answer<local::ClientSecret> secret_for(const Access& access, const local::Version& version) {
  if (version.security == Security::none && !access.without_encryption)
    return problem(ProblemKind::forbidden,
                   "the device talks without encryption: who is near reads the Wi-Fi passphrase",
                   "Say --without-encryption to do it all the same.");
  local::ClientSecret out;
  TRY(out.code, code_for(access, version));
  out.security = version.security;
  out.rule = version.rule;
  out.username = access.username;
  return out;
}

void tell_weakness(const local::Version& version, const Bystander& bystander) {
  bystander.tell("The device has stock firmware of Espressif's: it takes a Wi-Fi network only.");
  if (version.security == Security::none)
    bystander.tell("Nothing of what is said now is encrypted.");
  if (version.security == Security::x25519)
    bystander.tell("It knows Security 1 only: encrypted, but not protected against changes.");
  if (version.security == Security::x25519 && version.has("no_pop"))
    bystander.tell("It asks for no code, so see to it that this is the right device.");
  if (version.security == Security::srp && version.rule == local::NonceRule::fixed)
    bystander.tell(
        "Its firmware seals every message with the same nonce (sec_patch_ver 0), so who is near "
        "and listens may learn what is said. Update it.");
}

Answer<void> require_wifi(const local::Version& version) {
  if (version.capabilities.empty() || version.has("wifi_prov") || version.has("wifi_scan") ||
      !version.has("thread_prov"))
    return {};
  return problem(ProblemKind::conflict, "the device joins Thread networks, and no Wi-Fi");
}

Answer<std::uint32_t> look_around(DeviceLink& link, const Bystander& bystander) {
  TRY_VOID(ask<scan::Started>(link, scan_endpoint, scan::encode_command(scan_start),
                              scan::decode_scan_answer));
  for (int i = 0; i < scan_questions_max; ++i) {
    TRY(auto status,
        ask<scan::TellStatus>(link, scan_endpoint, scan::encode_command(scan::AskStatus{}),
                              scan::decode_scan_answer));
    if (status.finished) return std::min(status.count, networks_max);
    bystander.wait(scan_pause);
  }
  return problem(ProblemKind::unreachable, "the device does not finish its search for networks");
}

// A network of the list, as our own devices show it.
local::NearbyNetwork shown(scan::Entry entry) {
  local::NearbyNetwork out{std::move(entry.ssid),
                           entry.auth,
                           std::clamp(entry.rssi, -127, 0),
                           std::min(entry.channel, 255u),
                           {}};
  if (entry.auth == local::WifiAuth::wpa2_enterprise)
    out.why_not = "it takes no passphrase, but accounts";
  return out;
}

// Old firmware refuses a page that reaches beyond the end.
Answer<std::vector<local::NearbyNetwork>> read_networks(DeviceLink& link,
                                                        const Bystander& bystander) {
  TRY(auto count, look_around(link, bystander));
  std::vector<local::NearbyNetwork> out;
  for (std::uint32_t at = 0; at < count; at += page_max) {
    const scan::AskResult question{at, std::min(page_max, count - at)};
    TRY(auto page, ask<scan::TellResult>(link, scan_endpoint, scan::encode_command(question),
                                         scan::decode_scan_answer));
    for (scan::Entry& each : page.entries)
      if (!each.ssid.empty()) out.push_back(shown(std::move(each)));
  }
  std::ranges::sort(out, std::ranges::greater(), &local::NearbyNetwork::signal_dbm);
  return out;
}

Answer<void> set_and_apply(DeviceLink& link, const local::WifiCredentials& network) {
  config::Set set{network.ssid, network.passphrase.clone(), {}, 0};
  TRY_VOID(ask<config::SetDone>(link, config_endpoint, config::encode_command(std::move(set)),
                                config::decode_config_answer));
  TRY_VOID(ask<config::ApplyDone>(link, config_endpoint, config::encode_command(config::Apply{}),
                                  config::decode_config_answer));
  return {};
}

// Until it is in the network or has given up. It may stop listening a second after it said so.
Answer<Ended> watch(DeviceLink& link, const Bystander& bystander) {
  std::uint32_t remaining = 0;
  int disconnected = 0;
  for (Duration waited{}; waited < status_patience; waited += status_pause) {
    bystander.wait(status_pause);
    auto status =
        ask<config::TellStatus>(link, config_endpoint, config::encode_command(config::AskStatus{}),
                                config::decode_config_answer);
    if (!status)
      return problem(ProblemKind::unreachable,
                     "the device went away while it joined the network: " + status.error().message,
                     "It may be there already; look before you try again.");
    if (auto* connected = std::get_if<config::Connected>(&status->state))
      return std::move(*connected);
    if (auto* failed = std::get_if<config::ConnectionFailed>(&status->state)) return failed->reason;
    const bool is_off = std::holds_alternative<config::Disconnected>(status->state);
    disconnected = is_off ? disconnected + 1 : 0;
    if (disconnected > disconnected_max)
      return problem(ProblemKind::failed, "the device is not in the network, and does not say why");
    auto* trying = std::get_if<config::Connecting>(&status->state);
    if (trying &&
        trying->attempts_remaining != std::exchange(remaining, trying->attempts_remaining))
      bystander.tell("The device tries again, " + std::to_string(remaining) + " times at most.");
  }
  return problem(ProblemKind::unreachable, "the device did not join the network in time");
}

// After a failed attempt stock firmware takes no other login before this.
bool begin_anew(DeviceLink& link) {
  auto plain = link.ask(control_endpoint, local::ctrl::encode_command(local::ctrl::Command::reset));
  if (!plain) return false;
  auto status = local::ctrl::decode_ctrl_answer(*plain);
  return status && *status == local::Status::success;
}

struct Attempt {
  DeviceLink link;
  bool may_set;  // no attempt failed before, or the device began anew after it
};

// The first is to the link that is there; each failed one ends it.
Answer<Ended> try_network(Attempt& attempt, const local::WifiCredentials& network,
                          const Bystander& bystander) {
  auto set = set_and_apply(attempt.link, network);
  if (!set && !attempt.may_set)
    return problem(ProblemKind::failed,
                   "the device takes no other passphrase: its firmware has no way to begin anew (" +
                       set.error().message + ")",
                   "Reset the device, and provision it again.");
  if (!set) return std::unexpected(std::move(set.error()));
  return watch(attempt.link, bystander);
}

}  // namespace

bool is_stock(const local::Version& version) {
  return std::ranges::find(version.fairlead_capabilities, "offer") ==
         version.fairlead_capabilities.end();
}

Answer<std::string> give_wifi(DeviceCarrier& device, const local::Version& version,
                              const Access& access, const WifiWish& wish, Random& random,
                              const Bystander& bystander) {
  auto open = [&]() -> Answer<DeviceLink> {
    TRY(auto secret, secret_for(access, version));
    return DeviceLink::open(device, std::move(secret), random, Firmware::stock);
  };
  TRY_VOID(require_wifi(version));
  tell_weakness(version, bystander);
  TRY(auto first, open());
  std::vector<local::NearbyNetwork> heard;
  if (version.has("wifi_scan")) {
    TRY(heard, read_networks(first, bystander));
  }
  TRY(auto network, wish.choose(heard));
  for (std::optional<Attempt> attempt(Attempt{std::move(first), true});;) {
    TRY(auto ended, try_network(*attempt, network, bystander));
    if (auto* connected = std::get_if<config::Connected>(&ended)) return connected->ip4_address;
    const bool anew = begin_anew(attempt->link);
    if (std::get<config::FailReason>(ended) == config::FailReason::network_not_found)
      return problem(ProblemKind::not_found, "the device does not find this network",
                     "See that its name is right, that it is in reach, and that it is on 2.4 GHz.");
    bystander.tell("The device says that the network does not take this passphrase.");
    TRY(network.passphrase, wish.choose_passphrase());
    // The question that was not answered used the session up.
    TRY(auto next, open());
    attempt.emplace(Attempt{std::move(next), anew});
  }
}

Answer<std::vector<local::NearbyNetwork>> stock_networks(DeviceCarrier& device,
                                                         const local::Version& version,
                                                         const Access& access, Random& random,
                                                         const Bystander& bystander) {
  if (!version.has("wifi_scan"))
    return problem(ProblemKind::conflict, "the firmware of this device does not list networks",
                   "Say its name to `fairlead provision --wifi`.");
  tell_weakness(version, bystander);
  TRY(auto secret, secret_for(access, version));
  TRY(auto link, DeviceLink::open(device, std::move(secret), random, Firmware::stock));
  return read_networks(link, bystander);
}

}  // namespace fairlead::client
