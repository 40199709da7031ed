// SPDX-License-Identifier: Apache-2.0
// Devices: what is shown of them, the files that they leave, claims from beside them.
#include "codec/base64.h"
#include "server/api/call.h"
#include "support/api_fixture.h"

namespace fairlead::server::api {
namespace {

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

TEST_F(ApiTest, WhatPeopleWriteHasALimitInCharactersAndTheRefusalNamesIt) {
  std::string device = "/api/v1/devices/" + onboarded("SN-1").str();
  auto of = [](std::size_t characters) {
    std::string out;
    for (std::size_t i = 0; i < characters; ++i) out += "ü";  // two bytes
    return out;
  };
  const std::string fits = of(text_characters_max), too_long = of(text_characters_max + 1);
  struct Case {
    std::string method, path, member, before, after;
  };
  for (const Case& each :
       {Case{"PATCH", device, "name", R"({"name": ")", R"("})"},
        {"PATCH", device, "groups", R"({"groups": [")", R"("]})"},
        {"POST", "/api/v1/devices", "model", R"({"serial": "SN-9", "account": "acme", "model": ")",
         R"("})"},
        {"POST", "/api/v1/tokens", "label", R"({"label": ")", R"("})"},
        {"POST", "/api/v1/accounts", "name", R"({"id": "x", "name": ")", R"("})"},
        {"POST", device + "/revoke", "reason", R"({"reason": ")", R"("})"}}) {
    auto refused = send(each.method, each.path, admin, each.before + too_long + each.after);
    EXPECT_EQ(refused.status, 400u) << each.member;
    EXPECT_NE(refused.body.find("'" + each.member + "' is longer than 256 characters"),
              std::string::npos)
        << refused.body;
    EXPECT_LT(send(each.method, each.path, admin, each.before + fits + each.after).status, 300u)
        << each.member;
  }
  EXPECT_EQ(status("PATCH", device, admin, R"({"name": 5})"), 400u);  // not passed over in silence
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

TEST_F(ApiTest, ADeviceIsNotRenamedOverSomebodyElsesNameButOverItsOwnDoings) {
  DeviceId id = onboarded("SN-1");
  const std::string path = "/api/v1/devices/" + id.str();
  std::string tag = send("GET", path, admin).etag;
  auto online = plant.device(id);
  online.state = registry::DeviceState::online;
  plant.commit({registry::UpdateDevice{online, online.revision}});
  auto renamed = send("PATCH", path, admin, R"({"name": "pump"})", tag);
  EXPECT_EQ(renamed.status, 200u) << "that it came online is nobody's edit";
  EXPECT_EQ(send("PATCH", path, admin, R"({"groups": ["hall-2"]})", tag).status, 412u);
  EXPECT_EQ(send("PATCH", path, admin, R"({"groups": ["hall-2"]})", renamed.etag).status, 200u);
  EXPECT_EQ(plant.device(id).name, "pump");
}

}  // namespace
}  // namespace fairlead::server::api
