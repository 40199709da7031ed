// SPDX-License-Identifier: Apache-2.0
// A device goes out of use, and stays so until a person says otherwise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/claims.h"
#include "server/presence.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;
using test::PlantDevice;
using test::ServerPlant;
using testing::Contains;
using testing::HasSubstr;

struct RecordingFarewell final : Farewell {
  std::vector<std::string> told;
  bool answers = true;
  bool send_off(const DeviceId&, const std::string& topic_prefix) override {
    told.push_back(topic_prefix);
    return answers;
  }
};

struct DecommissionTest : testing::Test {
  ServerPlant plant;
  RecordingFarewell farewell;
  PresenceRecord presence{plant.store, plant.log};
  PlantDevice device{plant, "SN-1"};
  DeviceId id = onboarded(device);
  const Actor anna{"anna", "api 192.0.2.7"};

  DecommissionTest() { plant.enroller.tell_by(farewell); }
  DeviceId onboarded(PlantDevice& which) {
    which.initialize();
    DeviceId out = which.hand_to_owner();
    EXPECT_TRUE(which.onboard().complete);
    must(presence.on_presence(AccountId("acme"), out, true, plant.now));
    return out;
  }
  void decommission() { must(plant.enroller.decommission(id, anna, "scrapped", plant.now)); }
  std::vector<registry::To0Job> jobs() {
    return must(plant.registry->to0_jobs_of(plant.device(id).guid));
  }
  std::string refusal(Result<crypto::Certificate> answer) {
    EXPECT_FALSE(answer);
    return answer ? "" : answer.error().context;
  }
};

TEST_F(DecommissionTest, ItsAccessItsRegistrationsAndItsNameEndTogether) {
  registry::Registration registration;
  registration.guid = plant.device(id).guid;
  plant.commit({registry::PutRegistration{registration}});
  ASSERT_FALSE(jobs().empty());
  decommission();
  auto record = plant.device(id);
  EXPECT_EQ(record.state, registry::DeviceState::decommissioned);
  EXPECT_EQ(record.name, "");
  EXPECT_EQ(record.serial, "SN-1");
  EXPECT_THAT(record.state_reason,
              HasSubstr("scrapped. It was told to remove its secrets, and said"));
  for (const auto& each : must(plant.registry->certificates_of(id)))
    EXPECT_EQ(each.state, registry::CertificateState::revoked);
  EXPECT_EQ(plant.access.revoked, plant.access.admitted);
  for (const auto& each : must(plant.registry->keys_of(id)))
    EXPECT_EQ(each.state, registry::KeyState::superseded);
  EXPECT_TRUE(jobs().empty());
  EXPECT_FALSE(must(plant.registry->find_registration(record.guid)));
  EXPECT_THAT(must(plant.registry->last_audit())->entry, HasSubstr("DEVICE_DECOMMISSIONED"));
}

TEST_F(DecommissionTest, OnlyADeviceThatIsConnectedIsTold) {
  must(presence.on_presence(AccountId("acme"), id, false, plant.now));
  decommission();
  EXPECT_TRUE(farewell.told.empty());
  EXPECT_THAT(plant.device(id).state_reason, HasSubstr("its secrets are on it until"));
}

TEST_F(DecommissionTest, OneThatDoesNotAnswerGoesAllTheSame) {
  farewell.answers = false;
  decommission();
  EXPECT_EQ(farewell.told, std::vector{"fairlead/v1/acme/" + id.str() + "/"});
  EXPECT_THAT(plant.device(id).state_reason, HasSubstr("has not answered"));
  EXPECT_EQ(plant.access.revoked, plant.access.admitted);
}

