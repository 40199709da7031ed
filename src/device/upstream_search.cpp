// SPDX-License-Identifier: Apache-2.0
#include "device/upstream_search.h"

#include <algorithm>
#include <charconv>

#include "base/events.h"

namespace fairlead::device {

using std::chrono::steady_clock;

namespace {

constexpr Duration look_every = std::chrono::seconds(1), look_limit = std::chrono::seconds(5);
constexpr Duration round_min = std::chrono::seconds(30), round_max = std::chrono::minutes(10);
constexpr Duration round_limit = std::chrono::seconds(30);
constexpr std::size_t names_asked_max = 12;  // of one round
constexpr std::uint32_t enterprise = 32473;  // of examples (RFC 5612), until there is our own
constexpr std::uint16_t usual_port = 8040;   // where a fixed name says none

// What makes a round worth while at once: interfaces that run, with the addresses that they have.
std::string outline(const std::vector<link::Interface>& interfaces) {
  std::string out;
  for (const auto& each : interfaces) {
    out += each.name + " " + each.link_local;
    for (const auto& address : each.ipv4) out += " " + address;
    for (const auto& address : each.ipv6) out += " " + address;
    out += "\n";
  }
  return out;
}

std::vector<link::Interface> usable_interfaces() {
  auto all = link::interfaces();
  if (!all) return {};
  std::erase_if(*all, [](const auto& each) { return each.loopback || !each.running; });
  return std::move(*all);
}

std::string uri_of(const std::string& host, std::uint16_t port) {
  return "https://" + host + ":" + std::to_string(port);
}

struct FixedName {
  std::string host;
  std::uint16_t port = usual_port;
};
FixedName split(std::string_view text) {
  auto colon = std::min(text.rfind(':'), text.size());
  FixedName out{std::string(text.substr(0, colon))};
  if (colon < text.size())
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), out.port);
  return out;
}

}  // namespace

UpstreamSearch::UpstreamSearch(const Config& config, net::Loop& loop, Random& random, Log& log,
                               UpstreamCandidates& candidates, LocalDoor* door)
    : config_(config),
      loop_(loop),
      random_(random),
      log_(log),
      candidates_(candidates),
      door_(door) {}

