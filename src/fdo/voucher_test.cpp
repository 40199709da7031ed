// SPDX-License-Identifier: Apache-2.0
// tests/vectors/fdo: foreign/ (other projects' vouchers), transcripts/, synthetic/.
#include "fdo/voucher.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/pem.h"
#include "support/fdo_party.h"

namespace fairlead::fdo {
namespace {

using crypto::KeyType;
using test::edit;
using test::FdoParty;
using test::hex_at;
using test::inside;
using test::last_bit;
using test::must;
using test::text_at;

Voucher foreign(std::string_view file) {
  return must(decode_voucher_pem(test::read_vector("fdo/foreign/" + std::string(file))));
}

TEST(ForeignVoucher, OfGoFdoIsGoodAndCanBeExtended) {
  Voucher voucher = foreign("go-fdo-ov.pem");
  EXPECT_EQ(to_text(voucher.header.guid), "66b2146f-fec5-3ca6-ad01-7625990572ce");
  EXPECT_EQ(voucher.header.rendezvous.directives.size(), 2u);
  EXPECT_TRUE(voucher.entries.empty());
  EXPECT_TRUE(verify_voucher(voucher));
  // A mixed-strength voucher: the device is P-256, all else P-384. Its habits are kept.
  EXPECT_EQ(voucher.device_chain.front().public_key().type(), KeyType::p256);
  auto key =
      must(crypto::SoftwareKey::from_pem(test::read_vector("fdo/foreign/go-fdo-mfg_key.pem")));
  auto extended = must(extend_voucher(voucher, *key, voucher.header.manufacturer_key));
  EXPECT_EQ(extended.entries[0].previous.alg, crypto::HashAlg::sha384);
  EXPECT_TRUE(verify_voucher(must(decode_voucher(extended.encode()))));
}

// Its entries are good, RSA and all. Its device chain is not: an intermediate signed with SHA-1
// under a root of X.509 version 1, which no path validation of ours takes, and the refusal says so.
TEST(ForeignVoucher, OfGoFdoWithSixRsaEntriesHasGoodEntriesAndAWeakDeviceChain) {
  Voucher voucher = foreign("go-fdo-ov_extended.pem");
  EXPECT_EQ(voucher.entries.size(), 6u);
  EXPECT_EQ(voucher.owner_key().key.type(), KeyType::rsa2048);
  EXPECT_EQ(chain_hash(voucher.header.chain_hash->alg, voucher.device_chain),
            *voucher.header.chain_hash);
  EntryChain chain(voucher.header, voucher.hmac_encoded);
  for (const VoucherEntry& entry : voucher.entries) {
    auto appended = chain.append(entry);
    EXPECT_TRUE(appended) << appended.error().context;
  }
  EXPECT_TRUE(chain.owner_key().key == voucher.owner_key().key);
  auto verified = verify_voucher(voucher);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, Errc::untrusted);
  EXPECT_NE(verified.error().context.find("device certificate chain"), std::string::npos);
}

TEST(ForeignVoucher, OfGoFdosResaleIsGoodAndNamesTheBuyer) {
  Voucher voucher = foreign("go-fdo-readme-resale.ov.pem");
  EXPECT_TRUE(verify_voucher(voucher));
  auto blocks =
      must(pem::decode(test::read_vector("fdo/foreign/go-fdo-readme-resale-next-owner.pub.pem")));
  EXPECT_EQ(voucher.owner_key().key.spki(), blocks[0].content);
}

TEST(ForeignVoucher, OfTheConformanceToolIsGoodAndItsKeyIsTheOwners) {
  std::string text = test::read_vector("fdo/foreign/fido-pre-interop.voucher.pem");
  Voucher voucher = must(decode_voucher_pem(text));
  EXPECT_EQ(voucher.entries.size(), 3u);
  EXPECT_TRUE(verify_voucher(voucher));
  auto key = must(crypto::SoftwareKey::from_pem(text));
  EXPECT_TRUE(key->public_key() == voucher.owner_key().key);
}

TEST(ForeignVoucher, KeepsItsBytes) {
  for (auto file : {"go-fdo-ov.pem", "go-fdo-ov_extended.pem", "go-fdo-readme-resale.ov.pem",
                    "fido-pre-interop.voucher.pem"}) {
    auto blocks = must(pem::decode(test::read_vector("fdo/foreign/" + std::string(file))));
    Voucher voucher = must(decode_voucher(blocks[0].content));
    EXPECT_EQ(voucher.encode(), blocks[0].content) << file;
    EXPECT_EQ(must(decode_voucher_pem(encode_voucher_pem(voucher))).encode(), voucher.encode());
  }
}

// pkType 6 is RSA-PSS, which we don't serve: refused in words.
TEST(PublicKeyOfVoucher, OfRsaPssIsUnsupported) {
  Voucher voucher = foreign("go-fdo-ov_extended.pem");
  Bytes changed =
      edit(voucher.owner_key().encoded, {0}, [](View) { return cbor::Writer().uint(6).take(); });
  auto key = decode_public_key(changed);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, Errc::unsupported);
  EXPECT_NE(key.error().context.find("public key"), std::string::npos);
}

