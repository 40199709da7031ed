// SPDX-License-Identifier: Apache-2.0
// The second way in: Offer and Claim to a Grant, and one record for one device.
#include "server/claims.h"

#include <gtest/gtest.h>

#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;
using test::PlantDevice;
using test::ServerPlant;

struct ClaimsTest : testing::Test {
  ServerPlant plant;
  Claims claims{plant.store, plant.enroller, plant.log};

  LocalClaim claim_by(const std::string& who, const std::string& account = "acme") {
    LocalClaim out;
    out.account = AccountId(account);
    out.actor = {who, "api 192.0.2.7"};
    return out;
  }
  enroll::Grant grant_in(const ClaimAnswer& answer, View offer) {
    return must(enroll::decode_grant(*answer.grant, plant.identity.owner->public_key(),
                                     crypto::sha256(offer)));
  }
};

TEST_F(ClaimsTest, ADeviceThatNobodyKnewIsGrantedAndRecorded) {
  PlantDevice device{plant, "SN-1"};
  Bytes offer = device.offer();
  auto answer = must(claims.claim(offer, claim_by("ines"), plant.now));
  ASSERT_TRUE(answer.grant) << answer.why;
  EXPECT_EQ(grant_in(answer, offer).device, answer.device);
  EXPECT_EQ(plant.access.admitted.size(), 1u);
  auto record = plant.device(answer.device);
  EXPECT_EQ(record.serial, "SN-1");
  EXPECT_EQ(record.account, AccountId("acme"));
  EXPECT_EQ(plant.timeline(answer.device), (std::vector<std::string>{"DEVICE_CLAIMED", "GRANTED"}));
  auto keys = must(plant.registry->keys_of(answer.device));
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].evidence, "possession");
}

TEST_F(ClaimsTest, TheSameKeyGetsTheSameCertificateAndNoSecondDevice) {
  PlantDevice device{plant, "SN-1"};
  Bytes first = device.offer(), second = device.offer();
  auto one = must(claims.claim(first, claim_by("ines"), plant.now));
  auto other = must(claims.claim(second, claim_by("ines"), plant.now));
  EXPECT_EQ(one.device, other.device);
  EXPECT_EQ(grant_in(one, first).chain[0].serial(), grant_in(other, second).chain[0].serial());
}

TEST_F(ClaimsTest, AnotherKeyOfAKnownDeviceWaitsForAPerson) {
  PlantDevice device{plant, "SN-1"}, copy{plant, "SN-1"};
  auto first = must(claims.claim(device.offer(), claim_by("ines"), plant.now));
  auto second = must(claims.claim(copy.offer(), claim_by("ines"), plant.now));
  EXPECT_EQ(second.device, first.device);
  EXPECT_FALSE(second.grant);
  EXPECT_NE(second.why.find("another key"), std::string::npos) << second.why;
  EXPECT_EQ(plant.access.admitted.size(), 1u);
  must(plant.enroller.approve(second.device, {"olga"}, plant.now));
  auto third = must(claims.claim(copy.offer(), claim_by("ines"), plant.now));
  EXPECT_TRUE(third.grant);
  EXPECT_EQ(plant.access.revoked.size(), 1u);
}

TEST_F(ClaimsTest, ADeviceThatAVoucherToldOfIsTheSameDevice) {
  PlantDevice device{plant, "SN-1"};
  device.initialize();
  DeviceId id = device.hand_to_owner();
  EXPECT_EQ(must(claims.claim(device.offer(), claim_by("ines"), plant.now)).device, id);
}

TEST_F(ClaimsTest, TheSameSerialInAnotherAccountIsAnotherDevice) {
  plant.commit({registry::PutAccount{{AccountId("other"), "Other", plant.now}}});
  plant.profile("all", R"({})");
  PlantDevice device{plant, "SN-1"}, theirs{plant, "SN-1"};
  auto ours = must(claims.claim(device.offer(), claim_by("ines"), plant.now));
  auto other = must(claims.claim(theirs.offer(), claim_by("otto", "other"), plant.now));
  EXPECT_NE(ours.device, other.device);
  EXPECT_TRUE(other.grant);
  EXPECT_EQ(plant.device(other.device).account, AccountId("other"));
}

TEST_F(ClaimsTest, ARevokedDeviceIsRefusedWhoeverClaimsIt) {
  PlantDevice device{plant, "SN-1"};
  auto first = must(claims.claim(device.offer(), claim_by("ines"), plant.now));
  must(plant.enroller.revoke(first.device, {"olga"}, "stolen", plant.now));
  auto again = claims.claim(device.offer(), claim_by("ines"), plant.now);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::refused);
}

