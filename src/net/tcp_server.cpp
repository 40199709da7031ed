// SPDX-License-Identifier: Apache-2.0
#include "net/tcp_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <map>

#include "base/events.h"

namespace fairlead::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct TcpConnection::Impl : std::enable_shared_from_this<TcpConnection::Impl> {
  Impl(tcp::socket its_socket, std::string its_peer)
      : socket(std::move(its_socket)), timer(socket.get_executor()), peer(std::move(its_peer)) {}

  // Ends the wait that follows after `limit`.
  void start_waiting(Duration limit) {
    late = false;
    timer.expires_after(limit);
    timer.async_wait([weak = weak_from_this()](error_code cancelled) {
      auto self = weak.lock();
      if (!self || cancelled || self->timer.expiry() > asio::steady_timer::clock_type::now())
        return;
      self->late = true;
      error_code ignored;
      self->socket.cancel(ignored);
    });
  }
  Result<void> ended(error_code error) {
    timer.cancel();
    if (late) return fail(Errc::timed_out, "the peer keeps us waiting");
    if (error == asio::error::eof) return fail(Errc::io, "the peer has closed the connection");
    if (error) return fail(Errc::io, error.message());
    return ok();
  }

  tcp::socket socket;
  asio::steady_timer timer;
  const std::string peer;
  bool late = false;
};

const std::string& TcpConnection::peer() const { return impl_->peer; }

Task<Bytes> TcpConnection::read(std::size_t max, Duration limit) {
  Bytes out(max);
  error_code error;
  auto buffer = asio::buffer(out);
  auto into_error = asio::redirect_error(asio::use_awaitable, error);
  impl_->start_waiting(limit);
  std::size_t length = co_await impl_->socket.async_read_some(buffer, into_error);
  CO_TRY_VOID(impl_->ended(error));
  out.resize(length);
  co_return out;
}

Task<void> TcpConnection::write(Bytes bytes, Duration limit) {
  error_code error;
  auto buffer = asio::buffer(bytes);
  auto into_error = asio::redirect_error(asio::use_awaitable, error);
  impl_->start_waiting(limit);
  co_await asio::async_write(impl_->socket, buffer, into_error);
  co_return impl_->ended(error);
}

struct TcpServer::Impl : std::enable_shared_from_this<TcpServer::Impl> {
  Impl(Loop& its_loop, Log& its_log, TcpServerOptions its_options, Handler its_handler)
      : loop(its_loop),
        log(its_log),
        options(std::move(its_options)),
        handler(std::move(its_handler)),
        acceptor(loop.context()) {}

  Result<void> open();
  static Task<void> accept(std::shared_ptr<Impl> server);
  static Task<void> serve(std::shared_ptr<Impl> server, TcpConnection connection);
  void admit(tcp::socket socket);

  Loop& loop;
  Log& log;
  const TcpServerOptions options;
  const Handler handler;
  tcp::acceptor acceptor;
  std::map<std::string, std::size_t> open_by_peer;
  std::size_t open_in_all = 0;
  std::function<void()> cancel_accept;
};

Result<void> TcpServer::Impl::open() {
  const auto where =
      "can't listen on " + options.address + " port " + std::to_string(options.port) + ": ";
  error_code error;
  auto address = asio::ip::make_address(options.address, error);
  if (error) return fail(Errc::malformed, where + "not an IP address");
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return fail(Errc::io, where + error.message());
  return ok();
}

Task<void> TcpServer::Impl::accept(std::shared_ptr<Impl> server) {
  while (server->acceptor.is_open()) {
    error_code error;
    auto into_error = asio::redirect_error(asio::use_awaitable, error);
    tcp::socket socket = co_await server->acceptor.async_accept(into_error);
    if (error == asio::error::operation_aborted)
      co_return fail(Errc::cancelled, "the listener was closed");
    if (!error) {
      server->admit(std::move(socket));
      continue;
    }
    server->log(event::accept_failed, {{"why", error.message()}});
    auto pausing = server->loop.sleep(std::chrono::milliseconds(100));
    CO_TRY_VOID(co_await std::move(pausing));
  }
  co_return ok();
}

void TcpServer::Impl::admit(tcp::socket socket) {
  error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error || loop.stopping()) return;
  std::string peer = remote.address().to_string();
  std::size_t& of_peer = open_by_peer[peer];
  if (open_in_all >= options.connections_max || of_peer >= options.connections_per_peer_max) {
    const bool in_all = open_in_all >= options.connections_max;
    const auto limit = in_all ? options.connections_max : options.connections_per_peer_max;
    log(event::connection_limit, {{"peer", peer},
                                  {"limit", std::to_string(limit)},
                                  {"kind", in_all ? "in all" : "from one address"}});
    if (of_peer == 0) open_by_peer.erase(peer);
    return;
  }
  ++of_peer;
  ++open_in_all;
  TcpConnection connection(
      std::make_shared<TcpConnection::Impl>(std::move(socket), std::move(peer)));
  loop.spawn_cancellable("tcp connection", serve(shared_from_this(), std::move(connection)));
}

Task<void> TcpServer::Impl::serve(std::shared_ptr<Impl> server, TcpConnection connection) {
  // Leaves the table also when the coroutine is unwound.
  struct Leave {
    Impl& server;
    std::string peer;
    ~Leave() {
      --server.open_in_all;
      auto at = server.open_by_peer.find(peer);
      if (--at->second == 0) server.open_by_peer.erase(at);
    }
  } leave{*server, connection.peer()};
  auto handling = server->handler(std::move(connection));
  ignore(co_await std::move(handling), "the handler has logged what there was to say");
  co_return ok();
}

Result<std::unique_ptr<TcpServer>> TcpServer::listen(Loop& loop, Log& log, TcpServerOptions options,
                                                     Handler handler) {
  auto impl = std::make_shared<Impl>(loop, log, std::move(options), std::move(handler));
  TRY_VOID(impl->open());
  impl->cancel_accept = loop.spawn_cancellable("tcp listener", Impl::accept(impl));
  return std::unique_ptr<TcpServer>(new TcpServer(std::move(impl)));
}

TcpServer::~TcpServer() {
  impl_->cancel_accept();
  error_code ignored;
  impl_->acceptor.close(ignored);
}

std::uint16_t TcpServer::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

}  // namespace fairlead::net