TEST(PublicKeyEncodings, AreAllReadAsTheSameKey) {
  for (auto file : {"fdo/synthetic/to0_p256.json", "fdo/synthetic/to0_p384.json"}) {
    auto json = test::read_json_vector(file);
    Bytes x509 = hex_at(json, "/public_key_encodings/x509/hex");
    auto first = must(decode_public_key(x509));
    for (auto form : {"x509", "x5chain", "cosekey_with_kty", "cosekey_intel_form"}) {
      Bytes encoded = hex_at(json, "/public_key_encodings/" + std::string(form) + "/hex");
      auto key = decode_public_key(encoded);
      ASSERT_TRUE(key) << form << ": " << key.error().context;
      EXPECT_TRUE(key->key == first.key) << form;
      EXPECT_EQ(key->encoded, encoded);  // hashes are made of these bytes
    }
    EXPECT_EQ(make_public_key(first.key, KeyEncoding::x509).encoded, x509);
    EXPECT_EQ(make_public_key(first.key, KeyEncoding::cosekey).encoded,
              hex_at(json, "/public_key_encodings/cosekey_with_kty/hex"));
  }
}

TEST(PublicKeyEncodings, RefuseTheOtherCurveAndTheWrongType) {
  auto json = test::read_json_vector("fdo/synthetic/to0_p256.json");
  for (auto form : {"x509", "x5chain", "cosekey_with_kty", "cosekey_intel_form"})
    for (std::uint64_t type : {0, 1, 5, 6, 11, 255}) {
      Bytes changed = edit(hex_at(json, "/public_key_encodings/" + std::string(form) + "/hex"), {0},
                           [&](View) { return cbor::Writer().uint(type).take(); });
      EXPECT_FALSE(decode_public_key(changed)) << form << " as type " << type;
    }
}

TEST(RecordedVoucher, IsGoodAndHasTheDevicesHmac) {
  for (const auto& name : test::transcript_names()) {
    SCOPED_TRACE(name);
    auto json = test::read_json_vector(name);
    Bytes encoded = hex_at(json, "/voucher_hex");
    Voucher voucher = must(decode_voucher(encoded));
    EXPECT_EQ(voucher.encode(), encoded);
    auto verified = verify_voucher(voucher);
    EXPECT_TRUE(verified) << verified.error().context;
    auto owner = must(crypto::SoftwareKey::from_pem(text_at(json, "/keys/owner")));
    EXPECT_TRUE(owner->public_key() == voucher.owner_key().key);
    if (json.as_object().contains("hmac_secret"))
      EXPECT_EQ(voucher.hmac.value, crypto::hmac(voucher.hmac.alg, hex_at(json, "/hmac_secret"),
                                                 {voucher.header.encoded}));
    if (!json.as_object().contains("replacement_voucher_hex")) continue;
    Voucher replacement = must(decode_voucher(hex_at(json, "/replacement_voucher_hex")));
    EXPECT_TRUE(verify_voucher(replacement));
    EXPECT_EQ(replacement.hmac.value,
              crypto::hmac(replacement.hmac.alg, hex_at(json, "/hmac_secret_after_to2"),
                           {replacement.header.encoded}));
  }
}

