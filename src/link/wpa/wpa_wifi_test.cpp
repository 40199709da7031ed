// SPDX-License-Identifier: Apache-2.0
#include "link/wpa/wpa_wifi.h"

#include "support/supplicant_socket.h"

namespace fairlead::link::wpa {
namespace {

constexpr std::string_view heard =
    "bssid / frequency / signal level / flags / ssid\n"
    "02:00:00:00:00:00\t2412\t-30\t[WPA2-PSK-CCMP][ESS]\tPlantFloor\n";
const std::vector<std::string> joins = {
    "CTRL-EVENT-SCAN-RESULTS ",
    "CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:00 completed [id=# id_str=]"};

struct WpaWifiTest : testing::Test {
  test::SupplicantSocket supplicant;
  std::unique_ptr<Wifi> wifi = wpa_wifi(supplicant.socket());

  WpaWifiTest() {
    supplicant.hears(std::string(heard));
    supplicant.says_on_select(joins);
  }
  static WifiCredentials plant_floor(std::string_view passphrase = "correct horse") {
    return {to_bytes("PlantFloor"), SecretBytes::copy_of(as_view(passphrase))};
  }
  // How the trial ended.
  std::expected<WifiNetwork, WifiFailure> outcome() {
    for (;;) {
      auto state = wifi->trial();
      if (!state) return std::unexpected(std::move(state.error()));
      if (*state) return std::move(**state);
    }
  }
  WifiObstacle obstacle_after(std::vector<std::string> events) {
    supplicant.says_on_select(std::move(events));
    EXPECT_TRUE(wifi->start_trial(plant_floor(), "d-1"));
    auto ended = outcome();
    EXPECT_FALSE(ended);
    return ended ? WifiObstacle::missing : ended.error().what;
  }
  // A joined network, whose number it returns; wpa_supplicant is on it.
  int joined(const std::string& word = "d-1") {
    EXPECT_TRUE(wifi->start_trial(plant_floor(), word));
    EXPECT_TRUE(outcome());
    const int number = supplicant.last();
    supplicant.has_status("bssid=02:00:00:00:00:00\nid=" + std::to_string(number) + "\n");
    return number;
  }
};

TEST_F(WpaWifiTest, AScanTellsWhatIsInReach) {
  ASSERT_TRUE(wifi->start_scan());
  Result<std::optional<std::vector<WifiNetwork>>> seen = std::nullopt;
  while (seen && !*seen) seen = wifi->scanned();
  ASSERT_TRUE(seen) << seen.error().context;
  ASSERT_EQ((*seen)->size(), 1u);
  EXPECT_EQ(as_text((*seen)->at(0).ssid), "PlantFloor");
}

TEST_F(WpaWifiTest, AJoinTriesTheNetworkBesideThoseOfBefore) {
  const int before = supplicant.add(true), left_out = supplicant.add(false);
  ASSERT_TRUE(wifi->start_trial(plant_floor("a \"quoted\" horse"), "d-1"));
  const int trial = supplicant.last();
  EXPECT_EQ(supplicant.value(trial, "ssid"), to_hex(as_view("PlantFloor")));
  EXPECT_EQ(supplicant.value(trial, "psk"), "\"a \"quoted\" horse\"");
  EXPECT_EQ(supplicant.value(trial, "key_mgmt"), "SAE WPA-PSK WPA-PSK-SHA256");
  supplicant.has_status("bssid=02:00:00:00:00:00\n");
  auto network = outcome();
  ASSERT_TRUE(network) << network.error().words;
  EXPECT_EQ(network->channel, 1u);
  EXPECT_TRUE(supplicant.enabled(before));
  EXPECT_FALSE(supplicant.enabled(left_out));
  EXPECT_EQ(supplicant.saved(), 0);  // nothing is stored yet
}

TEST_F(WpaWifiTest, AnOpenNetworkHasNoKey) {
  ASSERT_TRUE(wifi->start_trial({to_bytes("Caf\xC3\xA9"), {}}, ""));
  EXPECT_EQ(supplicant.value(0, "key_mgmt"), "NONE");
  EXPECT_EQ(supplicant.value(0, "psk"), "");
}

TEST_F(WpaWifiTest, EveryReasonIsTold) {
  EXPECT_EQ(obstacle_after({"CTRL-EVENT-SSID-TEMP-DISABLED id=# ssid=\"PlantFloor\" "
                            "auth_failures=1 duration=10 reason=WRONG_KEY"}),
            WifiObstacle::wrong_passphrase);
  const std::string missed = "CTRL-EVENT-NETWORK-NOT-FOUND ";
  EXPECT_EQ(obstacle_after({missed, missed}), WifiObstacle::unsupported);  // it is heard
  supplicant.hears("");
  EXPECT_EQ(obstacle_after({missed, missed}), WifiObstacle::not_found);
  const std::string reject = "CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:00:00 status_code=17";
  EXPECT_EQ(obstacle_after({reject, reject, reject}), WifiObstacle::refused);
  EXPECT_EQ(obstacle_after({"CTRL-EVENT-TERMINATING "}), WifiObstacle::missing);
}

TEST_F(WpaWifiTest, AFailedTrialLeavesTheNetworksOfBeforeAsTheyWere) {
  const int before = supplicant.add(true);
  obstacle_after({"WPA: 4-Way Handshake failed - pre-shared key may be incorrect"});
  EXPECT_FALSE(supplicant.enabled(before));
  ASSERT_TRUE(wifi->revert());
  EXPECT_EQ(supplicant.count(), 1u);
  EXPECT_TRUE(supplicant.enabled(before));
}

TEST_F(WpaWifiTest, AnotherRunRevertsWhatAKilledOneTried) {
  const int before = supplicant.add(true);
  ASSERT_TRUE(wifi->start_trial(plant_floor(), "d-1"));
  wifi = wpa_wifi(supplicant.socket());
  ASSERT_TRUE(wifi->settle("d-1"));
  EXPECT_EQ(supplicant.count(), 1u);
  EXPECT_TRUE(supplicant.enabled(before));
}

TEST_F(WpaWifiTest, StoredWithAWordItStaysWithThatWordOnly) {
  int trial = joined();
  ASSERT_TRUE(wifi->store());
  EXPECT_EQ(supplicant.saved(), 1);
  wifi = wpa_wifi(supplicant.socket());
  ASSERT_TRUE(wifi->settle("d-1"));
  EXPECT_EQ(supplicant.value(trial, "priority"), "1");
  EXPECT_EQ(supplicant.saved(), 2);

  trial = joined("d-2");
  ASSERT_TRUE(wifi->store());
  wifi = wpa_wifi(supplicant.socket());
  ASSERT_TRUE(wifi->settle("d-1"));
  EXPECT_EQ(supplicant.value(trial, "ssid"), "gone");
}

TEST_F(WpaWifiTest, TheSameNetworkIsKeptOnceWithTheLastPassphrase) {
  const int first = joined();
  ASSERT_TRUE(wifi->keep());
  const int second = joined();
  ASSERT_TRUE(wifi->keep());
  EXPECT_EQ(supplicant.value(first, "ssid"), "gone");
  EXPECT_EQ(supplicant.value(second, "priority"), "1");
}

TEST_F(WpaWifiTest, WhoIsOnAnotherNetworkMeanwhileKeepsNothing) {
  joined();
  supplicant.has_status("id=7\n");
  auto kept = wifi->store();
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, Errc::conflict);
}

TEST_F(WpaWifiTest, ASupplicantThatMayNotStoreSaysHowItMay) {
  joined();
  supplicant.refuses("SAVE_CONFIG");
  auto kept = wifi->store();
  ASSERT_FALSE(kept);
  EXPECT_NE(kept.error().context.find("update_config=1"), std::string::npos);
}

TEST_F(WpaWifiTest, AHiddenNetworkIsCalledByNameAndAnotherIsNot) {
  EXPECT_EQ(supplicant.value(joined(), "scan_ssid"), "0");
  supplicant.hears("");
  EXPECT_EQ(supplicant.value(joined(), "scan_ssid"), "1");
}

TEST_F(WpaWifiTest, ANetworkThatIsHeardIsLookedForOnItsChannelFirst) {
  joined();
  EXPECT_EQ(supplicant.selected(), "0 freq=2412");
  supplicant.hears("");
  joined();
  EXPECT_EQ(supplicant.selected(), "1");
}

TEST_F(WpaWifiTest, OneThatIsGoneFromItsChannelIsCalledByNameEverywhere) {
  supplicant.says_on_select({"CTRL-EVENT-NETWORK-NOT-FOUND "});
  ASSERT_TRUE(wifi->start_trial(plant_floor(), "d-1"));
  supplicant.hears("");  // it began to hide meanwhile
  while (supplicant.value(supplicant.last(), "scan_ssid") != "1")
    ASSERT_TRUE(wifi->trial()) << "it was given up";
}

// A station of WPA3 that has a value changed loses its link.
TEST_F(WpaWifiTest, OnceJoinedNothingIsSetButThePriority) {
  const int trial = joined();
  supplicant.refuses_to_set_but("priority");
  ASSERT_TRUE(wifi->store());
  ASSERT_TRUE(wifi->keep());
  EXPECT_EQ(supplicant.value(trial, "priority"), "1");
}

TEST_F(WpaWifiTest, APassphraseThatCanNotBeIsNotTried) {
  for (std::string_view bad : {"short", "with a\nline", ""}) {
    std::string text(bad);
    if (text.empty()) text.assign(64, 'a');
    auto started = wifi->start_trial(plant_floor(text), "");
    ASSERT_FALSE(started) << bad;
    EXPECT_EQ(started.error().what, WifiObstacle::wrong_passphrase);
  }
  EXPECT_EQ(supplicant.count(), 0u);
}

TEST(WpaWifiAlone, SaysThatNobodyDrivesTheAdapter) {
  auto wifi = wpa_wifi("/nowhere/wlan0");
  auto started = wifi->start_trial({to_bytes("PlantFloor"), {}}, "");
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what, WifiObstacle::missing);
  EXPECT_FALSE(wifi->start_scan());
}

}  // namespace
}  // namespace fairlead::link::wpa
