// SPDX-License-Identifier: Apache-2.0
// That an account is a wall: what users of one see and do of what is another's, or the whole
// server's.
#include "base/events.h"
#include "codec/pem.h"
#include "support/api_fixture.h"

namespace fairlead::server::api {
namespace {

TEST_F(ApiTest, AnotherAccountsDeviceAndVoucherAreAsUnknownAsNone) {
  DeviceId id = onboarded("SN-1");
  std::string guid = fdo::to_text(*fdo::Guid::from(plant.device(id).guid));
  std::string stranger = user("bob", Role::operator_, "default"),
              mine = user("anna", Role::operator_, "acme");
  for (std::string action : {"", "/timeline"}) {
    EXPECT_EQ(status("GET", "/api/v1/devices/" + id.str() + action, stranger), 404u);
    EXPECT_EQ(status("GET", "/api/v1/devices/" + id.str() + action, mine), 200u);
  }
  for (std::string action : {"revoke", "readmit", "approve", "reject", "decommission", "replace"})
    EXPECT_EQ(status("POST", "/api/v1/devices/" + id.str() + "/" + action, stranger,
                     R"({"reason": "x"})"),
              404u);
  EXPECT_EQ(status("PATCH", "/api/v1/devices/" + id.str(), stranger, R"({"name": "x"})"), 404u);
  EXPECT_EQ(status("GET", "/api/v1/vouchers/" + guid, stranger), 404u);
  EXPECT_EQ(status("GET", "/api/v1/vouchers/" + guid + "/pem", stranger), 404u);
  EXPECT_EQ(
      status("POST", "/api/v1/vouchers/" + guid + "/extend", stranger, R"({"next_owner": "x"})"),
      404u);
  for (std::string path : {"/api/v1/devices", "/api/v1/devices?account=acme"})
    EXPECT_EQ(good("GET /api/v1/devices", path, stranger).at("items").as_array().size(), 0u)
        << path;
  EXPECT_EQ(good("GET /api/v1/vouchers", "/api/v1/vouchers?account=acme", stranger)
                .at("items")
                .as_array()
                .size(),
            0u);
  EXPECT_EQ(good("GET /api/v1/devices", "/api/v1/devices", mine).at("items").as_array().size(), 1u);
  EXPECT_EQ(status("POST", "/api/v1/vouchers/import?account=acme", stranger), 403u);
}

TEST_F(ApiTest, AnAccountsAdminStaysWithinItsAccount) {
  std::string local = user("local", Role::admin, "acme");
  user("bob", Role::operator_, "default");
  EXPECT_EQ(status("POST", "/api/v1/users", local, R"({"id": "root2", "role": "admin"})"), 403u);
  EXPECT_EQ(status("POST", "/api/v1/users", local,
                   R"({"id": "spy", "role": "auditor", "account": "default"})"),
            403u);
  EXPECT_EQ(status("PATCH", "/api/v1/users/bob", local, R"({"disabled": true})"), 404u);
  EXPECT_EQ(status("PATCH", "/api/v1/users/admin", local, R"({"password": "0123456789"})"), 404u);
  EXPECT_EQ(status("POST", "/api/v1/accounts", local, R"({"id": "new"})"), 403u);
  auto tokens = good("GET /api/v1/tokens", "/api/v1/tokens", local).at("items").as_array();
  for (const auto& each : tokens) EXPECT_EQ(each.at("user").as_string(), "local");
  auto users = good("GET /api/v1/users", "/api/v1/users", local).at("items").as_array();
  EXPECT_EQ(users.size(), 1u);
  good("POST /api/v1/users", "/api/v1/users", local,
       R"({"id": "ivo", "role": "installer", "account": "acme"})");
}

TEST_F(ApiTest, AnAccountsOperatorWritesProfilesForItsOwnDevicesOnly) {
  std::string anna = user("anna", Role::operator_, "acme"),
              bob = user("bob", Role::operator_, "default");
  const std::string own =
      R"({"priority": 5, "match": {"accounts": ["acme"]}, "actions": [{"kind": "command", "command": "reboot"}]})";
  EXPECT_EQ(status("PUT", "/api/v1/profiles/x", anna, R"({"priority": 5})"), 403u);
  EXPECT_EQ(
      status("PUT", "/api/v1/profiles/x", anna, R"({"match": {"accounts": ["acme", "default"]}})"),
      403u);
  EXPECT_EQ(status("PUT", "/api/v1/profiles/default", anna, own), 403u);  // it is everybody's
  EXPECT_EQ(status("DELETE", "/api/v1/profiles/default", anna), 404u)
      << "it is for account default";
  good("PUT /api/v1/profiles/{id}", "/api/v1/profiles/x", anna, own);
  EXPECT_EQ(status("GET", "/api/v1/profiles/x", bob), 404u);
  EXPECT_EQ(status("DELETE", "/api/v1/profiles/x", bob), 404u);
  good("DELETE /api/v1/profiles/{id}", "/api/v1/profiles/x", anna);
}

TEST_F(ApiTest, AnAccountsTrustIsItsOwnAndTheServersIsForAdministratorsOfNone) {
  std::string acme = user("anna", Role::operator_, "acme"),
              other = user("olaf", Role::operator_, "default");
  std::string pem =
      pem::encode("PUBLIC KEY",
                  must(crypto::SoftwareKey::generate(crypto::KeyType::p256))->public_key().spki());
  auto body = [&](std::string account) {
    return json::serialize(json::object{{"pem", pem}, {"account", account}});
  };
  const std::string route = "POST /api/v1/trusted-keys", path = "/api/v1/trusted-keys";
  auto own = good(route, path, acme, json::serialize(json::object{{"pem", pem}}));
  EXPECT_EQ(own.at("account"), "acme");
  EXPECT_EQ(status("POST", path, acme, body("default")), 403u);
  EXPECT_EQ(status("POST", path, admin, body("nobody")), 404u);
  EXPECT_EQ(good(route, path, admin, json::serialize(json::object{{"pem", pem}})).at("account"),
            "");
  auto seen_by = [&](const std::string& token) {
    return good("GET /api/v1/trusted-keys", path, token).at("items").as_array().size();
  };
  EXPECT_EQ(seen_by(acme), 2u);
  EXPECT_EQ(seen_by(other), 1u);
  EXPECT_EQ(seen_by(admin), 2u);
  std::string key = path + "/" + std::string(own.at("fingerprint").as_string());
  EXPECT_EQ(status("DELETE", key, other), 404u);
  EXPECT_EQ(status("DELETE", key + "?account=acme", other), 403u);
  EXPECT_EQ(status("DELETE", key, acme), 204u);
  EXPECT_EQ(status("DELETE", key, acme), 404u);  // the server-wide one is none of hers
  EXPECT_EQ(status("DELETE", key, admin), 204u);
}

TEST_F(ApiTest, WhatIsTheWholeServersIsNotForAnAccountsAdministrator) {
  std::string acme = user("anna", Role::admin, "acme");
  EXPECT_EQ(status("PUT", "/api/v1/factory/rendezvous", acme, R"({"directives": [{"dns": "x"}]})"),
            403u);
  EXPECT_EQ(status("PUT", "/api/v1/profiles/p", acme, R"({"match": {"accounts": ["acme"]}})"),
            200u);
  EXPECT_EQ(status("PUT", "/api/v1/profiles/p", acme,
                   R"({"match": {"accounts": ["acme"]}, "account": "default"})"),
            403u);
  std::string file = R"({"kind": "download", "name": "a", "file": "of-the-server"})";
  EXPECT_EQ(status("PUT", "/api/v1/profiles/p", acme,
                   R"({"match": {"accounts": ["acme"]}, "actions": [)" + file + "]}"),
            403u);
  EXPECT_EQ(status("PUT", "/api/v1/profiles/q", admin, R"({"actions": [)" + file + "]}"), 200u);
}

TEST_F(ApiTest, RegistrationsAndMetricsAreForUsersOfNoAccount) {
  std::string acme = user("anna", Role::admin, "acme");
  plant.commit({registry::PutRegistration{{Bytes(16, 7), {1}, {2}, {3}, plant.now, plant.now}}});
  auto list =
      good("GET /api/v1/rendezvous/registrations", "/api/v1/rendezvous/registrations", admin);
  ASSERT_EQ(list.at("items").as_array().size(), 1u);
  EXPECT_EQ(document().complaint("Registration", list.at("items").at(0)), "");
  EXPECT_EQ(status("GET", "/api/v1/rendezvous/registrations", acme), 403u);
  EXPECT_EQ(status("GET", "/metrics", admin), 404u);  // none configured in this test
  Metrics metrics(plant.log);
  Api counted({plant.store, plant.identity, plant.vouchers, plant.enroller, plant.passwords,
               plant.wifi, plant.random, metrics, &metrics});
  metrics(event::device_online);
  Request request{"GET", "/metrics", {}, "Bearer " + admin, {}, {}, {}, "192.0.2.7", plant.now};
  auto text = counted.handle(request);
  EXPECT_EQ(text.status, 200u);
  EXPECT_THAT(text.body, testing::HasSubstr("DEVICE_ONLINE\"} 1"));
  request.authorization = "Bearer " + acme;
  EXPECT_EQ(counted.handle(request).status, 403u);
}

TEST_F(ApiTest, StatusCountsTheCallersAccountAndTheWholeServerForNoAccount) {
  onboarded("SN-1");
  PlantDevice elsewhere{plant, "SN-2"};
  elsewhere.initialize();
  auto count = [&](const std::string& token) {
    return good("GET /api/v1/status", "/api/v1/status", token);
  };
  auto mine = count(user("anna", Role::operator_, "acme")),
       others = count(user("olaf", Role::operator_, "default")), all = count(admin);
  EXPECT_EQ(mine.at("account").as_string(), "acme");
  EXPECT_EQ(mine.at("devices").to_number<int>(), 1);
  EXPECT_FALSE(mine.as_object().contains("sessions"));
  for (auto name : {"devices", "vouchers", "certificates_active", "devices_online"})
    EXPECT_EQ(others.at(name).to_number<int>(), 0) << name;
  EXPECT_EQ(all.at("vouchers").to_number<int>(), mine.at("vouchers").to_number<int>() + 1);
  EXPECT_TRUE(all.as_object().contains("registrations"));
}

// Every route there is, so that a new one is not forgotten: asked by an administrator of another
// account for what is acme's, it gives none of it away and changes nothing.
TEST_F(ApiTest, NoRouteShowsOrChangesWhatIsAnotherAccounts) {
  DeviceId id = onboarded("SECRET-SN");
  user("secret-user", Role::operator_, "acme");
  std::string guid = fdo::to_text(*fdo::Guid::from(plant.device(id).guid));
  std::string fingerprint = to_hex(Bytes(32, 0x5A));
  std::string token_id = must(plant.registry->tokens()).back().id;
  plant.profile("secret-profile", R"({"match": {"accounts": ["acme"]}})");
  plant.commit({registry::PutUpload{{id, "secret.log", 0, Bytes(48, 1), plant.now}, {1, 2}},
                registry::PutTrustedKey{{AccountId("acme"), Bytes(32, 0x5A),
                                         registry::TrustedKey::Kind::owner, "secret-maker",
                                         plant.identity.owner->public_key().spki(), plant.now}}});
  const std::string marks[] = {"SECRET-SN", "secret", id.str(),  guid,
                               fingerprint, token_id, "\"acme\""};
  const std::map<std::string, std::string> ids{
      {"/users/{id}", "secret-user"},       {"/tokens/{id}", token_id},
      {"/profiles/{id}", "secret-profile"}, {"/trusted-keys/{fingerprint}", fingerprint},
      {"/vouchers/{guid}", guid},           {"/devices/{id}", id.str()}};
  auto path_of = [&](std::string path) {
    for (const auto& [pattern, value] : ids) {
      auto at = path.find(pattern);
      if (at == std::string::npos) continue;
      auto brace = path.find('{', at);
      path.replace(brace, path.find('}', brace) - brace + 1, value);
    }
    auto name = path.find("{name}");
    if (name != std::string::npos) path.replace(name, 6, "secret.log");
    EXPECT_EQ(path.find('{'), std::string::npos)
        << path << ": say which of acme's things to ask for";
    return path;
  };
  std::string stranger = user("bob", Role::admin, "default");
  auto before = plant.device(id);
  for (const auto& route : routes()) {
    for (std::string query : {"", "?account=acme"}) {
      std::string target = path_of(route.path) + query, name = route.method + " " + target;
      std::string body = R"({"reason": "x", "disabled": true, "name": "x", "account": "acme"})";
      if (route.path.contains("/profiles/")) body = R"({"match": {"accounts": ["default"]}})";
      auto answer = send(route.method, target, stranger, body);
      for (const auto& mark : marks) {
        // A refusal names what was asked for, and nothing else.
        if (answer.status >= 400 && target.contains(mark)) continue;
        if (answer.status == 403 && mark == "\"acme\"") continue;
        EXPECT_EQ(answer.body.find(mark), std::string::npos) << name << ": " << answer.body;
      }
      if (route.path.contains('{')) EXPECT_THAT(answer.status, testing::AnyOf(403u, 404u)) << name;
      EXPECT_NE(answer.status, 500u) << name;
    }
  }
  EXPECT_EQ(plant.device(id), before);
  EXPECT_FALSE(must(plant.registry->find_user(UserId("secret-user"))).value().disabled);
  EXPECT_TRUE(must(plant.registry->find_profile(ProfileId("secret-profile"))));
  EXPECT_TRUE(must(plant.registry->find_trusted_key(AccountId("acme"), Bytes(32, 0x5A))));
  EXPECT_THAT(must(plant.registry->tokens()),
              testing::Contains(testing::Field(&registry::ApiToken::id, token_id)));
  EXPECT_TRUE(plant.access.revoked.empty());
}

}  // namespace
}  // namespace fairlead::server::api
