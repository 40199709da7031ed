// SPDX-License-Identifier: Apache-2.0
#include "upstream/mqtt_session.h"

#include <gtest/gtest.h>

#include "support/random.h"
#include "upstream/broker_watch.h"

namespace fairlead::upstream {
namespace {

TEST(MqttAddress, EverythingButMqttsIsRefused) {
  for (const char* uri :
       {"", "mqtt://h", "https://h", "mqtts://", "mqtts://:1", "mqtts://h:", "mqtts://h:0",
        "mqtts://h:65536", "mqtts://h:1x", "mqtts://u@h", "mqtts://h/p", "mqtts://h h",
        "mqtts://[::1", "mqtts://[::1]8883", "mqtts://h?x"})
    EXPECT_FALSE(parse_mqtt_uri(uri)) << uri;
}

TEST(MqttAddress, HostAndPortAreTakenApart) {
  EXPECT_EQ(parse_mqtt_uri("mqtts://broker.example")->host, "broker.example");
  EXPECT_EQ(parse_mqtt_uri("mqtts://broker.example")->port, 8883);
  EXPECT_EQ(parse_mqtt_uri("mqtts://10.0.0.1:1234/")->port, 1234);
  EXPECT_EQ(parse_mqtt_uri("mqtts://[fd00::1]:99")->host, "fd00::1");
  EXPECT_EQ(parse_mqtt_uri("mqtts://[fd00::1]:99")->port, 99);
}

TEST(ReconnectDelay, GrowsIsBoundedAndNeverShorterThanHalf) {
  test::ScriptedRandom random;
  for (unsigned attempt : {0u, 1u, 5u, 8u, 9u, 1000u, ~0u}) {
    Duration full = std::min<Duration>(std::chrono::seconds(1ll << std::min(attempt, 20u)),
                                       std::chrono::minutes(5));
    auto delay = reconnect_delay(LinkReason::lost, attempt, random);
    EXPECT_GE(delay, full / 2);
    EXPECT_LE(delay, full);
    EXPECT_GE(reconnect_delay(LinkReason::not_authorised, attempt, random),
              std::chrono::seconds(15));
  }
}

TEST(LinkReason, EveryReasonHasANameOfItsOwn) {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(LinkReason::protocol); ++i) {
    auto name = to_string(static_cast<LinkReason>(i));
    EXPECT_EQ(std::ranges::count(names, name), 0) << name;
    names.push_back(name);
  }
}

TEST(Presence, AnythingElseThanOnlineOrOfflineIsRefused) {
  for (std::string payload :
       {std::string(), std::string("online"), std::string("[]"), std::string("{}"),
        std::string(R"({"state":1})"), std::string(R"({"state":"away"})"),
        std::string(R"({"state":"online"}x)"), std::string(R"({"state":"online")"),
        std::string(100, '['), R"({"state":"online","pad":")" + std::string(4096, 'x') + "\"}",
        R"({"state":"online","instance":")" + std::string(65, 'x') + "\"}"})
    EXPECT_FALSE(decode_presence(payload)) << payload.substr(0, 60);
}

TEST(CertificateUse, NamesADeviceAndACertificateOrIsRefused) {
  std::string digits(64, 'a');
  auto use = decode_certificate_use(R"({"device":"d-1","certificate":")" + digits + R"("})");
  ASSERT_TRUE(use);
  EXPECT_EQ(use->device, DeviceId("d-1"));
  EXPECT_EQ(use->fingerprint, Bytes(32, 0xAA));
  EXPECT_EQ(use->address, "");
  use = decode_certificate_use(R"({"device":"d-1","address":"192.0.2.7","certificate":")" + digits +
                               R"("})");
  EXPECT_EQ(use.value().address, "192.0.2.7");
  for (std::string payload :
       {std::string(), std::string("[]"), R"({"certificate":")" + digits + R"("})",
        std::string(R"({"device":"d-1"})"), std::string(R"({"device":"d-1","certificate":"aa"})"),
        R"({"device":"a/b","certificate":")" + digits + R"("})",
        R"({"device":"d-1","certificate":")" + std::string(4096, 'a') + R"("})"})
    EXPECT_FALSE(decode_certificate_use(payload)) << payload.substr(0, 60);
}

TEST(Presence, RoundTripsAndIgnoresWhatItDoesNotKnow) {
  EXPECT_TRUE(decode_presence(encode_presence(true)).value().online);
  EXPECT_FALSE(decode_presence(encode_presence(false)).value().online);
  auto told = decode_presence(R"({"state":"online","firmware":"1.2","instance":"9f3c"})").value();
  EXPECT_TRUE(told.online);
  EXPECT_EQ(told.instance, "9f3c");
  EXPECT_EQ(decode_presence(R"({"state":"online","instance":7})").value().instance, "");
  EXPECT_EQ(presence_topic("fairlead/v1/acme/d-1/"), "fairlead/v1/acme/d-1/state");
}

}  // namespace
}  // namespace fairlead::upstream
