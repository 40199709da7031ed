// SPDX-License-Identifier: Apache-2.0
// The client against scripted servers and against ours, without TLS (see tls_test.cpp).
#include <gtest/gtest.h>
#include <poll.h>

#include "net/http.h"
#include "net/test_loop.h"

namespace fairlead::net {
namespace {

// A server of one thread that plays a script for each connection in turn: reads one request, sends
// the bytes.
class ScriptedServer {
 public:
  struct Turn {
    std::string answer;         // after a whole request has come
    bool then_close = false;    // else the connection stays for the next turn
    bool close_before = false;  // without reading
  };
  explicit ScriptedServer(std::vector<Turn> turns) : turns_(std::move(turns)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::listen(listener_, 8);
    socklen_t size = sizeof at;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { play(); });
  }
  ~ScriptedServer() {
    thread_.join();
    if (open_ >= 0) ::close(open_);
    ::close(listener_);
  }
  std::string url(std::string target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }
  int connections() const { return connections_; }
  std::string seen() const { return seen_; }  // after the last turn

 private:
  void play() {
    for (const auto& turn : turns_) {
      if (open_ < 0) {
        open_ = ::accept(listener_, nullptr, nullptr);
        ++connections_;
      }
      if (!turn.close_before) read_request();
      ::send(open_, turn.answer.data(), turn.answer.size(), MSG_NOSIGNAL);
      if (turn.then_close || turn.close_before) ::close(std::exchange(open_, -1));
    }
  }
  void read_request() {
    std::string request;
    char bytes[4096];
    while (request.find("\r\n\r\n") == request.npos) {
      auto count = ::recv(open_, bytes, sizeof bytes, 0);
      if (count <= 0) return;
      request.append(bytes, static_cast<std::size_t>(count));
    }
    seen_ += request;
  }
  std::vector<Turn> turns_;
  int listener_ = -1, open_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::string seen_;
  std::thread thread_;
};

struct Asking {
  explicit Asking(TlsClient tls = {}) : client(t.loop, std::move(tls)) {}
  ~Asking() { t.stop(); }
  Result<HttpResponse> ask(const std::string& url, HttpRequest request = get(),
                           Duration limit = test_patience, std::size_t body_max = 1024) {
    return t.await(client.send(parse_url(url).value(), std::move(request), limit, body_max));
  }
  static HttpRequest get() {
    HttpRequest request;
    request.method = "GET";
    return request;
  }
  LoopThread t;
  HttpClient client;
};

constexpr const char* hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

TEST(HttpClient, ReportsARefusedConnectionInWords) {
  Asking a;
  std::uint16_t port = 0;
  {
    LoopThread t;
    auto server = HttpServer::listen(t.loop, t.log, {}, {}).value();
    port = server->port();
  }
  auto answer = a.ask("http://127.0.0.1:" + std::to_string(port) + "/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::io);
  EXPECT_EQ(answer.error().context,
            "can't connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

// Keeps what a body's sink was given.
struct PartsOf {
  std::string whole;
  std::size_t largest = 0;
  Result<void> verdict = ok();

  static Task<void> take(PartsOf& parts, Bytes part) {
    parts.whole += as_text(part);
    parts.largest = std::max(parts.largest, part.size());
    co_return parts.verdict;
  }
  BodyInParts with(std::uint64_t bytes_max, Duration quiet = test_patience) {
    return {bytes_max, test_patience, quiet,
            [this](Bytes part) { return take(*this, std::move(part)); }};
  }
};

TEST(HttpClient, HandsOnALargeBodyInPartsAndKeepsNothingOfIt) {
  std::string body;
  while (body.size() < 3'000'000) body += "line " + std::to_string(body.size()) + "\n";
  ScriptedServer server(
      {{"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body}});
  Asking a;
  PartsOf parts;
  auto answer = a.t.await(
      a.client.receive(parse_url(server.url()).value(), Asking::get(), parts.with(body.size())));
  ASSERT_TRUE(answer);
  EXPECT_EQ(parts.whole, body);
  EXPECT_LE(parts.largest, 64u * 1024);
  EXPECT_TRUE(answer->body.empty());
}

TEST(HttpClient, ASinkThatCanTakeNoMoreEndsTheExchange) {
  ScriptedServer server({{hello, true}});
  Asking a;
  PartsOf parts;
  parts.verdict = fail(Errc::io, "No space left on device");
  auto answer =
      a.t.await(a.client.receive(parse_url(server.url()).value(), Asking::get(), parts.with(100)));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().context.find("No space left on device"), std::string::npos);
}

TEST(HttpClient, ABodyInPartsHasItsBoundAndIsOnlyThatOfA200) {
  ScriptedServer server({{"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", true},
                         {"HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x'), true}});
  Asking a;
  PartsOf parts;
  auto ask = [&] {
    return a.t.await(
        a.client.receive(parse_url(server.url()).value(), Asking::get(), parts.with(100)));
  };
  auto missing = ask();
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->status, 404u);
  EXPECT_TRUE(parts.whole.empty());
  auto large = ask();
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::refused);
}

TEST(HttpClient, AServerThatFallsSilentInABodyIsLeft) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"}});
  Asking a;
  PartsOf parts;
  auto answer = a.t.await(a.client.receive(parse_url(server.url()).value(), Asking::get(),
                                           parts.with(100, std::chrono::milliseconds(50))));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
  EXPECT_EQ(parts.whole, "hello");
}

TEST(HttpClient, RefusesAnAnswerThatIsNotOne) {
  struct {
    std::string answer;
    Errc code;
  } const cases[] = {
      {"hello\r\n\r\n", Errc::malformed},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", Errc::malformed},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", Errc::malformed},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", Errc::malformed},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n", Errc::refused},
      {"HTTP/1.1 200 OK\r\n\r\n" + std::string(1025, 'x'), Errc::refused},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", Errc::malformed},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", Errc::io},
      {"HTTP/1.1 200 OK\r\nContent-Le", Errc::io},
      {"", Errc::io},
  };
  for (const auto& c : cases) {
    ScriptedServer server({{c.answer, true}});
    Asking a;
    auto answer = a.ask(server.url());
    ASSERT_FALSE(answer) << c.answer.substr(0, 60);
    EXPECT_EQ(answer.error().code, c.code) << to_string(answer.error());
    EXPECT_EQ(server.connections(), 1);  // a fresh connection is not tried again
  }
}

TEST(HttpClient, RefusesToSendHeadersWithLineBreaks) {
  Asking a;
  auto request = Asking::get();
  request.headers = {{"X", "a\r\nHost: b"}};
  EXPECT_EQ(a.ask("http://127.0.0.1:1/", request).error().code, Errc::malformed);
}

TEST(HttpClient, TimesOutWhenNoAnswerComes) {
  ScriptedServer server({{""}});
  Asking a;
  auto answer = a.ask(server.url(), Asking::get(), Duration(30));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
}

TEST(HttpClient, SendsWhatItIsAskedTo) {
  ScriptedServer server({{hello, true}});
  Asking a;
  HttpRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/cbor"}, {"host", "other"}};
  request.body = to_bytes("xy");
  auto answer = a.ask(server.url("/fdo/101/msg/60?a=b"), request);
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->status, 200u);
  EXPECT_EQ(as_text(answer->body), "hello");
  auto authority = parse_url(server.url()).value().authority();
  EXPECT_EQ(server.seen().substr(0, server.seen().find("\r\n\r\n")),
            "POST /fdo/101/msg/60?a=b HTTP/1.1\r\nHost: " + authority +
                "\r\nContent-Type: application/cbor\r\nContent-Length: 2");
}

TEST(HttpClient, ReusesAConnection) {
  ScriptedServer server({{hello}, {hello}, {hello, true}});
  Asking a;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(a.ask(server.url()));
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, TriesOnceMoreWhenAReusedConnectionTurnsOutClosed) {
  // The server takes the second request on the kept connection, then hangs up without a byte.
  ScriptedServer server({{hello}, {"", true}, {hello, true}});
  Asking a;
  ASSERT_TRUE(a.ask(server.url()));
  auto second = a.ask(server.url());
  ASSERT_TRUE(second) << to_string(second.error());
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, DoesNotRetryOnceTheAnswerHasBegun) {
  ScriptedServer server({{hello}, {"HTTP/1.1 200", true}});
  Asking a;
  ASSERT_TRUE(a.ask(server.url()));
  auto second = a.ask(server.url());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::io);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, DoesNotFollowRedirects) {
  ScriptedServer server(
      {{"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", true}});
  Asking a;
  EXPECT_EQ(a.ask(server.url()).value().status, 302u);
}

TEST(HttpClient, UnderstandsEveryWayABodyEnds) {
  for (std::string answer : {
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\n\r\nhello",
           "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
       }) {
    ScriptedServer server({{answer, true}});
    Asking a;
    auto got = a.ask(server.url());
    ASSERT_TRUE(got) << to_string(got.error());
    EXPECT_EQ(as_text(got->body), "hello") << answer;
  }
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true}});
  Asking a;
  auto request = Asking::get();
  request.method = "HEAD";
  EXPECT_TRUE(a.ask(server.url(), request));
}

