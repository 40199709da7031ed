// SPDX-License-Identifier: Apache-2.0
#include "device/local_wifi.h"

#include "base/events.h"
#include "device/captive_portal.h"
#include "device/hooks.h"
#include "device/removal.h"
#include "link/interfaces.h"

namespace fairlead::device {

using std::chrono::steady_clock;

namespace {

constexpr Duration poll = std::chrono::milliseconds(200);
constexpr auto heard_age_max = std::chrono::seconds(60);
// bluetoothd gives up on a request after five seconds.
constexpr auto patience_of_clients = std::chrono::seconds(4);
constexpr std::chrono::seconds address_limit{20};
constexpr unsigned address_tries_max = 3;  // by the hook

local::WifiAuth auth_of(link::WifiSecurity security) {
  switch (security) {
    case link::WifiSecurity::open:
      return local::WifiAuth::open;
    case link::WifiSecurity::wep:
      return local::WifiAuth::wep;
    case link::WifiSecurity::wpa:
      return local::WifiAuth::wpa_psk;
    case link::WifiSecurity::wpa2:
      return local::WifiAuth::wpa2_psk;
    case link::WifiSecurity::wpa_wpa2:
      return local::WifiAuth::wpa_wpa2_psk;
    case link::WifiSecurity::wpa3:
      return local::WifiAuth::wpa3_psk;
    case link::WifiSecurity::wpa2_wpa3:
      return local::WifiAuth::wpa2_wpa3_psk;
    case link::WifiSecurity::other:
      break;
  }
  return local::WifiAuth::wpa2_enterprise;
}

local::scan::Entry entry_of(const link::WifiNetwork& network) {
  return {network.ssid, network.channel, network.signal_dbm, to_bytes(View(network.bssid)),
          auth_of(network.security)};
}

Failure failure_of(const link::WifiFailure& failure) {
  switch (failure.what) {
    case link::WifiObstacle::missing:
      return {Reason::wifi_missing, failure.words};
    case link::WifiObstacle::not_found:
      return {Reason::wifi_not_found, failure.words};
    case link::WifiObstacle::wrong_passphrase:
      return {Reason::wifi_wrong_passphrase, failure.words};
    case link::WifiObstacle::unsupported:
      return {Reason::wifi_unsupported, failure.words};
    case link::WifiObstacle::refused:
    case link::WifiObstacle::timed_out:
      break;
  }
  return {Reason::wifi_refused, failure.words};
}

Failure ended() { return {Reason::interrupted, "the trial of the network was ended"}; }

}  // namespace

LocalWifi::LocalWifi(const Config& config, const StateDirectory& directory, net::Loop& loop,
                     Log& log, std::unique_ptr<link::Wifi> wifi)
    : config_(config), directory_(directory), loop_(loop), log_(log), wifi_(std::move(wifi)) {}

// One worker serves the whole device, so nothing of ours blocks it for long.
net::Task<void> LocalWifi::on_worker(std::function<Result<void>()> work, std::string_view what) {
  auto working = loop_.on_worker(std::move(work));
  auto done = co_await std::move(working);
  if (!done && done.error().code != Errc::cancelled)
    log_(event::device_wifi_fault, {{"what", std::string(what)}, {"why", done.error().context}});
  co_return done;
}

net::Task<void> LocalWifi::look_around() {
  auto starting = on_worker([this] { return wifi_->start_scan(); }, "look for networks");
  CO_TRY_VOID(co_await std::move(starting));
  for (;;) {
    auto ask = [this] { return wifi_->scanned(); };
    auto asking = loop_.on_worker(ask);
    CO_TRY(auto heard, co_await std::move(asking));
    if (heard) {
      heard_.clear();
      for (const link::WifiNetwork& each : *heard) heard_.push_back(entry_of(each));
      heard_at_ = steady_clock::now();
      co_return ok();
    }
    auto sleeping = loop_.sleep(poll);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

net::Task<void> LocalWifi::look_once() {
  auto looking = look_around();
  auto looked = co_await std::move(looking);
  looking_ = false;
  co_return looked;
}

net::Task<std::vector<local::scan::Entry>> LocalWifi::networks() {
  const auto asked = steady_clock::now();
  const bool fresh = heard_at_ != steady_clock::time_point{} && asked - heard_at_ < heard_age_max;
  if (!fresh && !looking_ && on_trial_.empty()) {
    looking_ = true;
    loop_.spawn("look for networks", look_once());
  }
  while (looking_ && steady_clock::now() - asked < patience_of_clients) {
    auto sleeping = loop_.sleep(poll);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
  co_return heard_;
}

AttemptTask<local::config::Connected> LocalWifi::join(local::WifiCredentials network,
                                                      std::string access) {
  const unsigned trial = ++trial_;
  on_trial_ = link::name_of_network(network.ssid);
  link::WifiCredentials credentials{std::move(network.ssid), std::move(network.passphrase)};
  if (auto& by = network.connector)
    credentials.connector =
        link::WifiConnector{std::move(by->text), std::move(by->c_sign), std::move(by->network_key)};
  std::expected<void, link::WifiFailure> started;
  auto start = [&]() -> Result<void> {
    auto forgotten = forget_networks(directory_, *wifi_);  // later nobody could tell which are old
    if (forgotten)
      started = wifi_->start_trial(credentials, access);
    else
      started = std::unexpected(
          link::WifiFailure{link::WifiObstacle::missing, forgotten.error().context});
    return ok();
  };
  auto starting = loop_.on_worker(start);
  auto ran = co_await std::move(starting);
  CO_TRY_VOID(locally(std::move(ran), Reason::interrupted));
  if (!started) co_return std::unexpected(failure_of(started.error()));
  auto joining = wait_for_join(trial);
  CO_TRY(auto joined, co_await std::move(joining));
  auto getting = get_address(trial);
  CO_TRY(std::string address, co_await std::move(getting));
  log_(event::device_wifi_joined, {{"network", on_trial_}, {"address", address}});
  local::config::Connected out;
  out.ip4_address = address;
  out.auth = auth_of(joined.security);
  out.ssid = joined.ssid;
  out.bssid = to_bytes(View(joined.bssid));
  out.channel = static_cast<std::int32_t>(joined.channel);
  co_return out;
}

AttemptTask<link::WifiNetwork> LocalWifi::wait_for_join(unsigned trial) {
  for (;;) {
    link::WifiTrial state;
    auto ask = [&]() -> Result<void> {
      if (trial == trial_) state = wifi_->trial();
      return ok();
    };
    auto asking = loop_.on_worker(ask);
    auto asked = co_await std::move(asking);
    CO_TRY_VOID(locally(std::move(asked), Reason::interrupted));
    if (trial != trial_) co_return std::unexpected(ended());
    if (!state) co_return std::unexpected(failure_of(state.error()));
    if (*state) co_return std::move(**state);
    auto sleeping = loop_.sleep(poll);
    auto slept = co_await std::move(sleeping);
    CO_TRY_VOID(locally(std::move(slept), Reason::interrupted));
  }
}

// IPv4 before IPv6; none while there is a link-local one only.
std::string LocalWifi::address() const {
  auto all = link::interfaces();
  if (!all) return "";
  auto found = std::ranges::find(*all, wifi_->interface(), &link::Interface::name);
  if (found == all->end()) return "";
  for (const std::string& each : found->ipv4)
    if (!each.starts_with("169.254.")) return each;
  return found->ipv6.empty() ? "" : found->ipv6.front();
}

net::Task<void> LocalWifi::run_address_hook() {
  auto running =
      run_hook({config_.wifi_address_hook.string(), wifi_->interface()}, directory_.path(), loop_);
  co_return co_await std::move(running);
}

// An access point under load may lose a station in its first second, so one failure is not the end.
AttemptTask<void> LocalWifi::ask_for_address(unsigned trial) {
  for (unsigned tries = 1; trial == trial_; ++tries) {
    auto running = run_address_hook();
    auto ran = co_await std::move(running);
    if (ran) co_return Attempt<void>{};
    if (ran.error().code == Errc::cancelled) co_return std::unexpected(local_failure(ran.error()));
    if (tries == address_tries_max)
      co_return give_up(Reason::no_address,
                        "the network " + on_trial_ + " gave none (" + ran.error().context + ")");
    auto sleeping = loop_.sleep(poll);
    auto slept = co_await std::move(sleeping);
    CO_TRY_VOID(locally(std::move(slept), Reason::interrupted));
  }
  co_return std::unexpected(ended());
}

AttemptTask<std::string> LocalWifi::get_address(unsigned trial) {
  const bool by_hook = !config_.wifi_address_hook.empty();
  if (by_hook) {
    auto asking = ask_for_address(trial);
    CO_TRY_VOID(co_await std::move(asking));
  }
  const auto until = steady_clock::now() + address_limit;
  for (;;) {
    if (trial != trial_) co_return std::unexpected(ended());
    if (std::string found = address(); !found.empty()) co_return found;
    if (steady_clock::now() >= until || by_hook)
      co_return give_up(Reason::no_address, "the network " + on_trial_ + " gave none within " +
                                                std::to_string(address_limit.count()) + " s");
    auto sleeping = loop_.sleep(poll);
    auto slept = co_await std::move(sleeping);
    CO_TRY_VOID(locally(std::move(slept), Reason::interrupted));
  }
}

boost::asio::awaitable<Failure> LocalWifi::explain(Failure failure, std::string upstream_uri) {
  const bool about_the_way = failure.reason == Reason::dns_failed ||
                             failure.reason == Reason::broker_unreachable ||
                             failure.reason == Reason::tls_untrusted;
  if (on_trial_.empty() || !about_the_way) co_return failure;
  auto looking = portal_before(loop_, std::move(upstream_uri));
  auto portal = co_await std::move(looking);
  if (portal && *portal)
    co_return Failure{Reason::captive_portal, "the network " + on_trial_ + " sends to " + **portal};
  if (failure.reason != Reason::tls_untrusted && !link::has_default_route())
    co_return Failure{Reason::no_route,
                      "the network " + on_trial_ + " names no router, and " + failure.detail};
  co_return failure;
}

net::Task<void> LocalWifi::store() {
  if (on_trial_.empty()) co_return ok();
  auto storing = on_worker([this] { return wifi_->store(); }, "store the network");
  co_return co_await std::move(storing);
}

net::Task<void> LocalWifi::keep() {
  if (on_trial_.empty()) co_return ok();
  auto keeping = on_worker([this] { return wifi_->keep(); }, "keep the network");
  auto kept = co_await std::move(keeping);
  if (kept) log_(event::device_wifi_kept, {{"network", std::exchange(on_trial_, "")}});
  co_return kept;
}

net::Task<void> LocalWifi::revert() {
  if (on_trial_.empty()) co_return ok();
  const unsigned trial = ++trial_;
  std::string name = std::exchange(on_trial_, "");
  auto reverting = on_worker([this] { return wifi_->revert(); }, "leave the network");
  auto reverted = co_await std::move(reverting);
  if (!reverted) co_return reverted;
  log_(event::device_wifi_left, {{"network", name}});
  if (!config_.wifi_address_hook.empty())
    loop_.spawn("address after a trial", regain_address(trial));
  co_return ok();
}

// Back on the network of before, if there was one.
net::Task<void> LocalWifi::regain_address(unsigned trial) {
  const auto until = steady_clock::now() + address_limit;
  while (trial == trial_ && steady_clock::now() < until) {
    auto sleeping = loop_.sleep(poll);
    CO_TRY_VOID(co_await std::move(sleeping));
    auto all = link::interfaces();
    if (!all) continue;
    auto found = std::ranges::find(*all, wifi_->interface(), &link::Interface::name);
    if (found == all->end() || !found->running) continue;
    auto running = run_address_hook();
    auto ran = co_await std::move(running);
    if (!ran) log_(event::device_hook_failed, {{"what", "address"}, {"why", ran.error().context}});
    co_return ok();
  }
  co_return ok();
}

net::Task<void> LocalWifi::settle(std::string access) {
  auto work = [&] { return wifi_->settle(access); };
  auto settling = on_worker(work, "settle what an earlier run left");
  auto settled = co_await std::move(settling);
  if (!settled && settled.error().code == Errc::cancelled) co_return settled;
  co_return ok();  // said; a device without its Wi-Fi goes on by what else it has
}

}  // namespace fairlead::device
