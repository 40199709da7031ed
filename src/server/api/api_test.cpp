// SPDX-License-Identifier: Apache-2.0
// The REST API as strangers, users of one account and administrators find it, held to
// docs/api/openapi.yaml.
#include "base/events.h"
#include "codec/base64.h"
#include "codec/pem.h"
#include "support/api_fixture.h"

namespace fairlead::server::api {
namespace {

std::string filled(std::string path) {
  for (auto at = path.find('{'); at != std::string::npos; at = path.find('{'))
    path.replace(at, path.find('}') - at + 1, "00");
  return path;
}

TEST_F(ApiTest, NothingButHealthAndLoginAnswersWithoutAToken) {
  for (const auto& route : routes()) {
    if (route.path.ends_with("/health") || route.path.ends_with("/login")) {
      EXPECT_EQ(route.scope, "");
      continue;
    }
    EXPECT_NE(route.scope, "");
    for (std::string token : {"", "fl_made-up"})
      EXPECT_EQ(status(route.method, filled(route.path), token, "{}"), 401u)
          << route.method << route.path;
  }
  EXPECT_EQ(status("GET", "/api/v1/nothing", ""),
            401u);  // a stranger does not learn which paths there are
  EXPECT_EQ(status("GET", "/api/v1/nothing", admin), 404u);
  EXPECT_EQ(status("PUT", "/api/v1/devices", admin), 405u);
}

TEST_F(ApiTest, AnExpiredTokenAndADisabledUserAreRefused) {
  std::string token = user("anna", Role::operator_, "acme");
  EXPECT_EQ(status("GET", "/api/v1/me", token), 200u);
  good("PATCH /api/v1/users/{id}", "/api/v1/users/anna", admin, R"({"disabled": true})");
  EXPECT_EQ(status("GET", "/api/v1/me", token), 401u);
  good("PATCH /api/v1/users/{id}", "/api/v1/users/anna", admin, R"({"disabled": false})");
  plant.now += std::chrono::hours(2);
  EXPECT_EQ(status("GET", "/api/v1/me", token), 401u);
}

TEST_F(ApiTest, EveryRouteStandsInTheDocumentWithItsScopeAndNoOtherDoes) {
  std::set<std::string> served;
  for (const auto& route : routes()) {
    std::string name = route.method + " " + route.path;
    served.insert(name);
    auto described = document().operations.find(name);
    ASSERT_NE(described, document().operations.end())
        << name << " is missing in docs/api/openapi.yaml";
    EXPECT_EQ(described->second.scope, route.scope) << name;
    EXPECT_NE(described->second.status, 0) << name;
  }
  for (const auto& [name, operation] : document().operations) {
    EXPECT_TRUE(served.contains(name)) << name << " is described and not served";
    if (!operation.schema.empty() && operation.schema != "PEM")
      EXPECT_TRUE(document().schemas.contains(operation.schema)) << name;
  }
}

TEST_F(ApiTest, ARouteNeedsItsScopeInTheTokenAndInTheRole) {
  std::string reader = user("reader", Role::operator_, "acme", {"devices:read"});
  std::string installer = user("ivo", Role::installer, "acme");
  std::string auditor = user("aud", Role::auditor, "acme");
  for (const auto& route : routes()) {
    if (route.scope.empty() || route.scope == "self") continue;
    std::string name = route.method + route.path;
    auto refused = [&](const std::string& token) {
      return status(route.method, filled(route.path), token, "[]") == 403;
    };
    EXPECT_EQ(refused(reader), route.scope != "devices:read") << name;
    if (route.scope.ends_with(":write")) EXPECT_TRUE(refused(auditor)) << name;
    bool installers = route.scope.starts_with("devices:") || route.scope == "status:read";
    EXPECT_EQ(refused(installer), !installers) << name;
  }
}

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

TEST_F(ApiTest, AnotherAccountsDeviceAndVoucherAreAsUnknownAsNone) {
  DeviceId id = onboarded("SN-1");
  std::string guid = fdo::to_text(*fdo::Guid::from(plant.device(id).guid));
  std::string stranger = user("bob", Role::operator_, "default"),
              mine = user("anna", Role::operator_, "acme");
  for (std::string action : {"", "/timeline"}) {
    EXPECT_EQ(status("GET", "/api/v1/devices/" + id.str() + action, stranger), 404u);
    EXPECT_EQ(status("GET", "/api/v1/devices/" + id.str() + action, mine), 200u);
  }
  for (std::string action : {"revoke", "readmit", "approve", "reject"})
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
  EXPECT_EQ(status("DELETE", "/api/v1/profiles/default", anna), 403u);
  good("PUT /api/v1/profiles/{id}", "/api/v1/profiles/x", anna, own);
  EXPECT_EQ(status("GET", "/api/v1/profiles/x", bob), 404u);
  EXPECT_EQ(status("DELETE", "/api/v1/profiles/x", bob), 404u);
  good("DELETE /api/v1/profiles/{id}", "/api/v1/profiles/x", anna);
}

TEST_F(ApiTest, ABodyThatIsNotAJsonObjectIsMalformed) {
  for (std::string body : {"{", "[]", "5", "{\"a\":}", "{} {}"})
    EXPECT_EQ(status("POST", "/api/v1/accounts", admin, body), 400u) << body;
  EXPECT_EQ(status("POST", "/api/v1/accounts", admin, "{}"), 400u);
  EXPECT_EQ(status("POST", "/api/v1/accounts", admin, R"({"id": "No Spaces"})"), 400u);
  EXPECT_EQ(status("POST", "/api/v1/accounts", admin, R"({"id": "acme"})"), 409u);
  EXPECT_EQ(status("POST", "/api/v1/users", admin, R"({"id": "x", "role": "king"})"), 400u);
  EXPECT_EQ(status("POST", "/api/v1/users", admin, R"({"id": "x", "role": "auditor"})"), 400u);
  EXPECT_EQ(status("POST", "/api/v1/users", admin,
                   R"({"id": "x", "role": "admin", "password": "short"})"),
            403u);
  EXPECT_EQ(status("POST", "/api/v1/trusted-keys", admin, R"({"pem": "x"})"), 400u);
  EXPECT_EQ(status("POST", "/api/v1/tokens", admin, R"({"expires_days": 0})"), 400u);
  EXPECT_EQ(status("PUT", "/api/v1/factory/rendezvous", admin, R"({"directives": []})"), 400u);
  EXPECT_EQ(status("PUT", "/api/v1/factory/rendezvous", admin,
                   R"({"directives": [{"dns": "x", "server_cert_hash": "00112233"}]})"),
            400u);
  EXPECT_EQ(status("PUT", "/api/v1/factory/rendezvous", admin, R"({"directives": [{"dsn": "x"}]})"),
            400u);
  EXPECT_EQ(status("PUT", "/api/v1/profiles/x", admin, R"({"acount": "acme"})"), 400u);
  EXPECT_EQ(status("PUT", "/api/v1/profiles/x", admin, R"({"account": "nobody"})"), 404u);
  EXPECT_EQ(status("GET", "/api/v1/devices?state=lost", admin), 400u);
  EXPECT_EQ(status("GET", "/api/v1/vouchers/xyz", admin), 400u);
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

TEST_F(ApiTest, AProfileIsNotOverwrittenWhenItChangedMeanwhile) {
  good("PUT /api/v1/profiles/{id}", "/api/v1/profiles/p", admin, R"({"priority": 1})");
  std::string tag = send("GET", "/api/v1/profiles/p", admin).etag;
  EXPECT_EQ(send("PUT", "/api/v1/profiles/p", admin, R"({"priority": 2})", tag).status, 200u);
  auto stale = send("PUT", "/api/v1/profiles/p", admin, R"({"priority": 3})", tag);
  EXPECT_EQ(stale.status, 412u);
  EXPECT_EQ(document().complaint("Error", json::parse(stale.body)), "");
  EXPECT_EQ(send("PUT", "/api/v1/profiles/p", admin, "{}", "\"abc\"").status, 400u);
  EXPECT_EQ(
      good("GET /api/v1/profiles/{id}", "/api/v1/profiles/p", admin).at("priority").as_int64(), 2);
}

TEST_F(ApiTest, AnswersAreAsTheDocumentDescribesThem) {
  DeviceId id = onboarded("SN-1");
  std::string device = "/api/v1/devices/" + id.str();
  good("GET /api/v1/health", "/api/v1/health", "");
  good("GET /api/v1/status", "/api/v1/status", admin);
  good("GET /api/v1/keys", "/api/v1/keys", admin);
  good("GET /api/v1/accounts", "/api/v1/accounts", admin);
  good("POST /api/v1/accounts", "/api/v1/accounts", admin, R"({"id": "new", "name": "New"})");
  good("GET /api/v1/profiles", "/api/v1/profiles", admin);
  good("GET /api/v1/factory/rendezvous", "/api/v1/factory/rendezvous", admin);
  good(
      "PUT /api/v1/factory/rendezvous", "/api/v1/factory/rendezvous", admin,
      R"({"directives": [{"dns": "rv.example", "ips": ["192.0.2.1"], "protocol": "https", "device_port": 443, "owner_port": 8443, "delay_seconds": 5, "authority_cert_hash": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
                          {"ips": ["2001:db8::1"], "bypass": true}]})");
  good("GET /api/v1/devices", "/api/v1/devices?limit=1", admin);
  good("GET /api/v1/devices/{id}", device, admin);
  auto changed = good("PATCH /api/v1/devices/{id}", device, admin,
                      R"({"name": "Pump 1", "groups": ["hall-3"]})");
  EXPECT_EQ(changed.at("name").as_string(), "Pump 1");
  auto timeline = good("GET /api/v1/devices/{id}/timeline", device + "/timeline", admin);
  EXPECT_GT(timeline.at("items").as_array().size(), 4u);
  EXPECT_EQ(
      good("POST /api/v1/devices/{id}/revoke", device + "/revoke", admin, R"({"reason": "lost"})")
          .at("state")
          .as_string(),
      "revoked");
  good("POST /api/v1/devices/{id}/readmit", device + "/readmit", admin);
  EXPECT_EQ(status("POST", device + "/readmit", admin), 409u);
  EXPECT_EQ(status("POST", device + "/approve", admin), 404u);
  EXPECT_EQ(status("POST", device + "/reject", admin, R"({"reason": "x"})"), 404u);
  EXPECT_EQ(status("POST", device + "/revoke", admin, "{}"), 400u);
}

TEST_F(ApiTest, FilesThatADeviceLeftAreListedAndFetchedWithinItsAccount) {
  DeviceId id = onboarded("SN-1");
  std::string uploads = "/api/v1/devices/" + id.str() + "/uploads";
  std::string stranger = user("bob", Role::operator_, "default"),
              mine = user("anna", Role::operator_, "acme");
  std::string content("\0\xff{}\n", 5);
  plant.commit({registry::PutUpload{{id, "logs/a+b %.txt", 0, Bytes(48, 0xab), plant.now},
                                    to_bytes(std::string_view(content))}});
  auto listed = good("GET /api/v1/devices/{id}/uploads", uploads, mine).at("items").as_array();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].at("name").as_string(), "logs/a+b %.txt");
  EXPECT_EQ(listed[0].at("size").to_number<int>(), 5);
  EXPECT_EQ(listed[0].at("sha384").as_string(), to_hex(Bytes(48, 0xab)));
  std::string file = uploads + "/logs%2Fa+b%20%25.txt";
  auto fetched = send("GET", file, mine);
  EXPECT_EQ(fetched.status, 200u);
  EXPECT_EQ(fetched.content_type, "application/octet-stream");
  EXPECT_EQ(fetched.body, content);
  EXPECT_EQ(status("GET", uploads + "/logs/a+b%20%25.txt", mine), 404u);
  EXPECT_EQ(status("GET", uploads + "/other", mine), 404u);
  for (const auto& path : {uploads, file}) EXPECT_EQ(status("GET", path, stranger), 404u);
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
}

