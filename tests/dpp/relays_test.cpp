// SPDX-License-Identifier: Apache-2.0
// The server's Controller and Debian's wpa_supplicant: a device that starts by itself, and one that
// chirps through a relay, which here is two sockets and a thread.
#include <gtest/gtest.h>

#include <thread>

#include "server/dpp/relays.h"
#include "support/server_plant.h"
#include "wpa_peer.h"

namespace fairlead::server {
namespace {

using test::BodySocket;
using test::must;
using test::WpaPeer;

const DeviceId device_id("d-1");

struct RelaysTest : testing::Test {
  test::ServerPlant plant;
  DppController controller{must(open_controller_keys(*plant.keys, plant.store, plant.random)),
                           plant.store, plant.wifi, plant.log};
  net::Loop loop{plant.log};
  std::unique_ptr<DppRelays> relays = must(DppRelays::listen(
      loop, plant.log, {"127.0.0.1", 0}, controller, plant.random, system_clock()));
  std::thread thread{[this] { loop.run(); }};
  WpaPeer peer;
  std::string label = peer.make_key();

  RelaysTest() {
    registry::Device device;
    device.id = device_id;
    device.account = AccountId("acme");
    plant.commit({registry::InsertDevice{device}});
    must(plant.wifi.set(
        ProfileId("all"),
        {to_bytes("PlantFloor"), dpp::Akm::psk, SecretBytes(to_bytes("correct horse battery"))},
        plant.now));
  }
  ~RelaysTest() override {
    loop.stop();
    thread.join();
  }
  void enter_label() {
    must(set_bootstrap_uri(plant.store, must(plant.registry->find_device(device_id)).value(),
                           encode_bootstrap_uri(peer.uri_of(label)), {"ada"}, plant.now));
  }
  bool in_timeline(std::string_view id) {
    return test::wait_until([&] {
      return std::ranges::any_of(must(plant.registry->events_of(device_id, 10)),
                                 [&](const auto& each) { return each.id == id; });
    });
  }
  void device_starts() {
    auto known = must(peer.control().ask("DPP_QR_CODE " + encode_bootstrap_uri(controller.uri())));
    must(peer.control().tell("DPP_AUTH_INIT peer=" + known + " own=" + label +
                             " role=enrollee neg_freq=2412 tcp_addr=127.0.0.1 tcp_port=" +
                             std::to_string(relays->port())));
  }
  // As an access point does that heard a chirp: says so to the Controller, then carries bodies both
  // ways until one side closes.
  void relay_chirp() {
    BodySocket server = BodySocket::connect_to(relays->port());
    Bytes attributes;
    append_attribute(attributes, dpp::Attribute::responder_key_hash,
                     peer.uri_of(label).key.chirp_hash());
    server.send(dpp::encode_frame(
        dpp::ActionFrame{dpp::FrameType::presence_announcement, std::move(attributes)}));
    auto first = server.receive();
    if (!first) return;
    BodySocket device = BodySocket::connect_to(peer.listen_as_enrollee());
    for (auto body = std::move(first); body; body = server.receive()) {
      device.send(*body);
      auto answer = device.receive();
      if (!answer) return;
      server.send(*answer);
      if (is_result(*answer)) return;
    }
  }
  static bool is_result(View answer) {
    auto frame = must(dpp::decode_frame(answer));
    auto* action = std::get_if<dpp::ActionFrame>(&frame);
    return action && action->type == dpp::FrameType::configuration_result;
  }
};

TEST_F(RelaysTest, ADeviceThatStartsByItselfGetsItsProfilesNetwork) {
  enter_label();
  device_starts();
  peer.wait_for("DPP-CONF-RECEIVED");
  EXPECT_EQ(peer.network_value("ssid"), "\"PlantFloor\"");
  EXPECT_TRUE(in_timeline("DPP_CONFIGURED"));
}

TEST_F(RelaysTest, ADeviceThatChirpsThroughARelayGetsItsProfilesNetwork) {
  enter_label();
  relay_chirp();
  peer.wait_for("DPP-CONF-RECEIVED");
  EXPECT_EQ(peer.network_value("ssid"), "\"PlantFloor\"");
  EXPECT_TRUE(in_timeline("DPP_CONFIGURED"));
}

TEST_F(RelaysTest, ADeviceThatNobodyEnteredIsTurnedAway) {
  relay_chirp();
  EXPECT_TRUE(test::wait_until([&] { return plant.log.has("DPP_REFUSED"); }));
  EXPECT_FALSE(plant.log.has("DPP_CONFIGURED"));
}

TEST_F(RelaysTest, ADeviceWhoseProfileHasNoNetworkIsToldSo) {
  enter_label();
  plant.commit({registry::RemoveWifiNetwork{ProfileId("all")}});
  device_starts();
  EXPECT_TRUE(in_timeline("DPP_FAILED"));
  EXPECT_NE(plant.log.text().find("has no Wi-Fi network"), std::string::npos);
}

TEST_F(RelaysTest, NoiseEndsItsConnectionAndNothingElse) {
  {
    BodySocket noise = BodySocket::connect_to(relays->port());
    noise.send(Bytes(100, 0xAB));
    EXPECT_FALSE(noise.receive());
  }
  enter_label();
  device_starts();
  EXPECT_TRUE(in_timeline("DPP_CONFIGURED"));
}

TEST_F(RelaysTest, NoPassphraseStandsInTheLog) {
  enter_label();
  device_starts();
  EXPECT_TRUE(in_timeline("DPP_CONFIGURED"));
  EXPECT_EQ(plant.log.text().find("correct horse"), std::string::npos);
}

}  // namespace
}  // namespace fairlead::server
