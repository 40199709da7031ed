// SPDX-License-Identifier: Apache-2.0
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <map>

#include "net/http.h"
#include "net/http_reader.h"
#include "net/stream.h"
#include "net/tls_session.h"

namespace fairlead::net {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using SteadyTime = steady_clock::time_point;

namespace {

constexpr std::size_t shared_buffer_bytes = 32 * 1024;
constexpr auto connect_attempt_min = std::chrono::milliseconds(500);

struct Origin {
  bool tls;
  std::string host;
  std::uint16_t port;
  friend auto operator<=>(const Origin&, const Origin&) = default;
};

struct Connection {
  Connection(Loop& loop, int descriptor) : stream(loop, descriptor) {}
  Stream stream;
  bool reused = false;
  SteadyTime idle_since{};
  std::string address;  // of the server
  Duration round_trip{};
};

// The deadline of one send(). Interrupts whatever stream the send is busy with.
class Deadline {
 public:
  Deadline(Loop& loop, Duration limit)
      : state_(std::make_shared<State>()),
        end_(steady_clock::now() + limit),
        timer_(loop.context(), limit) {
    timer_.async_wait([state = state_](boost::system::error_code error) {
      if (error) return;
      state->passed = true;
      if (state->stream) state->stream->interrupt();
    });
  }
  ~Deadline() { state_->stream = nullptr; }  // the handler may be queued already
  Deadline(const Deadline&) = delete;
  void watch(Stream* stream) { state_->stream = stream; }
  bool passed() const { return state_->passed || steady_clock::now() >= end_; }
  Duration left() const {
    auto rest = std::chrono::ceil<Duration>(end_ - steady_clock::now());
    return std::max(rest, Duration(0));
  }

 private:
  struct State {
    Stream* stream = nullptr;
    bool passed = false;
  };
  std::shared_ptr<State>
      state_;  // shared with the timer's handler, which may run after this object
  SteadyTime end_;
  asio::steady_timer timer_;
};

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
}

bool is_ours_to_set(std::string_view name) {
  Headers one{{std::string(name), ""}};
  return find_header(one, "Host") || find_header(one, "Content-Length") ||
         find_header(one, "Transfer-Encoding");
}

Result<std::string> request_head(const Url& url, const HttpRequest& request) {
  bool one_word = !request.method.empty() && !url.target.empty();
  for (unsigned char c : request.method + url.target) one_word = one_word && c > ' ' && c < 0x7f;
  if (!one_word)
    return fail(Errc::malformed, "method or path has a character that ends the request line");
  std::string head =
      request.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.authority() + "\r\n";
  for (const auto& [name, value] : request.headers) {
    // RFC 9110 §5.5: such a value would become a header, or a request, of its own.
    if (has_line_break(name) || has_line_break(value))
      return fail(Errc::malformed, "header " + name + " has a line break in it");
    if (is_ours_to_set(name)) continue;
    head += name + ": " + value + "\r\n";
  }
  // RFC 9110 §8.6: "A user agent SHOULD send Content-Length in a request when the method defines a
  // meaning for enclosed content", even when it is 0.
  bool body_expected =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (body_expected || !request.body.empty())
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  head += "\r\n";
  return head;
}

}  // namespace

struct HttpClient::Impl : std::enable_shared_from_this<HttpClient::Impl> {
  Impl(Loop& its_loop, TlsClient its_tls) : loop(its_loop), settings(std::move(its_tls)) {}

  static Task<HttpResponse> send(std::shared_ptr<Impl> client, Url url, HttpRequest request,
                                 BodyInParts parts);
  struct Attempt {
    Result<HttpResponse> response = fail(Errc::internal, "nothing was attempted");
    bool answer_began = false;
  };
  asio::awaitable<Attempt> exchange(const Url& url, const HttpRequest& request,
                                    const std::string& head, std::unique_ptr<Connection> connection,
                                    Deadline& deadline, const BodyInParts& parts);
  Task<void> write(Connection& connection, std::string_view head, std::string_view body);
  Task<void> read(Connection& connection, ResponseReader& reader, const BodyInParts& parts);
  Task<std::unique_ptr<Connection>> connect(const Url& url, Deadline& deadline);
  Task<std::unique_ptr<Connection>> connect_to(const std::string& address, const Url& url,
                                               Deadline& deadline, Duration limit);
  static Task<Look> look(std::shared_ptr<Impl> client, Url url, Duration limit);
  Task<void> secure(const Url& url, Connection& connection);

