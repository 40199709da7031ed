// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "client/scan/address_range.h"
#include "client/scan/browser.h"
#include "client/scan/seen.h"

namespace fairlead::client {
namespace {

using namespace std::chrono_literals;

// A responder's messages, written as a test needs them.
class Announcement {
 public:
  void u16(std::size_t value) {
    bytes_.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes_.push_back(static_cast<std::uint8_t>(value));
  }
  void name(const std::vector<std::string>& labels) {
    for (const auto& label : labels) {
      bytes_.push_back(static_cast<std::uint8_t>(label.size()));
      append(bytes_, as_view(label));
    }
    bytes_.push_back(0);
  }
  void record(const std::vector<std::string>& of, std::size_t type, const Bytes& data,
              std::size_t ttl) {
    name(of);
    u16(type);
    u16(0x8001);
    u16(0);
    u16(ttl);
    u16(data.size());
    append(bytes_, data);
    ++records_;
  }
  Bytes message() const {
    Bytes out{0,
              0,
              0x84,
              0,
              0,
              0,
              static_cast<std::uint8_t>(records_ >> 8),
              static_cast<std::uint8_t>(records_),
              0,
              0,
              0,
              0};
    append(out, bytes_);
    return out;
  }

 private:
  Bytes bytes_;
  std::size_t records_ = 0;
};

const std::vector<std::string> service{"_fairlead-dev", "_tcp", "local"};

Bytes announced(const std::string& instance, const std::vector<std::string>& text,
                std::size_t ttl = 120, Bytes address = {10, 77, 0, 5}) {
  std::vector<std::string> whole{instance};
  whole.insert(whole.end(), service.begin(), service.end());
  Announcement target;
  target.name(whole);
  Announcement srv;
  srv.u16(0), srv.u16(0), srv.u16(8080);
  srv.name({"host-" + instance, "local"});
  const auto data = [](const Announcement& of) {
    Bytes all = of.message();
    return Bytes(all.begin() + 12, all.end());
  };
  Bytes strings;
  for (const auto& each : text) {
    strings.push_back(static_cast<std::uint8_t>(each.size()));
    append(strings, as_view(each));
  }
  Announcement out;
  out.record(service, 12, data(target), ttl);
  out.record(whole, 33, data(srv), ttl);
  out.record(whole, 16, strings, ttl);
  if (!address.empty()) out.record({"host-" + instance, "local"}, 1, address, ttl);
  return out.message();
}

const std::vector<std::string> pump{"txtvers=1", "vn=Acme", "md=Pump",
                                    "sn=SN-1",   "st=new",  "api=1.0"};

TEST(Browser, TellsADeviceOnceItKnowsAllOfIt) {
  Browser browser;
  auto seen = browser.on_message(announced("SN-1", pump), "eth0", "10.77.0.5", Time{});
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].said.serial, "SN-1");
  EXPECT_EQ(seen[0].said.provisioning, "1.0");
  EXPECT_EQ(seen[0].port, 8080);
  EXPECT_EQ(seen[0].interface, "eth0");
  EXPECT_EQ(seen[0].addresses, std::vector<std::string>{"10.77.0.5"});
  EXPECT_FALSE(seen[0].foreign_source);
}

TEST(Browser, ALinkLocalAddressInTheTextIsTheDevicesOwn) {
  auto text = pump;
  text.push_back("ll=fe80::5");
  Browser browser;
  auto seen = browser.on_message(announced("SN-1", text), "eth0", "fe80::5", Time{});
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_FALSE(seen[0].foreign_source);
  EXPECT_EQ(seen[0].addresses.front(), "fe80::5");
}

TEST(Browser, AnAnnouncementFromAnotherAddressIsMarked) {
  Browser browser;
  auto seen = browser.on_message(announced("SN-1", pump), "eth0", "10.77.0.66", Time{});
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_TRUE(seen[0].foreign_source);
}

TEST(Browser, AGoodbyeTakesTheDeviceAway) {
  Browser browser;
  browser.on_message(announced("SN-1", pump), "eth0", "10.77.0.5", Time{});
  auto seen = browser.on_message(announced("SN-1", pump, 0), "eth0", "10.77.0.5", Time{});
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_TRUE(seen[0].gone);
}

