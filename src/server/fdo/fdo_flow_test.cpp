// SPDX-License-Identifier: Apache-2.0
// The life of a device with a whole server: made, handed over, registered, redirected, onboarded,
// revoked. No sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "server/fdo/news.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using fdo::ErrorCode;
using registry::DeviceState;
using registry::VoucherState;
using test::error_of;
using test::must;
using test::PlantDevice;
using test::ServerPlant;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

struct FdoFlow : testing::Test {
  ServerPlant plant;
  PlantDevice device{plant, "SN-1"};

  DeviceId factory_to_owner() {
    device.initialize();
    return device.hand_to_owner();
  }
  fdo::Voucher stored_voucher(const fdo::Guid& guid) {
    return must(fdo::decode_voucher(must(plant.registry->find_voucher(guid)).value().encoded));
  }

  FdoReply register_voucher(const fdo::Voucher& voucher, crypto::Signer& owner,
                            std::uint32_t seconds = 3600) {
    auto hello = plant.say(20, {}, fdo::encode_empty());
    auto nonce = must(fdo::decode_nonce(hello.body));
    fdo::To2Address here{{}, "owner.example", 8040, fdo::TransportProtocol::http};
    return plant.say(22, hello.token,
                     must(fdo::encode_owner_sign(voucher, seconds, nonce, {here}, owner)));
  }
  FdoReply ask_rendezvous() {
    auto hello = fdo::start_to1(device.credential, *device.key);
    auto ack = plant.say(hello.type, {}, hello.body);
    if (ack.type == 255) return ack;
    auto prove = must(fdo::on_hello_rv_ack(device.credential, *device.key, ack.body));
    return plant.say(prove.type, ack.token, prove.body);
  }
};

TEST_F(FdoFlow, ADeviceIsMadeHandedOverRegisteredRedirectedOnboardedAndRevoked) {
  DeviceId id = factory_to_owner();
  EXPECT_EQ(plant.device(id).state, DeviceState::known);
  EXPECT_EQ(plant.device(id).serial, "SN-1");
  EXPECT_EQ(must(plant.registry->to0_jobs_of(device.credential.guid)).size(), 1u);

  plant.trust(plant.identity.manufacturer->public_key());
  auto accepted = register_voucher(stored_voucher(device.credential.guid), *plant.identity.owner);
  ASSERT_EQ(accepted.type, 23) << plant.log.text();
  EXPECT_EQ(must(fdo::decode_accept_owner(accepted.body)), 3600u);
  auto redirect = ask_rendezvous();
  ASSERT_EQ(redirect.type, 33) << plant.log.text();
  auto to1d = must(fdo::on_rv_redirect(redirect.body));
  EXPECT_EQ(to1d.addresses.front().dns, "owner.example");
  EXPECT_TRUE(fdo::verify_to1d(to1d, plant.identity.owner->public_key()));

  auto run = device.onboard();
  ASSERT_TRUE(run.complete) << int{run.sent} << " " << plant.log.text();
  ASSERT_TRUE(device.grant);
  EXPECT_EQ(device.grant->device, id);
  EXPECT_TRUE(device.grant->chain.front().public_key() == device.operational->public_key());
  EXPECT_EQ(device.grant->endpoints.front().uri, "mqtts://broker.example:8883");
  EXPECT_EQ(device.grant->endpoints.front().topic_prefix, "fairlead/v1/acme/" + id.str() + "/");
  EXPECT_EQ(plant.access.admitted, std::vector<Bytes>{device.grant->chain.front().serial()});
  auto record = plant.device(id);
  EXPECT_EQ(record.state, DeviceState::granted);
  EXPECT_EQ(record.model, "GW-1");
  EXPECT_EQ(record.profile, ProfileId("all"));
  EXPECT_EQ(record.guid, to_bytes(View(device.credential.guid)));
  auto story = plant.timeline(id);
  for (auto step : {"VOUCHER_IMPORTED", "TO2_DEVICE_PROVEN", "TO2_CREDENTIAL_STAGED",
                    "DEVICE_DESCRIBED", "GRANTED", "TO2_FINISHED"})
    EXPECT_THAT(story, Contains(step));

  must(plant.enroller.revoke(id, {"anna"}, "stolen", plant.now));
  EXPECT_EQ(plant.access.revoked, plant.access.admitted);
  EXPECT_EQ(plant.device(id).state, DeviceState::revoked);
  auto again = device.onboard();
  EXPECT_FALSE(again.complete);
  ASSERT_TRUE(again.error);
  EXPECT_THAT(again.error->text, HasSubstr("revoked"));
  EXPECT_EQ(plant.access.admitted.size(), 1u);

  must(plant.enroller.readmit(id, {"anna"}, plant.now));
  EXPECT_TRUE(device.onboard().complete);
  EXPECT_EQ(plant.access.admitted.size(), 2u);
  EXPECT_NE(plant.access.admitted[0], plant.access.admitted[1]);  // what was revoked stays revoked
}

