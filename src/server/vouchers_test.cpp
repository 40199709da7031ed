// SPDX-License-Identifier: Apache-2.0
// Which vouchers become ours, and which stay whose they are.
#include "server/vouchers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::FdoParty;
using test::must;
using test::PlantDevice;
using test::ServerPlant;
using testing::HasSubstr;

struct VouchersTest : testing::Test {
  ServerPlant plant;
  FdoParty party =
      FdoParty::make(crypto::KeyType::p256, 1);  // of a foreign maker, for a foreign owner
  AccountId acme{"acme"};

  fdo::Voucher for_us() {
    return must(fdo::extend_voucher(
        party.voucher, *party.owner,
        fdo::make_public_key(plant.identity.owner->public_key(), fdo::KeyEncoding::x509)));
  }
  Error refusal(const fdo::Voucher& voucher, const AccountId& account) {
    auto result = plant.vouchers.import(voucher, account, false, {"anna"}, plant.now);
    EXPECT_FALSE(result);
    return result ? Error{Errc::internal, "taken"} : result.error();
  }
};

TEST_F(VouchersTest, RefusesAVoucherForAnotherOwner) {
  plant.trust(party.manufacturer->public_key());
  auto error = refusal(party.voucher, acme);
  EXPECT_EQ(error.code, Errc::untrusted);
  EXPECT_THAT(error.context, HasSubstr("another owner"));
  EXPECT_TRUE(plant.log.has("VOUCHER_REFUSED"));
}

TEST_F(VouchersTest, RefusesAMakerThatNobodyListed) {
  auto error = refusal(for_us(), acme);
  EXPECT_EQ(error.code, Errc::untrusted);
  EXPECT_THAT(error.context,
              HasSubstr(party.manufacturer->public_key().fingerprint().hex().substr(0, 16)));
}

TEST_F(VouchersTest, WhatOneAccountTrustsIsNoOthersAndAnOwnersKeyIsNoMakers) {
  plant.commit({registry::PutAccount{{AccountId("other"), "Other", plant.now}}});
  const auto& maker = party.manufacturer->public_key();
  auto listed = [&](const AccountId& account, registry::TrustedKey::Kind kind) {
    plant.commit({registry::PutTrustedKey{
        {account, to_bytes(View(maker.fingerprint())), kind, "a maker", maker.spki(), plant.now}}});
  };
  using Kind = registry::TrustedKey::Kind;
  listed(AccountId("other"), Kind::manufacturer);
  listed(acme, Kind::owner);
  EXPECT_THAT(refusal(for_us(), acme).context, HasSubstr("list of account 'acme'"));
  listed(acme, Kind::manufacturer);
  EXPECT_TRUE(plant.vouchers.import(for_us(), acme, true, {"anna"}, plant.now));
}

TEST_F(VouchersTest, RefusesAVoucherWithoutEntry) {
  PlantDevice device{plant, "SN-1"};
  device.initialize();
  auto made = must(
      fdo::decode_voucher(must(plant.registry->find_voucher(device.credential.guid))->encoded));
  EXPECT_THAT(refusal(made, acme).context, HasSubstr("no entry"));
}

TEST_F(VouchersTest, RefusesAVoucherThatWasTamperedWith) {
  plant.trust(party.manufacturer->public_key());
  Bytes bytes = for_us().encode();
  bytes.back() ^= 1;  // in the last entry's signature
  EXPECT_EQ(refusal(must(fdo::decode_voucher(bytes)), acme).code, Errc::untrusted);
}

TEST_F(VouchersTest, RefusesAnAccountThatIsNotThere) {
  plant.trust(party.manufacturer->public_key());
  EXPECT_EQ(refusal(for_us(), AccountId("nobody")).code, Errc::not_found);
}

TEST_F(VouchersTest, ADryRunChangesNothing) {
  plant.trust(party.manufacturer->public_key());
  EXPECT_EQ(must(plant.vouchers.import(for_us(), acme, true, {"anna"}, plant.now)),
            Import::imported);
  auto counts = must(plant.registry->counts());
  EXPECT_EQ(counts.vouchers + counts.devices, 0u);
}

