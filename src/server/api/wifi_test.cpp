// SPDX-License-Identifier: Apache-2.0
#include "support/api_fixture.h"

namespace fairlead::server::api {
namespace {

TEST_F(ApiTest, AProfilesPassphraseGoesInAndNeverComesOut) {
  const std::string path = "/api/v1/profiles/default/wifi";
  EXPECT_EQ(status("GET", path, admin), 404u);
  EXPECT_EQ(status("PUT", path, admin, R"({"ssid": "PlantFloor", "passphrase": "short"})"), 403u);
  EXPECT_EQ(status("PUT", path, admin, R"({"ssid": "PlantFloor", "akm": "wep"})"), 400u);
  EXPECT_FALSE(plant.log.has("WIFI_SET"));
  good("PUT /api/v1/profiles/{id}/wifi", path, admin,
       R"({"ssid": "PlantFloor", "passphrase": "correct horse battery"})");
  auto shown = good("GET /api/v1/profiles/{id}/wifi", path, admin);
  EXPECT_EQ(test::text_at(shown, "/ssid"), "PlantFloor");
  EXPECT_EQ(test::text_at(shown, "/akm"), "psk+sae");
  EXPECT_EQ(send("GET", path, admin).body.find("correct"), std::string::npos);
  std::string acme = user("ada", Role::operator_, "acme");
  EXPECT_EQ(status("PUT", path, acme, R"({"ssid": "x", "passphrase": "12345678"})"), 404u)
      << "a profile that hands devices to another account is as unknown as none";
  good("DELETE /api/v1/profiles/{id}/wifi", path, admin);
  EXPECT_EQ(status("GET", path, admin), 404u);
}

TEST_F(ApiTest, ALabelsKeyIsOneDevicesAndWithinItsAccount) {
  const std::string uri =
      "DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADm1c6RPQU3ygJ8wyaqAPy7lFYgc80jtfG7p3O79aGmtE=;;";
  const std::string body = json::serialize(json::object{{"uri", uri}});
  std::string path = "/api/v1/devices/" + onboarded("SN-1").str() + "/dpp";
  std::string other = "/api/v1/devices/" + onboarded("SN-2").str() + "/dpp";
  EXPECT_EQ(status("GET", path, admin), 404u);
  EXPECT_EQ(status("PUT", path, admin, R"({"uri": "WIFI:S:x;;"})"), 400u);
  good("PUT /api/v1/devices/{id}/dpp", path, admin, body);
  EXPECT_EQ(test::text_at(good("GET /api/v1/devices/{id}/dpp", path, admin), "/uri"), uri);
  EXPECT_EQ(status("PUT", other, admin, body), 409u);
  EXPECT_EQ(status("GET", path, user("eve", Role::operator_, "other")), 404u);
  good("DELETE /api/v1/devices/{id}/dpp", path, admin);
  good("PUT /api/v1/devices/{id}/dpp", other, admin, body);
  EXPECT_EQ(status("GET", "/api/v1/dpp", admin), 404u);  // no Controller in this test
}

}  // namespace
}  // namespace fairlead::server::api