TEST_F(FdoFlow, ADeviceThatAsksForNothingIsOnboardedAndSeen) {
  DeviceId id = factory_to_owner();
  device.enrolls = false;
  ASSERT_TRUE(device.onboard().complete) << plant.log.text();
  auto record = plant.device(id);
  EXPECT_EQ(record.state, DeviceState::onboarded);
  EXPECT_EQ(record.last_seen, plant.now);
  EXPECT_EQ(record.guid, to_bytes(View(device.credential.guid)));
  EXPECT_TRUE(plant.access.admitted.empty());
}

TEST_F(FdoFlow, ADeviceThatIsMadeTwiceHasTheLaterVoucherOnly) {
  device.initialize();
  device.initialize();  // the answer to 12 was lost, and the power with it
  auto made = must(plant.registry->vouchers({}, {}));
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made.front().guid, to_bytes(View(device.credential.guid)));
  EXPECT_TRUE(plant.log.has("DI_REPEATED"));

  PlantDevice namesake{plant, "SN-1"};  // of another key
  namesake.initialize();
  EXPECT_EQ(must(plant.registry->vouchers({}, {})).size(), 2u);
}

TEST_F(FdoFlow, AVoucherThatWasHandedOverOutlivesARepeatedDi) {
  device.initialize();
  device.hand_to_owner();
  device.initialize();
  EXPECT_EQ(must(plant.registry->vouchers({}, {})).size(), 2u);
}

TEST_F(FdoFlow, RevokingTwiceClosesTheDoorTwiceAndIsToldOnce) {
  DeviceId id = factory_to_owner();
  ASSERT_TRUE(device.onboard().complete);
  must(plant.enroller.revoke(id, {"anna"}, "stolen", plant.now));
  auto story = plant.timeline(id);
  must(plant.enroller.revoke(id, {"anna"}, "stolen", plant.now));
  EXPECT_EQ(plant.access.revoked.size(), 2u);
  EXPECT_EQ(plant.timeline(id), story);
}

// What was lost: the answer to 68 (nothing committed), to 70 before the server heard it is the same
// as to 68, and 71.
class LostReply : public FdoFlow, public testing::WithParamInterface<int> {};