// [101, bstr header, HMac, chain, entries]: a change in any field that a key protects is noticed.
struct Field {
  const char* name;
  std::vector<int> path;
};
TEST(VerifyVoucher, NoticesAChangeInEveryField) {
  auto party = FdoParty::make(KeyType::p256, 3);
  Bytes good = party.voucher.encode();
  ASSERT_TRUE(verify_voucher(must(decode_voucher(good))));
  std::vector<Field> fields = {{"version", {0}},
                               {"header version", {1, inside, 0}},
                               {"header GUID", {1, inside, 1}},
                               {"header rendezvous", {1, inside, 2, 0, 0, 1}},
                               {"header device info", {1, inside, 3}},
                               {"header manufacturer key", {1, inside, 4, 2}},
                               {"header chain hash", {1, inside, 5, 1}},
                               {"HMAC type", {2, 0}},
                               {"HMAC", {2, 1}},
                               {"leaf certificate", {3, 0}},
                               {"issuer's certificate", {3, 1}}};
  for (int i = 0; i < 3; ++i) {
    fields.push_back({"entry protected", {4, i, 0}});
    fields.push_back({"entry previous hash", {4, i, 2, inside, 0, 1}});
    fields.push_back({"entry header hash", {4, i, 2, inside, 1, 1}});
    fields.push_back({"entry key", {4, i, 2, inside, 3, 2}});
    fields.push_back({"entry signature", {4, i, 3}});
  }
  for (const Field& field : fields) {
    Bytes changed = edit(good, field.path, last_bit);
    auto voucher = decode_voucher(changed);
    EXPECT_FALSE(voucher && verify_voucher(*voucher)) << field.name;
  }
}

// Bit by bit: nothing that verifies differs from the original but where no signature reaches (the
// unprotected headers, which carry nothing).
TEST(VerifyVoucher, NoticesAFlippedBitWhereverItIs) {
  auto party = FdoParty::make(KeyType::p256, 1);
  Bytes good = party.voucher.encode();
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes changed = good;
    changed[at] ^= 0x04;
    auto voucher = decode_voucher(changed);
    EXPECT_FALSE(voucher && verify_voucher(*voucher)) << "byte " << at;
  }
}

TEST(VerifyVoucher, RefusesEpid) {
  auto party = FdoParty::make(KeyType::p256, 1);
  auto null = [](View) { return cbor::Writer().null().take(); };
  Bytes no_chain = edit(party.voucher.encode(), {3}, null);
  Bytes no_hash = edit(party.voucher.encode(), {1, inside, 5}, null);
  Bytes neither = edit(no_chain, {1, inside, 5}, null);
  for (const Bytes& each : {no_chain, no_hash, neither}) {
    auto verified = verify_voucher(must(decode_voucher(each)));
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().code, Errc::untrusted);
  }
}

TEST(VerifyVoucher, RefusesEntriesThatAreSwappedOrLeftOutInTheMiddle) {
  auto voucher = FdoParty::make(KeyType::p256, 3).voucher;
  Voucher swapped = voucher, gap = voucher, truncated = voucher;
  std::swap(swapped.entries[1], swapped.entries[2]);
  gap.entries.erase(gap.entries.begin() + 1);
  truncated.entries.pop_back();
  EXPECT_FALSE(verify_voucher(swapped));
  EXPECT_FALSE(verify_voucher(gap));
  EXPECT_TRUE(verify_voucher(truncated));  // nobody can tell: the rendezvous server remembers
}