TEST_F(ApiTest, ADeviceShowsItsFormerGuidsItsRegistrationsAndItsNextProfile) {
  PlantDevice device{plant, "SN-1"};
  device.initialize();
  std::string first = fdo::to_text(device.credential.guid);
  DeviceId id = device.hand_to_owner();
  plant.profile("one", R"({"priority": 5, "match": {"devices": [")" + id.str() + R"("]}})");
  ASSERT_TRUE(device.onboard().complete);
  ASSERT_FALSE(device.onboard(64).complete);
  auto shown = good("GET /api/v1/devices/{id}", "/api/v1/devices/" + first, admin);
  EXPECT_EQ(shown.at("id").as_string(), id.str());  // by a GUID that it had
  EXPECT_EQ(shown.at("former_guids"), (json::array{json::string(first)}));
  EXPECT_EQ(shown.at("profile"), "one");
  EXPECT_EQ(shown.at("next_profile"), "one");
  EXPECT_EQ(shown.at("next_profile_is_for").as_string(), "devices " + id.str());
  ASSERT_EQ(shown.at("rendezvous").as_array().size(), 1u);
  EXPECT_EQ(document().complaint("To0Job", shown.at("rendezvous").at(0)), "");
  EXPECT_EQ(status("GET", "/api/v1/devices/" + first, user("olaf", Role::operator_, "default")),
            404u);
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
               plant.random, metrics, &metrics});
  metrics(event::device_online);
  Request request{"GET", "/metrics", {}, "Bearer " + admin, {}, {}, {}, "192.0.2.7", plant.now};
  auto text = counted.handle(request);
  EXPECT_EQ(text.status, 200u);
  EXPECT_THAT(text.body, testing::HasSubstr("DEVICE_ONLINE\"} 1"));
  request.authorization = "Bearer " + acme;
  EXPECT_EQ(counted.handle(request).status, 403u);
}