TEST_F(ClaimsTest, WhoTriesAgainAndAgainFillsNeitherAuditLogNorTimeline) {
  PlantDevice device{plant, "SN-1"};
  DeviceId id = must(claims.claim(device.offer(), claim_by("ines"), plant.now)).device;
  must(plant.enroller.revoke(id, {"olga"}, "stolen", plant.now));
  EXPECT_FALSE(claims.claim(device.offer(), claim_by("ines"), plant.now));
  const auto before = must(plant.registry->last_audit());
  const auto story = plant.timeline(id);
  for (int i = 0; i < 20; ++i)
    EXPECT_FALSE(claims.claim(device.offer(), claim_by("ines"), plant.now));
  EXPECT_EQ(must(plant.registry->last_audit()), before);
  EXPECT_EQ(plant.timeline(id), story);
  EXPECT_EQ(must(plant.registry->events_of(id, 1)).front().times, 21u);
  EXPECT_FALSE(claims.claim(device.offer(), claim_by("otto"), plant.now));  // somebody else's deed
  EXPECT_NE(must(plant.registry->last_audit()), before);
}

TEST_F(ClaimsTest, KeysThatWaitAreBoundedAndTheOldestMakesRoom) {
  PlantDevice device{plant, "SN-1"};
  DeviceId id = must(claims.claim(device.offer(), claim_by("ines"), plant.now)).device;
  auto try_copy = [&] {
    plant.now += std::chrono::seconds(1);
    PlantDevice copy{plant, "SN-1"};
    EXPECT_FALSE(must(claims.claim(copy.offer(), claim_by("ines"), plant.now)).grant);
    return to_bytes(View(copy.operational->public_key().fingerprint()));
  };
  const Bytes first = try_copy(), second = try_copy();
  const auto before = must(plant.registry->last_audit());
  for (std::size_t i = 0; i < waiting_keys_max - 1; ++i) try_copy();
  auto keys = must(plant.registry->keys_of(id));
  EXPECT_EQ(keys.size(), 1 + waiting_keys_max);  // the accepted one stays
  auto has = [&](const Bytes& key) {
    return std::ranges::find(keys, key, &registry::DeviceKey::fingerprint) != keys.end();
  };
  EXPECT_FALSE(has(first));
  EXPECT_TRUE(has(second));
  EXPECT_TRUE(plant.log.has("KEY_DROPPED"));
  EXPECT_EQ(must(plant.registry->last_audit()), before);
}

TEST_F(ClaimsTest, AReplacedDeviceIsRevokedAsTheNewOneIsGranted) {
  PlantDevice old_device{plant, "SN-1"}, new_device{plant, "SN-2"};
  auto before = must(claims.claim(old_device.offer(), claim_by("ines"), plant.now));
  LocalClaim claim = claim_by("ines");
  claim.replaces = before.device;
  auto after = must(claims.claim(new_device.offer(), claim, plant.now));
  ASSERT_TRUE(after.grant);
  EXPECT_EQ(plant.device(before.device).state, registry::DeviceState::revoked);
  EXPECT_EQ(plant.device(before.device).state_reason, "replaced by " + after.device.str());
  EXPECT_EQ(plant.access.revoked.size(), 1u);
  EXPECT_TRUE(must(claims.claim(new_device.offer(), claim, plant.now)).grant) << "a lost answer";
}

TEST_F(ClaimsTest, ADeviceThatHasToWaitReplacesNobodyYet) {
  PlantDevice old_device{plant, "SN-1"}, new_device{plant, "SN-2"}, copy{plant, "SN-2"};
  auto before = must(claims.claim(old_device.offer(), claim_by("ines"), plant.now));
  must(claims.claim(new_device.offer(), claim_by("ines"), plant.now));
  LocalClaim claim = claim_by("ines");
  claim.replaces = before.device;
  EXPECT_FALSE(must(claims.claim(copy.offer(), claim, plant.now)).grant);
  EXPECT_EQ(plant.device(before.device).state, registry::DeviceState::granted);
}

TEST_F(ClaimsTest, AnotherAccountsDeviceCannotBeReplaced) {
  plant.commit({registry::PutAccount{{AccountId("other"), "Other", plant.now}}});
  plant.profile("all", R"({})");
  PlantDevice theirs{plant, "SN-1"}, ours{plant, "SN-2"};
  LocalClaim claim = claim_by("ines");
  claim.replaces = must(claims.claim(theirs.offer(), claim_by("otto", "other"), plant.now)).device;
  auto refused = claims.claim(ours.offer(), claim, plant.now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::not_found);
}

TEST_F(ClaimsTest, WhatIsNoOfferOrSaysNoSerialIsRefused) {
  EXPECT_FALSE(claims.claim(as_view("offer"), claim_by("ines"), plant.now));
  PlantDevice nameless{plant, ""};
  EXPECT_FALSE(claims.claim(nameless.offer(), claim_by("ines"), plant.now));
}

TEST_F(ClaimsTest, TheRecordSaysByWhichProof) {
  PlantDevice device{plant, "SN-1"};
  LocalClaim claim = claim_by("ines");
  claim.proof = LocalProof::button;
  claim.right = enroll::Right::plan_row;
  must(claims.claim(device.offer(), claim, plant.now));
  EXPECT_NE(plant.log.text().find("plan-row"), std::string::npos);
  EXPECT_NE(plant.log.text().find("button"), std::string::npos);
  EXPECT_EQ(local_proof_from("button"), LocalProof::button);
  EXPECT_FALSE(local_proof_from("charm"));
}

}  // namespace
}  // namespace fairlead::server
