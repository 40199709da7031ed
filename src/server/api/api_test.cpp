// SPDX-License-Identifier: Apache-2.0
// The table of routes, tokens and answers: what holds for every resource.
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
    bool installers = route.scope == "devices:read" || route.scope == "devices:claim" ||
                      route.scope == "status:read";
    EXPECT_EQ(refused(installer), !installers) << name;
  }
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
  EXPECT_EQ(status("POST", device + "/replace", admin, R"({"by": "d-0"})"), 404u);
  EXPECT_EQ(status("POST", device + "/decommission", admin, "{}"), 400u);
  good("POST /api/v1/devices/{id}/decommission", device + "/decommission", admin,
       R"({"reason": "scrapped"})");
  EXPECT_EQ(good("GET /api/v1/devices", "/api/v1/devices?state=decommissioned", admin)
                .at("items")
                .as_array()
                .size(),
            1u);
  good("POST /api/v1/devices/{id}/readmit", device + "/readmit", admin);
  EXPECT_EQ(status("POST", device + "/approve", admin), 404u);
  EXPECT_EQ(status("POST", device + "/reject", admin, R"({"reason": "x"})"), 404u);
  EXPECT_EQ(status("POST", device + "/revoke", admin, "{}"), 400u);
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
  Api api{{plant.store, plant.identity, plant.vouchers, plant.enroller, plant.passwords, plant.wifi,
           plant.random, plant.log}};
  auto full = [](std::string_view) -> Result<void> { return fail(Errc::io, "the disk is full"); };
  EXPECT_FALSE(api.bootstrap(full, plant.now));
  EXPECT_TRUE(must(plant.registry->users()).empty());
}

}  // namespace
}  // namespace fairlead::server::api
