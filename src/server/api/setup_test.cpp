// SPDX-License-Identifier: Apache-2.0
// Profiles, trusted keys, the factory's rendezvous.
#include "codec/pem.h"
#include "support/api_fixture.h"

namespace fairlead::server::api {
namespace {

TEST_F(ApiTest, AProfileIsNotOverwrittenWhenItChangedMeanwhile) {
  good("PUT /api/v1/profiles/{id}", "/api/v1/profiles/p", admin, R"({"priority": 1})");
  std::string tag = send("GET", "/api/v1/profiles/p", admin).etag;
  EXPECT_EQ(send("PUT", "/api/v1/profiles/p", admin, R"({"priority": 2})", tag).status, 200u);
  auto stale = send("PUT", "/api/v1/profiles/p", admin, R"({"priority": 3})", tag);
  EXPECT_EQ(stale.status, 412u);
  EXPECT_EQ(document().complaint("Error", json::parse(stale.body)), "");
  EXPECT_EQ(send("PUT", "/api/v1/profiles/p", admin, "{}", "\"abc\"").status, 412u);
  EXPECT_EQ(send("PUT", "/api/v1/profiles/new", admin, "{}", "*").status, 412u) << "not there";
  EXPECT_EQ(send("DELETE", "/api/v1/profiles/p", admin, {}, tag).status, 412u);
  EXPECT_EQ(send("PUT", "/api/v1/profiles/p", admin, R"({"priority": 2})", "*").status, 200u);
  EXPECT_EQ(
      good("GET /api/v1/profiles/{id}", "/api/v1/profiles/p", admin).at("priority").as_int64(), 2);
}

TEST_F(ApiTest, TrustedKeysComeAndGo) {
  std::string pem =
      pem::encode("PUBLIC KEY",
                  must(crypto::SoftwareKey::generate(crypto::KeyType::p256))->public_key().spki());
  json::object body{{"pem", pem}, {"name", "Maker"}};
  auto key =
      good("POST /api/v1/trusted-keys", "/api/v1/trusted-keys", admin, json::serialize(body));
  EXPECT_EQ(
      good("GET /api/v1/trusted-keys", "/api/v1/trusted-keys", admin).at("items").as_array().size(),
      1u);
  std::string path = "/api/v1/trusted-keys/" + std::string(key.at("fingerprint").as_string());
  good("DELETE /api/v1/trusted-keys/{fingerprint}", path, admin);
  EXPECT_EQ(status("DELETE", path, admin), 404u);
}

TEST_F(ApiTest, AProfileIsRemovedByWhoSawItLast) {
  good("PUT /api/v1/profiles/{id}", "/api/v1/profiles/p", admin, R"({"priority": 1})");
  std::string tag = send("GET", "/api/v1/profiles/p", admin).etag;
  EXPECT_EQ(send("DELETE", "/api/v1/profiles/p", admin, {}, "\"7\", " + tag).status, 204u);
  EXPECT_EQ(status("GET", "/api/v1/profiles/p", admin), 404u);
}

TEST_F(ApiTest, TheFactorysRendezvousIsNotOverwrittenWhenItChangedMeanwhile) {
  const std::string path = "/api/v1/factory/rendezvous";
  std::string tag = send("GET", path, admin).etag;
  auto set = [&](const std::string& name, const std::string& if_match) {
    return send("PUT", path, admin, R"({"directives": [{"dns": ")" + name + R"("}]})", if_match);
  };
  auto first = set("one.example", tag);
  EXPECT_EQ(first.status, 200u);
  EXPECT_EQ(set("two.example", tag).status, 412u);
  EXPECT_THAT(send("GET", path, admin).body, testing::HasSubstr("one.example"));
  EXPECT_EQ(set("two.example", first.etag).status, 200u);
  EXPECT_EQ(set("three.example", "").status, 200u);
}

}  // namespace
}  // namespace fairlead::server::api
