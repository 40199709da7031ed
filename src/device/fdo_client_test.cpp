// SPDX-License-Identifier: Apache-2.0
// What a device takes from a server of FDO messages over HTTP, and what it tells a person of the
// rest. Rows of the conformance tool that concern HTTP are named as there.
#include "device/fdo_client.h"

#include <gtest/gtest.h>

#include "fdo/di.h"
#include "net/test_loop.h"
#include "support/fdo_party.h"

namespace fairlead::device {
namespace {

using test::must;

// An owner of one answer.
class FdoPeerOverHttp : public testing::Test {
 protected:
  void SetUp() override {
    auto handler = [this](net::HttpRequest request) -> net::Task<net::HttpResponse> {
      asked_.push_back(std::move(request));
      co_return answer_;
    };
    server_ = must(net::HttpServer::listen(thread_.loop, thread_.log, {}, handler));
    net::TlsTrust trust;
    trust.unauthenticated = true;
    client_ =
        std::make_unique<FdoClient>(thread_.loop, no_checkpoint, FdoPeer::owner,
                                    net::Url{false, "127.0.0.1", server_->port(), "/"}, trust);
  }
  void TearDown() override {
    thread_.stop();
    client_.reset();
    server_.reset();
  }

  static net::Task<void> drive(FdoClient& client, std::uint8_t type, Attempt<FdoAnswer>& out) {
    auto exchanging = client.exchange(type, Bytes{0x80}, type + 1, std::chrono::seconds(10));
    out = co_await std::move(exchanging);
    co_return ok();
  }
  Attempt<FdoAnswer> ask(std::uint8_t type, net::HttpResponse answer) {
    answer_ = std::move(answer);
    Attempt<FdoAnswer> out = give_up(Reason::fault, "nothing came");
    must(thread_.await(drive(*client_, type, out)));
    return out;
  }
  static net::HttpResponse message(const char* type, net::Headers more = {}, Bytes body = {0x80}) {
    net::HttpResponse out{
        200, {{"Content-Type", "application/cbor"}, {"Message-Type", type}}, body};
    out.headers.insert(out.headers.end(), more.begin(), more.end());
    return out;
  }
  static Bytes error_body(fdo::ErrorCode code) {
    return fdo::encode_error({code, 60, "because", std::uint64_t{1}, std::uint64_t{2}});
  }

  net::LoopThread thread_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<FdoClient> client_;
  net::HttpResponse answer_;
  std::vector<net::HttpRequest> asked_;  // read once the loop has answered
};

TEST_F(FdoPeerOverHttp, RepeatsTheTokenOfTheRunAndTheNewestOfThem) {
  ASSERT_TRUE(ask(60, message("61", {{"Authorization", "Bearer one"}})));
  ASSERT_TRUE(ask(62, message("63", {{"Authorization", "Bearer two"}})));
  ASSERT_TRUE(ask(64, message("65")));
  EXPECT_FALSE(net::find_header(asked_[0].headers, "Authorization"));
  EXPECT_EQ(net::find_header(asked_[1].headers, "Authorization"), "Bearer one");
  EXPECT_EQ(net::find_header(asked_[2].headers, "Authorization"), "Bearer two");
  EXPECT_EQ(asked_[2].target, "/fdo/101/msg/64");
}

// 60_MISSING_AUTHZ_HEADER. What the device answers is error 101, by way of peer_wrong.
TEST_F(FdoPeerOverHttp, ARunThatOpensWithoutATokenIsNoRun) {
  auto answer = ask(60, message("61"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::peer_wrong);
  EXPECT_TRUE(answer.error().detail.contains("without a token")) << answer.error().detail;
  auto long_one = ask(60, message("61", {{"Authorization", std::string(5000, 'x')}}));
  ASSERT_FALSE(long_one);
  EXPECT_EQ(long_one.error().reason, Reason::peer_wrong);
}

TEST_F(FdoPeerOverHttp, AnotherMessageOrNoneIsNotTakenForTheAnswer) {
  for (auto& answer : {message("63"), message("x"), message("613"), message(""),
                       net::HttpResponse{200, {}, {0x80}}, net::HttpResponse{404, {}, {}}}) {
    auto got = ask(60, answer);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().reason, Reason::peer_wrong) << got.error().detail;
  }
}

TEST_F(FdoPeerOverHttp, AnErrorIsOneUnderAnyStatusAndItsCodeIsTurnedIntoAReason) {
  struct Row {
    fdo::ErrorCode code;
    Reason reason;
  };
  for (unsigned status : {200u, 400u, 500u})
    for (Row row : {Row{fdo::ErrorCode::not_found, Reason::owner_unknowing},
                    Row{fdo::ErrorCode::internal, Reason::owner_fault},
                    Row{fdo::ErrorCode::invalid_message, Reason::owner_refused},
                    Row{fdo::ErrorCode::invalid_token, Reason::owner_refused}}) {
      auto answer = message("255", {}, error_body(row.code));
      answer.status = status;
      auto got = ask(60, answer);
      ASSERT_FALSE(got);
      EXPECT_EQ(got.error().reason, row.reason) << got.error().detail;
      EXPECT_TRUE(got.error().detail.contains("because"));
    }
  auto garbage = ask(60, message("255", {}, Bytes(20, 0xFF)));
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().reason, Reason::peer_wrong);
}

TEST_F(FdoPeerOverHttp, ABusyServerIsToldFromAnUnreachableOneAndSaysWhenToComeAgain) {
  struct Row {
    unsigned status;
    const char* retry_after;
    Duration wait;
  };
  for (Row row : {Row{429, "7", std::chrono::seconds(7)}, Row{503, "1", std::chrono::seconds(1)},
                  Row{503, nullptr, Duration(0)}, Row{429, "soon", Duration(0)},
                  Row{429, "-5", Duration(0)}, Row{503, "999999999999", Duration(0)}}) {
    auto answer = message("255", {}, error_body(fdo::ErrorCode::internal));
    answer.status = row.status;
    if (row.retry_after) answer.headers.emplace_back("Retry-After", row.retry_after);
    auto got = ask(60, answer);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().reason, Reason::owner_busy) << got.error().detail;
    EXPECT_EQ(got.error().retry_after, row.wait) << got.error().detail;
  }
  auto plain = ask(60, {503, {{"Retry-After", "1"}}, to_bytes("too much to do")});
  ASSERT_FALSE(plain);
  EXPECT_EQ(in_words(plain.error()),
            "The owner's server has too much to do and asks to come again later: " +
                client_->where() + " answered message 60 with HTTP status 503: again in 1 s.");
}

TEST_F(FdoPeerOverHttp, AnAnswerLargerThanAMessageIsRefused) {
  auto got =
      ask(60, message("61", {{"Authorization", "t"}}, Bytes(limits::fdo_message_bytes_max + 1)));
  ASSERT_FALSE(got);
  auto largest =
      ask(60, message("61", {{"Authorization", "t"}}, Bytes(limits::fdo_message_bytes_max)));
  EXPECT_TRUE(largest);
}

}  // namespace
}  // namespace fairlead::device