TEST_F(VouchersTest, ImportingTwiceIsUnchangedAndAnotherVoucherForTheDeviceIsAConflict) {
  plant.trust(party.manufacturer->public_key());
  auto voucher = for_us();
  EXPECT_EQ(must(plant.vouchers.import(voucher, acme, false, {"anna"}, plant.now)),
            Import::imported);
  EXPECT_EQ(must(plant.vouchers.import(voucher, acme, false, {"anna"}, plant.now)),
            Import::unchanged);
  EXPECT_EQ(must(plant.registry->counts()).devices, 1u);
  EXPECT_EQ(must(plant.registry->to0_jobs_of(voucher.header.guid)).size(), 1u);
  auto other = for_us();  // signatures differ: the same way, gone a second time
  ASSERT_NE(other.encode(), voucher.encode());
  EXPECT_EQ(refusal(other, acme).code, Errc::conflict);
}

TEST_F(VouchersTest, ManyImportedTogetherAreToldApart) {
  plant.trust(party.manufacturer->public_key());
  auto good = for_us(), of_the_same_device = for_us();
  Bytes bytes = good.encode();
  bytes.back() ^= 1;
  const std::vector<fdo::Voucher> many{must(fdo::decode_voucher(bytes)), good, good,
                                       of_the_same_device};
  auto outcomes = plant.vouchers.import_all(many, acme, false, {"anna"}, plant.now);
  ASSERT_EQ(outcomes.size(), 4u);
  EXPECT_EQ(outcomes[0].error().code, Errc::untrusted);
  EXPECT_EQ(must(outcomes[1]), Import::imported);
  EXPECT_EQ(must(outcomes[2]), Import::unchanged);
  EXPECT_EQ(outcomes[3].error().code, Errc::conflict);
  EXPECT_EQ(must(plant.registry->counts()).vouchers, 1u);
}

TEST_F(VouchersTest, ADeviceDoesNotChangeItsAccountByAnImport) {
  plant.commit({registry::PutAccount{{AccountId("other"), "Other", plant.now}}});
  PlantDevice device{plant, "SN-1"};
  device.initialize();
  DeviceId id = device.hand_to_owner();
  auto original = must(
      fdo::decode_voucher(must(plant.registry->find_voucher(device.credential.guid))->encoded));
  ASSERT_TRUE(device.onboard().complete);
  ASSERT_FALSE(
      device.onboard(64).complete);  // the replacement is proven, the original voucher gone
  EXPECT_EQ(refusal(original, AccountId("other")).code, Errc::conflict);
  EXPECT_EQ(plant.device(id).account, acme);
}

// A delivery that is imported again after its devices were switched on.
TEST_F(VouchersTest, AnOldCopyOfAVoucherLeavesTheDeviceUnderItsNewGuid) {
  PlantDevice device{plant, "SN-1"};
  device.initialize();
  DeviceId id = device.hand_to_owner();
  auto original = must(
      fdo::decode_voucher(must(plant.registry->find_voucher(device.credential.guid))->encoded));
  auto import = [&] {
    return must(plant.vouchers.import(original, acme, false, {"anna"}, plant.now));
  };
  EXPECT_EQ(import(), Import::unchanged);  // not onboarded yet
  ASSERT_TRUE(device.onboard().complete);
  EXPECT_EQ(import(), Import::unchanged);     // onboarded; the replacement is not proven yet
  ASSERT_FALSE(device.onboard(64).complete);  // proven now
  EXPECT_EQ(import(), Import::outlived);
  EXPECT_EQ(plant.device(id).guid, to_bytes(View(device.credential.guid)));
  EXPECT_TRUE(must(plant.registry->to0_jobs_of(original.header.guid)).empty());
  auto kept = must(plant.registry->find_voucher(original.header.guid)).value();
  EXPECT_EQ(kept.state, registry::VoucherState::replaced);
  EXPECT_TRUE(kept.encoded.empty());
  EXPECT_TRUE(device.onboard().complete) << plant.log.text();
}