TEST_P(LostReply, LeavesOneVoucherAndOneDeviceAfterTheNextContact) {
  DeviceId id = factory_to_owner();
  auto first = device.onboard(static_cast<std::uint8_t>(GetParam()));
  ASSERT_FALSE(first.complete);
  ASSERT_FALSE(first.error) << first.error->text;
  auto second = device.onboard();  // under the old GUID, since nothing was committed
  ASSERT_TRUE(second.complete) << (second.error ? second.error->text : "") << plant.log.text();
  auto third = device.onboard();  // under the new one, which proves that the device has it
  ASSERT_TRUE(third.complete) << (third.error ? third.error->text : "") << plant.log.text();
  auto fourth =
      device.onboard(66);  // proves the third's credential; stages a fourth that is never finished
  ASSERT_FALSE(fourth.complete);
  auto fifth = device.onboard(64);
  ASSERT_FALSE(fifth.complete);
  auto left = plant.vouchers_of(id);
  std::erase_if(left, [](const auto& each) { return each.state == VoucherState::replaced; });
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left.front().guid, to_bytes(View(device.credential.guid)));
  EXPECT_EQ(left.front().state, VoucherState::owned);
  EXPECT_EQ(plant.device(id).guid, left.front().guid);
  registry::Registry& registry = *plant.registry;
  EXPECT_EQ(must(registry.devices({}, {})).size(), 1u);
  EXPECT_EQ(must(registry.to0_jobs_due(plant.now + std::chrono::hours(1), 100, {})).size(),
            1u);  // of the one voucher
  EXPECT_EQ(must(registry.certificates_of(id)).size(),
            1u);  // the same key got the same certificate
}
INSTANTIATE_TEST_SUITE_P(To2, LostReply, testing::Values(64, 66, 68, 70),
                         testing::PrintToStringParamName());

TEST_F(FdoFlow, BothGuidsWorkAfterALostDone2) {
  factory_to_owner();
  ASSERT_FALSE(device.onboard(70).complete);
  fdo::Guid old = device.credential.guid;
  std::vector<fdo::Guid> guids;
  registry::VoucherFilter all;
  for (const auto& each : must(plant.registry->vouchers(all, {})))
    guids.push_back(*fdo::Guid::from(each.guid));
  ASSERT_EQ(guids.size(), 2u);
  for (const auto& guid : guids) {
    fdo::HelloDevice hello{0, guid, plant.random.draw<fdo::Nonce>(), "ECDH256", 1, -7};
    EXPECT_EQ(plant.say(60, {}, fdo::encode_hello_device(hello)).type, 61)
        << (guid == old ? "old" : "new");
  }
}

TEST_F(FdoFlow, TheOwnerServesNoVoucherThatIsNotItsOwn) {
  device.initialize();  // made, not handed over
  fdo::HelloDevice hello{0, device.credential.guid, plant.random.draw<fdo::Nonce>(), "ECDH256", 1,
                         -7};
  EXPECT_EQ(error_of(plant.say(60, {}, fdo::encode_hello_device(hello))).code,
            ErrorCode::not_found);
  auto other = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  must(plant.vouchers.extend(device.credential.guid, other->public_key(), {"anna"}, plant.now));
  EXPECT_EQ(error_of(plant.say(60, {}, fdo::encode_hello_device(hello))).code,
            ErrorCode::not_found);
  EXPECT_EQ(plant.vouchers.extend(device.credential.guid, other->public_key(), {"anna"}, plant.now)
                .error()
                .code,
            Errc::conflict);
}

TEST_F(FdoFlow, TheRendezvousRefusesAMakerThatNobodyListed) {
  factory_to_owner();
  auto reply = register_voucher(stored_voucher(device.credential.guid), *plant.identity.owner);
  EXPECT_EQ(error_of(reply).code, ErrorCode::invalid_voucher);
  EXPECT_THAT(plant.log.text(), HasSubstr("neither manufacturer nor owner"));
  EXPECT_EQ(error_of(ask_rendezvous()).code, ErrorCode::not_found);
}

TEST_F(FdoFlow, TheRendezvousServesNobodyForAnAccountsTrust) {
  factory_to_owner();
  const auto& key = plant.identity.manufacturer->public_key();
  plant.commit({registry::PutTrustedKey{{AccountId("acme"), to_bytes(View(key.fingerprint())),
                                         registry::TrustedKey::Kind::manufacturer, "a maker",
                                         key.spki(), plant.now}}});
  auto reply = register_voucher(stored_voucher(device.credential.guid), *plant.identity.owner);
  EXPECT_EQ(error_of(reply).code, ErrorCode::invalid_voucher);
}