TEST_F(ApiTest, VouchersAreImportedOneByOneAndExtendedAway) {
  PlantDevice first{plant, "SN-1"};
  first.initialize();
  std::string path = "/api/v1/vouchers/" + fdo::to_text(first.credential.guid);
  EXPECT_EQ(good("GET /api/v1/vouchers/{guid}", path, admin).at("state").as_string(), "made");
  std::string owner(good("GET /api/v1/keys", "/api/v1/keys", admin).at("owner").as_string());
  json::object next{{"next_owner", owner}};
  auto extended =
      good("POST /api/v1/vouchers/{guid}/extend", path + "/extend", admin, json::serialize(next));
  std::string good_pem(extended.at("pem").as_string());
  auto party = test::FdoParty::make(crypto::KeyType::p256, 1);
  std::string batch = good_pem + fdo::encode_voucher_pem(party.voucher) +
                      pem::encode("OWNERSHIP VOUCHER", to_bytes("garbage"));
  auto import = [&](const std::string& query) {
    auto response =
        send("POST", "/api/v1/vouchers/import" + query, admin, batch, {}, "application/x-pem-file");
    EXPECT_EQ(response.status, 200u) << response.body;
    auto value = json::parse(response.body);
    EXPECT_EQ(document().complaint("ImportResults", value), "");
    std::string results;
    for (const auto& each : value.at("results").as_array())
      results += std::string(each.at("result").as_string()) + " ";
    return results;
  };
  EXPECT_EQ(import("?dry_run=true"), "imported refused refused ");
  EXPECT_EQ(import(""), "imported refused refused ");
  EXPECT_EQ(import(""), "unchanged refused refused ");
  EXPECT_EQ(send("GET", path + "/pem", admin).body, good_pem);
  good("GET /api/v1/vouchers", "/api/v1/vouchers?state=owned", admin);
  EXPECT_EQ(send("POST", "/api/v1/vouchers/import", admin, "nothing", {}, "application/x-pem-file")
                .status,
            400u);
}

