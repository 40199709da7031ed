// SPDX-License-Identifier: Apache-2.0
// Dialogues with the server, byte by byte.
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include "net/http.h"
#include "net/test_loop.h"

namespace fairlead::net {
namespace {

// Answers with what it understood, so that a test can see it.
Task<HttpResponse> echo(HttpRequest request) {
  auto path = request.target.substr(0, request.target.find('?'));
  if (path == "/error") co_return fail(Errc::io, "disk is full");
  if (path == "/throw") throw std::runtime_error("boom");
  HttpResponse response;
  if (path == "/inject") response.headers = {{"X", "a\r\nSet-Cookie: b"}};
  if (path == "/big") response.body.assign(8 * 1024 * 1024, 'b');
  if (path == "/empty") response.status = 204;
  if (!response.body.empty() || response.status != 200) co_return response;
  auto text = request.method + " " + request.target + " " + request.peer + " [";
  for (const auto& [name, value] : request.headers) text += name + "=" + value + ";";
  response.body = to_bytes(text + "] " + std::string(as_text(request.body)));
  co_return response;
}

struct Served {
  explicit Served(HttpServerOptions options = {}, HttpHandler handler = echo) {
    auto made = HttpServer::listen(t.loop, t.log, std::move(options), std::move(handler));
    EXPECT_TRUE(made) << to_string(made.error());
    server = std::move(*made);
    t.start();
  }
  ~Served() { t.stop(); }
  RawPeer peer() { return RawPeer(server->port()); }
  std::string once(std::string_view bytes) {
    auto one = peer();
    one.send(bytes);
    one.end_writing();
    return one.read_all();
  }
  LoopThread t;
  std::unique_ptr<HttpServer> server;
};

std::string status_of(const std::string& answer) { return answer.substr(0, 12); }
std::string body_of(const std::string& answer) {
  auto end = answer.find("\r\n\r\n");
  return end == answer.npos ? "" : answer.substr(end + 4);
}

TEST(HttpServer, RefusesAnAddressItCanNotListenOn) {
  LoopThread t;
  HttpServerOptions options;
  options.address = "nowhere";
  EXPECT_EQ(HttpServer::listen(t.loop, t.log, options, echo).error().code, Errc::malformed);
  Served other;
  options.address = "127.0.0.1";
  options.port = other.server->port();
  auto taken = HttpServer::listen(t.loop, t.log, options, echo);
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().context.find("Address already in use"), std::string::npos);
}

TEST(HttpServer, AnswersNothingToARequestCutAtAnyByte) {
  std::string request =
      "POST /fdo/101/msg/60 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  Served s;
  for (std::size_t cut = 0; cut < request.size(); ++cut)
    EXPECT_EQ(s.once(request.substr(0, cut)), "") << cut;
  EXPECT_EQ(status_of(s.once(request)), "HTTP/1.1 200");
}

TEST(HttpServer, PutsARequestTogetherFromSingleBytes) {
  std::string request = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  Served s;
  auto peer = s.peer();
  int on = 1;
  setsockopt(peer.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (int round = 0; round < 2; ++round) {
    for (char c : request) peer.send(std::string_view(&c, 1));
    EXPECT_EQ(body_of(peer.read_answer()), "POST /x 127.0.0.1 [Host=a;Content-Length=5;] hello");
  }
}

TEST(HttpServer, RefusesWhatIsNotHttp) {
  Served s;
  struct {
    const char* bytes;
    const char* status;
  } const cases[] = {
      {"hello\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505"},
      {"GET  / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nno colon here\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nA : space before colon\r\n\r\n", "HTTP/1.1 400"},
      {"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400"},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 400"},
      {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 400"},
      {"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "HTTP/1.1 400"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", "HTTP/1.1 501"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", "HTTP/1.1 400"},
  };
  for (const auto& c : cases) {
    auto answer = s.once(c.bytes);
    EXPECT_EQ(status_of(answer), c.status) << c.bytes;
    EXPECT_NE(answer.find("Connection: close\r\n"), answer.npos) << c.bytes;
  }
  EXPECT_NE(s.t.log.await("HTTP_REQUEST_REFUSED").find("127.0.0.1"), std::string::npos);
}

TEST(HttpServer, RefusesAHeadAboveTheLimit) {
  Served s;
  auto head = [](std::size_t size) {
    std::string fixed = "GET / HTTP/1.1\r\nX: ";
    return fixed + std::string(size - fixed.size() - 4, 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(status_of(s.once(head(limits::http_header_bytes_max))), "HTTP/1.1 200");
  EXPECT_EQ(status_of(s.once(head(limits::http_header_bytes_max + 100))), "HTTP/1.1 431");
  EXPECT_EQ(status_of(s.once(head(200'000))), "HTTP/1.1 431");
  EXPECT_EQ(status_of(s.once("GET /" + std::string(20'000, 'x'))), "HTTP/1.1 431");
  std::string many = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i <= limits::http_headers_max; ++i) many += "a:\r\n";
  EXPECT_EQ(status_of(s.once(many + "\r\n")), "HTTP/1.1 431");
}

TEST(HttpServer, RefusesABodyAboveTheLimitBeforeReadingIt) {
  HttpServerOptions options;
  options.body_bytes_max = 1000;
  options.body_limit_for = [](std::string_view target) {
    return target.starts_with("/small") ? std::size_t{10} : std::size_t{5000};
  };
  Served s(options);
  auto post = [&](std::string target, std::size_t announced) {
    auto peer = s.peer();
    peer.send("POST " + target + " HTTP/1.1\r\nContent-Length: " + std::to_string(announced) +
              "\r\n\r\n");
    peer.send(std::string(std::min<std::size_t>(announced, 2000), 'b'));
    return status_of(peer.read_answer());
  };
  EXPECT_EQ(post("/small", 10), "HTTP/1.1 200");
  EXPECT_EQ(post("/small", 11), "HTTP/1.1 413");
  EXPECT_EQ(post("/other", 1000), "HTTP/1.1 200");
  EXPECT_EQ(post("/other", 1001), "HTTP/1.1 413");
  EXPECT_EQ(post("/other", 1'000'000'000'000), "HTTP/1.1 413");
  auto chunked = [&](std::string chunks) {
    return status_of(s.once("POST /small HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks));
  };
  EXPECT_EQ(chunked("5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n"), "HTTP/1.1 200");
  EXPECT_EQ(chunked("5\r\nhello\r\n6\r\nhello!\r\n0\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(chunked("ffffffff\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(chunked("1;" + std::string(100'000, 'x')), "HTTP/1.1 431");
  EXPECT_EQ(chunked("0\r\n" + std::string(100'000, 'x')), "HTTP/1.1 431");
}

TEST(HttpServer, TakesTheOddHeaderLinesOfAStockDevice) {
  Served s;
  auto peer = s.peer();
  for (int round = 0; round < 2; ++round) {
    peer.send(
        "POST /fdo/101/msg/30 HTTP/1.1\r\nhttp: //127.0.0.1:8040/fdo/101/msg/30\r\n"
        "HOST: 127.0.0.1:8040\r\nContent-type: application/cbor\r\nContent-length: 2\r\n"
        "_connection: keep-alive\r\n\r\n\x81\x01");
    auto answer = peer.read_answer();
    EXPECT_EQ(status_of(answer), "HTTP/1.1 200");
    EXPECT_NE(answer.find("http=//127.0.0.1:8040/fdo/101/msg/30;"), answer.npos);
    EXPECT_NE(answer.find("_connection=keep-alive;"), answer.npos);
  }
}

TEST(HttpServer, IgnoresEmptyLinesBeforeARequest) {
  Served s;
  EXPECT_EQ(status_of(s.once("\r\n\r\nGET / HTTP/1.1\r\n\r\n")), "HTTP/1.1 200");
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  Served s;
  auto peer = s.peer();
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += "POST /" + std::to_string(i) + " HTTP/1.1\r\nContent-Length: 1\r\n\r\nb";
  peer.send(many);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(body_of(peer.read_answer()),
              "POST /" + std::to_string(i) + " 127.0.0.1 [Content-Length=1;] b");
}

TEST(HttpServer, ReadsChunkedBodiesAndDropsTrailers) {
  Served s;
  auto answer = s.once(
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;a=b\r\nhello\r\n3\r\n yo\r\n0\r\nAuthorization: smuggled\r\n\r\n");
  EXPECT_EQ(body_of(answer), "POST / 127.0.0.1 [Transfer-Encoding=chunked;] hello yo");
}

TEST(HttpServer, SpeaksVersion1_0) {
  Served s;
  auto peer = s.peer();
  peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(peer.read_answer().find("Connection: keep-alive\r\n"), std::string::npos);
  peer.send("GET / HTTP/1.0\r\n\r\n");
  auto last = peer.read_all();
  EXPECT_EQ(status_of(last), "HTTP/1.1 200");
  EXPECT_NE(last.find("Connection: close\r\n"), last.npos);
}

TEST(HttpServer, ClosesWhenAsked) {
  Served s;
  auto peer = s.peer();
  peer.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_NE(peer.read_all().find("Connection: close\r\n"), std::string::npos);
}

TEST(HttpServer, LeavesTheBodyOutWhereHttpSaysSo) {
  Served s;
  auto head = s.once("HEAD / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(head.substr(head.size() - 4), "\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: "), head.npos);
  auto empty = s.once("GET /empty HTTP/1.1\r\n\r\n");
  EXPECT_EQ(empty.find("Content-Length"), empty.npos);
}

TEST(HttpServer, InvitesABodyThatWaitsForIt) {
  Served s;
  auto peer = s.peer();
  peer.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(peer.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("hi");
  EXPECT_EQ(status_of(peer.read_answer()), "HTTP/1.1 200");
}

TEST(HttpServer, AnswersAHandlersErrorWithABare500) {
  Served s;
  for (auto target : {"/error", "/throw"}) {
    auto answer = s.once("GET " + std::string(target) + "?token=secret HTTP/1.1\r\n\r\n");
    EXPECT_EQ(status_of(answer), "HTTP/1.1 500");
    EXPECT_EQ(body_of(answer), "");
  }
  EXPECT_NE(s.t.log.await("INTERNAL_ERROR").find("GET /throw: boom"), std::string::npos);
  EXPECT_NE(s.t.log.all().find("GET /error: input/output: disk is full"), std::string::npos);
}

TEST(HttpServer, LetsNoHeaderValueBecomeAHeader) {
  Served s;
  auto answer = s.once("GET /inject HTTP/1.1\r\n\r\n");
  EXPECT_EQ(answer.find("\r\nSet-Cookie"), answer.npos);
}

TEST(HttpServer, SendsABigAnswerToASlowReader) {
  Served s;
  auto peer = s.peer();
  peer.send("GET /big HTTP/1.1\r\n\r\n");
  EXPECT_EQ(body_of(peer.read_answer()), std::string(8 * 1024 * 1024, 'b'));
}

HttpServerOptions impatient() {
  HttpServerOptions options;
  options.header_deadline = Duration(60);
  options.body_deadline = Duration(60);
  options.idle_deadline = Duration(60);
  options.write_deadline = Duration(60);
  return options;
}

TEST(HttpServer, ClosesSilentConnections) {
  Served s(impatient());
  auto peer = s.peer();
  EXPECT_EQ(peer.read_all(), "");
  auto second = s.peer();
  second.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(status_of(second.read_answer()), "HTTP/1.1 200");
  EXPECT_EQ(second.read_all(), "");  // idle
}

TEST(HttpServer, AnswersARequestThatTakesTooLongWith408) {
  Served s(impatient());
  for (auto part :
       {"G", "GET / HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"}) {
    auto peer = s.peer();
    peer.send(part);
    EXPECT_EQ(status_of(peer.read_all()), "HTTP/1.1 408") << part;
  }
}

TEST(HttpServer, GivesUpOnAReaderThatNeverReads) {
  auto options = impatient();
  options.write_rate_min = 1024 * 1024 * 1024;
  Served s(options);
  auto peer = s.peer();
  peer.send("GET /big HTTP/1.1\r\n\r\n");
  while (peer.send("x")) std::this_thread::yield();  // until the server has closed; we read nothing
  auto begun = peer.read_all();
  EXPECT_EQ(status_of(begun), "HTTP/1.1 200");
  EXPECT_LT(begun.size(), 8u * 1024 * 1024);
}

TEST(HttpServer, ClosesTheLongestIdleConnectionToMakeRoom) {
  HttpServerOptions options;
  options.connections_max = 2;
  Served s(options);
  auto first = s.peer(), second = s.peer();
  for (auto* peer : {&first, &second}) {
    peer->send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(status_of(peer->read_answer()), "HTTP/1.1 200");
  }
  auto third = s.peer();
  third.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(status_of(third.read_answer()), "HTTP/1.1 200");
  EXPECT_EQ(first.read_all(), "");  // it was idle longest
  second.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(status_of(second.read_answer()), "HTTP/1.1 200");
  EXPECT_EQ(s.server->connections(), 2u);
}

TEST(HttpServer, DropsTheSlowestRequestWhenNoConnectionIsIdle) {
  for (bool per_peer : {false, true}) {
    HttpServerOptions options;
    (per_peer ? options.connections_per_peer_max : options.connections_max) = 2;
    Served s(options);
    auto half = [&] {
      auto peer = s.peer();
      peer.send("POST / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
      EXPECT_EQ(peer.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");  // it is in the middle now
      return peer;
    };
    auto slowest = half(), second = half(), third = half();
    EXPECT_EQ(slowest.read_all(), "");
    for (auto* peer : {&second, &third}) {
      peer->send("b");
      EXPECT_EQ(status_of(peer->read_answer()), "HTTP/1.1 200");
    }
  }
}

TEST(HttpServer, RefusesAConnectionWhenAllAreBeingAnswered) {
  for (bool per_peer : {false, true}) {
    LoopThread t;
    Completion release(t.loop);
    std::promise<void> entered;
    auto handler = [&](HttpRequest) -> Task<HttpResponse> {
      entered.set_value();
      auto waiting = release.wait(test_patience);
      CO_TRY_VOID(co_await std::move(waiting));
      co_return HttpResponse{};
    };
    HttpServerOptions options;
    (per_peer ? options.connections_per_peer_max : options.connections_max) = 1;
    auto server = HttpServer::listen(t.loop, t.log, options, handler).value();
    t.start();
    RawPeer first(server->port());
    first.send("GET / HTTP/1.1\r\n\r\n");
    entered.get_future().wait();
    RawPeer second(server->port());
    EXPECT_EQ(second.read_all(), "");
    EXPECT_NE(t.log.await("CONNECTION_LIMIT").find(per_peer ? "from one address" : "in all"),
              std::string::npos);
    release.complete(ok());
    EXPECT_EQ(status_of(first.read_answer()), "HTTP/1.1 200");
    t.stop();
  }
}

TEST(HttpServer, ServesOthersWhileThousandsAreIdleOrHalfWay) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;  // both ends of 2,000 connections are in this process
  setrlimit(RLIMIT_NOFILE, &files);
  HttpServerOptions options;  // however long a busy machine takes to open them all
  options.header_deadline = options.idle_deadline = std::chrono::hours(1);
  Served s(std::move(options));
  std::vector<RawPeer> idle;
  for (int i = 0; i < 2000; ++i) {
    idle.push_back(s.peer());
    ASSERT_TRUE(idle.back().connected());
    if (i % 2) idle.back().send("GET / HTTP/1.1\r\nX-Slow: ");
  }
  auto peer = s.peer();
  for (int i = 0; i < 200; ++i) {
    peer.send("GET / HTTP/1.1\r\n\r\n");
    ASSERT_EQ(status_of(peer.read_answer()), "HTTP/1.1 200");
  }
  EXPECT_EQ(s.server->connections(), 2001u);
}

TEST(HttpServer, CancelsItsRequestsWhenItGoes) {
  LoopThread t;
  Completion never(t.loop);
  std::promise<void> entered;
  auto wait_forever = [&](HttpRequest) -> Task<HttpResponse> {
    entered.set_value();
    auto waiting = never.wait(std::chrono::hours(1));
    auto waited = co_await std::move(waiting);
    co_return fail(std::move(waited).error());
  };
  auto server = HttpServer::listen(t.loop, t.log, {}, wait_forever).value();
  t.start();
  RawPeer peer(server->port());
  peer.send("GET / HTTP/1.1\r\n\r\n");
  entered.get_future().wait();
  t.on_loop([&] { server.reset(); });
  EXPECT_EQ(peer.read_all(), "");
  EXPECT_EQ(t.log.all().find("INTERNAL_ERROR"), std::string::npos);
}

TEST(HttpServer, EndsWithItsLoop) {
  Served s;
  auto peer = s.peer();
  peer.send("GET / HTTP/1.1\r\n\r\n");
  peer.read_answer();
  s.t.stop();
  EXPECT_EQ(peer.read_all(), "");
  EXPECT_EQ(s.server->connections(), 0u);
}

TEST(HttpServer, ListensOnIPv6AndNamesIPv4PeersPlainly) {
  HttpServerOptions options;
  options.address = "::";
  Served s(options);
  EXPECT_NE(s.once("GET / HTTP/1.1\r\n\r\n").find(" 127.0.0.1 ["), std::string::npos);
}

TEST(HttpServer, ListensOnAllAddressesOfOneInterface) {
  HttpServerOptions options;
  options.address = "::%lo";
  Served s(options);
  EXPECT_NE(s.once("GET / HTTP/1.1\r\n\r\n").find(" 127.0.0.1 ["), std::string::npos);
  options.address = "::%no-such";
  EXPECT_FALSE(HttpServer::listen(s.t.loop, s.t.log, options, echo).has_value());
}

}  // namespace
}  // namespace fairlead::net