TEST_F(FdoFlow, TheRendezvousRefusesATruncatedVoucherAndRaisesTheAlarm) {
  factory_to_owner();
  plant.trust(plant.identity.manufacturer->public_key());
  fdo::Voucher shorter = stored_voucher(device.credential.guid);
  auto next = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  fdo::Voucher longer =
      must(plant.vouchers.extend(device.credential.guid, next->public_key(), {"anna"}, plant.now));
  ASSERT_EQ(register_voucher(shorter, *plant.identity.owner).type, 23);
  ASSERT_EQ(register_voucher(longer, *next).type, 23);  // the next owner takes over
  auto reply = register_voucher(shorter, *plant.identity.owner);
  EXPECT_EQ(error_of(reply).code, ErrorCode::invalid_voucher);
  EXPECT_TRUE(plant.log.has("RENDEZVOUS_TRUNCATED_VOUCHER"));
  plant.now += std::chrono::hours(100);  // nor after the registration expired
  EXPECT_EQ(error_of(register_voucher(shorter, *plant.identity.owner)).code,
            ErrorCode::invalid_voucher);
}

// The owner's next voucher for a device, under a GUID of its own.
fdo::Voucher replacement_of(const fdo::Voucher& voucher, crypto::Signer& owner,
                            const fdo::Guid& guid) {
  auto key = fdo::make_public_key(owner.public_key(), fdo::KeyEncoding::x509);
  Bytes header = fdo::encode_voucher_header(guid, voucher.header.rendezvous.encoded, "gateway",
                                            key.encoded, voucher.header.chain_hash);
  return must(fdo::extend_voucher(
      must(fdo::make_voucher(header, voucher.hmac, voucher.device_chain)), owner, key));
}

TEST_F(FdoFlow, TheRendezvousFollowsADeviceThroughSalesAndNoFurther) {
  factory_to_owner();
  auto first = stored_voucher(device.credential.guid);
  crypto::Signer& owner = *plant.identity.owner;
  auto replacement = replacement_of(first, owner, plant.random.draw<fdo::Guid>());
  EXPECT_EQ(error_of(register_voucher(replacement, owner)).code, ErrorCode::invalid_voucher);
  plant.trust(plant.identity.manufacturer->public_key());
  ASSERT_EQ(register_voucher(first, owner).type, 23);
  ASSERT_EQ(register_voucher(replacement, owner).type, 23) << plant.log.text();

  auto buyer = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  auto sold = must(fdo::extend_voucher(
      replacement, owner, fdo::make_public_key(buyer->public_key(), fdo::KeyEncoding::x509)));
  ASSERT_EQ(register_voucher(sold, *buyer).type, 23) << plant.log.text();
  auto by_buyer = replacement_of(sold, *buyer, plant.random.draw<fdo::Guid>());
  ASSERT_EQ(register_voucher(by_buyer, *buyer).type, 23) << plant.log.text();

  PlantDevice other{plant, "SN-2"};
  other.initialize();
  other.hand_to_owner();
  auto others =
      replacement_of(stored_voucher(other.credential.guid), owner, plant.random.draw<fdo::Guid>());
  EXPECT_EQ(error_of(register_voucher(others, owner)).code, ErrorCode::invalid_voucher)
      << "the owner is known, this device of his is not";
}

TEST_F(FdoFlow, TheRendezvousForgetsFormerGuidsOnceTheDeviceAsksUnderAnother) {
  factory_to_owner();
  plant.trust(plant.identity.manufacturer->public_key());
  auto first = stored_voucher(device.credential.guid);
  crypto::Signer& owner = *plant.identity.owner;
  ASSERT_EQ(register_voucher(first, owner).type, 23);
  std::vector<fdo::Guid> guids;
  for (int i = 0; i < 63; ++i) {
    guids.push_back(plant.random.draw<fdo::Guid>());
    ASSERT_EQ(register_voucher(replacement_of(first, owner, guids.back()), owner, 60).type, 23);
  }
  auto one_more = replacement_of(first, owner, plant.random.draw<fdo::Guid>());
  EXPECT_EQ(error_of(register_voucher(one_more, owner)).code, ErrorCode::invalid_voucher);
  EXPECT_THAT(plant.log.text(), HasSubstr("has 64 registrations"));
  ASSERT_EQ(ask_rendezvous().type, 33);
  EXPECT_EQ(must(plant.registry->counts()).registrations, 64u) << "they are still kept alive";
  plant.now += std::chrono::seconds(61);
  ASSERT_EQ(ask_rendezvous().type, 33);
  EXPECT_EQ(must(plant.registry->counts()).registrations, 1u);
  EXPECT_EQ(register_voucher(one_more, owner).type, 23);
}

