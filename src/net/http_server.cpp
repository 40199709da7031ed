// SPDX-License-Identifier: Apache-2.0
// One coroutine per connection. Requests are read into one buffer that all connections share, so an
// idle connection owns none; one coarse timer watches all deadlines; an answer leaves with one
// gathering write.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>

#include "base/events.h"
#include "net/http_answer.h"
#include "net/http_connection.h"
#include "net/tls_session.h"

namespace fairlead::net {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t shared_buffer_bytes = 32 * 1024;
constexpr std::size_t kept_head_bytes = 2 * 1024;   // of memory, between two answers
constexpr std::size_t tls_merge_bytes = 16 * 1024;  // head and body in one TLS record
constexpr int accepts_per_turn = 64;                // then others get their turn
constexpr auto linger_deadline = std::chrono::seconds(1);
constexpr std::size_t linger_bytes_max = 1024 * 1024;

struct Peer {
  int descriptor = -1;
  std::string address;
};

std::string address_text(const sockaddr_storage& from) {
  if (from.ss_family == AF_INET) {
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(from).sin_addr, text, sizeof text);
    return text;
  }
  const auto& six = reinterpret_cast<const sockaddr_in6&>(from);
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
  asio::ip::address_v6 address(bytes, six.sin6_scope_id);
  if (address.is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address).to_string();
  return address.to_string();
}

}  // namespace

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
  Impl(Loop& its_loop, Log& its_log, HttpServerOptions its_options, HttpHandler its_handler)
      : loop(its_loop),
        log(its_log),
        options(std::move(its_options)),
        handler(std::move(its_handler)),
        table(std::make_shared<ConnectionTable>(options.connections_max,
                                                options.connections_per_peer_max)),
        listener(loop.context()),
        sweep(loop.context()) {}

  Result<void> open();
  void close();
  void arm_sweep();
  void admit(Peer peer);
  void report_full(const std::string& peer, ConnectionTable::Room room);

  static Task<void> accept(std::shared_ptr<Impl> server);
  Result<Peer> accept_one();
  static Task<void> serve(std::shared_ptr<Impl> server, std::unique_ptr<HttpConnection> connection);

  enum class Got { request, closed, refused };
  struct Reading {
    Got got = Got::closed;
    unsigned status = 0;
    std::string why{};
  };
  asio::awaitable<Reading> read_request(HttpConnection& c, bool first);
  asio::awaitable<bool> write_all(HttpConnection& c, std::string_view head, std::string_view body);
  asio::awaitable<bool> answer(HttpConnection& c, const HttpResponse& response, AnswerStyle style);
  asio::awaitable<void> refuse(HttpConnection& c, const Reading& reading);
  asio::awaitable<void> linger(HttpConnection& c);
  asio::awaitable<HttpResponse> handle(HttpConnection& c, HttpRequest request);
  void describe_peer(HttpConnection& c, HttpRequest& request);

  Loop& loop;
  Log& log;
  HttpServerOptions options;
  HttpHandler handler;
  std::shared_ptr<ConnectionTable> table;
  std::shared_ptr<TlsAcceptor> tls;
  asio::posix::stream_descriptor listener;
  std::uint16_t port = 0;
  asio::steady_timer sweep;
  bool sweeping = false;
  bool closed = false;
  std::function<void()> cancel_accept;
  std::vector<char> buffer = std::vector<char>(shared_buffer_bytes);  // never kept over a co_await
  SteadyTime full_reported{};
  DateLine date;
};

using Impl = HttpServer::Impl;

Result<void> Impl::open() {
  auto where =
      "can't listen on " + options.address + " port " + std::to_string(options.port) + ": ";
  error_code error;
  auto zone = options.address.find('%');
  std::string bare = options.address.substr(0, zone), interface;
  auto address = asio::ip::make_address(bare, error);
  if (error) return fail(Errc::malformed, where + "not an IP address");
  if (zone != bare.npos && address.is_unspecified()) {
    interface = options.address.substr(zone + 1);
  } else if (zone != bare.npos) {
    address = asio::ip::make_address(options.address, error);
  }
  if (options.tls) {
    TRY(tls, TlsAcceptor::create(*options.tls).in("TLS of the server"));
  }
  asio::ip::tcp::endpoint endpoint(address, options.port);
  int socket =
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return fail(Errc::io, where + std::strerror(errno));
  listener.assign(socket);
  int on = 1, off = 0;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  if (address.is_v6()) setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (!interface.empty() && setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                                       static_cast<socklen_t>(interface.size())) != 0)
    return fail(Errc::io, where + std::strerror(errno));
  if (::bind(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(socket, SOMAXCONN) != 0)
    return fail(Errc::io, where + std::strerror(errno));
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0)
    return fail(Errc::io, where + std::strerror(errno));
  port = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                           : reinterpret_cast<sockaddr_in&>(bound).sin_port);
  log(event::http_listening,
      {{"address", options.address}, {"port", std::to_string(port)}, {"tls", tls ? "yes" : "no"}});
  return ok();
}

