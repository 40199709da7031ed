// SPDX-License-Identifier: Apache-2.0
#include "upstream/access/topics.h"

#include <gtest/gtest.h>

namespace fairlead::upstream {
namespace {

const AccessEntry d17{.device_id = "d-17", .topic_prefix = "fairlead/v1/acme/d-17/"};
const AccessEntry server{
    .role = AccessRole::service, .device_id = "server-1", .topic_prefix = "fairlead/v1/"};

TEST(Topics, DeviceIsRefusedEverythingThatReachesBeyondItsPrefix) {
  for (const char* filter : {"#",
                             "+/#",
                             "+",
                             "fairlead/#",
                             "fairlead/v1/#",
                             "fairlead/v1/acme/#",
                             "fairlead/v1/acme/+/",
                             "fairlead/v1/acme/+/state",
                             "fairlead/v1/+/d-17/state",
                             "fairlead/v1/acme/d-17",
                             "fairlead/v1/acme/d-17/",
                             "fairlead/v1/acme/d-171/state",
                             "fairlead/v1/acme/d-18/cmd",
                             "/fairlead/v1/acme/d-17/cmd",
                             "Fairlead/v1/acme/d-17/cmd",
                             "$SYS/#",
                             "$SYS/broker/version",
                             "",
                             "$share",
                             "$share/",
                             "$share/g",
                             "$share/g/",
                             "$share//fairlead/v1/acme/d-17/cmd",
                             "$share/g/#",
                             "$share/g/fairlead/v1/acme/d-18/cmd",
                             "$share/g/$share/h/fairlead/v1/acme/d-17/cmd",
                             "$shared/g/fairlead/v1/acme/d-17/cmd",
                             "fairlead/v1/acme/d-17/#/x",
                             "fairlead/v1/acme/d-17/a+",
                             "fairlead/v1/acme/d-17/a#"})
    EXPECT_FALSE(may_use(d17, TopicUse::subscribe, filter)) << filter;
  for (auto use : {TopicUse::read, TopicUse::write})
    for (const char* topic :
         {"fairlead/v1/acme/d-18/state", "fairlead/v1/acme/d-17", "fairlead/v1/acme/d-17/",
          "fairlead/v1/acme/d-17/+", "fairlead/v1/acme/d-17/#", "$SYS/broker/uptime", "",
          "$share/g/fairlead/v1/acme/d-17/state"})
      EXPECT_FALSE(may_use(d17, use, topic)) << topic;
}

TEST(Topics, DeviceMayUseEverythingBelowItsPrefix) {
  for (const char* filter :
       {"fairlead/v1/acme/d-17/#", "fairlead/v1/acme/d-17/+", "fairlead/v1/acme/d-17/cmd",
        "fairlead/v1/acme/d-17/cmd/+/x", "$share/g/fairlead/v1/acme/d-17/#"})
    EXPECT_TRUE(may_use(d17, TopicUse::subscribe, filter)) << filter;
  EXPECT_TRUE(may_use(d17, TopicUse::write, "fairlead/v1/acme/d-17/state"));
  EXPECT_TRUE(may_use(d17, TopicUse::read, "fairlead/v1/acme/d-17/cmd"));
}

TEST(Topics, RevokedMayUseNothing) {
  auto gone = d17;
  gone.state = AccessState::revoked;
  EXPECT_FALSE(may_connect(gone, "d-17"));
  for (auto use : {TopicUse::subscribe, TopicUse::read, TopicUse::write})
    EXPECT_FALSE(may_use(gone, use, "fairlead/v1/acme/d-17/cmd"));
}

TEST(Topics, ServiceReadsAllDevicesAndSysButWritesBelowItsPrefixOnly) {
  auto watcher = server;
  watcher.topic_prefix = "fairlead/v1/servers/server-1/";
  for (const char* filter : {"fairlead/v1/+/+/state", "fairlead/#", "$SYS/#",
                             "$share/servers/fairlead/v1/+/+/telemetry"})
    EXPECT_TRUE(may_use(watcher, TopicUse::subscribe, filter)) << filter;
  for (const char* filter : {"#", "+/v1/#", "other/#", "$share/g/#", "$CONTROL/#", "fairlead"})
    EXPECT_FALSE(may_use(watcher, TopicUse::subscribe, filter)) << filter;
  EXPECT_TRUE(may_use(watcher, TopicUse::read, "$SYS/broker/uptime"));
  EXPECT_FALSE(may_use(watcher, TopicUse::write, "fairlead/v1/acme/d-17/cmd"));
  EXPECT_FALSE(may_use(watcher, TopicUse::write, "$SYS/broker/uptime"));
  EXPECT_TRUE(may_use(server, TopicUse::write, "fairlead/v1/acme/d-17/cmd"));
}

TEST(Topics, ClientIdMustBeTheDevicesOwn) {
  for (const char* id : {"", "d-1", "d-171", "d-18", "D-17", "x/d-17", "/d-17", ":d-17", "d-17 "})
    EXPECT_FALSE(may_connect(d17, id)) << id;
  for (const char* id : {"d-17", "d-17/app", "d-17:1", "d-17/"})
    EXPECT_TRUE(may_connect(d17, id)) << id;
}

TEST(Topics, PrefixOfAnAccountAndDeviceIsRefusedWhereItCouldMeanMore) {
  EXPECT_EQ(device_topic_prefix(AccountId("acme"), DeviceId("d-17")).value(), d17.topic_prefix);
  for (const char* bad : {"", "a/b", "+", "#", "a b", "$x", "a\n", "\xC3\xA9"}) {
    EXPECT_FALSE(device_topic_prefix(AccountId(bad), DeviceId("d"))) << bad;
    EXPECT_FALSE(device_topic_prefix(AccountId("a"), DeviceId(bad))) << bad;
  }
  EXPECT_FALSE(device_topic_prefix(AccountId("a"), DeviceId("d:1")));
  EXPECT_FALSE(
      device_topic_prefix(AccountId(std::string(64, 'a')), DeviceId(std::string(64, 'b'))));
}

TEST(Topics, DeviceTopicIsTakenApart) {
  auto parts = parse_device_topic("fairlead/v1/acme/d-17/telemetry/t");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->account, "acme");
  EXPECT_EQ(parts->device, "d-17");
  EXPECT_EQ(parts->rest, "telemetry/t");
  for (const char* other : {"", "fairlead/v1/", "fairlead/v1/acme", "fairlead/v1/acme/d-17",
                            "fairlead/v1/acme/d-17/", "fairlead/v1//d-17/x", "fairlead/v2/a/b/c"})
    EXPECT_FALSE(parse_device_topic(other)) << other;
}

TEST(Topics, AnAbsentSessionQueuesOnlyForTheDeviceItNames) {
  EXPECT_TRUE(names_own_device("d-17", "fairlead/v1/acme/d-17/cmd"));
  EXPECT_TRUE(names_own_device("d-17/app", "fairlead/v1/acme/d-17/cmd"));
  EXPECT_FALSE(names_own_device("d-17", "fairlead/v1/acme/d-18/cmd"));
  EXPECT_FALSE(names_own_device("", "fairlead/v1/acme/d-18/cmd"));
  EXPECT_FALSE(names_own_device("d-17", "other/acme/d-17/cmd"));
}

}  // namespace
}  // namespace fairlead::upstream
