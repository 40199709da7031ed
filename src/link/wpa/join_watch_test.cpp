// SPDX-License-Identifier: Apache-2.0
// What wpa_supplicant 2.10 said in the radio lab, and what it comes to.
#include "link/wpa/join_watch.h"

#include <gtest/gtest.h>

namespace fairlead::link::wpa {
namespace {

struct JoinWatchTest : testing::Test {
  JoinWatch watch{"1", to_bytes("PlantFloor"), true};

  static WifiNetwork network(WifiSecurity security, std::string_view name = "PlantFloor") {
    WifiNetwork out;
    out.ssid = to_bytes(name);
    out.security = security;
    return out;
  }
  static std::optional<WifiObstacle> obstacle(const Verdict& verdict) {
    auto* failure = std::get_if<WifiFailure>(&verdict);
    return failure ? std::optional(failure->what) : std::nullopt;
  }
  // Events before the last are of no consequence.
  Verdict after(std::initializer_list<std::string_view> events) {
    Verdict out = Undecided{};
    for (std::string_view each : events) {
      EXPECT_TRUE(std::holds_alternative<Undecided>(out)) << each;
      out = watch.on_event(each);
    }
    return out;
  }
};

TEST_F(JoinWatchTest, AJoin) {
  Verdict verdict =
      after({"CTRL-EVENT-SCAN-STARTED ", "CTRL-EVENT-SCAN-RESULTS ",
             "SME: Trying to authenticate with 02:00:00:00:00:00 (SSID='PlantFloor' freq=2412 MHz)",
             "Trying to associate with 02:00:00:00:00:00 (SSID='PlantFloor' freq=2412 MHz)",
             "Associated with 02:00:00:00:00:00", "CTRL-EVENT-SUBNET-STATUS-UPDATE status=0",
             "WPA: Key negotiation completed with 02:00:00:00:00:00 [PTK=CCMP GTK=CCMP]",
             "CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:00 completed [id=1 id_str=x]"});
  EXPECT_TRUE(std::holds_alternative<Joined>(verdict));
}

TEST_F(JoinWatchTest, TheNetworkOfBeforeIsNoJoin) {
  Verdict verdict =
      after({"CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:00 completed [id=0 id_str=]"});
  EXPECT_TRUE(std::holds_alternative<Undecided>(verdict));
}

TEST_F(JoinWatchTest, AWrongPassphraseOfWpa2) {
  EXPECT_EQ(obstacle(after({"WPA: 4-Way Handshake failed - pre-shared key may be incorrect"})),
            WifiObstacle::wrong_passphrase);
  EXPECT_EQ(obstacle(after({"CTRL-EVENT-SSID-TEMP-DISABLED id=1 ssid=\"PlantFloor\" "
                            "auth_failures=1 duration=10 reason=WRONG_KEY"})),
            WifiObstacle::wrong_passphrase);
}

TEST_F(JoinWatchTest, AWrongPassphraseOfWpa3) {
  EXPECT_EQ(obstacle(after({"CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:00 auth_type=3 "
                            "auth_transaction=2 status_code=1"})),
            WifiObstacle::wrong_passphrase);
}

TEST_F(JoinWatchTest, ANameCanNotPretendToBeAReason) {
  EXPECT_EQ(obstacle(after({"CTRL-EVENT-SSID-TEMP-DISABLED id=1 ssid=\"a reason=WRONG_KEY\" "
                            "auth_failures=1 duration=10 reason=CONN_FAILED"})),
            std::nullopt);
}

TEST_F(JoinWatchTest, ARefusalThatRepeatsItself) {
  constexpr std::string_view reject =
      "CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:00:00 status_code=17";
  Verdict verdict = after({reject, reject, reject});
  ASSERT_EQ(obstacle(verdict), WifiObstacle::refused);
  EXPECT_NE(std::get<WifiFailure>(verdict).words.find("17"), std::string::npos);
}

TEST_F(JoinWatchTest, ANetworkThatIsNotThereIsLookedForTwice) {
  EXPECT_TRUE(std::holds_alternative<LookAround>(after({"CTRL-EVENT-NETWORK-NOT-FOUND "})));
  EXPECT_EQ(obstacle(watch.on_networks({network(WifiSecurity::wpa2, "Other")})), std::nullopt);
  EXPECT_EQ(watch.on_deadline().what, WifiObstacle::not_found);
  Verdict verdict = watch.on_networks({});
  ASSERT_EQ(obstacle(verdict), WifiObstacle::not_found);
  EXPECT_EQ(std::get<WifiFailure>(verdict).words, "the network PlantFloor is not in reach");
}

TEST_F(JoinWatchTest, ANetworkThatIsThereButNotForUs) {
  EXPECT_EQ(obstacle(watch.on_networks({network(WifiSecurity::other)})), WifiObstacle::unsupported);
  EXPECT_EQ(obstacle(watch.on_networks({network(WifiSecurity::wep)})), WifiObstacle::unsupported);
  EXPECT_EQ(obstacle(watch.on_networks({network(WifiSecurity::open)})), WifiObstacle::unsupported);
  JoinWatch open("1", to_bytes("PlantFloor"), false);
  EXPECT_EQ(obstacle(open.on_networks({network(WifiSecurity::wpa2)})),
            WifiObstacle::wrong_passphrase);
}

TEST_F(JoinWatchTest, TheEndOfWpaSupplicantOrItsAdapter) {
  EXPECT_EQ(obstacle(after({"CTRL-EVENT-TERMINATING "})), WifiObstacle::missing);
}

TEST_F(JoinWatchTest, ANetworkThatNeverAnswers) {
  EXPECT_EQ(watch.on_deadline().what, WifiObstacle::timed_out);
}

}  // namespace
}  // namespace fairlead::link::wpa
