// SPDX-License-Identifier: Apache-2.0
// What it asks of wpa_supplicant. What wpa_supplicant does then, tests/dpp and the radio lab see.
#include "link/wpa/wpa_enrollee.h"

#include "support/supplicant_socket.h"

namespace fairlead::link::wpa {
namespace {

struct WpaEnrolleeTest : testing::Test {
  test::SupplicantSocket supplicant;
  std::unique_ptr<Enrollee> enrollee = wpa_enrollee(supplicant.socket());
  EnrolleeKey key = SecretBytes::copy_of(as_view("a key"));

  WpaEnrolleeTest() {
    supplicant.answers("GET_CAPABILITY dpp", "DPP=2\n");
    supplicant.answers("GET dpp_config_processing", "2\n");
    supplicant.answers("SET dpp_config_processing", "OK\n");
    supplicant.answers("DPP_BOOTSTRAP_GEN", "1\n");
    supplicant.answers("DPP_", "OK\n");
  }
};

TEST_F(WpaEnrolleeTest, CallsOnceHoweverOftenItIsAskedTo) {
  ASSERT_TRUE(enrollee->chirp(key));
  ASSERT_TRUE(enrollee->chirp(key));
  EXPECT_EQ(supplicant.chirps(), 1u);
}

// Calls on other channels would take the radio away from the one who answered.
TEST_F(WpaEnrolleeTest, WhoIsAnsweredCallsNoMoreMeanwhile) {
  supplicant.says_on_chirp({"DPP-CHIRP-STOPPED ", "DPP-AUTH-SUCCESS init=0"});
  ASSERT_TRUE(enrollee->chirp(key));
  ASSERT_TRUE(enrollee->chirp(key));
  EXPECT_FALSE(*enrollee->received());
  EXPECT_EQ(supplicant.chirps(), 1u);
}

TEST_F(WpaEnrolleeTest, AfterAnExchangeThatFailedItCallsAgain) {
  supplicant.says_on_chirp({"DPP-CHIRP-STOPPED ", "DPP-CONF-FAILED "});
  ASSERT_TRUE(enrollee->chirp(key));
  auto failed = enrollee->received();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::refused);
  ASSERT_TRUE(enrollee->chirp(key));
  EXPECT_EQ(supplicant.chirps(), 2u);
}

TEST_F(WpaEnrolleeTest, WhatWasGivenIsToldOnce) {
  supplicant.says_on_chirp({"DPP-CHIRP-STOPPED ", "DPP-CONF-RECEIVED ", "DPP-CONFOBJ-AKM psk",
                            "DPP-CONFOBJ-SSID PlantFloor", "DPP-CONFOBJ-PASS 6162636465666768"});
  ASSERT_TRUE(enrollee->chirp(key));
  ASSERT_TRUE(enrollee->chirp(key));  // after which all has arrived
  auto network = enrollee->received();
  ASSERT_TRUE(network && *network);
  EXPECT_EQ(as_text((*network)->passphrase.reveal()), "abcdefgh");
  EXPECT_FALSE(*enrollee->received());
}

TEST(WpaEnrolleeAlone, SaysWhatIsMissing) {
  test::SupplicantSocket without;
  const EnrolleeKey key = SecretBytes::copy_of(as_view("a key"));
  EXPECT_EQ(wpa_enrollee(without.socket())->chirp(key).error().code, Errc::unsupported);
  EXPECT_EQ(wpa_enrollee("/nowhere/wlan0")->chirp(key).error().code, Errc::io);
}

}  // namespace
}  // namespace fairlead::link::wpa
