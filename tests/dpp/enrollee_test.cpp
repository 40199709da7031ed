// SPDX-License-Identifier: Apache-2.0
// The device's port to wpa_supplicant as Enrollee, and our Configurator at the other end of the
// tunnel.
#include <gtest/gtest.h>

#include "crypto/system_random.h"
#include "device/label_key.h"
#include "dpp/configurator.h"
#include "keystore/file/file_keystore.h"
#include "link/wpa/wpa_enrollee.h"
#include "support/must.h"
#include "wpa_peer.h"

namespace fairlead::dpp {
namespace {

using test::must;

struct Tunnel : testing::Test {
  test::WpaPeer peer;
  test::TemporaryDirectory folder;
  crypto::SystemRandom random;
  std::unique_ptr<link::Enrollee> enrollee = link::wpa::wpa_enrollee(peer.socket());
  device::StateDirectory state = must(device::StateDirectory::open(folder.path() / "state"));
  std::unique_ptr<keystore::Keystore> keys =
      must(keystore::FileKeystore::open(folder.path() / "keys"));
  device::LabelKey label = must(device::make_label_key(state, *keys, "SN-1", random));
  crypto::CurveKey own = must(generate_curve_key(crypto::Curve::p256, random));
  Configurator configurator{random};
  WifiNetwork network{to_bytes("Plant \xFF Floor"), Akm::psk_sae,
                      SecretBytes(to_bytes("correct horse"))};
  std::optional<Error> failed;
  bool configured = false, mutual = false, begun = false;

  std::string our_uri() const {
    return encode_bootstrap_uri({{}, {}, "", 2, bootstrap_key(own.point)});
  }
  BootstrapKey device_key() const { return must(decode_bootstrap_uri(label.uri)).key; }
  Bytes carry_out(Actions actions) {
    Bytes out;
    for (std::size_t i = 0; i < actions.size(); ++i) {
      if (auto* send = std::get_if<Send>(&actions[i])) append(out, framed(send->body));
      if (auto* end = std::get_if<Failed>(&actions[i])) failed = end->why;
      configured |= std::holds_alternative<Configured>(actions[i]);
      auto* asked = std::get_if<Configure>(&actions[i]);
      if (!asked) continue;
      mutual = asked->mutual;
      std::vector<SecretBytes> objects;
      objects.push_back(encode_configuration(network, {}));
      std::ranges::move(configurator.configured(std::move(objects), false, {}),
                        std::back_inserter(actions));
    }
    return out;
  }
  void exchange(const BootstrapKey& device) {
    BodyJoiner joiner;
    Bytes say;
    test::wait_until([&] {
      auto carried = enrollee->carry(std::exchange(say, {}));
      if (!carried) return true;
      must(joiner.take(carried->content));
      while (auto body = joiner.next())
        append(say, carry_out(std::exchange(begun, true)
                                  ? configurator.on_message(*body, {})
                                  : configurator.respond(own, device, *body, {})));
      return configured || failed || !carried->open;
    });
  }
  Result<std::optional<link::WifiCredentials>> received() {
    Result<std::optional<link::WifiCredentials>> out = std::nullopt;
    test::wait_until([&] { return !(out = enrollee->received()) || *out; });
    return out;
  }
};

TEST_F(Tunnel, BringsTheNetworkToTheKeyOnTheLabel) {
  must(enrollee->open(label.der, our_uri()));
  exchange(device_key());
  ASSERT_TRUE(configured) << failed.value_or(Error{}).context;
  EXPECT_TRUE(mutual);
  auto network_there = must(received());
  ASSERT_TRUE(network_there);
  EXPECT_EQ(network_there->ssid, network.ssid);
  EXPECT_EQ(as_text(network_there->passphrase.reveal()), "correct horse");
  EXPECT_FALSE(must(enrollee->received()));  // it is told once
}

TEST_F(Tunnel, LeavesWpaSupplicantAsItWas) {
  must(enrollee->open(label.der, our_uri()));
  exchange(device_key());
  must(enrollee->stop());
  EXPECT_EQ(must(peer.control().ask("GET dpp_config_processing")), "1");
  const std::string list = must(peer.control().ask("LIST_NETWORKS"));
  EXPECT_EQ(std::ranges::count(list, '\n'), 0) << list;  // the heading alone: none was added
}

TEST_F(Tunnel, AConfiguratorWithAnotherKeyThanItNamedGetsNowhere) {
  must(enrollee->open(label.der, our_uri()));
  own = must(generate_curve_key(crypto::Curve::p256, random));
  exchange(device_key());
  EXPECT_FALSE(configured);
  EXPECT_TRUE(failed);
}

TEST_F(Tunnel, ADeviceWithAnotherLabelIsGivenNothing) {
  must(enrollee->open(label.der, our_uri()));
  exchange(bootstrap_key(must(generate_curve_key(crypto::Curve::p256, random)).point));
  EXPECT_FALSE(configured);
  EXPECT_TRUE(failed);
}

TEST_F(Tunnel, CanBeOpenedAnewAtAnyTime) {
  for (int i = 0; i < 3; ++i) must(enrollee->open(label.der, our_uri()));
  exchange(device_key());
  EXPECT_TRUE(configured) << failed.value_or(Error{}).context;
}

TEST_F(Tunnel, WhatIsNoUriIsRefused) {
  EXPECT_FALSE(enrollee->open(label.der, "DPP:K:none;;"));
  EXPECT_FALSE(enrollee->carry({}));
}

TEST_F(Tunnel, TheLabelStaysTheSame) {
  auto again = must(device::load_label_key(state, *keys, "SN-1"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->uri, label.uri);
  EXPECT_EQ(must(device::make_label_key(state, *keys, "SN-1", random)).uri, label.uri);
  EXPECT_EQ(must(decode_bootstrap_uri(label.uri)).information, "SN:SN-1");
}

}  // namespace
}  // namespace fairlead::dpp