TEST_F(ApiTest, ADeviceThatIsSoldLosesItsAccess) {
  DeviceId id = onboarded("SN-1");
  std::string path =
      "/api/v1/vouchers/" + fdo::to_text(*fdo::Guid::from(plant.device(id).guid)) + "/extend";
  json::object next{
      {"next_owner",
       pem::encode(
           "PUBLIC KEY",
           must(crypto::SoftwareKey::generate(crypto::KeyType::p256))->public_key().spki())}};
  EXPECT_EQ(status("POST", path, admin, json::serialize(next)), 409u) << "not seen under it yet";
  next["unconfirmed"] = true;
  good("POST /api/v1/vouchers/{guid}/extend", path, admin, json::serialize(next));
  EXPECT_EQ(plant.access.revoked, plant.access.admitted);
  EXPECT_EQ(plant.device(id).state, registry::DeviceState::revoked);
}

TEST_F(ApiTest, PagesGoOnWhereTheOneBeforeEnded) {
  for (int i = 0; i < 5; ++i) {
    PlantDevice device{plant, "SN-" + std::to_string(i)};
    device.initialize();
    device.hand_to_owner();
  }
  std::set<std::string> seen;
  std::string after;
  for (int page = 0; page < 10; ++page) {
    Request request{
        "GET", "/api/v1/devices", {{"limit", "2"}, {"after", after}}, "Bearer " + admin, {}, {}, {},
        {},    plant.now};
    auto value = json::parse(api.handle(request).body);
    for (const auto& each : value.at("items").as_array())
      EXPECT_TRUE(seen.insert(std::string(each.at("id").as_string())).second);
    if (!value.as_object().contains("next")) break;
    after = std::string(value.at("next").as_string());
  }
  EXPECT_EQ(seen.size(), 5u);
}