net::Task<void> UpstreamSearch::run() {
  std::string before;
  steady_clock::time_point began{};
  Duration pause = round_min;
  bool round_open = false;
  for (;;) {
    auto now = steady_clock::now();
    if (door_) door_->set_upstreams(candidates_.list(now));
    if (round_open && (sources_open_ == 0 || now - began >= round_limit)) {
      candidates_.end_round();
      round_open = false;
    }
    bool wanted = candidates_.wanted() != UpstreamCandidates::Wanted::nothing;
    while (auto at = wanted ? candidates_.next_look() : std::nullopt)
      loop_.spawn("look at an upstream", look(std::move(*at)));
    auto interfaces = wanted ? usable_interfaces() : std::vector<link::Interface>();
    auto seen = outline(interfaces);
    if (seen != before) pause = round_min;
    bool due = began == steady_clock::time_point{} || now - began >= pause;
    if (due && !round_open && !interfaces.empty()) {
      // Devices of one power cut must not ask in step for ever.
      Duration jitter = pause * random_.bytes(1)[0] / 1024;
      pause = std::min(round_max, seen == before ? pause * 2 - jitter : round_min + jitter);
      before = std::move(seen);
      began = now;
      round_open = true;
      begin_round(interfaces);
    }
    auto sleeping = loop_.sleep(look_every);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

void UpstreamSearch::begin_round(const std::vector<link::Interface>& interfaces) {
  candidates_.begin_round();
  names_asked_.clear();
  if (!config_.find_upstream) return;
  for (const link::Interface& interface : interfaces) {
    start("upstream by DHCPv6", by_dhcp(interface, true));
    start("upstream by DHCP", by_dhcp(interface, false));
    if (!interface.link_local.empty())
      start("upstream by mDNS",
            by_multicast(interface, interface.link_local + "%" + interface.name));
    if (!interface.ipv4.empty())
      start("upstream by mDNS", by_multicast(interface, interface.ipv4.front()));
  }
  auto system = link::system_resolver();
  ask_names("", std::move(system.name_servers), std::move(system.domains));
}

void UpstreamSearch::start(std::string_view name, net::Task<void> source) {
  ++sources_open_;
  loop_.spawn(name, counted(std::move(source)));
}

net::Task<void> UpstreamSearch::counted(net::Task<void> source) {
  auto ended = co_await std::move(source);
  --sources_open_;
  co_return ended;
}

net::Task<void> UpstreamSearch::by_dhcp(link::Interface interface, bool version6) {
  link::DhcpQuestion question{config_.vendor_class, enterprise, config_.site_option};
  auto asking = version6 ? link::ask_dhcp6(loop_, random_, interface, question)
                         : link::ask_dhcp4(loop_, random_, interface, question);
  auto answer = co_await std::move(asking);
  if (!answer) {
    complain(interface.name, answer.error());
    co_return ok();
  }
  for (const auto& hint : answer->hints) take({{hint.source, hint.uri}, interface.name, {}, {}});
  if (!answer->name_servers.empty()) name_servers_ = answer->name_servers;
  ask_names(interface.name, std::move(answer->name_servers), std::move(answer->domains));
  co_return ok();
}

net::Task<void> UpstreamSearch::by_multicast(link::Interface interface, std::string own) {
  auto browsing = link::browse_multicast(loop_, random_, interface, std::move(own),
                                         std::string(upstream_service));
  auto found = co_await std::move(browsing);
  if (found) take_services("mdns", interface.name, *found);
  if (!found) complain(interface.name, found.error());
  co_return ok();
}

// The network's domains and the configured one, at servers that are known for it.
void UpstreamSearch::ask_names(const std::string& interface, Names servers, Names domains) {
  if (servers.empty()) servers = link::system_resolver().name_servers;
  if (servers.empty()) return;
  if (!config_.upstream_domain.empty()) domains.push_back(config_.upstream_domain);
  const auto is_new = [&](const std::string& what) {
    return names_asked_.size() < names_asked_max &&
           names_asked_.insert(what + " " + servers.front()).second;
  };
  auto fixed = split(config_.upstream_name);
  bool whole = fixed.host.contains('.');
  if (whole && is_new(fixed.host))
    start("upstream by name", by_name(interface, servers, fixed.host, fixed.port));
  for (const std::string& domain : domains) {
    if (domain == "local" || !is_new(domain)) continue;  // RFC 6762 §3: not of name servers
    start("upstream by DNS-SD", by_domain(interface, servers, domain));
    if (!whole && !fixed.host.empty())
      start("upstream by name", by_name(interface, servers, fixed.host + "." + domain, fixed.port));
  }
}

net::Task<void> UpstreamSearch::by_domain(std::string interface, Names servers,
                                          std::string domain) {
  auto browsing = link::browse_domain(loop_, random_, std::move(servers),
                                      std::string(upstream_service), domain);
  auto found = co_await std::move(browsing);
  if (found) take_services("dns-sd", interface, *found);
  co_return ok();  // a domain without any is the usual one
}

net::Task<void> UpstreamSearch::by_name(std::string interface, Names servers, std::string host,
                                        std::uint16_t port) {
  auto asking = link::ask_addresses(loop_, random_, std::move(servers), host);
  auto addresses = co_await std::move(asking);
  if (addresses && !addresses->empty())
    take({{"name", uri_of(host, port)}, interface, {}, std::move(*addresses)});
  co_return ok();
}

void UpstreamSearch::take_services(std::string_view source, const std::string& interface,
                                   const link::FoundServices& services) {
  for (const auto& each : services)
    take({{std::string(source), uri_of(each.host, each.port)},
          interface,
          each.instance,
          each.addresses});
}

void UpstreamSearch::take(UpstreamCandidates::Hint hint) {
  Fields fields{{"source", hint.which.source},
                {"uri", hint.which.uri},
                {"interface", hint.interface.empty() ? "any interface" : hint.interface}};
  if (candidates_.take(std::move(hint))) log_.write(event::upstream_seen, fields);
}

void UpstreamSearch::complain(const std::string& interface, const Error& error) {
  bool worth_telling =
      error.code != Errc::not_found && error.code != Errc::cancelled && error.context != complaint_;
  if (!worth_telling) return;
  complaint_ = error.context;
  log_(event::upstream_question_failed, {{"interface", interface}, {"why", complaint_}});
}

net::Task<void> UpstreamSearch::look(UpstreamCandidates::LookAt at) {
  Result<net::Look> seen = fail(Errc::not_found, "no address is known");
  auto url = upstream_url(at.which.uri);
  if (!url) {
    candidates_.looked(at.which, fail(url.error()), steady_clock::now());
    co_return ok();
  }
  if (at.addresses.empty()) {
    auto resolving = net::resolve(loop_, url->host, look_limit);
    auto resolved = co_await std::move(resolving);
    if (resolved) at.addresses = std::move(*resolved);
    if (!resolved) seen = fail(resolved.error());
  }
  if (at.addresses.empty() && !name_servers_.empty()) {
    auto asking = link::ask_addresses(loop_, random_, name_servers_, url->host);
    auto asked = co_await std::move(asking);
    if (asked) at.addresses = std::move(*asked);
  }
  net::TlsTrust trust;
  trust.unauthenticated = at.key.empty();
  if (!at.key.empty()) trust.key_hash = at.key;
  net::HttpClient client(loop_, net::TlsClient{std::move(trust), {}, nullptr});
  for (const std::string& address : at.addresses) {
    url->host = address;
    auto looking = client.look(*url, look_limit);
    seen = co_await std::move(looking);
    if (seen || seen.error().code == Errc::cancelled) break;
  }
  candidates_.looked(at.which, std::move(seen), steady_clock::now());
  co_return ok();
}

}  // namespace fairlead::device
