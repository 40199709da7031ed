// SPDX-License-Identifier: Apache-2.0
// What the audit log says of calls of the API, and who may read it.
#include "codec/base64.h"
#include "codec/pem.h"
#include "crypto/hash_chain.h"
#include "support/api_fixture.h"
#include "support/fail_nth_registry.h"

namespace fairlead::server::api {
namespace {

std::string text(const json::value& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

struct AuditTest : ApiTest {
  std::set<std::string> made;  // routes

  json::value last_entry() {
    auto last = must(plant.registry->last_audit());
    return last ? json::parse(last->entry) : nullptr;
  }
  // Calls, and expects that the newest entry is of this call.
  json::value call(const std::string& route, const std::string& target, const std::string& event,
                   const std::string& body = {}) {
    auto before = must(plant.registry->last_audit());
    auto response = send(route.substr(0, route.find(' ')), target, admin, body, {},
                         body.starts_with("-----") ? "application/x-pem-file" : "application/json");
    EXPECT_LT(response.status, 300u) << route << response.body;
    auto after = must(plant.registry->last_audit());
    EXPECT_GT(after->sequence, before->sequence) << route << " left no trace";
    json::value entry = json::parse(after->entry);
    EXPECT_EQ(text(entry, "event"), event) << route;
    EXPECT_EQ(entry.at("from"), "api 192.0.2.7") << route;
    made.insert(route);
    return response.body.empty() ? json::value() : json::parse(response.body);
  }
  std::string claim(PlantDevice& device) {
    return R"({"account": "acme", "proof": "code", "offer": ")" + to_base64(device.offer()) + "\"}";
  }
  std::string public_key() {
    return pem::encode(
        "PUBLIC KEY",
        must(crypto::SoftwareKey::generate(crypto::KeyType::p256))->public_key().spki());
  }
};

TEST_F(AuditTest, EveryCallThatChangesSomethingIsOnRecordWithWhoAndFromWhere) {
  call("POST /api/v1/accounts", "/api/v1/accounts", "ACCOUNT_CREATED", R"({"id": "new"})");
  call("POST /api/v1/users", "/api/v1/users", "USER_CREATED",
       R"({"id": "eve", "role": "admin", "password": "correct horse"})");
  EXPECT_EQ(last_entry().at("who"), "admin");
  call("PATCH /api/v1/users/{id}", "/api/v1/users/eve", "USER_CHANGED", R"({"disabled": false})");
  EXPECT_EQ(last_entry().at("fields").at("what"), "enabled");
  call("POST /api/v1/login", "/api/v1/login", "LOGGED_IN",
       R"({"user": "eve", "password": "correct horse"})");
  EXPECT_EQ(last_entry().at("who"), "eve");
  auto token = call("POST /api/v1/tokens", "/api/v1/tokens", "TOKEN_MADE", R"({"label": "ci"})");
  call("DELETE /api/v1/tokens/{id}", "/api/v1/tokens/" + text(token, "id"), "TOKEN_REMOVED");
  call("PUT /api/v1/profiles/{id}", "/api/v1/profiles/p", "PROFILE_PUT", R"({"priority": 1})");
  call("PUT /api/v1/profiles/{id}/wifi", "/api/v1/profiles/p/wifi", "WIFI_SET",
       R"({"ssid": "PlantFloor", "passphrase": "correct horse battery"})");
  call("DELETE /api/v1/profiles/{id}/wifi", "/api/v1/profiles/p/wifi", "WIFI_REMOVED");
  call("DELETE /api/v1/profiles/{id}", "/api/v1/profiles/p", "PROFILE_REMOVED");
  auto key = call("POST /api/v1/trusted-keys", "/api/v1/trusted-keys", "TRUST_ADDED",
                  json::serialize(json::object{{"pem", public_key()}}));
  call("DELETE /api/v1/trusted-keys/{fingerprint}",
       "/api/v1/trusted-keys/" + text(key, "fingerprint"), "TRUST_REMOVED");
  call("PUT /api/v1/factory/rendezvous", "/api/v1/factory/rendezvous", "FACTORY_RENDEZVOUS_SET",
       R"({"directives": [{"dns": "rv.example"}]})");
  call("POST /api/v1/devices", "/api/v1/devices", "DEVICE_CREATED",
       R"({"serial": "SN-2", "account": "acme"})");
  std::string added = "/api/v1/devices/" + text(last_entry(), "subject");
  call("PATCH /api/v1/devices/{id}", added, "DEVICE_CHANGED", R"({"name": "pump"})");
  call(
      "PUT /api/v1/devices/{id}/dpp", added + "/dpp", "DPP_KEY_SET",
      R"({"uri": "DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADm1c6RPQU3ygJ8wyaqAPy7lFYgc80jtfG7p3O79aGmtE=;;"})");
  call("DELETE /api/v1/devices/{id}/dpp", added + "/dpp", "DPP_KEY_REMOVED");
  call("POST /api/v1/devices/{id}/otp", added + "/otp", "OTP_MADE");
  call("POST /api/v1/devices/{id}/revoke", added + "/revoke", "DEVICE_REVOKED",
       R"({"reason": "lost"})");
  EXPECT_EQ(last_entry().at("fields").at("reason"), "lost");
  call("POST /api/v1/devices/{id}/readmit", added + "/readmit", "DEVICE_READMITTED");

  call("POST /api/v1/devices", "/api/v1/devices", "DEVICE_CREATED",
       R"({"serial": "SN-5", "account": "acme"})");
  std::string next = text(last_entry(), "subject");
  call("POST /api/v1/devices/{id}/replace", added + "/replace", "DEVICE_TOOK_PLACE",
       R"({"by": ")" + next + "\"}");
  call("POST /api/v1/devices/{id}/decommission", "/api/v1/devices/" + next + "/decommission",
       "DEVICE_DECOMMISSIONED", R"({"reason": "scrapped"})");
  EXPECT_EQ(last_entry().at("fields").at("name"), "pump");