TEST_F(FdoFlow, AttemptsThatComeToNothingLeaveOneReplacementAtMost) {
  DeviceId id = factory_to_owner();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(device.onboard(68).complete);
  auto vouchers = plant.vouchers_of(id);
  EXPECT_EQ(vouchers.size(), 2u);
  std::size_t jobs = 0;
  for (const auto& each : vouchers) jobs += must(plant.registry->to0_jobs_of(each.guid)).size();
  EXPECT_EQ(jobs, 2u);
}

TEST_F(FdoFlow, AnOwnerDoesNotSellAGuidThatTheDeviceMayNotHold) {
  DeviceId id = factory_to_owner();
  auto next = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  device.onboard(70);  // finished here; the device has not heard
  auto sold = plant.vouchers.extend(*fdo::Guid::from(plant.device(id).guid), next->public_key(),
                                    {"anna"}, plant.now);
  ASSERT_FALSE(sold);
  EXPECT_EQ(sold.error().code, Errc::conflict);
  EXPECT_THAT(sold.error().context, HasSubstr(fdo::to_text(device.credential.guid)));
  EXPECT_NE(plant.device(id).state, DeviceState::revoked);
  ASSERT_TRUE(device.onboard().complete);
  ASSERT_TRUE(device.onboard().complete);  // seen under the one before
  EXPECT_FALSE(
      plant.vouchers.extend(device.credential.guid, next->public_key(), {"anna"}, plant.now));
  must(plant.vouchers.extend(device.credential.guid, next->public_key(), {"anna"}, plant.now,
                             Vouchers::Sale::unconfirmed));
  EXPECT_EQ(plant.device(id).state, DeviceState::revoked);
  for (const auto& each : plant.vouchers_of(id))
    EXPECT_TRUE(each.state == VoucherState::replaced || each.state == VoucherState::handed_over);
}

TEST_F(FdoFlow, ADeviceThatIsBoughtBackIsAdmittedAgainButOneRevokedBeforeTheSaleIsNot) {
  for (bool stolen : {false, true}) {
    PlantDevice each{plant, stolen ? "SN-STOLEN" : "SN-SOLD"};
    each.initialize();
    DeviceId id = each.hand_to_owner();
    auto buyer = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
    if (stolen) must(plant.enroller.revoke(id, {"anna"}, "stolen", plant.now));
    plant.now += std::chrono::seconds(1);
    auto sold =
        must(plant.vouchers.extend(each.credential.guid, buyer->public_key(), {"anna"}, plant.now));
    EXPECT_EQ(plant.device(id).state, DeviceState::revoked);
    auto back = must(fdo::extend_voucher(
        sold, *buyer,
        fdo::make_public_key(plant.identity.owner->public_key(), fdo::KeyEncoding::x509)));
    must(plant.vouchers.import(back, AccountId("acme"), false, {"anna"}, plant.now));
    EXPECT_EQ(plant.device(id).state, stolen ? DeviceState::revoked : DeviceState::known);
    EXPECT_EQ(each.onboard().complete, !stolen);
  }
}

