// SPDX-License-Identifier: Apache-2.0
// Recorded lines of wpa_supplicant 2.10, the keys and passphrases shortened.
#include "link/wpa/received_network.h"

#include <gtest/gtest.h>

namespace fairlead::link::wpa {
namespace {

ReceivedNetwork after(std::initializer_list<std::string_view> events) {
  ReceivedNetwork out;
  for (std::string_view each : events) out.on_event(each);
  return out;
}

TEST(ReceivedNetwork, IsTakenWithItsPassphrase) {
  auto network = after({"DPP-AUTH-SUCCESS init=1", "DPP-CONF-RECEIVED ", "DPP-CONFOBJ-AKM psk+sae",
                        "DPP-CONFOBJ-SSID Plant\\xff\\\"Floor", "DPP-CONFOBJ-PASS 636f7272656374"});
  ASSERT_TRUE(network.is_there());
  auto taken = network.take();
  ASSERT_TRUE(taken) << taken.error().context;
  EXPECT_EQ(as_text(taken->ssid), "Plant\xFF\"Floor");
  EXPECT_EQ(as_text(taken->passphrase.reveal()), "correct");
  EXPECT_FALSE(taken->connector);
  EXPECT_FALSE(network.is_there());
}

TEST(ReceivedNetwork, IsTakenWithItsConnector) {
  auto taken = after({"DPP-CONF-RECEIVED ", "DPP-CONFOBJ-AKM dpp", "DPP-CONFOBJ-SSID PlantFloor",
                      "DPP-CONNECTOR eyJ0.eyJn.MEUC", "DPP-C-SIGN-KEY 3059", "DPP-PP-KEY 3058",
                      "DPP-NET-ACCESS-KEY 3077 1700000000"})
                   .take();
  ASSERT_TRUE(taken) << taken.error().context;
  ASSERT_TRUE(taken->connector);
  EXPECT_EQ(taken->connector->text, "eyJ0.eyJn.MEUC");
  EXPECT_EQ(taken->connector->c_sign, (Bytes{0x30, 0x59}));
  EXPECT_EQ(to_hex(taken->connector->network_key.reveal()), "3077");
  EXPECT_TRUE(taken->passphrase.empty());
}

TEST(ReceivedNetwork, OfSeveralTheFirstIsTaken) {
  auto taken = after({"DPP-CONF-RECEIVED ", "DPP-CONFOBJ-AKM psk", "DPP-CONFOBJ-SSID One",
                      "DPP-CONFOBJ-PASS 31", "DPP-CONF-RECEIVED ", "DPP-CONFOBJ-SSID Two",
                      "DPP-CONFOBJ-PASS 32"})
                   .take();
  ASSERT_TRUE(taken);
  EXPECT_EQ(as_text(taken->ssid), "One");
  EXPECT_EQ(as_text(taken->passphrase.reveal()), "1");
}

TEST(ReceivedNetwork, AFailureIsToldInItsWords) {
  auto network = after({"DPP-FAIL Invalid wrapped data"});
  ASSERT_TRUE(network.is_there());
  auto taken = network.take();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::refused);
  EXPECT_EQ(taken.error().context, "Wi-Fi Easy Connect: Invalid wrapped data");
}

TEST(ReceivedNetwork, WhatNoStationCanJoinByIsRefused) {
  EXPECT_FALSE(after({"DPP-CONF-RECEIVED ", "DPP-CONFOBJ-SSID One"}).take());
  EXPECT_FALSE(after({"DPP-CONF-RECEIVED ", "DPP-CONFOBJ-PASS 31"}).take());
  EXPECT_FALSE(after({"DPP-CONF-RECEIVED ", "DPP-CONFOBJ-SSID One", "DPP-CONFOBJ-PSK 00"}).take());
  EXPECT_FALSE(after({"DPP-CONF-RECEIVED ", "DPP-CONFOBJ-SSID One", "DPP-CONFOBJ-PASS zz"}).take());
  EXPECT_FALSE(after({"DPP-CONF-RECEIVED ", "DPP-CONFOBJ-SSID 0123456789abcdef0123456789abcdef0",
                      "DPP-CONFOBJ-PASS 31"})
                   .take());
}

TEST(ReceivedNetwork, OtherEventsAreNoNetwork) {
  EXPECT_FALSE(after({"CTRL-EVENT-SCAN-RESULTS ", "DPP-TX dst=ff", "DPP-CONFOBJ-SSID One",
                      "DPP-CONF-RECEIVEDX"})
                   .is_there());
}

}  // namespace
}  // namespace fairlead::link::wpa
