// SPDX-License-Identifier: Apache-2.0
// What a power cut leaves: wpa_supplicant ends between two steps, and its successor knows what is
// in the file.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "link/wpa/control.h"
#include "link/wpa/replies.h"
#include "link/wpa/wpa_wifi.h"
#include "support/child_process.h"
#include "support/must.h"
#include "support/temporary_directory.h"

namespace fairlead::link::wpa {
namespace {

using test::must;

struct StoredNetworks : testing::Test {
  test::TemporaryDirectory directory;
  std::filesystem::path file = directory.path() / "wpa.conf",
                        socket = directory.path() / "ctrl" / "lo";
  std::unique_ptr<test::ChildProcess> process;
  std::unique_ptr<Control> control;
  std::unique_ptr<Wifi> wifi = wpa_wifi(socket);

  void start() {
    process = std::make_unique<test::ChildProcess>(
        std::vector<std::string>{WPA_SUPPLICANT, "-D", "none", "-i", "lo", "-c", file.string()},
        directory.path() / "wpa.log");
    ASSERT_TRUE(test::wait_until([&] {
      auto opened = Control::open(socket);
      if (opened) control = std::move(*opened);
      return control != nullptr;
    }));
  }
  void cut_power() {
    process->send(SIGKILL);
    process->wait_for_end();
    control.reset();
    start();
  }
  // Two networks of before, the second one disabled by somebody.
  void SetUp() override {
    std::ofstream(file) << "ctrl_interface=" << socket.parent_path().string()
                        << "\nupdate_config=1\n"
                           "network={\n ssid=\"Office\"\n psk=\"old passphrase\"\n}\n"
                           "network={\n ssid=\"Attic\"\n key_mgmt=NONE\n disabled=1\n}\n";
    start();
    ASSERT_TRUE(wifi->start_trial(
        {to_bytes("Plant \"Floor\" \xFF"), SecretBytes::copy_of(as_view("a \"quoted\" horse"))},
        "d-1"));
  }
  // As after store(), which wants a joined network.
  void store() {
    must(control->tell("ENABLE_NETWORK 0"));
    must(control->tell("SET_NETWORK 2 priority 999"));
    must(control->tell("SAVE_CONFIG"));
  }
  std::vector<KnownNetwork> networks() {
    return decode_network_list(must(control->ask("LIST_NETWORKS")));
  }
  std::string stored() {
    std::stringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
  }
};

TEST_F(StoredNetworks, BeforeItIsStoredATrialIsGoneWithThePower) {
  EXPECT_EQ(networks().size(), 3u);
  cut_power();
  ASSERT_TRUE(wifi->settle(""));
  ASSERT_EQ(networks().size(), 2u);
  EXPECT_TRUE(networks()[0].enabled);
  EXPECT_FALSE(networks()[1].enabled);
  EXPECT_EQ(stored().find("horse"), std::string::npos);
}

TEST_F(StoredNetworks, AStoredTrialWithoutItsAccessIsRemovedFromTheFileToo) {
  store();
  EXPECT_NE(stored().find("horse"), std::string::npos);
  cut_power();
  ASSERT_TRUE(wifi->settle("d-0"));
  EXPECT_EQ(networks().size(), 2u);
  EXPECT_EQ(stored().find("horse"), std::string::npos);
  EXPECT_NE(stored().find("old passphrase"), std::string::npos);
}

TEST_F(StoredNetworks, AStoredTrialWithItsAccessStays) {
  store();
  cut_power();
  ASSERT_TRUE(wifi->settle("d-1"));
  EXPECT_EQ(must(control->ask("GET_NETWORK 2 priority")), "1");
  cut_power();
  ASSERT_TRUE(wifi->settle("d-1"));  // nothing is on trial any more
  ASSERT_EQ(networks().size(), 3u);
  EXPECT_TRUE(networks()[0].enabled);
  EXPECT_FALSE(networks()[1].enabled);
  EXPECT_EQ(must(control->ask("GET_NETWORK 2 ssid")), to_hex(as_view("Plant \"Floor\" \xFF")));
}

TEST_F(StoredNetworks, WhatIsForgottenIsGoneFromTheFileAndWhatOthersStoredIsNot) {
  store();
  cut_power();
  ASSERT_TRUE(wifi->settle("d-1"));
  EXPECT_NE(stored().find("horse"), std::string::npos);
  EXPECT_EQ(must(wifi->forget()), 1u);
  EXPECT_EQ(stored().find("horse"), std::string::npos);
  EXPECT_EQ(stored().find("fairlead after"), std::string::npos);
  EXPECT_NE(stored().find("old passphrase"), std::string::npos);
  cut_power();
  ASSERT_EQ(networks().size(), 2u);
  EXPECT_TRUE(networks()[0].enabled);
  EXPECT_FALSE(networks()[1].enabled);
  EXPECT_EQ(must(wifi->forget()), 0u);
}

TEST_F(StoredNetworks, OneOnTrialIsForgottenToo) {
  EXPECT_EQ(must(wifi->forget()), 1u);
  ASSERT_EQ(networks().size(), 2u);
  EXPECT_TRUE(networks()[0].enabled);
}

TEST_F(StoredNetworks, WhatCantBeStoredIsNotForgottenAndMayBeTriedAgain) {
  store();
  must(control->tell("SET update_config 0"));
  auto forgotten = wifi->forget();
  ASSERT_FALSE(forgotten);
  EXPECT_NE(forgotten.error().context.find("update_config=1"), std::string::npos);
  ASSERT_TRUE(test::wait_until([&] { return networks().size() == 3; }));
  EXPECT_EQ(must(wifi->forget()), 1u);  // the file says update_config=1, and was read again
  EXPECT_EQ(stored().find("horse"), std::string::npos);
}

TEST_F(StoredNetworks, WhoJoinedNothingKeepsNothing) {
  auto kept = wifi->store();
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, Errc::conflict);
}

TEST_F(StoredNetworks, AnEndOfWpaSupplicantEndsTheTrialInWords) {
  process->stop();
  for (;;) {
    auto state = wifi->trial();
    if (state && !*state) continue;
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().what, WifiObstacle::missing);
    break;
  }
}

}  // namespace
}  // namespace fairlead::link::wpa
