// SPDX-License-Identifier: Apache-2.0
#include "link/dns_query.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/multicast.hpp>
#include <fstream>
#include <sstream>

#include "link/datagrams.h"

namespace fairlead::link {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr std::uint16_t mdns_port = 5353, dns_port = 53;
constexpr std::size_t servers_max = 3, questions_max = 24, steps_max = 3;
// RFC 6762 §5.2: "the interval between the first two queries MUST be at least one second".
constexpr std::chrono::milliseconds waits_multicast[] = {std::chrono::milliseconds(1'000),
                                                         std::chrono::milliseconds(2'000)};
constexpr std::chrono::milliseconds waits_unicast[] = {std::chrono::milliseconds(1'500),
                                                       std::chrono::milliseconds(2'500)};

std::function<std::uint64_t(std::uint64_t)> lot(Random& random) {
  return [&random](std::uint64_t below) { return draw_number(random) % below; };
}

// Where questions go on this interface; the socket is told by which way.
udp::endpoint multicast_group(udp::socket& socket, const Interface& interface) {
  error_code ignored;
  bool is_six = socket.local_endpoint(ignored).address().is_v6();
  socket.set_option(asio::ip::multicast::hops(255), ignored);  // RFC 6762 §11
  if (!is_six) {
    ip_mreqn request{{}, {}, static_cast<int>(interface.index)};
    setsockopt(socket.native_handle(), IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request);
    return {asio::ip::make_address_v4("224.0.0.251"), mdns_port};
  }
  socket.set_option(asio::ip::multicast::outbound_interface(interface.index), ignored);
  auto group = asio::ip::make_address_v6("ff02::fb");
  group.scope_id(interface.index);
  return {group, mdns_port};
}

// A link-local address is none without its interface.
void add_zones(FoundServices& services, const std::string& interface) {
  for (auto& each : services)
    for (auto& address : each.addresses)
      if (address.starts_with("fe80:") && !address.contains('%')) address += "%" + interface;
}

// Puts each of these questions, and waits until all are answered. False: none was.
asio::awaitable<bool> ask_server(net::Loop& loop, Random& random, std::string server,
                                 std::vector<dns::Question> questions,
                                 std::function<void(const dns::Message&)> take) {
  error_code error;
  auto address = asio::ip::make_address(server, error);
  if (error) co_return false;
  udp::endpoint to(address, dns_port);
  auto any = address.is_v6() ? asio::ip::address(asio::ip::address_v6::any())
                             : asio::ip::address(asio::ip::address_v4::any());
  auto socket = open_datagrams(loop, "", udp::endpoint(any, 0));
  if (!socket) co_return false;
  (*socket)->connect(to, error);  // answers of others are not let in
  if (error) co_return false;
  if (questions.size() > questions_max) questions.resize(questions_max);
  std::vector<std::uint16_t> open;  // ids of the questions without an answer
  for (std::size_t i = 0; i < questions.size(); ++i)
    open.push_back(static_cast<std::uint16_t>(draw_number(random) % 0xFFFF + 1));
  const std::size_t asked = open.size();
  auto ids = open;
  auto understood = [&](View in, const udp::endpoint&) {
    auto message = dns::decode_message(in);
    if (!message || !message->response || std::erase(open, message->id) == 0) return false;
    take(*message);
    return open.empty();
  };
  for (auto wait : waits_unicast) {
    for (std::size_t i = 0; i < questions.size(); ++i) {
      if (std::ranges::count(open, ids[i]) == 0) continue;
      auto query = dns::encode_query(ids[i], {&questions[i], 1});
      if (query) (*socket)->send(asio::buffer(*query), 0, error);
    }
    auto listening = listen(*socket, steady_clock::now() + wait, understood);
    if (co_await std::move(listening)) break;
  }
  co_return open.size() < asked;
}

}  // namespace

net::Task<FoundServices> browse_multicast(net::Loop& loop, Random& random, Interface interface,
                                          std::string own, std::string type) {
  CO_TRY(auto from, own_endpoint(own, 0));
  CO_TRY(auto socket, open_datagrams(loop, interface.name, from));
  auto group = multicast_group(*socket, interface);
  dns::Services services(dns::name_of(type + ".local"));
  auto understood = [&](View in, const udp::endpoint& sender) {
    // RFC 6762 §11: whoever answers is on this link; a unicast answer comes from port 5353.
    auto message = dns::decode_message(in);
    if (message && sender.port() == mdns_port)
      services.on_answer(*message, sender.address().to_string());
    return false;
  };
  for (auto wait : waits_multicast) {
    auto questions = services.missing();
    questions.insert(questions.begin(), {dns::name_of(type + ".local"), dns::Type::ptr});
    if (questions.size() > questions_max) questions.resize(questions_max);
    auto query = dns::encode_query(0, questions);
    error_code ignored;  // nobody hears this try; the next one may do better
    if (query) socket->send_to(asio::buffer(*query), group, 0, ignored);
    auto listening = listen(socket, steady_clock::now() + wait, understood);
    (void)co_await std::move(listening);
    if (loop.stopping()) break;
  }
  auto out = services.found();
  add_zones(out, interface.name);
  dns::order_by_lot(out, lot(random));
  co_return out;
}

net::Task<FoundServices> browse_domain(net::Loop& loop, Random& random,
                                       std::vector<std::string> servers, std::string type,
                                       std::string domain) {
  if (servers.size() > servers_max) servers.resize(servers_max);
  for (const std::string& server : servers) {
    dns::Services services(dns::name_of(type + "." + domain));
    auto take = [&](const dns::Message& message) { services.on_answer(message, ""); };
    bool answered = false;
    for (std::size_t step = 0; step < steps_max && !services.missing().empty(); ++step) {
      auto asking = ask_server(loop, random, server, services.missing(), take);
      bool came = co_await std::move(asking);
      if (!came) break;
      answered = true;
    }
    if (!answered) continue;
    auto out = services.found();
    dns::order_by_lot(out, lot(random));
    co_return out;
  }
  co_return fail(Errc::not_found, "no name server answers");
}

net::Task<std::vector<std::string>> ask_addresses(net::Loop& loop, Random& random,
                                                  std::vector<std::string> servers,
                                                  std::string host) {
  auto name = dns::name_of(host);
  if (servers.size() > servers_max) servers.resize(servers_max);
  for (const std::string& server : servers) {
    std::vector<std::string> out;
    auto take = [&](const dns::Message& message) {
      std::ranges::move(dns::addresses_in(message, name), std::back_inserter(out));
    };
    std::vector<dns::Question> questions{{name, dns::Type::aaaa}, {name, dns::Type::a}};
    auto asking = ask_server(loop, random, server, std::move(questions), take);
    if (co_await std::move(asking)) co_return out;
  }
  co_return fail(Errc::not_found, "no name server answers");
}

SystemResolver system_resolver(const std::string& file) {
  SystemResolver out;
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string keyword, value;
    words >> keyword;
    if (keyword == "nameserver" && words >> value && out.name_servers.size() < servers_max)
      out.name_servers.push_back(value);
    if (keyword != "search" && keyword != "domain") continue;
    out.domains.clear();  // resolv.conf(5): the last instance wins
    while (words >> value && out.domains.size() < servers_max) {
      while (value.ends_with('.')) value.pop_back();
      if (!value.empty()) out.domains.push_back(value);
    }
  }
  return out;
}

}  // namespace fairlead::link
