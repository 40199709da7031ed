// SPDX-License-Identifier: Apache-2.0
// Vouchers: import, sale, what stands in them, where they are registered.
#include "codec/pem.h"
#include "support/api_fixture.h"

namespace fairlead::server::api {
namespace {

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

TEST_F(ApiTest, AVoucherShowsWhatStandsInIt) {
  PlantDevice device{plant, "SN-1"};
  device.initialize();
  const std::string path = "/api/v1/vouchers/" + fdo::to_text(device.credential.guid);
  auto made = good("GET /api/v1/vouchers/{guid}", path, admin).at("content");
  EXPECT_EQ(made.at("device_info").as_string(), "gateway");
  EXPECT_EQ(made.at("owner").at("whose").as_string(), "this server's manufacturer key");
  EXPECT_EQ(made.at("rendezvous").at(0).at("dns").as_string(), "rendezvous.example");
  EXPECT_TRUE(made.at("entries").as_array().empty());
  DeviceId id = device.hand_to_owner();
  auto owned = good("GET /api/v1/vouchers/{guid}", path, admin).at("content");
  EXPECT_EQ(owned.at("owner").at("whose").as_string(), "this server's owner key");
  EXPECT_EQ(owned.at("entries").at(0).at("owner").at("fingerprint").as_string(),
            plant.identity.owner->public_key().fingerprint().hex());
  EXPECT_EQ(owned.at("device_chain").at(0).at("key").at("fingerprint").as_string(),
            device.key->public_key().fingerprint().hex());
  EXPECT_EQ(owned.at("device_chain").at(0).at("subject").as_string(), "serialNumber=SN-1,CN=SN-1");
  EXPECT_EQ(owned.at("fault").as_string(), "");

  ASSERT_TRUE(device.onboard().complete);
  ASSERT_FALSE(device.onboard(64).complete);  // seen under the new GUID: the old voucher is done
  auto replaced = good("GET /api/v1/vouchers/{guid}", path, admin);
  EXPECT_EQ(replaced.at("state").as_string(), "replaced");
  EXPECT_TRUE(replaced.at("content").is_null());
}

TEST_F(ApiTest, AStrangersKeyHasNoNameAndATrustedOneItsOwn) {
  PlantDevice device{plant, "SN-1"};
  device.initialize();
  auto buyer = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  must(plant.vouchers.extend(device.credential.guid, buyer->public_key(), {"anna"}, plant.now));
  const std::string path = "/api/v1/vouchers/" + fdo::to_text(device.credential.guid);
  auto whose = [&] {
    return std::string(good("GET /api/v1/vouchers/{guid}", path, admin)
                           .at("content")
                           .at("owner")
                           .at("whose")
                           .as_string());
  };
  EXPECT_EQ(whose(), "");
  plant.trust(buyer->public_key());
  EXPECT_EQ(whose(), "a maker");
}

TEST_F(ApiTest, RegistrationsOfOurVouchersAreListedWithWhatIsWrong) {
  PlantDevice good_one{plant, "SN-1"}, bad_one{plant, "SN-2"};
  for (PlantDevice* each : {&good_one, &bad_one}) {
    each->initialize();
    each->hand_to_owner();
  }
  auto job = must(plant.registry->to0_jobs_of(bad_one.credential.guid)).at(0);
  job.failures = 3;
  job.last_error = "connection refused";
  plant.commit({registry::PutTo0Job{job}});
  const std::string route = "GET /api/v1/vouchers/registrations",
                    path = "/api/v1/vouchers/registrations";
  auto count = [&](const std::string& query, const std::string& token) {
    return good(route, path + query, token).at("items").as_array().size();
  };
  EXPECT_EQ(count("", admin), 2u);
  EXPECT_EQ(count("?server=http://rendezvous.example:8040", admin), 2u);
  EXPECT_EQ(count("?server=http://elsewhere", admin), 0u);
  auto failing = good(route, path + "?state=failing", user("anna", Role::operator_, "acme"));
  ASSERT_EQ(failing.at("items").as_array().size(), 1u);
  EXPECT_EQ(failing.at("items").at(0).at("serial").as_string(), "SN-2");
  EXPECT_EQ(failing.at("items").at(0).at("last_error").as_string(), "connection refused");
  EXPECT_EQ(count("?account=acme", user("olaf", Role::operator_, "default")), 0u);
  EXPECT_EQ(status("GET", path + "?state=lost", admin), 400u);
  EXPECT_EQ(status("GET", path + "?after=x", admin), 400u);
  auto page = good(route, path + "?limit=1", admin);
  EXPECT_EQ(count("?after=" + std::string(page.at("next").as_string()), admin), 1u);
}

}  // namespace
}  // namespace fairlead::server::api
