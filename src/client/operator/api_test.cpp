// SPDX-License-Identifier: Apache-2.0
#include "client/operator/api.h"

#include <gtest/gtest.h>

#include "support/fake_transport.h"

namespace fairlead::client {
namespace {

TEST(OperatorProblem, EachStatusHasItsKindAndWordsOfItsOwn) {
  const std::pair<unsigned, ProblemKind> cases[] = {
      {400, ProblemKind::bad_request},  {401, ProblemKind::not_authenticated},
      {403, ProblemKind::forbidden},    {404, ProblemKind::not_found},
      {405, ProblemKind::bad_request},  {409, ProblemKind::conflict},
      {412, ProblemKind::conflict},     {413, ProblemKind::too_large},
      {418, ProblemKind::bad_request},  {429, ProblemKind::busy},
      {500, ProblemKind::server_fault}, {503, ProblemKind::busy},
      {302, ProblemKind::server_fault}, {0, ProblemKind::server_fault}};
  for (auto [status, kind] : cases) {
    for (std::string body : {"", "no JSON", "[]", "{\"error\":7}", "{\"error\":\"x\"}"}) {
      auto why = problem_of(ApiResponse{status, {}, body});
      EXPECT_EQ(why.kind, kind) << status;
      EXPECT_NE(why.message.find(std::to_string(status)), std::string::npos) << body;
    }
  }
}

TEST(OperatorProblem, TheServersOwnWordsComeFirstAndHoldNoControlCharacters) {
  auto why = problem_of(
      ApiResponse{409,
                  {},
                  "{\"error\":{\"code\":\"conflict\",\"message\":\"is\\nthere\\u001b[2J\","
                  "\"advice\":\"Take another.\"}}"});
  EXPECT_EQ(why.message, "is there\xEF\xBF\xBD[2J");
  EXPECT_EQ(why.advice, "Take another.");
}

TEST(OperatorProblem, EachFailureOfTheTransportHasAKind) {
  EXPECT_EQ(problem_of(Error{Errc::io, "refused"}).kind, ProblemKind::unreachable);
  EXPECT_EQ(problem_of(Error{Errc::timed_out, "30 s"}).kind, ProblemKind::unreachable);
  EXPECT_EQ(problem_of(Error{Errc::untrusted, "issuer"}).kind, ProblemKind::untrusted_server);
  EXPECT_EQ(problem_of(Error{Errc::malformed, "no HTTP"}).kind, ProblemKind::server_fault);
  EXPECT_EQ(problem_of(Error{Errc::refused, "too large"}).kind, ProblemKind::server_fault);
}

TEST(PlainText, IsBoundedAndCutAtACharacter) {
  EXPECT_EQ(plain_text("aé", 3), "aé");
  EXPECT_EQ(plain_text("aé", 2), "a");
  EXPECT_EQ(plain_text("\xC2\x9B"
                       "1m\xFF",
                       100),
            "\xEF\xBF\xBD"
            "1m\xEF\xBF\xBD");
}

TEST(ApiPath, EncodesWhatWouldChangeThePath) {
  EXPECT_EQ(api_path({"devices", "a/b ?ü", "timeline"}),
            "/api/v1/devices/a%2Fb%20%3F%C3%BC/timeline");
  EXPECT_EQ(with_query("/x", {{"a", ""}, {"b", "1&2"}, {"c", "3"}}), "/x?b=1%262&c=3");
}

TEST(Api, SendsItsTokenAndGivesBackTheExactText) {
  test::FakeTransport server;
  server.answer("GET /api/v1/me", "{ \"id\" : \"ada\" }\n", 200, "\"7\"");
  Api api(server, "fl_secret");
  auto me = api.get(api_path({"me"}));
  ASSERT_TRUE(me);
  EXPECT_EQ(me->text, "{ \"id\" : \"ada\" }\n");
  EXPECT_EQ(text_at(me->value, "id"), "ada");
  EXPECT_EQ(me->etag, "\"7\"");
  EXPECT_EQ(server.seen.front().authorization, "Bearer fl_secret");
}

struct FindDevice : testing::Test {
  test::FakeTransport server;
  Api api{server, "t"};
  void list(const std::string& search, std::string items) {
    server.answer("GET /api/v1/devices?search=" + search + "&limit=100",
                  "{\"items\":[" + items + "]}");
  }
};

TEST_F(FindDevice, SaysWhenThereIsNone) {
  list("SN-1", R"({"id":"d2","serial":"SN-17","name":"x"})");  // a prefix is no match
  EXPECT_EQ(find_device(api, "SN-1").error().kind, ProblemKind::not_found);
}

TEST_F(FindDevice, DoesNotGuessAmongSeveral) {
  list("pump", R"({"id":"d1","name":"pump"},{"id":"d2","name":"pump"})");
  auto found = find_device(api, "pump");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ProblemKind::conflict);
  EXPECT_NE(found.error().message.find("d1, d2"), std::string::npos);
}

TEST_F(FindDevice, PassesOnThatTheTokenIsNoGood) {
  server.answer("GET /api/v1/devices/d1", "{}", 401);
  EXPECT_EQ(find_device(api, "d1").error().kind, ProblemKind::not_authenticated);
  EXPECT_EQ(server.seen.size(), 1u);
}

TEST_F(FindDevice, FindsByIdSerialNameAndGuidInAnySpelling) {
  server.answer("GET /api/v1/devices/d1", R"({"id":"d1"})");
  list("SN-17", R"({"id":"d1","serial":"SN-17"},{"id":"d3","name":"SN-17"})");
  list("pump", R"({"id":"d1","name":"pump"})");
  list("f1d0fd00f30640fd89702b346307477", "");
  list("f1d0fd00f30640fd89702b3463074772",
       R"({"id":"d1","guid":"f1d0fd00-f306-40fd-8970-2b3463074772"})");
  for (std::string name : {"d1", "SN-17", "pump", "F1D0FD00-F306-40FD-8970-2B3463074772",
                           "f1d0fd00f30640fd89702b3463074772"}) {
    auto found = find_device(api, name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(text_at(*found, "id"), "d1");
  }
}

TEST(FindVoucher, TakesAGuidAsItIsAndFindsASerial) {
  test::FakeTransport server;
  Api api(server, "t");
  server.answer("GET /api/v1/vouchers?serial=SN-17&limit=100",
                R"({"items":[{"guid":"g0","serial":"SN-17","state":"replaced"},
                              {"guid":"g1","serial":"SN-17","state":"owned"}]})");
  server.answer("GET /api/v1/vouchers?serial=SN-1&limit=100", R"({"items":[]})");
  EXPECT_EQ(find_voucher(api, "SN-17").value(), "g1");
  EXPECT_EQ(find_voucher(api, "SN-1").error().kind, ProblemKind::not_found);
  EXPECT_EQ(find_voucher(api, "f1d0fd00-f306-40fd-8970-2b3463074772").value(),
            "f1d0fd00-f306-40fd-8970-2b3463074772");
}

}  // namespace
}  // namespace fairlead::client
