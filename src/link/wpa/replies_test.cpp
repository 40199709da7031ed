// SPDX-License-Identifier: Apache-2.0
#include "link/wpa/replies.h"

#include <gtest/gtest.h>

namespace fairlead::link::wpa {
namespace {

constexpr std::string_view heading = "bssid / frequency / signal level / flags / ssid\n";

std::vector<WifiNetwork> results(std::string_view lines) {
  return decode_scan_results(std::string(heading) + std::string(lines));
}
WifiSecurity security(std::string_view flags) {
  auto networks = results("02:00:00:00:00:00\t2412\t-30\t" + std::string(flags) + "\tnet");
  return networks.at(0).security;
}

TEST(ScanResults, OfRealAccessPoints) {
  auto networks = results(
      "02:00:00:00:00:00\t2412\t-30\t[WPA2-PSK-CCMP][ESS]\tPlantFloor\n"
      "02:00:00:00:01:00\t5180\t-71\t[ESS]\tCaf\\xc3\\xa9\n"
      "02:00:00:00:02:00\t2484\t-80\t[WPA2-EAP-CCMP][ESS]\t\n");
  ASSERT_EQ(networks.size(), 3u);
  EXPECT_EQ(as_text(networks[0].ssid), "PlantFloor");
  EXPECT_EQ(to_hex(networks[0].bssid), "020000000000");
  EXPECT_EQ(networks[0].channel, 1u);
  EXPECT_EQ(networks[0].signal_dbm, -30);
  EXPECT_EQ(as_text(networks[1].ssid), "Caf\xC3\xA9");
  EXPECT_EQ(networks[1].channel, 36u);
  EXPECT_EQ(networks[2].channel, 14u);
  EXPECT_TRUE(networks[2].ssid.empty());
}

TEST(ScanResults, SecurityIsWhatTheFlagsSay) {
  EXPECT_EQ(security("[ESS]"), WifiSecurity::open);
  EXPECT_EQ(security("[WEP][ESS]"), WifiSecurity::wep);
  EXPECT_EQ(security("[WPA-PSK-TKIP][ESS]"), WifiSecurity::wpa);
  EXPECT_EQ(security("[WPA2-PSK-CCMP][WPS][ESS]"), WifiSecurity::wpa2);
  EXPECT_EQ(security("[WPA-PSK-CCMP+TKIP][WPA2-PSK-CCMP][ESS]"), WifiSecurity::wpa_wpa2);
  EXPECT_EQ(security("[WPA2-SAE-CCMP][ESS]"), WifiSecurity::wpa3);
  EXPECT_EQ(security("[WPA2-PSK+SAE-CCMP][ESS]"), WifiSecurity::wpa2_wpa3);
  EXPECT_EQ(security("[WPA2-EAP-CCMP][ESS]"), WifiSecurity::other);
  EXPECT_EQ(security("[WPA2-OWE-CCMP][ESS]"), WifiSecurity::other);
  EXPECT_EQ(security("[WPA2-DPP-CCMP][ESS]"), WifiSecurity::other);
}

TEST(ScanResults, AStrangeLineHidesNoOther) {
  auto networks = results(
      "02:00:00:00:00\t2412\t-30\t[ESS]\tshort address\n"
      "02:00:00:00:00:00\tmany\t-30\t[ESS]\tno frequency\n"
      "nothing\n\n"
      "02:00:00:00:00:00\t2412\t-30\t[ESS]\tthis name is longer than a name can be at all\n"
      "02:00:00:00:00:00\t2412\t-30\t[ESS]\tgood");
  ASSERT_EQ(networks.size(), 1u);
  EXPECT_EQ(as_text(networks[0].ssid), "good");
  EXPECT_TRUE(decode_scan_results("").empty());
}

TEST(ScanResults, ANameOfZerosIsHidden) {
  EXPECT_TRUE(results("02:00:00:00:00:00\t2412\t-30\t[ESS]\t\\x00\\x00").at(0).ssid.empty());
}

TEST(ScanResults, HaveALimit) {
  std::string many;
  for (std::size_t i = 0; i <= wifi_networks_max; ++i)
    many += "02:00:00:00:00:00\t2412\t-30\t[ESS]\tnet\n";
  EXPECT_EQ(results(many).size(), wifi_networks_max);
}

TEST(PrintedNames, ComeBackAsTheirBytes) {
  EXPECT_EQ(as_text(decode_printed(R"(a\"b\\c)")), R"(a"b\c)");
  EXPECT_EQ(as_text(decode_printed(R"(\t\n\r\e)")), "\t\n\r\x1b");
  EXPECT_EQ(to_hex(decode_printed(R"(\x00\xff)")), "00ff");
  EXPECT_EQ(as_text(decode_printed(R"(\xzz\)")), R"(xzz\)");  // nothing that it prints
}

TEST(KnownNetworks, AreListedWithWhatIsDisabled) {
  auto networks = decode_network_list(
      "network id / ssid / bssid / flags\n"
      "0\tPlantFloor\tany\t[CURRENT]\n"
      "3\tOffice\tany\t[DISABLED]\n"
      "4\tHall\tany\t");
  ASSERT_EQ(networks.size(), 3u);
  EXPECT_EQ(networks[1].id, "3");
  EXPECT_TRUE(networks[0].enabled);
  EXPECT_FALSE(networks[1].enabled);
  EXPECT_TRUE(networks[2].enabled);
}

TEST(StatusValues, AreFoundByTheirWholeName) {
  constexpr std::string_view status = "bssid=02:00:00:00:00:00\nssid=id=7\nid=0\n";
  EXPECT_EQ(decode_status_value(status, "id"), "0");
  EXPECT_EQ(decode_status_value(status, "ssid"), "id=7");
  EXPECT_EQ(decode_status_value(status, "freq"), "");
}

TEST(NamesForPeople, AreTextWhereTheyCanBe) {
  EXPECT_EQ(name_of_network(to_bytes("Caf\xC3\xA9")), "Caf\xC3\xA9");
  EXPECT_EQ(name_of_network(to_bytes("\xFF\x41")), "0xff41");
  EXPECT_EQ(name_of_network(to_bytes("a\nb")), "0x610a62");
  EXPECT_EQ(name_of_network(to_bytes("0x41")), "0x30783431");
}

}  // namespace
}  // namespace fairlead::link::wpa