TEST_F(VouchersTest, AReplacedVoucherIsNeitherServedNorHandedOver) {
  PlantDevice device{plant, "SN-1"};
  device.initialize();
  device.hand_to_owner();
  auto first = device.credential;
  ASSERT_TRUE(device.onboard().complete);
  ASSERT_FALSE(device.onboard(64).complete);
  auto next = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  EXPECT_EQ(plant.vouchers.extend(first.guid, next->public_key(), {"anna"}, plant.now).error().code,
            Errc::conflict);
  std::swap(device.credential, first);  // restored from a backup
  auto run = device.onboard();
  ASSERT_TRUE(run.error);
  EXPECT_EQ(run.error->code, fdo::ErrorCode::not_found);
}

TEST_F(VouchersTest, WhatWasHandedOverIsNoLongerRegisteredForItsOwner) {
  plant.trust(party.manufacturer->public_key());
  auto voucher = for_us();
  must(plant.vouchers.import(voucher, acme, false, {"anna"}, plant.now));
  auto next = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  auto extended =
      must(plant.vouchers.extend(voucher.header.guid, next->public_key(), {"anna"}, plant.now));
  EXPECT_TRUE(fdo::verify_voucher(extended));
  EXPECT_TRUE(extended.owner_key().key == next->public_key());
  EXPECT_TRUE(must(plant.registry->to0_jobs_of(voucher.header.guid)).empty());
  EXPECT_EQ(must(plant.registry->find_voucher(voucher.header.guid))->state,
            registry::VoucherState::handed_over);
}

struct EachEncoding : testing::TestWithParam<fdo::KeyEncoding> {
  ServerPlant plant;
  PlantDevice device{plant, "SN-1"};
  fdo::KeyEncoding wanted =
      GetParam() == fdo::KeyEncoding::crypto ? fdo::KeyEncoding::x509 : GetParam();
};

TEST_P(EachEncoding, OfTheMakersKeyIsThatOfTheWholeVoucherAndOnboards) {
  device.key_encoding = GetParam();
  device.initialize();
  DeviceId id = device.hand_to_owner();
  ASSERT_TRUE(device.onboard().complete) << plant.log.text();
  for (const auto& record : plant.vouchers_of(id)) {
    auto voucher = must(fdo::decode_stored_voucher(record.encoded));
    EXPECT_EQ(voucher.header.manufacturer_key.encoding, wanted);
    EXPECT_EQ(voucher.owner_key().encoding, wanted);
  }
}

INSTANTIATE_TEST_SUITE_P(Vouchers, EachEncoding,
                         testing::Values(fdo::KeyEncoding::crypto, fdo::KeyEncoding::x509,
                                         fdo::KeyEncoding::x5chain, fdo::KeyEncoding::cosekey));

TEST(VoucherOfCertificates, GoesToACertificateAndNotToABareKey) {
  ServerPlant plant;
  PlantDevice device{plant, "SN-1"};
  device.key_encoding = fdo::KeyEncoding::x5chain;
  device.initialize();
  auto next = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  auto bare =
      plant.vouchers.extend(device.credential.guid, next->public_key(), {"anna"}, plant.now);
  ASSERT_FALSE(bare);
  EXPECT_EQ(bare.error().code, Errc::refused);
  EXPECT_THAT(bare.error().context, HasSubstr("X5CHAIN"));
  auto certificate = must(pki::create_root(*next, "Acme", plant.now, pki::no_expiry, plant.random));
  auto extended = must(plant.vouchers.extend(device.credential.guid, fdo::ShownKey({certificate}),
                                             {"anna"}, plant.now));
  EXPECT_TRUE(fdo::verify_voucher(extended));
  EXPECT_TRUE(extended.owner_key().key == next->public_key());
  EXPECT_EQ(extended.owner_key().encoding, fdo::KeyEncoding::x5chain);
}

TEST_F(VouchersTest, ABypassVoucherIsRegisteredNowhere) {
  auto bypass = FdoParty::make(crypto::KeyType::p256, 1, true);
  EXPECT_TRUE(to0_jobs_for(bypass.voucher, plant.now).empty());
  EXPECT_EQ(to0_jobs_for(party.voucher, plant.now).size(), 1u);
}

}  // namespace
}  // namespace fairlead::server