TEST_F(FdoFlow, ARegistrationExpiresAndIsGrantedForADayAtMost) {
  factory_to_owner();
  plant.trust(plant.identity.manufacturer->public_key());
  auto reply =
      register_voucher(stored_voucher(device.credential.guid), *plant.identity.owner, 1'000'000);
  ASSERT_EQ(reply.type, 23);
  EXPECT_EQ(must(fdo::decode_accept_owner(reply.body)), 86'400u);
  plant.now += std::chrono::seconds(86'400);
  EXPECT_EQ(ask_rendezvous().type, 33);
  plant.now += std::chrono::seconds(1);
  EXPECT_EQ(error_of(ask_rendezvous()).code, ErrorCode::not_found);
}

TEST_F(FdoFlow, TheRendezvousTellsNobodyButTheDevice) {
  factory_to_owner();
  plant.trust(plant.identity.manufacturer->public_key());
  ASSERT_EQ(register_voucher(stored_voucher(device.credential.guid), *plant.identity.owner).type,
            23);
  device.key = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  EXPECT_EQ(ask_rendezvous().type, 255);
}

TEST_F(FdoFlow, ADeviceWithAnotherKeyIsNotProven) {
  DeviceId id = factory_to_owner();
  device.key = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  auto run = device.onboard();
  EXPECT_EQ(run.sent, 64);
  ASSERT_TRUE(run.error);
  EXPECT_THAT(plant.timeline(id), Not(Contains("TO2_DEVICE_PROVEN")));
  EXPECT_TRUE(plant.access.admitted.empty());
}

TEST_F(FdoFlow, ADeviceThatNeedsApprovalWaitsIsApprovedAndThenGranted) {
  plant.profile("all", R"({"account": "acme", "approval": true})");
  DeviceId id = factory_to_owner();
  auto run = device.onboard();
  EXPECT_FALSE(run.complete);
  ASSERT_TRUE(run.error);
  EXPECT_THAT(run.error->text + plant.log.text(), HasSubstr("asks for a person's approval"));
  EXPECT_EQ(plant.device(id).state, DeviceState::waiting);
  EXPECT_TRUE(plant.access.admitted.empty());
  auto story = plant.timeline(id);
  device.onboard();
  EXPECT_EQ(std::ranges::count(plant.timeline(id), "GRANT_PENDING"), 1);  // polling is no news
  must(plant.enroller.approve(id, {"anna"}, plant.now));
  EXPECT_EQ(plant.enroller.approve(id, {"anna"}, plant.now).error().code, Errc::not_found);
  ASSERT_TRUE(device.onboard().complete) << plant.log.text();
  EXPECT_EQ(plant.device(id).state, DeviceState::granted);
  EXPECT_EQ(plant.access.admitted.size(), 1u);
}

TEST_F(FdoFlow, ApprovalIsForTheKeyThatCameLastAndForNoOther) {
  plant.profile("all", R"({"account": "acme", "approval": true})");
  DeviceId id = factory_to_owner();
  device.onboard();
  plant.now += std::chrono::minutes(1);
  auto earlier =
      std::exchange(device.operational, must(crypto::SoftwareKey::generate(crypto::KeyType::p256)));
  device.onboard();
  must(plant.enroller.approve(id, {"anna"}, plant.now));
  int accepted = 0;
  for (const auto& key : must(plant.registry->keys_of(id))) {
    accepted += key.state == registry::KeyState::accepted;
    if (key.state == registry::KeyState::accepted)
      EXPECT_TRUE(equal(key.fingerprint, device.operational->public_key().fingerprint()));
  }
  EXPECT_EQ(accepted, 1);
  EXPECT_TRUE(device.onboard().complete);
}

TEST_F(FdoFlow, ARejectedKeyIsRefusedFromThenOn) {
  plant.profile("all", R"({"account": "acme", "approval": true})");
  DeviceId id = factory_to_owner();
  device.onboard();
  must(plant.enroller.reject(id, {"anna"}, "unknown box", plant.now));
  auto run = device.onboard();
  ASSERT_TRUE(run.error);
  EXPECT_THAT(run.error->text, HasSubstr("rejected this key"));
  EXPECT_TRUE(plant.access.admitted.empty());
}

TEST_F(FdoFlow, ARejectionCanBeTakenBack) {
  plant.profile("all", R"({"account": "acme", "approval": true})");
  DeviceId id = factory_to_owner();
  device.onboard();
  must(plant.enroller.reject(id, {"anna"}, "unknown box", plant.now));
  EXPECT_FALSE(device.onboard().complete);
  must(plant.enroller.approve(id, {"anna"}, plant.now));
  EXPECT_TRUE(device.onboard().complete);
}

TEST_F(FdoFlow, ARejectedKeyIsTakenForTheOneInForceOnlyWhereItIsNamed) {
  plant.profile("all", R"({"account": "acme", "approval": true})");
  DeviceId id = factory_to_owner();
  device.onboard();
  must(plant.enroller.reject(id, {"anna"}, "unknown box", plant.now));
  auto rejected =
      std::exchange(device.operational, must(crypto::SoftwareKey::generate(crypto::KeyType::p256)));
  device.onboard();
  must(plant.enroller.approve(id, {"anna"}, plant.now));
  EXPECT_TRUE(device.onboard().complete);
  auto twice = plant.enroller.approve(id, {"anna"}, plant.now);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, Errc::not_found);
  crypto::Sha256 key = rejected->public_key().fingerprint();
  must(plant.enroller.approve(id, {"anna"}, plant.now, View(key)));
  device.operational = std::move(rejected);
  EXPECT_TRUE(device.onboard().complete);
}

TEST_F(FdoFlow, ARevokedDeviceGetsNoFileOfItsProfileEither) {
  plant.profile("all", R"({"account": "acme", "actions": [{"kind": "upload", "name": "log"}]})");
  DeviceId id = factory_to_owner();
  must(plant.enroller.revoke(id, {"anna"}, "stolen", plant.now));
  device.enrolls = false;
  auto run = device.onboard();
  EXPECT_EQ(run.sent, 64);
  ASSERT_TRUE(run.error);
  EXPECT_THAT(run.error->text, HasSubstr("revoked"));
  EXPECT_EQ(plant.device(id).state, DeviceState::revoked);
  EXPECT_THAT(plant.timeline(id), Contains("TO2_FAILED"));
}

TEST_F(FdoFlow, ADeviceThatNoProfileMatchesWaits) {
  plant.commit({registry::RemoveProfile{ProfileId("all")}});
  DeviceId id = factory_to_owner();
  EXPECT_FALSE(device.onboard().complete);
  EXPECT_EQ(plant.device(id).state, DeviceState::waiting);
  EXPECT_THAT(plant.device(id).state_reason, HasSubstr("no enrolment profile"));
}

TEST_F(FdoFlow, AReplacedKeyLosesItsAccess) {
  DeviceId id = factory_to_owner();
  ASSERT_TRUE(device.onboard().complete);
  device.operational = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  ASSERT_TRUE(device.onboard().complete);
  ASSERT_EQ(plant.access.admitted.size(), 2u);
  EXPECT_EQ(plant.access.revoked, std::vector<Bytes>{plant.access.admitted[0]});
  int usable = 0;
  for (const auto& each : must(plant.registry->certificates_of(id)))
    usable += each.state == registry::CertificateState::issued ||
              each.state == registry::CertificateState::active;
  EXPECT_EQ(usable, 1);
}

TEST_F(FdoFlow, ProfilesActionsRunInTo2AndTheirFailureIsTold) {
  plant.profile("all", R"({"account": "acme", "actions": [{"kind": "upload", "name": "log"}]})");
  DeviceId id = factory_to_owner();
  ASSERT_TRUE(device.onboard().complete)
      << plant.log.text();  // it has no fdo.upload: passed over, and reported
  EXPECT_THAT(plant.timeline(id), Contains("ACTION_FAILED"));
  EXPECT_THAT(plant.timeline(id), Contains("ACTION_DONE"));
}

TEST_F(FdoFlow, AFileIsKeptWholeWhateverARunThatBrokeOffLeft) {
  plant.profile("all", R"({"account": "acme", "actions": [{"kind": "upload", "name": "a/log"}]})");
  DeviceId id = factory_to_owner();
  plant.commit({registry::PutUploadPart{id, {0, Bytes(900, 9)}},
                registry::PutUploadPart{id, {900, Bytes(5000, 9)}}});
  device.file = Bytes(4000, 7);
  ASSERT_TRUE(device.onboard().complete) << plant.log.text();
  EXPECT_EQ(must(plant.registry->find_upload_content(id, "a/log")), *device.file);
  auto kept = must(plant.registry->uploads_of(id));
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].size, 4000u);
  EXPECT_EQ(kept[0].sha384, crypto::hash(crypto::HashAlg::sha384, {*device.file}));
  EXPECT_EQ(kept[0].at, plant.now);
  EXPECT_TRUE(must(plant.registry->upload_parts_of(id)).empty());
  EXPECT_THAT(plant.timeline(id), Contains("UPLOAD_KEPT"));

  device.file = Bytes{};
  ASSERT_TRUE(device.onboard().complete) << plant.log.text();
  EXPECT_EQ(must(plant.registry->find_upload_content(id, "a/log")), Bytes{});
  EXPECT_EQ(must(plant.registry->uploads_of(id)).size(), 1u);
}