TEST_F(DecommissionTest, ItComesBackByNoWay) {
  decommission();
  device.operational = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  auto run = device.onboard();
  ASSERT_FALSE(run.complete);
  EXPECT_THAT(run.error->text, HasSubstr("taken out of use"));
  for (auto right : {enroll::Right::voucher, enroll::Right::idevid,
                     enroll::Right::one_time_password, enroll::Right::renewal})
    EXPECT_THAT(refusal(plant.enroller.enroll(device.operational->public_key(), id,
                                              {{"d", "est"}, right}, plant.now)),
                HasSubstr("taken out of use"));
  Claims claims{plant.store, plant.enroller, plant.log};
  LocalClaim by;
  by.account = AccountId("acme");
  by.actor = anna;
  auto claimed = claims.claim(device.offer(), by, plant.now);
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().code, Errc::refused);
  must(presence.on_presence(AccountId("acme"), id, true, plant.now));
  plant.commit({registry::PutKey{{id, Bytes(32, 1), registry::KeyState::rejected, "possession"}}});
  EXPECT_FALSE(plant.enroller.approve(id, anna, plant.now));
  EXPECT_EQ(plant.device(id).state, registry::DeviceState::decommissioned);
}

TEST_F(DecommissionTest, RepeatedItClosesTheDoorAgainAndIsNoSecondDeed) {
  decommission();
  auto deeds = must(plant.registry->last_audit())->sequence;
  plant.access.revoked.clear();
  decommission();
  EXPECT_EQ(plant.access.revoked, plant.access.admitted);
  EXPECT_EQ(must(plant.registry->last_audit())->sequence, deeds);
  EXPECT_EQ(farewell.told.size(), 1u);
}

TEST_F(DecommissionTest, ReadmittedItIsRegisteredAgainAndComesWithANewKey) {
  decommission();
  must(plant.enroller.readmit(id, anna, plant.now));
  EXPECT_FALSE(jobs().empty());
  device.operational = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  EXPECT_TRUE(device.onboard().complete);
  EXPECT_EQ(plant.device(id).state, registry::DeviceState::granted);
}

TEST_F(DecommissionTest, ItsWordThatItIsWipedIsOnRecordOnce) {
  must(presence.on_wiped(AccountId("acme"), id, plant.now));
  must(presence.on_wiped(AccountId("acme"), id, plant.now));
  must(presence.on_wiped(AccountId("other"), id, plant.now));
  EXPECT_EQ(std::ranges::count(plant.timeline(id), "DEVICE_WIPED"), 1);
}

TEST_F(DecommissionTest, ASuccessorTakesNameAndGroups) {
  auto old = plant.device(id);
  old.name = "pump-17";
  old.groups = {"pumps"};
  plant.commit({registry::UpdateDevice{old, old.revision}});
  PlantDevice other{plant, "SN-2"};
  DeviceId next = onboarded(other);
  must(plant.enroller.replace(id, next, anna, plant.now));
  EXPECT_EQ(plant.device(id).state, registry::DeviceState::decommissioned);
  EXPECT_EQ(plant.device(id).name, "");
  EXPECT_EQ(plant.device(next).name, "pump-17");
  EXPECT_EQ(plant.device(next).groups, std::vector<std::string>{"pumps"});
  EXPECT_EQ(plant.device(next).state, registry::DeviceState::online);
  EXPECT_THAT(plant.timeline(next), Contains("DEVICE_TOOK_PLACE"));
}

TEST_F(DecommissionTest, AReplacementThatMakesNoSenseIsRefused) {
  PlantDevice other{plant, "SN-2"};
  DeviceId next = onboarded(other);
  auto refused = [&](const DeviceId& old, const DeviceId& by) {
    auto done = plant.enroller.replace(old, by, anna, plant.now);
    return !done && done.error().code == Errc::conflict;
  };
  EXPECT_TRUE(refused(id, id));
  must(plant.enroller.revoke(next, anna, "lost", plant.now));
  EXPECT_TRUE(refused(id, next));
  must(plant.enroller.decommission(next, anna, "scrapped", plant.now));
  EXPECT_TRUE(refused(next, id));
  auto foreign = plant.device(next);
  foreign.account = AccountId("other");
  foreign.state = registry::DeviceState::offline;
  plant.commit({registry::UpdateDevice{foreign, foreign.revision}});
  EXPECT_TRUE(refused(id, next));
  EXPECT_EQ(plant.device(id).state, registry::DeviceState::online);
}

}  // namespace
}  // namespace fairlead::server