void Impl::close() {
  closed = true;
  if (cancel_accept) cancel_accept();
  error_code ignored;
  listener.close(ignored);
  sweep.cancel();
  table->cancel_all();
}

// Runs only while there are connections: a device that nobody talks to should sleep.
void Impl::arm_sweep() {
  if (sweeping || closed) return;
  sweeping = true;
  auto shortest = std::min({options.header_deadline, options.body_deadline, options.idle_deadline,
                            options.write_deadline});
  sweep.expires_after(std::clamp<Duration>(shortest / 4, Duration(1), Duration(500)));
  sweep.async_wait([weak = weak_from_this()](error_code error) {
    auto self = weak.lock();
    if (!self) return;
    self->sweeping = false;
    if (error) return;
    self->table->interrupt_late(steady_clock::now());
    if (self->table->size() > 0) self->arm_sweep();
  });
}

Result<Peer> Impl::accept_one() {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  Peer peer;
  peer.descriptor = ::accept4(listener.native_handle(), reinterpret_cast<sockaddr*>(&from), &size,
                              SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (peer.descriptor >= 0) {
    peer.address = address_text(from);
    return peer;
  }
  switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return fail(Errc::busy, std::strerror(errno));
    case EAGAIN:
      return fail(Errc::not_found, "nobody is waiting");
    default:
      return fail(Errc::io, std::strerror(errno));  // of one connection that is gone already
  }
}

