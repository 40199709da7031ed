// SPDX-License-Identifier: Apache-2.0
#include "link/datagrams.h"

#include <net/if.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

namespace fairlead::link {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

// False: nothing came until then.
asio::awaitable<bool> readable(Datagrams socket, steady_clock::time_point until) {
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

}  // namespace

std::uint32_t draw_number(Random& random) {
  std::uint32_t out = 0;
  for (std::uint8_t byte : random.bytes(4)) out = out << 8 | byte;
  return out;
}

Result<udp::endpoint> own_endpoint(const std::string& address, std::uint16_t port) {
  error_code error;
  auto ip = asio::ip::make_address(address, error);
  if (error) return fail(Errc::not_found, "the interface has no usable address");
  return udp::endpoint(ip, port);
}

Result<Datagrams> open_datagrams(net::Loop& loop, const std::string& interface,
                                 const udp::endpoint& own) {
  auto socket = std::make_shared<udp::socket>(loop.context());
  error_code error;
  socket->open(own.protocol(), error);
  if (error) return fail(Errc::io, "no socket: " + error.message());
  int on = 1, descriptor = socket->native_handle();
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(descriptor, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  if (!interface.empty() && setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                                       static_cast<socklen_t>(interface.size())) != 0)
    return fail(Errc::io, "can't use " + interface + ": " + std::strerror(errno));
  socket->non_blocking(true, error);
  socket->bind(own, error);
  if (error) {
    bool forbidden = error == asio::error::access_denied;
    return fail(forbidden ? Errc::refused : Errc::io, "port " + std::to_string(own.port()) +
                                                          " of " + interface +
                                                          " can't be used: " + error.message());
  }
  return socket;
}

asio::awaitable<bool> listen(Datagrams socket, steady_clock::time_point until,
                             Understood understood) {
  Bytes buffer(9'000);
  while (steady_clock::now() < until) {
    auto waiting = readable(socket, until);
    bool came = co_await std::move(waiting);
    if (!came) continue;
    error_code error;
    udp::endpoint from;
    std::size_t size = socket->receive_from(asio::buffer(buffer), from, 0, error);
    if (!error && understood(View(buffer).first(size), from)) co_return true;
  }
  co_return false;
}

}  // namespace fairlead::link