TEST(HttpClient, HearsWhyALargeBodyIsRefused) {
  LoopThread t;
  HttpServerOptions options;
  options.body_bytes_max = 1000;
  auto handler = [](HttpRequest) -> Task<HttpResponse> { co_return HttpResponse{}; };
  auto server = HttpServer::listen(t.loop, t.log, options, handler).value();
  t.start();
  {
    Asking a;
    HttpRequest request;
    request.method = "POST";
    request.body.assign(500'000, 'x');
    auto answer = a.ask("http://127.0.0.1:" + std::to_string(server->port()), request);
    ASSERT_TRUE(answer) << to_string(answer.error());
    EXPECT_EQ(answer->status, 413u);
  }
  t.stop();
}

TEST(HttpClient, ReachesALinkLocalAddressThroughItsZone) {
  LoopThread t;
  HttpServerOptions options;
  options.address = "::";
  std::string host;
  auto handler = [&](HttpRequest request) -> Task<HttpResponse> {
    host = find_header(request.headers, "Host").value_or("");
    co_return HttpResponse{};
  };
  auto server = HttpServer::listen(t.loop, t.log, options, handler).value();
  t.start();
  {
    Asking a;  // ::1 takes a zone as link-local addresses do, and is there on every machine
    auto port = std::to_string(server->port());
    auto answer = a.ask("http://[::1%lo]:" + port + "/");
    ASSERT_TRUE(answer) << to_string(answer.error());
    EXPECT_EQ(host, "[::1]:" + port);
  }
  t.stop();
}

}  // namespace
}  // namespace fairlead::net
