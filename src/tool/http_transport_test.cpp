// SPDX-License-Identifier: Apache-2.0
#include "tool/http_transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/http.h"
#include "tool/silence.h"

namespace fairlead::tool {
namespace {

// Answers each request with what it was, on a port of its own.
struct EchoServer {
  EchoServer()
      : server(net::HttpServer::listen(
                   loop, log, {}, [](net::HttpRequest request) { return echo(std::move(request)); })
                   .value()),
        thread([this] { loop.run(); }) {}
  ~EchoServer() {
    loop.stop();
    thread.join();
  }
  static net::Task<net::HttpResponse> echo(net::HttpRequest request) {
    net::HttpResponse out;
    out.status = request.method == "DELETE" ? 404 : 200;
    out.headers = {{"ETag", "\"7\""}};
    std::string text = request.method + " " + request.target + "\n";
    for (std::string_view name : {"authorization", "content-type", "if-match"})
      if (auto value = net::find_header(request.headers, name))
        text += std::string(name) + ": " + std::string(*value) + "\n";
    out.body = to_bytes(text + std::string(as_text(request.body)));
    co_return out;
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server->port()); }

  Silence log;
  net::Loop loop{log};
  std::unique_ptr<net::HttpServer> server;
  std::thread thread;
};

TEST(HttpTransport, SendsNoTokenInTheClearToAnotherMachine) {
  auto refused = HttpTransport::open("http://box.example:8041", {}, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::refused);
  EXPECT_TRUE(HttpTransport::open("http://box.example:8041", {}, true));
  EXPECT_TRUE(HttpTransport::open("http://127.0.0.1:1", {}, false));
  EXPECT_FALSE(HttpTransport::open("http://127.example.com", {}, false));
  EXPECT_FALSE(HttpTransport::open("box", {}, true));
}

TEST(HttpTransport, SaysThatNobodyListens) {
  std::string url;
  {
    EchoServer server;
    url = server.url();
  }
  auto transport = HttpTransport::open(url, {}, false).value();
  auto answer = transport->exchange({.method = "GET", .target = "/api/v1/me"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::io);
}

TEST(HttpTransport, CarriesEverythingThereAndBack) {
  EchoServer server;
  auto transport = HttpTransport::open(server.url(), {}, false).value();
  auto answer = transport->exchange({.method = "PUT",
                                     .target = "/api/v1/x?y=1",
                                     .content_type = "application/json",
                                     .authorization = "Bearer t",
                                     .if_match = "\"3\"",
                                     .body = "{}"});
  ASSERT_TRUE(answer) << answer.error().context;
  EXPECT_EQ(answer->body,
            "PUT /api/v1/x?y=1\nauthorization: Bearer t\ncontent-type: application/json\n"
            "if-match: \"3\"\n{}");
  EXPECT_EQ(answer->etag, "\"7\"");
  EXPECT_EQ(transport->exchange({.method = "DELETE", .target = "/"})->status, 404u);
}

TEST(HttpTransport, AnswersEachOfSeveralThatAreUnderWay) {
  EchoServer server;
  auto transport = HttpTransport::open(server.url(), {}, false).value();
  std::vector<client::Transport::Awaited> answers;
  for (int n = 0; n < 8; ++n)
    answers.push_back(transport->start({.method = "GET", .target = "/" + std::to_string(n)}));
  for (int n = 7; n >= 0; --n)
    EXPECT_EQ(answers[static_cast<std::size_t>(n)]()->body, "GET /" + std::to_string(n) + "\n");
}

}  // namespace
}  // namespace fairlead::tool