  std::unique_ptr<Connection> take_idle(const Origin& origin);
  void keep(const Origin& origin, std::unique_ptr<Connection> connection);
  void drop_old();
  void remember_session(const Origin& origin, Connection& connection);

  Loop& loop;
  TlsClient settings;
  std::unique_ptr<TlsConnector>
      connector;  // made at the first https URL: it may read the system's anchors
  std::map<Origin, std::vector<std::unique_ptr<Connection>>> idle;  // most recently used last
  std::size_t idle_count = 0;
  std::map<Origin, TlsResumption> sessions;
  std::vector<char> buffer = std::vector<char>(shared_buffer_bytes);  // never kept over a co_await
};

using Impl = HttpClient::Impl;

namespace {

Origin origin_of(const Url& url) { return {url.tls, url.host, url.port}; }

// The server may have closed it meanwhile; unexpected bytes are as bad.
bool still_quiet(Connection& connection) {
  char byte;
  auto io = connection.stream.read(&byte, 1);  // with TLS this takes in session tickets that wait
  return io.kind == Io::Kind::wait_read;
}

}  // namespace

void Impl::drop_old() {
  auto now = steady_clock::now();
  for (auto place = idle.begin(); place != idle.end();) {
    auto& connections = place->second;
    idle_count -= std::erase_if(connections, [now](const auto& connection) {
      return now - connection->idle_since > limits::http_client_idle_age;
    });
    place = connections.empty() ? idle.erase(place) : std::next(place);
  }
}

std::unique_ptr<Connection> Impl::take_idle(const Origin& origin) {
  drop_old();
  auto place = idle.find(origin);
  if (place == idle.end()) return nullptr;
  std::unique_ptr<Connection> found;
  while (!found && !place->second.empty()) {
    auto connection = std::move(place->second.back());
    place->second.pop_back();
    --idle_count;
    if (still_quiet(*connection)) found = std::move(connection);
  }
  if (place->second.empty()) idle.erase(place);
  if (found) found->reused = true;
  return found;
}

void Impl::keep(const Origin& origin, std::unique_ptr<Connection> connection) {
  drop_old();
  auto& connections = idle[origin];
  if (connections.size() >= limits::http_client_idle_per_origin_max ||
      idle_count >= limits::http_client_idle_max) {
    if (connections.empty()) idle.erase(origin);
    return;
  }
  connection->idle_since = steady_clock::now();
  connections.push_back(std::move(connection));
  ++idle_count;
}

void Impl::remember_session(const Origin& origin, Connection& connection) {
  if (!connection.stream.tls() || !connection.stream.tls()->peer().resumption) return;
  if (sessions.size() >= limits::tls_sessions_max && !sessions.contains(origin))
    sessions.erase(sessions.begin());
  sessions[origin] = std::move(connection.stream.tls()->peer().resumption);
}

Task<void> Impl::secure(const Url& url, Connection& connection) {
  auto host = url.host.substr(0, url.host.find('%'));
  auto known = sessions.find(origin_of(url));
  TlsResumption resume = known == sessions.end() ? nullptr : known->second;
  CO_TRY(auto session, connector->open(connection.stream.descriptor(), host, resume));
  connection.stream.use_tls(std::move(session));
  auto handshake = connection.stream.handshake();
  auto secured = co_await std::move(handshake);
  // A session that did not help is forgotten, so that a server with new ideas is met afresh.
  if (!secured) sessions.erase(origin_of(url));
  if (!secured && secured.error().code != Errc::untrusted)
    co_return std::move(secured).in(url.authority());
  co_return std::move(secured);
}

Task<std::unique_ptr<Connection>> Impl::connect_to(const std::string& address, const Url& url,
                                                   Deadline& deadline, Duration limit) {
  boost::system::error_code error;
  auto numeric = asio::ip::make_address(address, error);
  if (error) co_return fail(Errc::io, "not an address");
  asio::ip::tcp::endpoint endpoint(numeric, url.port);
  int socket =
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) co_return fail(Errc::io, std::strerror(errno));
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto begin = steady_clock::now();
  int begun = ::connect(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  int problem = begun == 0 ? 0 : errno;
  auto connection = std::make_unique<Connection>(loop, socket);
  if (problem == EINPROGRESS) {
    Deadline attempt(loop, limit);
    attempt.watch(&connection->stream);
    auto waiting = connection->stream.wait(Io::Kind::wait_write);
    auto waited = co_await std::move(waiting);
    attempt.watch(nullptr);
    if (attempt.passed() || connection->stream.interrupted())
      co_return fail(Errc::timed_out, "no answer");
    if (std::get<0>(waited)) co_return fail(Errc::cancelled, "cancelled");
    socklen_t size = sizeof problem;
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &problem, &size);
  }
  if (problem != 0) co_return fail(Errc::io, std::strerror(problem));
  connection->address = address;
  connection->round_trip = std::chrono::duration_cast<Duration>(steady_clock::now() - begin);
  deadline.watch(&connection->stream);
  co_return std::move(connection);
}

