// SPDX-License-Identifier: Apache-2.0
// Two devices that live under one identity: locked out by policy, kept on record, decided by a
// person.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/clone_watch.h"
#include "server/presence.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;
using test::PlantDevice;
using testing::Contains;
using testing::Not;

struct QuarantineTest : testing::Test {
  test::ServerPlant plant;
  PlantDevice device{plant, "SN-1"};
  DeviceId id = onboarded();
  const ClonePair pair{{"aa", "192.0.2.1", plant.now}, {"bb", "198.51.100.9", plant.now}};

  DeviceId onboarded() {
    device.initialize();
    DeviceId out = device.hand_to_owner();
    EXPECT_TRUE(device.onboard().complete);
    return out;
  }
  std::vector<registry::KeyState> key_states() {
    std::vector<registry::KeyState> out;
    for (const auto& each : must(plant.registry->keys_of(id))) out.push_back(each.state);
    return out;
  }
};

TEST_F(QuarantineTest, BothAreLockedOutAndOnRecord) {
  must(plant.enroller.report_clone(id, pair, plant.now));
  EXPECT_EQ(plant.access.revoked, plant.access.admitted);
  EXPECT_EQ(plant.device(id).state, registry::DeviceState::waiting);
  EXPECT_EQ(key_states(), std::vector{registry::KeyState::quarantined});
  auto story = must(plant.registry->events_of(id, 100));
  auto seen = std::ranges::find(story, "CLONE_SEEN", &registry::TimelineEvent::id);
  ASSERT_NE(seen, story.end());
  EXPECT_THAT(seen->fields[0].value, testing::HasSubstr("aa from 192.0.2.1"));
  EXPECT_THAT(seen->fields[1].value, testing::HasSubstr("bb from 198.51.100.9"));
  EXPECT_EQ(story.back().id, "DEVICE_QUARANTINED");
  EXPECT_THAT(must(plant.registry->last_audit())->entry, testing::HasSubstr("DEVICE_QUARANTINED"));
}

TEST_F(QuarantineTest, AProfileMayHaveItNotedOnly) {
  plant.profile("lenient", R"({"priority": 5, "account": "acme", "on_clone": "note"})");
  must(plant.enroller.report_clone(id, pair, plant.now));
  EXPECT_TRUE(plant.access.revoked.empty());
  EXPECT_THAT(plant.timeline(id), Contains("CLONE_SEEN"));
  EXPECT_THAT(plant.timeline(id), Not(Contains("DEVICE_QUARANTINED")));
  EXPECT_FALSE(must(is_quarantined(*plant.registry, id)));
}

TEST_F(QuarantineTest, NoKeyIsGoodByItselfUntilAPersonDecides) {
  must(plant.enroller.report_clone(id, pair, plant.now));
  const std::size_t admitted = plant.access.admitted.size();
  EXPECT_FALSE(device.onboard().complete);  // with the key that was copied: waits
  EXPECT_FALSE(device.onboard().complete);  // asking again changes nothing
  EXPECT_EQ(plant.access.admitted.size(), admitted);
  EXPECT_EQ(key_states(), std::vector{registry::KeyState::quarantined});
  plant.now += std::chrono::seconds(1);
  device.operational = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  EXPECT_FALSE(device.onboard().complete);  // with another: the copy may have what proves it
  EXPECT_EQ(plant.access.admitted.size(), admitted);
  EXPECT_EQ(plant.device(id).state, registry::DeviceState::waiting);
  must(plant.enroller.approve(id, {"olga"}, plant.now));
  EXPECT_FALSE(must(is_quarantined(*plant.registry, id)));
  EXPECT_TRUE(device.onboard().complete);
  EXPECT_EQ(plant.access.admitted.size(), admitted + 1);
}

TEST_F(QuarantineTest, ARejectedCopyStaysOutAndTheNextKeyWaitsForAPerson) {
  must(plant.enroller.report_clone(id, pair, plant.now));
  must(plant.enroller.reject(id, {"olga"}, "both are copies", plant.now));
  EXPECT_EQ(key_states(), std::vector{registry::KeyState::rejected_as_copied});
  EXPECT_EQ(plant.device(id).state, registry::DeviceState::failed);
  const std::size_t admitted = plant.access.admitted.size();
  EXPECT_FALSE(device.onboard().complete);  // the key that was rejected
  device.operational = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  EXPECT_FALSE(device.onboard().complete);  // another: the copy may have what proves it
  EXPECT_EQ(plant.access.admitted.size(), admitted);
  must(plant.enroller.approve(id, {"olga"}, plant.now));
  EXPECT_TRUE(device.onboard().complete);
}

TEST_F(QuarantineTest, ARejectedKeyIsLetInAfterAllByAPersonsWord) {
  must(plant.enroller.report_clone(id, pair, plant.now));
  must(plant.enroller.reject(id, {"olga"}, "a mistake", plant.now));
  must(plant.enroller.approve(id, {"olga"}, plant.now));  // nothing waits: the rejected one
  EXPECT_EQ(key_states(), std::vector{registry::KeyState::accepted});
  EXPECT_TRUE(device.onboard().complete);
}

TEST_F(QuarantineTest, OfADeviceThatIsOnlyNotedEachSightingIsNoDeed) {
  plant.profile("lenient", R"({"priority": 5, "account": "acme", "on_clone": "note"})");
  const auto before = must(plant.registry->last_audit());
  for (int i = 0; i < 5; ++i) must(plant.enroller.report_clone(id, pair, plant.now));
  EXPECT_EQ(must(plant.registry->last_audit()), before);
  EXPECT_EQ(must(plant.registry->events_of(id, 1)).front().times, 5u);
}

TEST_F(QuarantineTest, AWillUndoesNoQuarantine) {
  PresenceRecord presence(plant.store, plant.log);
  must(presence.on_presence(AccountId("acme"), id, true, plant.now));
  must(plant.enroller.report_clone(id, pair, plant.now));
  must(presence.on_presence(AccountId("acme"), id, true, plant.now));
  must(presence.on_presence(AccountId("acme"), id, false, plant.now));
  EXPECT_EQ(plant.device(id).state, registry::DeviceState::waiting);
}

TEST_F(QuarantineTest, ARevokedDeviceStaysRevoked) {
  must(plant.enroller.revoke(id, {"olga"}, "stolen", plant.now));
  must(plant.enroller.report_clone(id, pair, plant.now));
  EXPECT_EQ(plant.device(id).state, registry::DeviceState::revoked);
  EXPECT_THAT(plant.timeline(id), Contains("CLONE_SEEN"));
}

}  // namespace
}  // namespace fairlead::server