Task<void> Impl::accept(std::shared_ptr<Impl> server) {
  bool reported = false;
  while (!server->closed) {
    error_code error;
    auto ready = asio::posix::stream_descriptor::wait_read;
    co_await server->listener.async_wait(ready, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail(Errc::cancelled, "the listener was closed");
    for (int i = 0; i < accepts_per_turn && !server->closed; ++i) {
      auto peer = server->accept_one();
      if (peer) {
        reported = false;
        server->admit(std::move(*peer));
      } else if (peer.error().code == Errc::not_found) {
        break;
      } else if (peer.error().code == Errc::busy) {
        if (!reported) server->log(event::accept_failed, {{"why", peer.error().context}});
        reported = true;
        server->table->close_longest_waiting();
        auto pause = server->loop.sleep(Duration(20));  // descriptors come back when coroutines end
        ignore(co_await std::move(pause), "cancelled: the next wait says so");
        break;
      }
    }
  }
  co_return ok();
}

void Impl::admit(Peer peer) {
  if (loop.stopping()) {
    ::close(peer.descriptor);
    return;
  }
  auto room = table->make_room(peer.address);
  if (room != ConnectionTable::Room::yes) {
    report_full(peer.address, room);
    ::close(peer.descriptor);
    return;
  }
  auto connection =
      std::make_unique<HttpConnection>(loop, peer.descriptor, std::move(peer.address));
  if (tls) {
    auto session = tls->open(peer.descriptor);
    if (!session) {
      log(event::tls_handshake_failed,
          {{"peer", connection->peer}, {"why", session.error().context}});
      return;
    }
    connection->tls = tls;
    connection->stream.use_tls(std::move(*session));
  }
  table->enter(*connection);
  auto& entered = *connection;
  entered.cancel =
      loop.spawn_cancellable("http connection", serve(shared_from_this(), std::move(connection)));
  arm_sweep();
}

void Impl::report_full(const std::string& peer, ConnectionTable::Room room) {
  auto now = steady_clock::now();
  if (now - full_reported < std::chrono::seconds(1)) return;
  full_reported = now;
  bool of_peer = room == ConnectionTable::Room::full_for_peer;
  auto limit = of_peer ? options.connections_per_peer_max : options.connections_max;
  log(event::connection_limit, {{"peer", peer},
                                {"limit", std::to_string(limit)},
                                {"kind", of_peer ? "from one address" : "in all"}});
}

Task<void> Impl::serve(std::shared_ptr<Impl> server, std::unique_ptr<HttpConnection> connection) {
  auto& c = *connection;
  if (c.stream.tls()) {
    c.deadline = steady_clock::now() + server->options.header_deadline;
    server->table->set_reading(c);
    auto handshake = c.stream.handshake();
    auto secured = co_await std::move(handshake);
    if (!secured) {
      server->log(event::tls_handshake_failed,
                  {{"peer", c.peer}, {"why", secured.error().context}});
      co_return ok();
    }
  }
  for (bool first = true;; first = false) {
    auto reading_it = server->read_request(c, first);
    auto reading = co_await std::move(reading_it);
    if (reading.got == Got::closed) co_return ok();
    if (reading.got == Got::refused) {
      auto refusing = server->refuse(c, reading);
      co_await std::move(refusing);
      co_return ok();
    }
    AnswerStyle style{c.reader.keep_alive() && !server->closed, c.reader.version_1_0()};
    auto request = c.reader.take();
    style.head_only = request.method == "HEAD";
    server->describe_peer(c, request);
    c.deadline = SteadyTime::max();  // the handler's waits have deadlines of their own
    auto handling = server->handle(c, std::move(request));
    auto response = co_await std::move(handling);
    auto answering = server->answer(c, response, style);
    bool sent = co_await std::move(answering);
    if (!sent) co_return ok();
    if (!style.keep_alive) break;
  }
  auto lingering = server->linger(c);
  co_await std::move(lingering);
  co_return ok();
}

void Impl::describe_peer(HttpConnection& c, HttpRequest& request) {
  request.peer = c.peer;
  if (!c.stream.tls()) return;
  request.tls_resumed = c.stream.tls()->resumed();
  const auto& peer = c.stream.tls()->peer();
  request.client_certificate = peer.certificate;
  request.client_certificate_valid = peer.valid;
  request.client_certificate_problem = peer.problem;
  request.tls_unique = c.stream.tls()->unique_binding();
}

asio::awaitable<Impl::Reading> Impl::read_request(HttpConnection& c, bool first) {
  enum class Phase { idle, head, body };
  auto phase = Phase::idle;
  bool continued = false;
  if (c.head.capacity() > kept_head_bytes) c.head = std::string();
  c.reader.begin(options.body_bytes_max, &options.body_limit_for);
  c.deadline = steady_clock::now() + (first ? options.header_deadline : options.idle_deadline);
  std::string_view bytes = c.unread;  // a pipelined request, perhaps
  for (;;) {
    if (!bytes.empty()) {
      auto progress = c.reader.put(bytes);
      if (progress.refused)
        co_return Reading{Got::refused, progress.refused, std::move(progress.why)};
      if (bytes.data() == c.unread.data()) {
        c.unread.erase(0, progress.consumed);
      } else {
        c.unread.assign(bytes.substr(progress.consumed));
      }
      if (progress.complete) {
        table->set_busy(c);
        co_return Reading{Got::request};
      }
      if (phase == Phase::idle) {
        table->set_reading(c);
        phase = Phase::head;
        c.deadline = steady_clock::now() + options.header_deadline;
      }
      if (phase == Phase::head && c.reader.head_complete()) {
        phase = Phase::body;
        c.deadline = steady_clock::now() + options.body_deadline;
      }
      if (phase == Phase::body && !continued && c.reader.expects_continue()) {
        continued = true;
        auto writing = write_all(c, "HTTP/1.1 100 Continue\r\n\r\n", {});
        bool written = co_await std::move(writing);
        if (!written) co_return Reading{};
        c.deadline = steady_clock::now() + options.body_deadline;
      }
    } else if (phase == Phase::idle) {
      if (c.unread.empty()) c.unread = std::string();
      table->set_idle(c);
      if (!c.stream.has_buffered()) {  // a read would find nothing just after an answer
        auto waiting = c.stream.wait(Io::Kind::wait_read);
        auto waited = co_await std::move(waiting);
        if (std::get<0>(waited) || c.stream.interrupted()) co_return Reading{};
      }
    }
    for (;;) {
      auto io = c.stream.read(buffer.data(), buffer.size());
      if (io.kind == Io::Kind::done) {
        std::string_view fresh(buffer.data(), io.count);
        if (!c.unread.empty()) c.unread += fresh;
        bytes = c.unread.empty() ? fresh : std::string_view(c.unread);
        break;
      }
      if (io.kind == Io::Kind::closed || io.kind == Io::Kind::failed) co_return Reading{};
      if (!c.stream.interrupted()) {
        auto waiting = c.stream.wait(io.kind);
        auto waited = co_await std::move(waiting);
        if (std::get<0>(waited) && !c.stream.interrupted()) co_return Reading{};
      }
      if (c.stream.interrupted()) {
        if (phase == Phase::idle || c.dropped) co_return Reading{};
        co_return Reading{Got::refused, 408, "the request did not arrive in time"};
      }
    }
  }
}

asio::awaitable<HttpResponse> Impl::handle(HttpConnection& c, HttpRequest request) {
  auto what = request.method + " " + request.target.substr(0, request.target.find('?'));
  std::string why;
  try {
    auto handling = handler(std::move(request));
    auto response = co_await std::move(handling);
    if (response) co_return std::move(*response);
    if (response.error().code == Errc::cancelled) c.stream.interrupt();  // the server is stopping
    why = to_string(response.error());
  } catch (const boost::system::system_error& e) {
    if (e.code() == asio::error::operation_aborted) throw;  // cancelled: this task unwinds
    why = e.what();
  } catch (const std::exception& e) {
    why = e.what();
  }
  if (!c.stream.interrupted()) log(event::internal_error, {{"where", what}, {"why", why}});
  HttpResponse failed;
  failed.status = 500;
  co_return failed;
}

asio::awaitable<bool> Impl::answer(HttpConnection& c, const HttpResponse& response,
                                   AnswerStyle style) {
  write_head(c.head, response, style, date.now());
  std::string_view body = as_text(response.body);
  if (style.head_only || response.status == 204 || response.status == 304) body = {};
  if (c.stream.tls() && !body.empty() && body.size() <= tls_merge_bytes) {
    c.head += body;
    body = {};
  }
  return write_all(c, c.head, body);
}

asio::awaitable<bool> Impl::write_all(HttpConnection& c, std::string_view head,
                                      std::string_view body) {
  c.deadline = steady_clock::now() + options.write_deadline +
               std::chrono::seconds((head.size() + body.size()) / options.write_rate_min);
  while (!head.empty() || !body.empty()) {
    auto io = c.stream.write(head, body);
    if (io.kind == Io::Kind::done) {
      auto of_head = std::min(io.count, head.size());
      head.remove_prefix(of_head);
      body.remove_prefix(io.count - of_head);
      continue;
    }
    if (io.kind == Io::Kind::closed || io.kind == Io::Kind::failed) co_return false;
    if (c.stream.interrupted()) co_return false;
    auto waiting = c.stream.wait(io.kind);
    auto waited = co_await std::move(waiting);
    if (std::get<0>(waited) || c.stream.interrupted()) co_return false;
  }
  co_return true;
}

asio::awaitable<void> Impl::refuse(HttpConnection& c, const Reading& reading) {
  log(event::http_request_refused,
      {{"peer", c.peer}, {"status", std::to_string(reading.status)}, {"why", reading.why}});
  c.stream.forgive();  // the deadline that passed was the request's
  HttpResponse response;
  response.status = reading.status;
  auto answering = answer(c, response, AnswerStyle{});
  bool sent = co_await std::move(answering);
  if (!sent) co_return;
  auto lingering = linger(c);
  co_await std::move(lingering);
}

// RFC 9112 §9.6: closing at once would make the peer's system discard our answer when more of the
// request arrives. So: half-close, then read what still comes, within bounds.
asio::awaitable<void> Impl::linger(HttpConnection& c) {
  c.stream.end_writing();
  c.deadline = steady_clock::now() + linger_deadline;
  for (std::size_t total = 0; total < linger_bytes_max && !c.stream.interrupted();) {
    auto count = ::recv(c.stream.descriptor(), buffer.data(), buffer.size(), 0);
    if (count == 0) co_return;
    if (count > 0) {
      total += static_cast<std::size_t>(count);
      continue;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) co_return;
    auto waiting = c.stream.wait(Io::Kind::wait_read);
    auto waited = co_await std::move(waiting);
    if (std::get<0>(waited)) co_return;
  }
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Loop& loop, Log& log,
                                                       HttpServerOptions options,
                                                       HttpHandler handler) {
  auto impl = std::make_shared<Impl>(loop, log, std::move(options), std::move(handler));
  TRY_VOID(impl->open());
  impl->cancel_accept = loop.spawn_cancellable("http listener", Impl::accept(impl));
  return std::make_unique<HttpServer>(impl);
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { impl_->close(); }
std::uint16_t HttpServer::port() const { return impl_->port; }
std::size_t HttpServer::connections() const { return impl_->table->size(); }

Result<void> HttpServer::use_tls(const TlsServer& settings) {
  if (!impl_->tls) return fail(Errc::conflict, "this listener does without TLS");
  TRY(impl_->tls, TlsAcceptor::create(settings).in("TLS of the server"));
  return ok();
}

}  // namespace fairlead::net