// Each address gets its share of the time that is left: a dead one must not use up all of it.
Task<std::unique_ptr<Connection>> Impl::connect(const Url& url, Deadline& deadline) {
  auto resolving = resolve(loop, url.host, deadline.left());
  CO_TRY(auto addresses, co_await std::move(resolving));
  auto where = "can't connect to " + url.authority() + ": ";
  Error last{Errc::timed_out, where + "no time left"};
  for (std::size_t i = 0; i < addresses.size() && !deadline.passed(); ++i) {
    auto share = deadline.left() / static_cast<Duration::rep>(addresses.size() - i);
    auto limit =
        std::min(deadline.left(), std::max(Duration(share), Duration(connect_attempt_min)));
    auto attempt = connect_to(addresses[i], url, deadline, limit);
    auto connection = co_await std::move(attempt);
    if (connection) co_return std::move(connection);
    last = {connection.error().code, where + connection.error().context};
    if (last.code == Errc::cancelled) break;
  }
  co_return fail(std::move(last));
}

Task<void> Impl::write(Connection& connection, std::string_view head, std::string_view body) {
  while (!head.empty() || !body.empty()) {
    auto io = connection.stream.write(head, body);
    if (io.kind == Io::Kind::done) {
      auto of_head = std::min(io.count, head.size());
      head.remove_prefix(of_head);
      body.remove_prefix(io.count - of_head);
      continue;
    }
    if (io.kind == Io::Kind::closed) co_return fail(Errc::io, "the server closed the connection");
    if (io.kind == Io::Kind::failed) co_return fail(Errc::io, io.why);
    if (connection.stream.interrupted()) co_return fail(Errc::timed_out, "could not send in time");
    auto waiting = connection.stream.wait(io.kind);
    auto waited = co_await std::move(waiting);
    if (connection.stream.interrupted()) co_return fail(Errc::timed_out, "could not send in time");
    if (std::get<0>(waited)) co_return fail(Errc::cancelled, "cancelled");
  }
  co_return ok();
}

Task<void> Impl::read(Connection& connection, ResponseReader& reader, const BodyInParts& parts) {
  std::string unread;
  for (;;) {
    auto io = connection.stream.read(buffer.data(), buffer.size());
    HttpProgress progress;
    if (io.kind == Io::Kind::done) {
      std::string_view bytes(buffer.data(), io.count);
      if (!unread.empty()) bytes = unread += bytes;
      progress = reader.put(bytes);
      std::string rest(bytes.substr(std::min(progress.consumed, bytes.size())));
      if (progress.complete && !rest.empty())
        co_return fail(Errc::malformed, "the server sent more than its answer");
      unread = std::move(rest);
    } else if (io.kind == Io::Kind::closed) {
      if (!reader.something_came()) co_return fail(Errc::io, "the server closed the connection");
      progress = reader.end_of_stream();
      if (progress.refused)
        co_return fail(Errc::io, "the server closed the connection in mid-answer");
    } else if (io.kind == Io::Kind::failed) {
      co_return fail(Errc::io, io.why);
    } else {
      if (connection.stream.interrupted()) co_return fail(Errc::timed_out, "no answer in time");
      std::optional<Deadline> quiet;
      if (parts.quiet > Duration(0)) quiet.emplace(loop, parts.quiet).watch(&connection.stream);
      auto waiting = connection.stream.wait(io.kind);
      auto waited = co_await std::move(waiting);
      if (connection.stream.interrupted()) co_return fail(Errc::timed_out, "no answer in time");
      if (std::get<0>(waited)) co_return fail(Errc::cancelled, "cancelled");
      continue;
    }
    if (parts.sink) {
      Bytes part = reader.take_body();
      if (!part.empty() && reader.status() == 200) {
        auto putting = parts.sink(std::move(part));
        CO_TRY_VOID(co_await std::move(putting));
      }
    }
    if (progress.refused == 413) co_return fail(Errc::refused, "the answer is larger than allowed");
    if (progress.refused)
      co_return fail(Errc::malformed, "the answer is not HTTP: " + progress.why);
    if (progress.complete) co_return ok();
  }
}