TEST_F(ApiTest, TheFirstStartMakesOneAdministratorAndOnlyOnce) {
  EXPECT_FALSE(admin.empty());
  EXPECT_EQ(first_start(), "");
  EXPECT_EQ(must(plant.registry->users()).size(), 1u);
}

TEST(FirstStart, MakesNobodyWhoseTokenCouldNotBeKept) {
  ServerPlant plant;
  Api api{{plant.store, plant.identity, plant.vouchers, plant.enroller, plant.passwords,
           plant.random, plant.log}};
  auto full = [](std::string_view) -> Result<void> { return fail(Errc::io, "the disk is full"); };
  EXPECT_FALSE(api.bootstrap(full, plant.now));
  EXPECT_TRUE(must(plant.registry->users()).empty());
}

TEST_F(ApiTest, AnEngineerClaimsADeviceByItsOfferForTheirOwnAccountOnly) {
  std::string engineer = user("eva", Role::engineer, "acme");
  PlantDevice device{plant, "LP-1"};
  std::string offer = to_base64(device.offer());
  auto body = [&](std::string more) { return R"({"offer": ")" + offer + R"(", )" + more + "}"; };
  json::value claimed = good("POST /api/v1/claims", "/api/v1/claims", engineer,
                             body(R"("proof": "code", "name": "pump 7")"));
  EXPECT_EQ(claimed.at("state").as_string(), "granted");
  EXPECT_TRUE(from_base64(claimed.at("grant").as_string()));
  EXPECT_EQ(plant.device(DeviceId(std::string(claimed.at("device").as_string()))).name, "pump 7");
  EXPECT_EQ(
      status("POST", "/api/v1/claims", engineer, body(R"("proof": "code", "account": "default")")),
      403u);
  EXPECT_EQ(status("POST", "/api/v1/claims", engineer, body(R"("proof": "charm")")), 400u);
  EXPECT_EQ(status("POST", "/api/v1/claims", engineer, R"({"offer": "!", "proof": "code"})"), 400u);
  EXPECT_EQ(status("POST", "/api/v1/claims", admin, body(R"("proof": "code")")), 400u);
  std::string auditor = user("ada", Role::auditor, "acme");
  EXPECT_EQ(status("POST", "/api/v1/claims", auditor, body(R"("proof": "code")")), 403u);
  PlantDevice copy{plant, "LP-1"};
  offer = to_base64(copy.offer());
  json::value waits =
      good("POST /api/v1/claims", "/api/v1/claims", engineer, body(R"("proof": "button")"));
  EXPECT_EQ(waits.at("state").as_string(), "waiting");
}

}  // namespace
}  // namespace fairlead::server::api