TEST(Browser, WhoSendsTooMuchIsPassedOverAndOthersAreHeard) {
  Browser browser;
  for (int i = 0; i < 1000; ++i)
    browser.on_message(announced("X" + std::to_string(i), pump), "eth0", "10.77.0.66", Time{});
  EXPECT_EQ(browser.passed_over(), 1000 - messages_per_second_max);
  EXPECT_EQ(browser.on_message(announced("SN-1", pump), "eth0", "10.77.0.5", Time{}).size(), 1u);
  EXPECT_EQ(browser.on_message(announced("SN-2", pump), "eth0", "10.77.0.66", Time{1s}).size(), 1u);
}

TEST(Browser, QuestionsAndRubbishChangeNothing) {
  Browser browser;
  EXPECT_TRUE(browser.on_message(*browse_query(true), "eth0", "10.0.0.1", Time{}).empty());
  EXPECT_TRUE(browser.on_message(as_view("rubbish"), "eth0", "10.0.0.1", Time{}).empty());
}

Sighting sighting(const std::string& serial, const std::string& address,
                  const std::string& interface = "eth0") {
  Sighting out;
  out.interface = interface;
  out.addresses = {address};
  out.port = 8080;
  out.instance = serial;
  out.said.vendor = "Acme";
  out.said.serial = serial;
  out.said.state = "new";
  return out;
}

TEST(Seen, OneDeviceOnTwoInterfacesAndAtANewAddressIsOne) {
  Seen seen;
  EXPECT_NE(seen.on(sighting("SN-1", "fe80::1", "eth0"), Time{1s}), nullptr);
  EXPECT_NE(seen.on(sighting("SN-1", "10.77.0.9", "eth1"), Time{2s}), nullptr);
  EXPECT_EQ(seen.on(sighting("SN-1", "10.77.0.9", "eth1"), Time{3s}), nullptr) << "nothing new";
  ASSERT_EQ(seen.devices().size(), 1u);
  const SeenDevice& device = *seen.devices().front();
  EXPECT_EQ(device.oddity, Oddity::none) << device.why_odd;
  EXPECT_EQ(device.places.front().url(), "http://[fe80::1%eth0]:8080");
  EXPECT_EQ(device.places.back().url(), "http://10.77.0.9:8080");
}

TEST(Seen, TwoDevicesThatSayTheyAreOneAreADuplicate) {
  auto renamed = sighting("SN-1", "10.0.0.2");
  renamed.instance = "SN-1 #2";
  auto other_key = sighting("SN-1", "10.0.0.2");
  other_key.said.fingerprint = "bbbb";
  for (const Sighting& second : {renamed, other_key, sighting("SN-1", "fe80::2")}) {
    Seen seen;
    auto first = sighting("SN-1", "fe80::1");
    first.said.fingerprint = "aaaa";
    seen.on(first, Time{1s});
    const SeenDevice* device = seen.on(second, Time{1s});
    ASSERT_NE(device, nullptr);
    EXPECT_EQ(device->oddity, Oddity::duplicate);
    EXPECT_NE(device->why_odd, "");
  }
}

TEST(Seen, TwoDevicesThatSwapAddressesStayTwo) {
  Seen seen;
  for (auto [a, b] : {std::pair("10.0.0.1", "10.0.0.2"), {"10.0.0.2", "10.0.0.1"}}) {
    seen.on(sighting("SN-1", a), Time{1s});
    seen.on(sighting("SN-2", b), Time{1s});
  }
  EXPECT_EQ(seen.devices().size(), 2u);
}

TEST(Seen, WhoGoesSilentOrSaysGoodbyeIsNoLongerPresent) {
  Seen seen;
  seen.on(sighting("SN-1", "10.0.0.1"), Time{1s});
  auto goodbye = sighting("SN-2", "10.0.0.2");
  seen.on(goodbye, Time{1s});
  goodbye.gone = true;
  EXPECT_FALSE(seen.on(goodbye, Time{2s})->present);
  EXPECT_TRUE(seen.expire(Time{1s} + seen_lifetime).empty());
  auto silent = seen.expire(Time{2s} + seen_lifetime);
  ASSERT_EQ(silent.size(), 1u);
  EXPECT_EQ(silent.front()->said.serial, "SN-1");
  EXPECT_TRUE(seen.on(sighting("SN-1", "10.0.0.1"), Time{1h})->present) << "it is back";
}

