// SPDX-License-Identifier: Apache-2.0
#include "device/local_easy_connect.h"

#include <algorithm>

#include "base/events.h"
#include "dpp/uri.h"
#include "link/interfaces.h"

namespace fairlead::device {

using std::chrono::steady_clock;

namespace {

constexpr Duration poll = std::chrono::milliseconds(50);
// bluetoothd gives up on a request after five seconds.
constexpr auto patience_of_clients = std::chrono::seconds(2);
constexpr Duration call_poll = std::chrono::seconds(1);
constexpr Duration after_a_failure = std::chrono::seconds(10);

constexpr std::string_view by_tunnel = "through a session", by_air = "over the air";

local::WifiCredentials credentials_of(link::WifiCredentials network) {
  local::WifiCredentials out{std::move(network.ssid), std::move(network.passphrase)};
  if (auto& by = network.connector)
    out.connector = local::WifiConnector{std::move(by->text), std::move(by->c_sign),
                                         std::move(by->network_key)};
  return out;
}

}  // namespace

bool has_network() {
  auto all = link::interfaces();
  auto leads_out = [](const link::Interface& each) {
    auto global = [](const std::string& address) { return !address.starts_with("169.254."); };
    return !each.loopback && (std::ranges::any_of(each.ipv4, global) || !each.ipv6.empty());
  };
  return all && std::ranges::any_of(*all, leads_out);
}

LocalEasyConnect::LocalEasyConnect(net::Loop& loop, Log& log, LocalWifi& wifi,
                                   std::unique_ptr<link::Enrollee> enrollee, LabelKey key)
    : loop_(loop), log_(log), wifi_(wifi), enrollee_(std::move(enrollee)), key_(std::move(key)) {}

// Said once, until it changes.
Error LocalEasyConnect::failed(std::string_view how, Error why) {
  if (why.code != Errc::cancelled && complaint_ != why.context)
    log_(event::device_easy_connect_failed, {{"how", std::string(how)}, {"why", why.context}});
  complaint_ = why.context;
  return why;
}

net::Task<std::string> LocalEasyConnect::open(std::string configurator) {
  auto open_it = [&]() -> Result<std::string> {
    // Only the key of it: the rest is the client's text, and wpa_supplicant's commands are lines.
    TRY(auto uri, dpp::decode_bootstrap_uri(configurator));
    TRY_VOID(enrollee_->open(key_.der, dpp::encode_bootstrap_uri({{}, {}, "", 2, uri.key})));
    return key_.uri;
  };
  calling_ = false;
  auto opening = loop_.on_worker(open_it);
  auto opened = co_await std::move(opening);
  if (!opened) co_return std::unexpected(failed(by_tunnel, opened.error()));
  co_return opened;
}

net::Task<local::answer::Carried> LocalEasyConnect::carry(Bytes content) {
  const auto until = steady_clock::now() + patience_of_clients;
  for (;;) {
    auto carry_it = [&]() -> Result<local::answer::Carried> {
      TRY(auto carried, enrollee_->carry(std::exchange(content, {})));
      return local::answer::Carried{carried.open, std::move(carried.content)};
    };
    auto carrying = loop_.on_worker(carry_it);
    auto carried = co_await std::move(carrying);
    if (!carried) co_return std::unexpected(failed(by_tunnel, carried.error()));
    if (!carried->open || !carried->content.empty() || steady_clock::now() >= until)
      co_return carried;
    auto sleeping = loop_.sleep(poll);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

net::Task<std::optional<local::WifiCredentials>> LocalEasyConnect::received() {
  auto take_it = [this]() -> Result<std::optional<local::WifiCredentials>> {
    TRY(auto network, enrollee_->received());
    if (!network) return std::optional<local::WifiCredentials>();
    return std::optional(credentials_of(std::move(*network)));
  };
  auto taking = loop_.on_worker(take_it);
  co_return co_await std::move(taking);
}

net::Task<local::WifiCredentials> LocalEasyConnect::close() {
  const auto until = steady_clock::now() + patience_of_clients;
  Result<std::optional<local::WifiCredentials>> network = std::nullopt;
  while (network && !*network && steady_clock::now() < until) {
    auto receiving = received();
    network = co_await std::move(receiving);
    if (!network || *network) break;
    auto sleeping = loop_.sleep(poll);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
  auto dropping = drop();
  ignore(co_await std::move(dropping), "the next exchange begins with it, too");
  if (!network) co_return std::unexpected(failed(by_tunnel, network.error()));
  if (!*network)
    co_return std::unexpected(failed(by_tunnel, {Errc::refused, "no network came through it"}));
  log_(event::device_network_received,
       {{"network", link::name_of_network((*network)->ssid)}, {"how", std::string(by_tunnel)}});
  complaint_.clear();
  co_return std::move(**network);
}

net::Task<void> LocalEasyConnect::drop() {
  calling_ = false;
  auto stopping = loop_.on_worker([this] { return enrollee_->stop(); });
  co_return co_await std::move(stopping);
}

net::Task<void> LocalEasyConnect::call() {
  auto calling = loop_.on_worker([this] { return enrollee_->chirp(key_.der); });
  CO_TRY_VOID(co_await std::move(calling));
  if (!std::exchange(calling_, true)) log_(event::device_calls, {{"label", key_.uri}});
  auto receiving = received();
  CO_TRY(auto network, co_await std::move(receiving));
  if (!network) co_return ok();
  log_(event::device_network_received,
       {{"network", link::name_of_network(network->ssid)}, {"how", std::string(by_air)}});
  auto dropping = drop();
  CO_TRY_VOID(co_await std::move(dropping));
  auto joining = join(std::move(*network));
  co_return co_await std::move(joining);
}

// There is no Grant yet, so the join with an address is what it is kept for.
net::Task<void> LocalEasyConnect::join(local::WifiCredentials network) {
  auto joining = wifi_.join(std::move(network), "");
  auto joined = co_await std::move(joining);
  if (joined) {
    auto keeping = wifi_.keep();
    co_return co_await std::move(keeping);
  }
  if (joined.error().reason == Reason::interrupted) co_return ok();  // somebody else tries one
  auto reverting = wifi_.revert();
  ignore(co_await std::move(reverting), "it is said, and done again before the next trial");
  co_return std::unexpected(Error{Errc::refused, joined.error().detail});
}

net::Task<void> LocalEasyConnect::call_while(std::function<bool()> wanted) {
  for (;;) {
    Duration pause = call_poll;
    if (wanted()) {
      auto calling = call();
      auto called = co_await std::move(calling);
      if (called) complaint_.clear();
      if (!called) failed(by_air, called.error());
      if (!called) pause = after_a_failure;
    } else if (calling_) {
      auto dropping = drop();
      ignore(co_await std::move(dropping), "it calls no longer than some minutes");
    }
    auto sleeping = loop_.sleep(pause);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

}  // namespace fairlead::device