// A signature that is good under the key says nothing if the header names another algorithm.
TEST(VerifyVoucher, TiesTheAlgorithmToTheKey) {
  auto party = FdoParty::make(KeyType::p256, 1);
  Bytes es384 = cose::protected_header(-35);
  Bytes changed = edit(party.voucher.encode(), {4, 0}, [&](View entry) {
    Bytes payload = to_bytes(cbor::Reader(test::item_at(entry, {2})).bytes(10'000));
    auto signature = must(party.manufacturer->sign(cose::sign1_to_be_signed(es384, payload)));
    const std::uint8_t empty_map[] = {0xA0};
    return cose::encode_sign1(es384, empty_map, payload, signature.raw);
  });
  auto verified = verify_voucher(must(decode_voucher(changed)));
  ASSERT_FALSE(verified);
  EXPECT_NE(verified.error().context.find("algorithm"), std::string::npos);
}

// Both payloads are arrays of four signed by owner keys.
TEST(VoucherEntry, IsNotMessage65NorTheOtherWayRound) {
  auto party = FdoParty::make(KeyType::p256, 1);
  Bytes setup = must(encode_setup_device(party.rendezvous.encoded, party.credential.guid, Nonce{},
                                         party.voucher.owner_key().encoded, *party.owner));
  EXPECT_FALSE(decode_voucher_entry(setup));
  EXPECT_TRUE(decode_setup_device(setup));
  EXPECT_FALSE(decode_setup_device(party.voucher.entries[0].encoded));
}

TEST(ExtendVoucher, IsForTheOwnerAlone) {
  auto party = FdoParty::make(KeyType::p256, 2);
  auto next = make_public_key(party.reseller->public_key(), KeyEncoding::x509);
  auto by_other = extend_voucher(party.voucher, *party.reseller, next);
  ASSERT_FALSE(by_other);
  EXPECT_EQ(by_other.error().code, Errc::refused);
  EXPECT_TRUE(extend_voucher(party.voucher, *party.owner, next));
}

TEST(ExtendVoucher, KeepsTheManufacturersKeyType) {
  auto party = FdoParty::make(KeyType::p256, 1);
  auto p384 = must(crypto::SoftwareKey::generate(KeyType::p384));
  auto extended = extend_voucher(party.voucher, *party.owner,
                                 make_public_key(p384->public_key(), KeyEncoding::x509));
  ASSERT_FALSE(extended);
  EXPECT_EQ(extended.error().code, Errc::refused);
}

TEST(ExtendVoucher, StopsAtTheLimit) {
  auto party = FdoParty::make(KeyType::p256, limits::voucher_entries_max);
  EXPECT_TRUE(verify_voucher(must(decode_voucher(party.voucher.encode()))));
  EXPECT_FALSE(extend_voucher(party.voucher, *party.owner, party.voucher.owner_key()));
  Voucher longer = party.voucher;
  longer.entries.push_back(longer.entries.back());
  EXPECT_FALSE(decode_voucher(longer.encode()));
}

TEST(VoucherOfSameDevice, ExtensionIsToldFromForkAndTruncation) {
  auto party = FdoParty::make(KeyType::p256, 1);
  Voucher one = party.voucher;
  Voucher two = must(extend_voucher(one, *party.owner, one.owner_key()));
  Voucher fork = must(extend_voucher(one, *party.owner, one.header.manufacturer_key));
  EXPECT_TRUE(is_same_or_extension(one, one));
  EXPECT_TRUE(is_same_or_extension(one, two));
  EXPECT_FALSE(is_same_or_extension(two, one));   // truncated
  EXPECT_FALSE(is_same_or_extension(two, fork));  // forked
  EXPECT_FALSE(is_same_or_extension(one, FdoParty::make(KeyType::p384, 1).voucher));
}

TEST(DecodeVoucher, RefusesEveryTruncationAndTrailingBytes) {
  Bytes good = FdoParty::make(KeyType::p256, 1).voucher.encode();
  for (std::size_t size = 0; size < good.size(); ++size)
    ASSERT_FALSE(decode_voucher(View(good).first(size))) << size;
  good.push_back(0);
  EXPECT_FALSE(decode_voucher(good));
}

TEST(DecodeVoucher, TakesExactSizesOnly) {
  Bytes good = FdoParty::make(KeyType::p256, 1).voucher.encode();
  for (std::size_t size : {0, 15, 17}) {
    auto bytes = [&](View) { return cbor::Writer().bytes(Bytes(size, 1)).take(); };
    EXPECT_FALSE(decode_voucher(edit(good, {1, inside, 1}, bytes))) << "GUID of " << size;
    EXPECT_FALSE(decode_voucher(edit(good, {2, 1}, bytes))) << "HMAC of " << size;
  }
  auto empty_text = [](View) { return cbor::Writer().text("").take(); };
  auto empty_array = [](View) { return cbor::Writer().array(0).take(); };
  EXPECT_FALSE(decode_voucher(edit(good, {1, inside, 3}, empty_text)));
  EXPECT_FALSE(decode_voucher(edit(good, {1, inside, 2}, empty_array)));
  EXPECT_FALSE(decode_voucher(edit(good, {1, inside, 2, 0}, empty_array)));
}

TEST(GuidText, GoesBothWays) {
  auto guid = *guid_from_text("66b2146f-fec5-3ca6-ad01-7625990572ce");
  EXPECT_EQ(to_text(guid), "66b2146f-fec5-3ca6-ad01-7625990572ce");
  EXPECT_EQ(guid_from_text("66B2146FFEC53CA6AD017625990572CE"), guid);
  EXPECT_FALSE(guid_from_text("66b2146f"));
  EXPECT_FALSE(guid_from_text(""));
}

}  // namespace
}  // namespace fairlead::fdo