TEST_F(FdoFlow, AFileOfAnotherHashDoesNotReplaceTheOneOfBefore) {
  plant.profile("all", R"({"account": "acme", "actions": [{"kind": "upload", "name": "log"}]})");
  DeviceId id = factory_to_owner();
  device.file = Bytes(1000, 7);
  ASSERT_TRUE(device.onboard().complete);
  device.file = Bytes(1000, 8);
  device.file_hash = Bytes(48, 1);
  ASSERT_TRUE(device.onboard().complete);
  EXPECT_THAT(plant.log.text(), HasSubstr("does not have the hash that the device named"));
  EXPECT_EQ(must(plant.registry->find_upload_content(id, "log")), Bytes(1000, 7));
  EXPECT_TRUE(must(plant.registry->upload_parts_of(id)).empty());
}

TEST_F(FdoFlow, TheOldestFileMakesRoomForOneMore) {
  plant.profile("all", R"({"account": "acme", "actions": [{"kind": "upload", "name": "log"}]})");
  DeviceId id = factory_to_owner();
  device.file = Bytes{1};
  for (std::size_t i = 0; i < limits::uploads_per_device_max; ++i)
    plant.commit({registry::PutUpload{
        {id, "old-" + std::to_string(i), 0, {}, plant.now - std::chrono::hours(i + 1)}, {2}}});
  ASSERT_TRUE(device.onboard().complete);
  EXPECT_EQ(must(plant.registry->uploads_of(id)).size(), limits::uploads_per_device_max);
  EXPECT_EQ(must(plant.registry->find_upload_content(id, "log")), Bytes{1});
  EXPECT_FALSE(must(plant.registry->find_upload_content(
      id, "old-" + std::to_string(limits::uploads_per_device_max - 1))));
  ASSERT_TRUE(device.onboard().complete);  // of a name that is there already: nobody has to go
  EXPECT_EQ(must(plant.registry->uploads_of(id)).size(), limits::uploads_per_device_max);
}

TEST_F(FdoFlow, AFileMayHaveOneMebibyteAndNoByteMore) {
  News news(plant.store, plant.enroller, plant.log, DeviceId("d"), Caller{"192.0.2.7", plant.now});
  EXPECT_TRUE(news.on_upload_part(limits::upload_bytes_max - 2, Bytes(2, 0)));
  for (std::uint64_t offset : {std::uint64_t{limits::upload_bytes_max - 1}, UINT64_MAX}) {
    auto refused = news.on_upload_part(offset, Bytes(2, 0));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::refused);
  }
}

// The registry learns the model from the Offer, in the middle of the run.
TEST_F(FdoFlow, AProfileThatMatchesTheOffersModelActsInTheSameRun) {
  plant.profile("of-model", R"({"priority": 5, "account": "acme", "match": {"models": ["GW-1"]},
                                "actions": [{"kind": "upload", "name": "log"}]})");
  DeviceId id = factory_to_owner();
  ASSERT_TRUE(device.onboard().complete) << plant.log.text();
  EXPECT_THAT(plant.timeline(id), Contains("ACTION_FAILED"));  // it has no fdo.upload
}

}  // namespace
}  // namespace fairlead::server
