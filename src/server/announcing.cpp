// SPDX-License-Identifier: Apache-2.0
#include "server/announcing.h"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace fairlead::server {

using std::chrono::steady_clock;

namespace {

constexpr std::string_view service_type = "_fairlead._tcp";
constexpr Duration follow_every = std::chrono::seconds(2), look_limit = std::chrono::seconds(5);
constexpr auto look_every = std::chrono::seconds(30), silent_max = std::chrono::seconds(120);
constexpr std::size_t label_bytes_max = 63;  // RFC 1035 §2.3.4

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "upstream";
  return name.data();
}

// By which the listener is reached from here.
std::string own_address(const Config& config, const std::vector<link::Interface>& interfaces) {
  if (config.fdo.address == "0.0.0.0") return "127.0.0.1";
  if (config.fdo.address == "::") return "::1";
  if (!config.fdo.address.starts_with("::%")) return config.fdo.address;
  auto of = link::interfaces_of(config.fdo.address, interfaces);
  return of.empty() ? "" : of.front().link_local + "%" + of.front().name;
}

}  // namespace

link::Announcement announcement_of(const Config& config, std::uint16_t port,
                                   const std::vector<link::Interface>& interfaces) {
  link::Announcement out;
  out.instance = config.announce_name.empty() ? host_name() : config.announce_name;
  if (out.instance.size() > label_bytes_max) out.instance.resize(label_bytes_max);
  out.type = service_type;
  out.subtypes.emplace_back("_edge");
  for (const auto& each : link::interfaces_of(config.fdo.address, interfaces))
    if (!each.loopback) out.places.push_back({each.name, port, {{"txtvers", "1"}}});
  return out;
}

net::Task<void> Announcing::look_at_itself(const std::vector<link::Interface>& interfaces) {
  net::TlsTrust trust;
  trust.unauthenticated = true;  // whether it answers, not who
  net::HttpClient client(loop_, net::TlsClient{std::move(trust), {}, nullptr});
  net::Url url{true, own_address(config_, interfaces), port_, "/"};
  auto looking = client.look(std::move(url), look_limit);
  auto looked = co_await std::move(looking);
  if (looked) answered_ = steady_clock::now();
  co_return ok();
}

net::Task<void> Announcing::run() {
  answered_ = steady_clock::now();
  auto looked = answered_;
  for (;;) {
    auto interfaces = link::interfaces();
    auto now = steady_clock::now();
    if (interfaces && now - looked >= look_every) {
      looked = now;
      auto looking = look_at_itself(*interfaces);
      CO_TRY_VOID(co_await std::move(looking));
    }
    bool silent = steady_clock::now() - answered_ >= silent_max;
    if (silent) announcer_.withdraw();
    if (interfaces && !silent) announcer_.announce(announcement_of(config_, port_, *interfaces));
    auto sleeping = loop_.sleep(follow_every);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

}  // namespace fairlead::server