TEST(Seen, HoldsNoMoreThanItMay) {
  Seen seen;
  for (std::size_t i = 0; i < seen_devices_max + 5; ++i)
    seen.on(sighting("SN-" + std::to_string(i), "10.0.0.1"), Time{1s});
  EXPECT_EQ(seen.devices().size(), seen_devices_max);
  EXPECT_EQ(seen.passed_over(), 5u);
  for (int i = 0; i < 100; ++i) seen.on(sighting("SN-1", "10.0.1." + std::to_string(i)), Time{1s});
  EXPECT_LE(seen.find("serial:Acme/SN-1")->places.size(), places_of_device_max);
}

TEST(Sighting, ComesBackFromItsLine) {
  auto whole = sighting("SN-1", "fe80::1");
  whole.by = SeenBy::address;
  whole.gone = whole.foreign_source = true;
  whole.said.tag = "Pumpe \"1\"\n";
  auto back = decode_sighting(to_line(whole));
  ASSERT_TRUE(back) << back.error().context;
  whole.said.tag = "Pumpe \"1\" ";
  EXPECT_EQ(*back, whole);
}

TEST(Sighting, RefusesWhatIsNone) {
  for (const char* bad :
       {"", "[]", "{}", R"({"by":"magic"})", R"({"by":"address","addresses":[],"port":1})",
        R"({"by":"address","addresses":["evil.example/x"],"port":1})",
        R"({"by":"address","addresses":["10.0.0.1"],"port":70000})",
        R"({"by":"address","interface":"eth0%x","addresses":["10.0.0.1"],"port":1})",
        R"({"by":"address","addresses":["10.0.0.1"],"port":1,"said":[]})"})
    EXPECT_FALSE(decode_sighting(bad)) << bad;
  EXPECT_FALSE(decode_sighting(std::string(sighting_line_bytes_max + 1, ' ')));
}

TEST(AddressRange, IsCountedOut) {
  auto range = parse_ranges("10.77.0.0/30:8081,10.0.0.7-10.0.0.8");
  ASSERT_TRUE(range) << range.error().context;
  std::vector<std::string> urls;
  for (const auto& each : *range) urls.push_back(each.url());
  EXPECT_EQ(urls, (std::vector<std::string>{"http://10.77.0.1:8081", "http://10.77.0.2:8081",
                                            "http://10.0.0.7:8080", "http://10.0.0.8:8080"}));
  EXPECT_EQ(parse_ranges("10.0.0.0/16")->size(), 65'534u);
  EXPECT_EQ(parse_ranges("255.255.255.255")->size(), 1u);
  EXPECT_EQ(parse_ranges("10.0.0.1/32")->size(), 1u);
}

TEST(AddressRange, RefusesWhatIsNoneOrTooMuch) {
  for (const char* bad : {"", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.9-10.0.0.1", "10.0.0.1:0",
                          "10.0.0.1:99999", "0.0.0.0/0", "10.0.0.0/15", "10.0.0.0/16,10.1.0.0/16"})
    EXPECT_FALSE(parse_ranges(bad)) << bad;
}

TEST(HostPort, TakesNamesAndBothFamilies) {
  EXPECT_EQ(parse_host_port("10.0.0.5:81")->url(), "http://10.0.0.5:81");
  EXPECT_EQ(parse_host_port("http://box.example/")->url(), "http://box.example:8080");
  EXPECT_EQ(parse_host_port("[fe80::1%eth0]:81")->url(), "http://[fe80::1%eth0]:81");
  EXPECT_EQ(parse_host_port("fe80::1%eth0")->url(), "http://[fe80::1%eth0]:8080");
  for (const char* bad : {"", ":80", "a:b", "a:", "[::1", "[::1]x", "a/b:1", "u@h:1"})
    EXPECT_FALSE(parse_host_port(bad)) << bad;
}

}  // namespace
}  // namespace fairlead::client