asio::awaitable<Impl::Attempt> Impl::exchange(const Url& url, const HttpRequest& request,
                                              const std::string& head,
                                              std::unique_ptr<Connection> connection,
                                              Deadline& deadline, const BodyInParts& parts) {
  deadline.watch(&connection->stream);
  struct Unwatch {
    Deadline& deadline;
    ~Unwatch() { deadline.watch(nullptr); }
  } unwatch{deadline};
  ResponseReader reader(parts.bytes_max, request.method);
  auto writing = write(*connection, head, as_text(request.body));
  auto written = co_await std::move(writing);
  Attempt out;
  // A server that refuses a large body answers and closes while we still write: its answer says
  // why.
  if (!written && written.error().code != Errc::io) {
    out.response = fail(std::move(written).error());
    co_return out;
  }
  auto reading = read(*connection, reader, parts);
  auto came = co_await std::move(reading);
  out.answer_began = reader.something_came();
  if (!came) {
    out.response = fail(written ? std::move(came).error() : std::move(written).error());
    co_return out;
  }
  out.response = reader.take();
  remember_session(origin_of(url), *connection);
  if (written && reader.keep_alive()) keep(origin_of(url), std::move(connection));
  co_return out;
}

Task<HttpResponse> Impl::send(std::shared_ptr<Impl> client, Url url, HttpRequest request,
                              BodyInParts parts) {
  if (url.tls && !client->connector) {
    CO_TRY(client->connector, TlsConnector::create(client->settings));
  }
  CO_TRY(auto head, request_head(url, request));
  Deadline deadline(client->loop, parts.limit);
  auto where = url.authority();
  if (auto reused = client->take_idle(origin_of(url))) {
    auto exchanging = client->exchange(url, request, head, std::move(reused), deadline, parts);
    auto attempt = co_await std::move(exchanging);
    // RFC 9110 §9.2.2: "A client SHOULD NOT automatically retry a request with a non-idempotent
    // method unless it has … some means to detect that the original request was never applied." A
    // reused connection that ends without a byte of answer was closed for idleness.
    bool closed_unused =
        !attempt.response && attempt.response.error().code == Errc::io && !attempt.answer_began;
    if (!closed_unused || deadline.passed()) co_return std::move(attempt.response).in(where);
  }
  auto connecting = client->connect(url, deadline);
  CO_TRY(auto connection, co_await std::move(connecting));
  if (url.tls) {
    auto securing = client->secure(url, *connection);
    auto secured = co_await std::move(securing);
    deadline.watch(nullptr);
    if (!secured) co_return fail(std::move(secured).error());
  }
  auto exchanging = client->exchange(url, request, head, std::move(connection), deadline, parts);
  auto attempt = co_await std::move(exchanging);
  co_return std::move(attempt.response).in(where);
}

Task<Look> Impl::look(std::shared_ptr<Impl> client, Url url, Duration limit) {
  if (!url.tls) co_return fail(Errc::unsupported, "only https shows who is there");
  if (!client->connector) {
    CO_TRY(client->connector, TlsConnector::create(client->settings));
  }
  Deadline deadline(client->loop, limit);
  auto connecting = client->connect(url, deadline);
  CO_TRY(auto connection, co_await std::move(connecting));
  auto securing = client->secure(url, *connection);
  auto secured = co_await std::move(securing);
  deadline.watch(nullptr);
  if (!secured) co_return fail(std::move(secured).error());
  auto& shown = connection->stream.tls()->peer().certificate;
  if (!shown) co_return fail(Errc::malformed, "its certificate can't be read");
  co_return Look{connection->address, connection->round_trip, std::move(*shown)};
}

HttpClient::HttpClient(Loop& loop, TlsClient tls)
    : impl_(std::make_shared<Impl>(loop, std::move(tls))) {}
HttpClient::~HttpClient() = default;

Task<HttpResponse> HttpClient::send(Url url, HttpRequest request, Duration limit,
                                    std::size_t body_bytes_max) {
  return Impl::send(impl_, std::move(url), std::move(request), {body_bytes_max, limit, {}, {}});
}

Task<HttpResponse> HttpClient::receive(Url url, HttpRequest request, BodyInParts parts) {
  return Impl::send(impl_, std::move(url), std::move(request), std::move(parts));
}

Task<Look> HttpClient::look(Url url, Duration limit) {
  return Impl::look(impl_, std::move(url), limit);
}

}  // namespace fairlead::net
