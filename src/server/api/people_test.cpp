// SPDX-License-Identifier: Apache-2.0
// Users, logins, tokens.
#include "support/api_fixture.h"

namespace fairlead::server::api {
namespace {

TEST_F(ApiTest, ATokenGivesNoMoreThanTheOneItWasMadeWith) {
  std::string reader = user("reader", Role::operator_, "acme", {"devices:read"});
  EXPECT_EQ(status("POST", "/api/v1/tokens", reader, R"({"scopes": ["devices:write"]})"), 403u);
  EXPECT_EQ(status("POST", "/api/v1/tokens", reader, R"({"scopes": ["*"]})"), 403u);
  auto made = good("POST /api/v1/tokens", "/api/v1/tokens", reader, R"({"label": "ci"})");
  std::string secret(made.at("token").as_string());
  EXPECT_EQ(status("GET", "/api/v1/devices", secret), 200u);
  EXPECT_EQ(status("GET", "/api/v1/profiles", secret), 403u);
  EXPECT_EQ(send("GET", "/api/v1/tokens", admin).body.find(secret), std::string::npos);
  std::string other = user("other", Role::operator_, "acme");
  std::string path = "/api/v1/tokens/" + std::string(made.at("id").as_string());
  EXPECT_EQ(status("DELETE", path, other), 404u);
  good("DELETE /api/v1/tokens/{id}", path, reader);
  EXPECT_EQ(status("GET", "/api/v1/devices", secret), 401u);
}

TEST_F(ApiTest, ALoginNeedsTheRightPasswordAndSaysNotWhatWasWrong) {
  good("POST /api/v1/users", "/api/v1/users", admin,
       R"({"id": "eve", "role": "admin", "password": "correct horse"})");
  auto wrong =
      send("POST", "/api/v1/login", "", R"({"user": "eve", "password": "battery staple"})");
  auto nobody =
      send("POST", "/api/v1/login", "", R"({"user": "nobody", "password": "battery staple"})");
  auto passwordless = send("POST", "/api/v1/login", "", R"({"user": "admin", "password": ""})");
  EXPECT_EQ(wrong.status, 401u);
  EXPECT_EQ(nobody.status, 401u);
  EXPECT_EQ(wrong.body, nobody.body);
  EXPECT_EQ(passwordless.status, 400u);
  auto in = good("POST /api/v1/login", "/api/v1/login", "",
                 R"({"user": "eve", "password": "correct horse"})");
  auto me = good("GET /api/v1/me", "/api/v1/me", std::string(in.at("token").as_string()));
  EXPECT_EQ(me.at("id").as_string(), "eve");
  good("PATCH /api/v1/users/{id}", "/api/v1/users/eve", admin, R"({"disabled": true})");
  EXPECT_EQ(status("POST", "/api/v1/login", "", R"({"user": "eve", "password": "correct horse"})"),
            401u);
}

TEST_F(ApiTest, GuessingAPasswordTakesLongerEachTimeWhetherThereIsSuchAUserOrNot) {
  good("POST /api/v1/users", "/api/v1/users", admin,
       R"({"id": "eve", "role": "admin", "password": "correct horse"})");
  std::vector<std::string> heard;
  for (std::string name : {"eve", "nobody"}) {
    std::string wrong = R"({"user": ")" + name + R"(", "password": "battery staple"})";
    for (int i = 0; i < 5; ++i) EXPECT_EQ(status("POST", "/api/v1/login", "", wrong), 401u) << i;
    auto held_up = send("POST", "/api/v1/login", "", wrong);
    EXPECT_EQ(held_up.status, 429u);
    EXPECT_EQ(held_up.come_again, std::chrono::seconds(1));
    heard.push_back(held_up.body);
  }
  EXPECT_EQ(heard[0], heard[1]);
  const std::string right = R"({"user": "eve", "password": "correct horse"})";
  EXPECT_EQ(status("POST", "/api/v1/login", "", right), 429u);  // the right one has to wait as well
  plant.now += std::chrono::seconds(1);
  good("POST /api/v1/login", "/api/v1/login", "", right);
}

TEST_F(ApiTest, AUserIsNotOverwrittenWhenItChangedMeanwhile) {
  user("anna", Role::operator_, "acme");
  const std::string path = "/api/v1/users/anna";
  good("GET /api/v1/users/{id}", path, admin);
  std::string tag = send("GET", path, admin).etag;
  auto changed = send("PATCH", path, admin, R"({"password": "0123456789"})", tag);
  EXPECT_EQ(changed.status, 200u);
  EXPECT_NE(changed.etag, tag) << "a password that nobody sees is a change as well";
  EXPECT_EQ(send("PATCH", path, admin, R"({"role": "auditor"})", tag).status, 412u);
  EXPECT_EQ(must(plant.registry->find_user(UserId("anna"))).value().role, Role::operator_);
  EXPECT_EQ(send("PATCH", path, admin, R"({"role": "auditor"})", changed.etag).status, 200u);
}

}  // namespace
}  // namespace fairlead::server::api
