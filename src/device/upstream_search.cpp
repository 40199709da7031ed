// SPDX-License-Identifier: Apache-2.0
#include "device/upstream_search.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/events.h"
#include "net/http.h"

namespace fairlead::device {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr Duration look_every = std::chrono::seconds(2);
constexpr auto round_every = std::chrono::seconds(30);  // no sooner, and without a cause
constexpr auto refresh_after = std::chrono::minutes(10);
constexpr Duration probe_limit = std::chrono::seconds(5);
constexpr std::size_t candidates_max = 10;
constexpr std::uint32_t enterprise = 32473;  // of examples (RFC 5612), until there is our own
// Sources by how far a hint is to be trusted: the site's own servers say what they were told to.
constexpr std::string_view sources[] = {"dhcp4-143", "dhcp6-136", "dhcp4-43", "dhcp6-17",
                                        "dhcp4-site"};

std::size_t rank(std::string_view source) {
  return static_cast<std::size_t>(std::ranges::find(sources, source) - std::begin(sources));
}

// What makes a round worth while: interfaces that run, with the addresses that they have.
std::string outline(const std::vector<link::Interface>& interfaces) {
  std::string out;
  for (const auto& each : interfaces) {
    out += each.name + " " + each.link_local;
    for (const auto& address : each.ipv4) out += " " + address;
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

// fairlead:// means HTTPS to us.
Result<net::Url> url_of(std::string_view uri) {
  constexpr std::string_view own = "fairlead://";
  std::string text(uri);
  if (text.starts_with(own)) text.replace(0, own.size(), "https://");
  return net::parse_url(text);
}

// Whether something listens there at all, and how far away it is.
net::Task<milliseconds> reach(net::Loop& loop, net::Url url) {
  auto begin = steady_clock::now();
  auto resolving = net::resolve(loop, url.host, probe_limit);
  CO_TRY(auto addresses, co_await std::move(resolving));
  if (addresses.empty()) co_return fail(Errc::not_found, "no address of that name");
  auto socket = std::make_shared<tcp::socket>(loop.context());
  asio::steady_timer timer(loop.context(), begin + probe_limit);
  timer.async_wait([socket](boost::system::error_code error) {
    boost::system::error_code ignored;
    if (!error) socket->close(ignored);
  });
  boost::system::error_code wrong;
  tcp::endpoint peer(asio::ip::make_address(addresses.front(), wrong), url.port);
  auto connecting = socket->async_connect(peer, asio::as_tuple(asio::use_awaitable));
  auto connected = co_await std::move(connecting);
  if (std::get<0>(connected)) co_return fail(Errc::io, std::get<0>(connected).message());
  co_return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
}

}  // namespace

UpstreamSearch::UpstreamSearch(const Config& config, net::Loop& loop, Random& random, Log& log,
                               LocalDoor& door)
    : config_(config), loop_(loop), random_(random), log_(log), door_(door) {}

net::Task<void> UpstreamSearch::run() {
  std::string before;
  steady_clock::time_point last{};
  for (;;) {
    auto interfaces = usable_interfaces();
    auto now = steady_clock::now();
    bool due = outline(interfaces) != before || now - last >= refresh_after;
    bool allowed = last == steady_clock::time_point{} || now - last >= round_every;
    if (door_.is_needed().value_or(false) && due && allowed && !interfaces.empty()) {
      before = outline(interfaces);
      last = now;
      auto asking = round(std::move(interfaces));
      CO_TRY_VOID(co_await std::move(asking));
    }
    auto sleeping = loop_.sleep(look_every);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

// What is named no longer is forgotten: else whoever named ten once would keep the others out.
net::Task<void> UpstreamSearch::round(std::vector<link::Interface> interfaces) {
  before_ = std::exchange(found_, {});
  for (link::Interface& interface : interfaces) {
    auto asking = ask(std::move(interface));
    CO_TRY_VOID(co_await std::move(asking));
  }
  for (std::size_t i = 0; i < found_.size(); ++i) {
    auto probing = probe(i);
    CO_TRY_VOID(co_await std::move(probing));
  }
  door_.set_upstreams(found_);
  co_return ok();
}

net::Task<void> UpstreamSearch::ask(link::Interface interface) {
  link::DhcpQuestion question{config_.vendor_class, enterprise, config_.site_option};
  auto asking6 = link::ask_dhcp6(loop_, random_, interface, question);
  auto answer6 = co_await std::move(asking6);
  take(interface, answer6);
  auto asking4 = link::ask_dhcp4(loop_, random_, interface, question);
  auto answer4 = co_await std::move(asking4);
  take(interface, answer4);
  if (loop_.stopping()) co_return fail(Errc::cancelled, "the program ends");
  co_return ok();
}

void UpstreamSearch::take(const link::Interface& interface,
                          const Result<std::vector<link::DhcpHint>>& answer) {
  if (!answer) {
    bool worth_telling = answer.error().code != Errc::not_found &&
                         answer.error().code != Errc::cancelled &&
                         answer.error().context != complaint_;
    if (!worth_telling) return;
    complaint_ = answer.error().context;
    log_(event::upstream_question_failed, {{"interface", interface.name}, {"why", complaint_}});
    return;
  }
  for (const auto& hint : *answer) {
    bool known = std::ranges::count(found_, hint.uri, &local::Upstream::uri) > 0;
    if (known || found_.size() == candidates_max) continue;
    if (std::ranges::count(before_, hint.uri, &local::Upstream::uri) == 0)
      log_(event::upstream_seen,
           {{"source", hint.source}, {"uri", hint.uri}, {"interface", interface.name}});
    const auto rank_of = [](const local::Upstream& each) { return rank(each.source); };
    auto behind = std::ranges::upper_bound(found_, rank(hint.source), {}, rank_of);
    found_.insert(behind, {hint.source, interface.name, hint.uri, 0, ""});
  }
}

net::Task<void> UpstreamSearch::probe(std::size_t index) {
  auto url = url_of(found_[index].uri);
  if (!url) {
    found_[index].result = url.error().context;
    co_return ok();
  }
  auto reaching = reach(loop_, *url);
  auto reached = co_await std::move(reaching);
  found_[index].result = reached ? "answers" : reached.error().context;
  found_[index].milliseconds = reached ? static_cast<std::uint32_t>(reached->count()) : 0;
  co_return ok();
}

}  // namespace fairlead::device
