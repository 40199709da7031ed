// SPDX-License-Identifier: Apache-2.0
// Our device against our owner, in memory. Between any two messages the owner's state is written
// down and read back (support/fdo_party.h), as if each message reached another node.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "support/fdo_party.h"

namespace fairlead::fdo {
namespace {

using crypto::KeyType;
using test::FdoParty;
using test::Loopback;
using test::must;
using test::Verdict;

To1d to1d_by(crypto::Signer& key) {
  cbor::Writer payload;
  payload.array(2).raw(
      encode_to2_addresses({{{}, "owner.example", 8080, TransportProtocol::http}}));
  write_hash(payload, hash_of(crypto::HashAlg::sha256, {as_view("to0d")}));
  const std::uint8_t empty_map[] = {0xA0};
  return must(decode_to1d(must(sign1(key, payload.view(), empty_map))));
}

KexSuite kex_of(KeyType type) { return kex_for(type); }

struct SuiteCase {
  KeyType key;
  CipherSuite cipher;
};
class EverySuite : public testing::TestWithParam<SuiteCase> {};

TEST_P(EverySuite, OnboardsAndAgreesOnTheReplacement) {
  auto party = FdoParty::make(GetParam().key, 2);
  Loopback run(party);
  run.device_options.kex = kex_of(GetParam().key);
  run.device_options.cipher = GetParam().cipher;
  run.to1d = to1d_by(*party.owner);
  Verdict verdict = run.run();
  ASSERT_TRUE(verdict.complete) << int(verdict.at) << ": " << verdict.why;

  // The replacement is for the credential that the device committed.
  ASSERT_TRUE(run.replacement && run.committed && run.committed->replacement);
  const DeviceCredential& now = *run.committed->replacement;
  const Voucher& replacement = *run.replacement;
  EXPECT_NE(now.guid, party.credential.guid);
  EXPECT_EQ(replacement.header.guid, now.guid);
  EXPECT_EQ(now.rendezvous.encoded, run.new_rendezvous.encoded);
  EXPECT_EQ(credential_from(replacement.header).manufacturer_key_hash, now.manufacturer_key_hash);
  EXPECT_EQ(replacement.hmac.value,
            crypto::hmac(replacement.hmac.alg, run.next_secret, {replacement.header.encoded}));
  auto again = must(decode_credential(encode_credential(now)));
  EXPECT_EQ(again.guid, now.guid);

  // It has no entry; extended to our own key it is good, and the device comes back with it.
  EXPECT_TRUE(replacement.entries.empty());
  auto extended =
      must(extend_voucher(replacement, *party.owner, replacement.header.manufacturer_key));
  EXPECT_TRUE(verify_voucher(must(decode_voucher(extended.encode()))));
  party.voucher = extended;
  party.credential = now;
  party.hmac_secret = run.next_secret;
  Loopback second(party);
  second.device_options.kex = run.device_options.kex;
  second.device_options.cipher = GetParam().cipher;
  verdict = second.run();
  EXPECT_TRUE(verdict.complete) << int(verdict.at) << ": " << verdict.why;
}

std::vector<SuiteCase> every_suite() {
  std::vector<SuiteCase> out;
  for (KeyType key : {KeyType::p256, KeyType::p384})
    for (CipherSuite cipher : {CipherSuite::a128gcm, CipherSuite::a192gcm, CipherSuite::a256gcm,
                               CipherSuite::ccm_64_128_128, CipherSuite::ccm_64_128_256})
      out.push_back({key, cipher});
  return out;
}
INSTANTIATE_TEST_SUITE_P(To2, EverySuite, testing::ValuesIn(every_suite()), [](const auto& info) {
  std::string name = info.param.key == KeyType::p256 ? "P256_" : "P384_";
  for (char c : to_string(info.param.cipher)) name += c == '-' ? '_' : c;
  return name;
});

TEST(To2Loopback, ServesVouchersOfOneTwoAndSixtyFourEntries) {
  for (std::size_t entries : {std::size_t{1}, std::size_t{2}, limits::voucher_entries_max}) {
    auto party = FdoParty::make(KeyType::p256, entries);
    Verdict verdict = Loopback(party).run();
    EXPECT_TRUE(verdict.complete) << entries << ": " << verdict.why;
  }
}

TEST(To2Loopback, RefusesToServeAVoucherWithoutEntries) {
  auto party = FdoParty::make(KeyType::p256, 0);
  Verdict verdict = Loopback(party).run();
  EXPECT_EQ(verdict.at, 60);
  EXPECT_EQ(verdict.code, ErrorCode::internal);
}

TEST(To2Loopback, OnBypassNobodyAsksForTo1d) {
  auto party = FdoParty::make(KeyType::p256, 1, true);
  EXPECT_TRUE(party.credential.rendezvous.directives[0].bypass);
  EXPECT_TRUE(Loopback(party).run().complete);
}

TEST(To2Loopback, DeviceRefusesATo1dByAnotherThanTheOwner) {
  auto party = FdoParty::make(KeyType::p256, 2);
  Loopback run(party);
  run.to1d = to1d_by(*party.reseller);
  Verdict verdict = run.run();
  EXPECT_TRUE(verdict.by_device);
  EXPECT_EQ(verdict.at, 63);
  EXPECT_EQ(verdict.code, ErrorCode::invalid_message);
}

// 32_BAD_TO1D: each part of the COSE_Sign1 replaced, one at a time.
TEST(To2Loopback, DeviceRefusesATo1dWhereverItWasChanged) {
  auto party = FdoParty::make(KeyType::p256, 2);
  Bytes good = to1d_by(*party.owner).encoded;
  for (int part : {0, 2, 3}) {
    Bytes changed = test::edit(good, {part}, test::last_bit);
    auto to1d = decode_to1d(changed);
    if (!to1d) continue;  // noticed when 33 came, with code 100
    Loopback run(party);
    run.to1d = std::move(*to1d);
    Verdict verdict = run.run();
    EXPECT_TRUE(verdict.by_device) << part;
    EXPECT_EQ(verdict.at, 63) << part;
    EXPECT_EQ(verdict.code, ErrorCode::invalid_message) << part;
  }
}

TEST(To2Loopback, DeviceTellsTheOwnersKeyOnceItIsProven) {
  auto party = FdoParty::make(KeyType::p256, 2);
  Loopback run(party);
  int told = 0;
  run.device_options.on_owner_proven = [&](const crypto::PublicKey& key) {
    ++told;
    EXPECT_TRUE(key == party.owner->public_key());
  };
  EXPECT_TRUE(run.run().complete);
  EXPECT_EQ(told, 1);
}

// Reuse: the same GUID, rendezvous and owner key in 65.
TEST(CredentialReuse, KeepsEverythingWhereBothAllowIt) {
  auto party = FdoParty::make(KeyType::p256, 1);
  for (int time = 0; time < 2; ++time) {  // the old voucher serves again
    Loopback run(party);
    run.owner_allows_reuse = run.device_options.allow_reuse = true;
    Verdict verdict = run.run();
    ASSERT_TRUE(verdict.complete) << verdict.why;
    EXPECT_FALSE(run.replacement);
    EXPECT_FALSE(run.committed->replacement);
  }
}

TEST(CredentialReuse, IsRefusedByADeviceThatDoesNotAllowIt) {
  auto party = FdoParty::make(KeyType::p256, 1);
  Loopback run(party);
  run.owner_allows_reuse = true;
  Verdict verdict = run.run();
  EXPECT_TRUE(verdict.by_device);
  EXPECT_EQ(verdict.at, 65);
  EXPECT_EQ(verdict.code, ErrorCode::credential_reuse);
}

TEST(CredentialReuse, IsNotTakenFromADeviceWhereTheOwnerOffersNone) {
  auto party = FdoParty::make(KeyType::p256, 1);
  Loopback run(party);
  run.device_options.allow_reuse = true;
  run.tamper_plain = [](std::uint8_t type, Bytes& plain) {
    if (type == 66) plain = encode_device_ready(std::nullopt, 0);
  };
  Verdict verdict = run.run();
  EXPECT_EQ(verdict.at, 66);
  EXPECT_EQ(verdict.code, ErrorCode::invalid_message);
}

TEST(CredentialReuse, PartialEqualityIsAReplacement) {
  auto party = FdoParty::make(KeyType::p256, 1);
  Loopback run(party);
  run.device_options.allow_reuse = true;
  run.new_rendezvous = party.rendezvous;  // the same rendezvous and key, another GUID
  EXPECT_TRUE(run.run().complete);
  EXPECT_TRUE(run.committed->replacement);
}

}  // namespace
}  // namespace fairlead::fdo
