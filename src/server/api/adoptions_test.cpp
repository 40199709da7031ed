// SPDX-License-Identifier: Apache-2.0
// The adoption queue, and who may do what with it.
#include "codec/base64.h"
#include "support/api_fixture.h"

namespace fairlead::server::api {
namespace {

TEST_F(ApiTest, TheAdoptionQueueShowsTheKeysThatCompeteAndTakesAWordOnOne) {
  std::string engineer = user("eva", Role::engineer, "acme"),
              operator_ = user("olga", Role::operator_, "acme"),
              stranger = user("bob", Role::operator_, "default");
  PlantDevice first{plant, "LP-1"}, second{plant, "LP-1"}, third{plant, "LP-1"};
  json::value claimed;
  for (PlantDevice* each : {&first, &second, &third})
    claimed = good("POST /api/v1/claims", "/api/v1/claims", engineer,
                   R"({"proof": "code", "offer": ")" + to_base64(each->offer()) + R"("})");
  std::string device = "/api/v1/devices/" + std::string(claimed.at("device").as_string());
  auto queue = [&] { return good("GET /api/v1/adoptions", "/api/v1/adoptions", operator_); };
  auto item = queue().at("items").as_array().at(0);
  EXPECT_NE(item.at("why").as_string().find("another key"), std::string::npos);
  const auto& keys = item.at("keys").as_array();
  ASSERT_EQ(keys.size(), 3u);
  std::vector<std::string> waiting;
  for (const auto& key : keys)
    if (key.at("state").as_string() == "waiting")
      waiting.emplace_back(key.at("fingerprint").as_string());
  ASSERT_EQ(waiting.size(), 2u);
  EXPECT_TRUE(
      good("GET /api/v1/adoptions", "/api/v1/adoptions", stranger).at("items").as_array().empty());
  auto about = [](const std::string& key) { return R"({"reason": "x", "key": ")" + key + R"("})"; };
  EXPECT_EQ(status("POST", device + "/approve", engineer, about(waiting[0])), 403u);
  EXPECT_EQ(status("POST", device + "/approve", operator_, about("12")), 400u);
  EXPECT_EQ(status("POST", device + "/approve", operator_, about(std::string(64, '0'))), 404u);
  good("POST /api/v1/devices/{id}/reject", device + "/reject", operator_, about(waiting[0]));
  EXPECT_EQ(queue().at("items").as_array().at(0).at("keys").as_array().size(), 2u);
  good("POST /api/v1/devices/{id}/approve", device + "/approve", operator_, about(waiting[1]));
  EXPECT_TRUE(queue().at("items").as_array().empty());
}

TEST_F(ApiTest, WhoMayOnlyClaimReplacesNothing) {
  std::string installer = user("ivo", Role::installer, "acme");
  PlantDevice device{plant, "LP-1"};
  std::string offer = R"({"proof": "code", "offer": ")" + to_base64(device.offer()) + R"(")";
  EXPECT_EQ(status("POST", "/api/v1/claims", installer, offer + R"(, "replaces": "d-1"})"), 403u);
  EXPECT_EQ(status("POST", "/api/v1/claims", installer, offer + "}"), 200u);
}

}  // namespace
}  // namespace fairlead::server::api