  PlantDevice sold{plant, "SN-3"};
  sold.initialize();
  std::string owner = text(good("GET /api/v1/keys", "/api/v1/keys", admin), "owner");
  auto extended = call("POST /api/v1/vouchers/{guid}/extend",
                       "/api/v1/vouchers/" + fdo::to_text(sold.credential.guid) + "/extend",
                       "VOUCHER_HANDED_OVER", json::serialize(json::object{{"next_owner", owner}}));
  call("POST /api/v1/vouchers/import", "/api/v1/vouchers/import", "VOUCHER_IMPORTED",
       text(extended, "pem"));

  plant.profile("careful", R"({"priority": 9, "account": "acme", "approval": true,
                               "match": {"serials": ["SN-4"]}})");
  PlantDevice asking{plant, "SN-4"}, copy{plant, "SN-4"};
  auto waiting = call("POST /api/v1/claims", "/api/v1/claims", "DEVICE_CLAIMED", claim(asking));
  std::string device = "/api/v1/devices/" + text(waiting, "device");
  call("POST /api/v1/devices/{id}/approve", device + "/approve", "DEVICE_APPROVED");
  call("POST /api/v1/claims", "/api/v1/claims", "GRANTED", claim(asking));
  call("POST /api/v1/claims", "/api/v1/claims", "DEVICE_CLAIMED", claim(copy));
  call("POST /api/v1/devices/{id}/reject", device + "/reject", "DEVICE_REJECTED",
       R"({"reason": "a copy"})");

  for (const auto& route : routes())
    if (route.method != "GET")
      EXPECT_TRUE(made.contains(route.method + " " + route.path))
          << route.method << route.path << " is not shown to leave a trace";
}

TEST_F(AuditTest, WhatWasRefusedLeavesNoTrace) {
  auto before = must(plant.registry->last_audit());
  EXPECT_EQ(status("POST", "/api/v1/accounts", admin, R"({"id": "acme"})"), 409u);
  EXPECT_EQ(status("PUT", "/api/v1/profiles/default", admin, R"({"acount": "x"})"), 400u);
  EXPECT_EQ(send("PUT", "/api/v1/profiles/default", admin, "{}", "\"77\"").status, 412u);
  EXPECT_EQ(must(plant.registry->last_audit()), before);
}

TEST_F(AuditTest, TheLogClaimsNothingThatCouldNotBeWritten) {
  for (int n = 0;; ++n) {
    test::FailNth failing(*plant.registry, n);
    Store store(failing);
    Api api({store, plant.identity, plant.vouchers, plant.enroller, plant.passwords, plant.wifi,
             plant.random, plant.log});
    Request request;
    request.method = "POST";
    request.path = "/api/v1/accounts";
    request.authorization = "Bearer " + admin;
    request.body = to_bytes(std::string_view(R"({"id": "globex"})"));
    request.now = plant.now;
    auto response = api.handle(request);
    EXPECT_EQ(plant.log.has("ACCOUNT_CREATED"), response.status == 201) << n;
    if (!failing.fired()) break;
  }
}

TEST_F(AuditTest, ADeviceThatIsGrantedAccessIsOnRecordWithItsWay) {
  DeviceId id = onboarded("SN-1");
  auto last = last_entry();
  EXPECT_EQ(last.at("event"), "GRANTED");
  EXPECT_EQ(text(last, "who"), id.str());
  EXPECT_EQ(last.at("from"), "fdo 192.0.2.7");
}

TEST_F(AuditTest, AnAccountsAuditorFollowsTheWholeChainAndReadsItsOwnPart) {
  onboarded("SN-1");
  std::string auditor = user("aud", Role::auditor, "acme"),
              operators = user("olga", Role::operator_, "acme");
  EXPECT_EQ(status("GET", "/api/v1/audit", operators), 403u);
  EXPECT_EQ(status("GET", "/api/v1/audit?after=-1", auditor), 400u);
  auto all = good("GET /api/v1/audit", "/api/v1/audit", admin).at("items").as_array();
  auto part = good("GET /api/v1/audit", "/api/v1/audit", auditor).at("items").as_array();
  ASSERT_EQ(all.size(), part.size());
  crypto::Sha256 link;
  std::size_t withheld = 0;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const json::object& item = part[i].as_object();
    auto hash = crypto::Sha256::from(*from_hex(text(item, "entry_sha256")));
    link = crypto::chain_link(link, *hash);
    EXPECT_EQ(text(item, "link"), link.hex());
    auto entry = json::parse(text(all[i], "entry"));
    EXPECT_EQ(item.contains("entry"), entry.at("account") == "acme");
    withheld += item.contains("entry") ? 0 : 1;
  }
  EXPECT_GT(withheld, 0u);
  EXPECT_LT(withheld, part.size());
}

TEST_F(AuditTest, TheNewestAreFoundWithoutReadingTheRest) {
  for (int i = 0; i < 5; ++i) onboarded("SN-" + std::to_string(i));
  auto whole = must(plant.registry->last_audit())->sequence;
  auto newest = good("GET /api/v1/audit", "/api/v1/audit?newest=2", admin).at("items").as_array();
  ASSERT_EQ(newest.size(), 2u);
  EXPECT_EQ(newest[1].at("sequence").to_number<std::uint64_t>(), whole);
}

}  // namespace
}  // namespace fairlead::server::api
