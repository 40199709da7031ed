// SPDX-License-Identifier: Apache-2.0
// The Controller with a registry of its own, and a device that comes by its label's key.
#include "server/dpp/controller.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "support/child_process.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;
using test::ServerPlant;

const ProfileId profile("all");

dpp::WifiNetwork plant_floor(dpp::Akm akm = dpp::Akm::psk_sae) {
  return {
      to_bytes("PlantFloor"), akm,
      dpp::wants_passphrase(akm) ? SecretBytes(to_bytes("correct horse battery")) : SecretBytes()};
}

struct ControllerTest : testing::Test {
  ServerPlant plant;
  DppController controller{must(open_controller_keys(*plant.keys, plant.store, plant.random)),
                           plant.store, plant.wifi, plant.log};
  crypto::CurveKey label = must(generate_curve_key(crypto::Curve::p256, plant.random));
  const dpp::BootstrapKey key = dpp::bootstrap_key(label.point);
  registry::Device device = known_device();

  registry::Device known_device() {
    registry::Device out;
    out.id = DeviceId("d-1");
    out.account = AccountId("acme");
    out.serial = "SN-1";
    plant.commit({registry::InsertDevice{out}});
    return out;
  }
  void enter_label() {
    dpp::BootstrapUri uri{{}, {}, {}, 2, key};
    must(set_bootstrap_uri(plant.store, device, encode_bootstrap_uri(uri), {"ada"}, plant.now));
  }
  Result<DppController::Known> chirps() {
    return controller.require_device(dpp::Announced{key.chirp_hash()}, plant.now);
  }
  dpp::Configure question(dpp::NetworkRole role = dpp::NetworkRole::station) {
    dpp::Configure out;
    out.request.role = role;
    out.network_key = label.point;
    return out;
  }
  std::string timeline() {
    std::string out;
    for (const auto& each : must(plant.registry->events_of(device.id, 10))) out += each.id + " ";
    return out;
  }
};

TEST_F(ControllerTest, KnowsADeviceByEitherHashOfItsLabel) {
  EXPECT_EQ(chirps().error().code, Errc::not_found);
  enter_label();
  EXPECT_EQ(must(chirps()).device, device.id);
  const dpp::KeyHash own = dpp::bootstrap_key(controller.bootstrap().point).hash();
  EXPECT_EQ(must(controller.require_device(dpp::Requested{own, key.hash()}, plant.now)).device,
            device.id);
  EXPECT_EQ(
      controller.require_device(dpp::Requested{key.hash(), key.hash()}, plant.now).error().code,
      Errc::untrusted);
  EXPECT_FALSE(controller.require_device(dpp::Announced{key.hash()}, plant.now));
  EXPECT_FALSE(controller.require_device(dpp::Requested{own, key.chirp_hash()}, plant.now));
}

TEST_F(ControllerTest, ARevokedDeviceAndOneThatTriesTooOftenGetNothing) {
  enter_label();
  for (std::size_t i = 0; i < limits::dpp_attempts_per_key_max; ++i) EXPECT_TRUE(chirps());
  EXPECT_EQ(chirps().error().code, Errc::busy);
  plant.now += limits::dpp_attempts_window;
  EXPECT_TRUE(chirps());
  device.state = registry::DeviceState::revoked;
  plant.commit({registry::UpdateDevice{device, 1}});
  EXPECT_EQ(chirps().error().code, Errc::refused);
}

TEST_F(ControllerTest, GivesTheNetworkOfTheDevicesProfileToStationsOnly) {
  enter_label();
  EXPECT_EQ(controller.configuration_for(device.id, question()).error().code, Errc::refused);
  must(plant.wifi.set(profile, plant_floor(), plant.now));
  auto objects = must(controller.configuration_for(device.id, question()));
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_NE(as_text(objects[0].reveal()).find("correct horse battery"), std::string::npos);
  for (auto role : {dpp::NetworkRole::access_point, dpp::NetworkRole::configurator})
    EXPECT_EQ(controller.configuration_for(device.id, question(role)).error().code, Errc::refused);
}

TEST_F(ControllerTest, SignsAConnectorWhereTheNetworkWantsOne) {
  must(plant.wifi.set(profile, plant_floor(dpp::Akm::dpp), plant.now));
  auto objects = must(controller.configuration_for(device.id, question()));
  EXPECT_NE(as_text(objects[0].reveal()).find("signedConnector"), std::string::npos);
  EXPECT_EQ(as_text(objects[0].reveal()).find("pass"), std::string::npos);
}

TEST_F(ControllerTest, KeepsItsKeysOverARestart) {
  auto again = must(open_controller_keys(*plant.keys, plant.store, plant.random));
  EXPECT_EQ(again.bootstrap.point, controller.bootstrap().point);
  EXPECT_EQ(again.c_sign->public_key(), controller.c_sign());
}

TEST_F(ControllerTest, WritesDownWhatBecameOfADevice) {
  enter_label();
  controller.failed(device.id, {Errc::timed_out, "it was silent"}, "192.0.2.1", plant.now);
  controller.configured(device.id, {dpp::ConnectionStatus{dpp::Status::no_ap, {}}}, "192.0.2.1",
                        plant.now);
  controller.configured(device.id, {}, "192.0.2.1", plant.now);
  EXPECT_TRUE(test::wait_until([&] {
    return timeline() == "DPP_KEY_SET DPP_FAILED DPP_NOT_JOINED DPP_CONFIGURED ";
  })) << timeline();
}

TEST_F(ControllerTest, LinesAboutStrangersAreBounded) {
  for (int i = 0; i < 100; ++i)
    controller.turned_away("192.0.2.1", {Errc::not_found, "stranger"}, plant.now);
  std::size_t lines = 0;
  const std::string log = plant.log.text();
  for (std::size_t at = 0; (at = log.find("DPP_REFUSED", at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 6u);
}

TEST(WifiNetworksTest, AreSealedAndOneProfilesOnly) {
  ServerPlant plant;
  must(plant.wifi.set(profile, plant_floor(), plant.now));
  auto record = must(plant.registry->find_wifi_network(profile));
  ASSERT_TRUE(record);
  EXPECT_EQ(as_text(record->sealed).find("correct horse"), std::string::npos);
  EXPECT_EQ(as_text(must(plant.wifi.find(profile))->passphrase.reveal()), "correct horse battery");
  record->profile = ProfileId("other");
  plant.commit({registry::PutWifiNetwork{*record}});
  EXPECT_EQ(plant.wifi.find(record->profile).error().code, Errc::untrusted);
  plant.commit({registry::RemoveWifiNetwork{profile}});
  EXPECT_FALSE(must(plant.wifi.find(profile)));
  dpp::WifiNetwork short_one = plant_floor();
  short_one.passphrase = SecretBytes(to_bytes("short"));
  EXPECT_EQ(plant.wifi.set(profile, short_one, plant.now).error().code, Errc::refused);
}

}  // namespace
}  // namespace fairlead::server
