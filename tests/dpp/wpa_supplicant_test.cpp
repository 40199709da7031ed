// SPDX-License-Identifier: Apache-2.0
// Debian's wpa_supplicant is configured by our Configurator, whoever starts.
#include <gtest/gtest.h>

#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "dpp/configurator.h"
#include "wpa_peer.h"

namespace fairlead::dpp {
namespace {

using test::BodySocket;
using test::WpaPeer;

WifiNetwork plant(Akm akm = Akm::psk) {
  WifiNetwork out{to_bytes("PlantFloor"), akm, {}};
  if (wants_passphrase(akm)) out.passphrase = SecretBytes(to_bytes("correct horse battery"));
  return out;
}

Time now() { return system_clock()(); }

// Carries one exchange over a connection, and gives every device the same network.
struct Driver {
  BodySocket socket;
  WifiNetwork network = plant();
  crypto::SystemRandom random{};
  Configurator configurator{random};
  std::unique_ptr<crypto::SoftwareKey> c_sign =
      std::move(*crypto::SoftwareKey::generate(crypto::KeyType::p256));
  std::optional<Error> failed{};
  bool configured = false, mutual = false;
  ConfigurationRequest request{};

  void run(Actions actions) {
    carry_out(std::move(actions));
    while (!configurator.ended()) {
      auto body = socket.receive();
      carry_out(body ? configurator.on_message(*body, now()) : configurator.on_closed());
    }
  }
  void carry_out(Actions actions) {
    for (Action& each : actions) {
      if (auto* send = std::get_if<Send>(&each)) {
        socket.send(send->body);
      } else if (auto* question = std::get_if<Configure>(&each)) {
        request = question->request;
        mutual = question->mutual;
        std::optional<SignedConnector> connector;
        if (wants_connector(network.akm))
          connector = sign_connector({"*", question->network_key}, *c_sign).value();
        std::vector<SecretBytes> objects;
        objects.push_back(encode_configuration(network, connector));
        carry_out(configurator.configured(std::move(objects), true, now()));
      } else if (auto* end = std::get_if<Failed>(&each)) {
        failed = end->why;
      } else if (std::holds_alternative<Configured>(each)) {
        configured = true;
      }
    }
  }
};

class OnCurve : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(WpaSupplicant, OnCurve,
                         testing::Values("prime256v1", "secp384r1", "secp521r1"));

TEST_P(OnCurve, TakesItsNetworkFromUs) {
  WpaPeer peer;
  auto uri = peer.uri_of(peer.make_key(GetParam()));
  Driver driver{BodySocket::connect_to(peer.listen_as_enrollee())};
  driver.run(driver.configurator.initiate(uri.key, {}, now()));
  ASSERT_TRUE(driver.configured) << driver.failed.value_or(Error{}).context;
  EXPECT_EQ(driver.request.role, NetworkRole::station);
  peer.wait_for("DPP-CONF-RECEIVED");
  EXPECT_EQ(peer.wait_for("DPP-CONFOBJ-PASS"), to_hex(as_view("correct horse battery")));
  EXPECT_EQ(peer.network_value("ssid"), "\"PlantFloor\"");
}

class WithAkm : public testing::TestWithParam<Akm> {};
INSTANTIATE_TEST_SUITE_P(WpaSupplicant, WithAkm,
                         testing::Values(Akm::psk, Akm::sae, Akm::psk_sae, Akm::dpp, Akm::dpp_sae,
                                         Akm::dpp_psk_sae));

TEST_P(WithAkm, TakesItsNetworkFromUs) {
  WpaPeer peer;
  auto uri = peer.uri_of(peer.make_key());
  Driver driver{BodySocket::connect_to(peer.listen_as_enrollee()), plant(GetParam())};
  driver.run(driver.configurator.initiate(uri.key, {}, now()));
  ASSERT_TRUE(driver.configured) << driver.failed.value_or(Error{}).context;
  EXPECT_EQ(peer.wait_for("DPP-CONFOBJ-AKM"), to_string(GetParam()));
  if (wants_connector(GetParam())) {
    EXPECT_FALSE(peer.wait_for("DPP-CONNECTOR").empty());
    EXPECT_FALSE(peer.wait_for("DPP-NET-ACCESS-KEY").empty());
  }
  EXPECT_EQ(peer.network_value("ssid"), "\"PlantFloor\"");
}

TEST(WpaSupplicant, TakesANameThatIsNoUtf8) {
  WpaPeer peer;
  auto uri = peer.uri_of(peer.make_key());
  Driver driver{BodySocket::connect_to(peer.listen_as_enrollee())};
  driver.network.ssid = {0xFF, 0x00, 'a'};
  driver.run(driver.configurator.initiate(uri.key, {}, now()));
  ASSERT_TRUE(driver.configured) << driver.failed.value_or(Error{}).context;
  EXPECT_EQ(peer.network_value("ssid"), "ff0061");
}

TEST(WpaSupplicant, StartsAndIsAnsweredWhereItsKeyIsKnown) {
  WpaPeer peer;
  const std::string own_number = peer.make_key();
  auto device = peer.uri_of(own_number);
  crypto::SystemRandom random{};
  auto own = generate_curve_key(crypto::Curve::p256, random).value();
  const BootstrapUri ours{{}, {}, {}, 2, bootstrap_key(own.point)};
  auto known = peer.control().ask("DPP_QR_CODE " + encode_bootstrap_uri(ours));
  ASSERT_TRUE(known) << to_string(known.error());
  test::LoopbackListener listener;
  auto started = peer.control().tell("DPP_AUTH_INIT peer=" + *known + " own=" + own_number +
                                     " role=enrollee neg_freq=2412 tcp_addr=127.0.0.1 tcp_port=" +
                                     std::to_string(listener.port()));
  ASSERT_TRUE(started) << to_string(started.error());
  Driver driver{listener.accept()};
  auto first = driver.socket.receive();
  ASSERT_TRUE(first);
  auto opening = decode_opening(*first);
  ASSERT_TRUE(opening) << to_string(opening.error());
  EXPECT_EQ(std::get<Requested>(*opening).initiator, device.key.hash());
  EXPECT_EQ(std::get<Requested>(*opening).responder, ours.key.hash());
  driver.run(driver.configurator.respond(own, device.key, *first, now()));
  ASSERT_TRUE(driver.configured) << driver.failed.value_or(Error{}).context;
  EXPECT_TRUE(driver.mutual);
  EXPECT_EQ(peer.network_value("ssid"), "\"PlantFloor\"");
}

TEST(WpaSupplicant, WithAnotherKeyThanTheLabelsGetsNothing) {
  WpaPeer peer;
  peer.make_key();
  crypto::SystemRandom random{};
  auto other = generate_curve_key(crypto::Curve::p256, random).value();
  Driver driver{BodySocket::connect_to(peer.listen_as_enrollee())};
  driver.run(driver.configurator.initiate(bootstrap_key(other.point), {}, now()));
  EXPECT_TRUE(driver.failed);
  EXPECT_FALSE(driver.configured);
}

TEST(WpaControl, SaysNoSecretInItsErrors) {
  WpaPeer peer;
  auto answer = peer.control().ask("SET_NETWORK 7 psk \"correct horse battery\"");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().context, "wpa_supplicant: SET_NETWORK was refused");
  EXPECT_EQ(link::wpa::Control::open("/nowhere/wlan0").error().code, Errc::io);
}

}  // namespace
}  // namespace fairlead::dpp
