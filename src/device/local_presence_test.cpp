// SPDX-License-Identifier: Apache-2.0
#include "device/local_presence.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace fairlead::device {
namespace {

using link::Interface;

Config listening_on(const std::string& address) {
  Config config;
  config.local_listen = {{address, 0}};
  return config;
}

LocalFacts facts() {
  LocalFacts out{"SN-1", "Pump", "https://acme.example/SN-1", "1.0"};
  out.fingerprint = "0123456789abcdef0123";
  return out;
}

std::vector<Interface> two_interfaces() {
  Interface loopback;
  loopback.name = "lo";
  loopback.loopback = true;
  Interface eth0;
  eth0.name = "eth0";
  eth0.ipv4 = {"10.77.0.5"};
  eth0.link_local = "fe80::1";
  return {loopback, eth0};
}

link::Announcement said(const Config& config, Presence presence, const LocalFacts& what = facts()) {
  std::vector<ListenAddress> listening;
  if (presence != Presence::owned) listening.push_back({config.local_listen[0].address, 8080});
  return announcement_of(config, what, presence, listening, two_interfaces());
}

std::string value(const link::Announcement& said, std::string_view key) {
  const auto& text = said.places.at(0).text;
  auto found = std::ranges::find(text, key, &std::pair<std::string, std::string>::first);
  return found == text.end() ? "(none)" : found->second;
}

TEST(LocalPresence, AFreshDeviceSaysWhatItIsAndWhereItListens) {
  auto announcement = said(listening_on("::%eth0"), Presence::fresh);
  EXPECT_EQ(announcement.instance, "SN-1");
  EXPECT_TRUE(announcement.browsable);
  ASSERT_EQ(announcement.places.size(), 1u);
  EXPECT_EQ(announcement.places[0].interface, "eth0");
  EXPECT_EQ(announcement.places[0].port, 8080);
  EXPECT_EQ(announcement.places[0].text[0].first, "txtvers");  // RFC 6763 §6.7: first
  EXPECT_EQ(value(announcement, "st"), "new");
  EXPECT_EQ(value(announcement, "ll"), "fe80::1");
  EXPECT_EQ(value(announcement, "fp"), "0123456789abcdef");
}

TEST(LocalPresence, ADeviceWhoseButtonWasPressedSaysSoBesideTheRest) {
  auto announcement = said(listening_on("::%eth0"), Presence::button);
  EXPECT_TRUE(announcement.browsable);
  EXPECT_EQ(value(announcement, "st"), "button");
  EXPECT_EQ(value(announcement, "sn"), "SN-1");
}

TEST(LocalPresence, AnOwnedDeviceTellsNobodyWhatItIs) {
  auto announcement = said(listening_on("::"), Presence::owned);
  EXPECT_FALSE(announcement.browsable);
  EXPECT_TRUE(announcement.subtypes.empty());
  for (auto key : {"vn", "md", "sn", "fw", "api", "fp", "ll", "tag"})
    EXPECT_EQ(value(announcement, key), "(none)") << key;
  EXPECT_EQ(announcement.places.at(0).port, 0);
}

TEST(LocalPresence, NothingIsAnnouncedOnLoopback) {
  EXPECT_TRUE(said(listening_on("::%lo"), Presence::fresh).places.empty());
}

TEST(LocalPresence, ASerialThatIsNotToBeToldIsNowhere) {
  Config config = listening_on("10.77.0.5");
  config.announce_serial = false;
  config.vendor_domain = "acme.example";
  auto announcement = said(config, Presence::fresh);
  EXPECT_EQ(value(announcement, "sn"), "(none)");
  EXPECT_TRUE(announcement.instance.starts_with("h-"));
  EXPECT_TRUE(announcement.instance.ends_with(".acme.example"));
  EXPECT_EQ(announcement.instance.find("SN-1"), std::string::npos);
}

TEST(LocalPresence, LongNamesAreTakenByTheirHashAndFitTheirRecords) {
  LocalFacts what{std::string(64, 'S'), std::string(200, 'M'), std::string(200, 'u'), ""};
  Config config = listening_on("::");
  config.tag = std::string(300, 't');
  auto announcement = said(config, Presence::fresh, what);
  EXPECT_LE(announcement.instance.size(), 63u);
  EXPECT_EQ(value(announcement, "id"), "(none)");
  EXPECT_EQ(value(announcement, "idh").size(), 43u);
  std::size_t all = 0;
  for (const auto& [key, text] : announcement.places.at(0).text)
    all += key.size() + text.size() + 2;
  EXPECT_LE(all, 400u);
}

}  // namespace
}  // namespace fairlead::device
