// SPDX-License-Identifier: Apache-2.0
#include "link/dhcp_query.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "codec/dhcp/message.h"
#include "codec/dhcp/redirect.h"

namespace fairlead::link {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::uint16_t client4_port = 68, server4_port = 67, client6_port = 546,
                        server6_port = 547;
// How long each try waits for an answer. RFC 2131 §4.1 and RFC 8415 §15, three tries each.
constexpr milliseconds waits4[] = {milliseconds(4'000), milliseconds(8'000), milliseconds(16'000)};
constexpr milliseconds waits6[] = {milliseconds(1'000), milliseconds(2'000), milliseconds(4'000)};
constexpr milliseconds jitter4{1'000}, first_delay6{1'000};

std::uint32_t draw(Random& random) {
  std::uint32_t out = 0;
  for (std::uint8_t byte : random.bytes(4)) out = out << 8 | byte;
  return out;
}

milliseconds draw_up_to(Random& random, milliseconds most) {
  return milliseconds(draw(random) % static_cast<std::uint32_t>(most.count() + 1));
}

// Bound to the interface's own address, never to any: a socket on any address takes answers from
// the system's client.
Result<udp::endpoint> own_endpoint(const std::string& address, std::uint16_t port) {
  error_code error;
  auto ip = asio::ip::make_address(address, error);
  if (error) return fail(Errc::not_found, "the interface has no usable address");
  return udp::endpoint(ip, port);
}

using Socket = std::shared_ptr<udp::socket>;  // shared with a timer that may end a wait

Result<Socket> open(net::Loop& loop, const Interface& interface, const udp::endpoint& own) {
  auto socket = std::make_shared<udp::socket>(loop.context());
  error_code error;
  socket->open(own.protocol(), error);
  if (error) return fail(Errc::io, "no socket: " + error.message());
  int on = 1, descriptor = socket->native_handle();
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(descriptor, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  if (setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface.name.c_str(),
                 static_cast<socklen_t>(interface.name.size())) != 0)
    return fail(Errc::io, "can't use " + interface.name + ": " + std::strerror(errno));
  socket->non_blocking(true, error);
  socket->bind(own, error);
  if (error) {
    bool forbidden = error == asio::error::access_denied;
    return fail(forbidden ? Errc::refused : Errc::io, "port " + std::to_string(own.port()) +
                                                          " of " + interface.name +
                                                          " can't be used: " + error.message());
  }
  return socket;
}

// False: nothing came until then.
asio::awaitable<bool> readable(Socket socket, steady_clock::time_point until) {
  asio::steady_timer timer(socket->get_executor(), until);
  timer.async_wait([socket](error_code error) {
    error_code ignored;
    if (!error) socket->cancel(ignored);
  });
  auto what = udp::socket::wait_read;
  auto waiting = socket->async_wait(what, asio::as_tuple(asio::use_awaitable));
  auto waited = co_await std::move(waiting);
  co_return !std::get<0>(waited);
}

// The first datagram that `understood` takes for an answer, until then; false: none.
asio::awaitable<bool> listen(Socket socket, steady_clock::time_point until,
                             std::function<bool(View)> understood) {
  Bytes buffer(2'048);
  while (steady_clock::now() < until) {
    auto waiting = readable(socket, until);
    bool came = co_await std::move(waiting);
    if (!came) continue;
    error_code error;
    udp::endpoint from;
    std::size_t size = socket->receive_from(asio::buffer(buffer), from, 0, error);
    if (!error && understood(View(buffer).first(size))) co_return true;
  }
  co_return false;
}

void add(std::vector<DhcpHint>& to, std::string source, const std::vector<std::string>& uris) {
  for (const std::string& uri : uris)
    if (dhcp::is_upstream_uri(uri)) to.push_back({source, uri});
}

std::vector<std::string> redirect_of(View option) {
  auto redirect = dhcp::decode_redirect(option);
  return redirect ? std::move(redirect->uris) : std::vector<std::string>();
}

std::vector<DhcpHint> hints4(const std::vector<dhcp::Option>& options, std::uint8_t site_option) {
  std::vector<DhcpHint> first, second, third;
  for (const auto& each : options) {
    if (each.code == dhcp::v4::redirect) add(first, "dhcp4-143", redirect_of(each.value));
    if (each.code == dhcp::v4::vendor) add(second, "dhcp4-43", {dhcp::decode_vendor4(each.value)});
    if (site_option != 0 && each.code == site_option)
      add(third, "dhcp4-site", {std::string(as_text(each.value))});
  }
  std::ranges::move(second, std::back_inserter(first));
  std::ranges::move(third, std::back_inserter(first));
  return first;
}

std::vector<DhcpHint> hints6(const std::vector<dhcp::Option>& options, std::uint32_t enterprise) {
  std::vector<DhcpHint> first, second;
  for (const auto& each : options) {
    if (each.code == dhcp::v6::redirect) add(first, "dhcp6-136", redirect_of(each.value));
    if (each.code == dhcp::v6::vendor)
      add(second, "dhcp6-17", {dhcp::decode_vendor6(each.value, enterprise)});
  }
  std::ranges::move(second, std::back_inserter(first));
  return first;
}

}  // namespace

net::Task<std::vector<DhcpHint>> ask_dhcp4(net::Loop& loop, Random& random, Interface interface,
                                           DhcpQuestion question) {
  if (interface.ipv4.empty()) co_return fail(Errc::not_found, "no IPv4 address");
  CO_TRY(auto own, own_endpoint(interface.ipv4.front(), client4_port));
  CO_TRY(auto socket, open(loop, interface, own));
  dhcp::v4::Inform inform{draw(random), own.address().to_v4().to_bytes(), interface.mac,
                          question.vendor_class, question.site_option};
  Bytes packet = dhcp::v4::encode_inform(inform);
  udp::endpoint everybody(asio::ip::address_v4::broadcast(), server4_port);
  std::vector<DhcpHint> hints;
  auto understood = [&](View in) {
    auto options = dhcp::v4::decode_answer(in, inform);
    if (options) hints = hints4(*options, question.site_option);
    return options.has_value();
  };
  for (milliseconds wait : waits4) {
    error_code ignored;  // nobody hears this try; the next one may do better
    socket->send_to(asio::buffer(packet), everybody, 0, ignored);
    auto until = steady_clock::now() + wait - jitter4 + draw_up_to(random, 2 * jitter4);
    auto listening = listen(socket, until, understood);
    if (co_await std::move(listening)) break;
  }
  co_return hints;
}

net::Task<std::vector<DhcpHint>> ask_dhcp6(net::Loop& loop, Random& random, Interface interface,
                                           DhcpQuestion question) {
  if (interface.link_local.empty()) co_return fail(Errc::not_found, "no link-local address");
  CO_TRY(auto own, own_endpoint(interface.link_local + "%" + interface.name, client6_port));
  CO_TRY(auto socket, open(loop, interface, own));
  dhcp::v6::InformationRequest request{draw(random) & 0xFF'FF'FF, interface.mac, 0,
                                       question.enterprise, question.vendor_class};
  auto servers = asio::ip::make_address_v6("ff02::1:2");
  servers.scope_id(interface.index);
  std::vector<DhcpHint> hints;
  auto understood = [&](View in) {
    auto options = dhcp::v6::decode_reply(in, request);
    if (options) hints = hints6(*options, question.enterprise);
    return options.has_value();
  };
  auto delay = draw_up_to(random, first_delay6);  // RFC 8415 §18.2.6
  auto sleeping = loop.sleep(delay);
  CO_TRY_VOID(co_await std::move(sleeping));
  auto begin = steady_clock::now();
  for (milliseconds wait : waits6) {
    auto since = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    request.elapsed = static_cast<std::uint16_t>(since.count() / 10);
    Bytes packet = dhcp::v6::encode_information_request(request);
    error_code ignored;
    socket->send_to(asio::buffer(packet), udp::endpoint(servers, server6_port), 0, ignored);
    auto listening = listen(socket, steady_clock::now() + wait, understood);
    if (co_await std::move(listening)) break;
  }
  co_return hints;
}

}  // namespace fairlead::link
