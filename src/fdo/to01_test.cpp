// SPDX-License-Identifier: Apache-2.0
// tests/vectors/fdo/synthetic/to0_*.json, and the rows of the negative table that concern a
// rendezvous server (20, 22, 30, 32).
#include "fdo/to01.h"

#include <gtest/gtest.h>

#include "fdo/di.h"
#include "support/fdo_party.h"

namespace fairlead::fdo {
namespace {

using crypto::KeyType;
using test::edit;
using test::FdoParty;
using test::garbage;
using test::garbage_string;
using test::hex_at;
using test::inside;
using test::last_bit;
using test::must;

class To0Vectors : public testing::TestWithParam<const char*> {
 protected:
  boost::json::value json_ = test::read_json_vector(GetParam());
  Nonce nonce_ = *Nonce::from(hex_at(json_, "/nonce_to0_sign"));
};
INSTANTIATE_TEST_SUITE_P(Synthetic, To0Vectors,
                         testing::Values("fdo/synthetic/to0_p256.json",
                                         "fdo/synthetic/to0_p384.json"));

TEST_P(To0Vectors, AreAccepted) {
  auto accepted = accept_owner_sign(test::recorded_body(json_, 22), nonce_);
  ASSERT_TRUE(accepted) << accepted.error().why;
  EXPECT_EQ(accepted->to0d, hex_at(json_, "/to0d_hex"));
  EXPECT_EQ(accepted->to1d.encoded, hex_at(json_, "/to1d_hex"));
  EXPECT_EQ(accepted->voucher.encode(), hex_at(json_, "/voucher_hex"));
  EXPECT_EQ(accepted->voucher.header.encoded, hex_at(json_, "/ov_header_hex"));
  EXPECT_EQ(accepted->voucher.header.guid, *Guid::from(hex_at(json_, "/guid")));
  EXPECT_EQ(accepted->voucher.header.device_info, test::text_at(json_, "/device_info"));
  EXPECT_EQ(credential_from(accepted->voucher.header).manufacturer_key_hash.value,
            hex_at(json_, "/dc_pub_key_hash"));
  EXPECT_EQ(accepted->voucher.header.rendezvous.directives.size(), 3u);
  EXPECT_EQ(encode_empty(), test::recorded_body(json_, 20));
  EXPECT_EQ(encode_nonce(nonce_), test::recorded_body(json_, 21));
  EXPECT_EQ(encode_accept_owner(must(decode_accept_owner(test::recorded_body(json_, 23)))),
            test::recorded_body(json_, 23));
}

TEST_P(To0Vectors, NegativesHaveTheirCodes) {
  for (const auto& [name, negative] : json_.at("negative").as_object()) {
    auto accepted = accept_owner_sign(hex_at(negative, "/msg22"), nonce_);
    const auto& expected = negative.at("expect_error");
    if (expected.is_null()) {  // good by itself; only who remembers the longer voucher can tell
      ASSERT_TRUE(accepted) << name;
      auto known = must(decode_voucher(hex_at(json_, "/voucher_hex")));
      EXPECT_FALSE(is_same_or_extension(known, accepted->voucher)) << name;
      continue;
    }
    ASSERT_FALSE(accepted) << name;
    EXPECT_EQ(static_cast<int>(accepted.error().code), expected.as_int64())
        << name << ": " << accepted.error().why;
    EXPECT_FALSE(accepted.error().why.empty());
  }
}

// The rows of the conformance tool. A voucher that was changed travels in a message that is whole
// in all else: to0d is hashed and signed anew.
struct OwnerSignCase {
  const char* name;
  std::vector<int> path;  // into message 22, or into the voucher if `in_voucher`
  test::Change change;
  bool in_voucher;
  ErrorCode code;
};

class OwnerSignTable : public testing::Test {
 protected:
  FdoParty party_ = FdoParty::make(KeyType::p256, 2);
  Nonce nonce_ = *Nonce::from(Bytes(16, 0x33));
  std::vector<To2Address> addresses_{{{}, "owner.example", 443, TransportProtocol::https}};

  Bytes message(View voucher) {
    cbor::Writer to0d, payload;
    to0d.array(3).raw(voucher).uint(3600).bytes(nonce_);
    payload.array(2).raw(encode_to2_addresses(addresses_));
    write_hash(payload, hash_of(crypto::HashAlg::sha256, {to0d.view()}));
    const std::uint8_t empty_map[] = {0xA0};
    Bytes to1d = must(sign1(*party_.owner, payload.view(), empty_map));
    return cbor::Writer().array(2).bytes(to0d.view()).raw(to1d).take();
  }
};

TEST_F(OwnerSignTable, EveryRowHasItsCode) {
  auto p256 = must(crypto::SoftwareKey::generate(KeyType::p256));
  auto version = [](View) { return cbor::Writer().uint(100).take(); };
  auto empty_array = [](View) { return cbor::Writer().array(0).take(); };
  auto empty_text = [](View) { return cbor::Writer().text("").take(); };
  auto other_key = [&](View) {
    return make_public_key(p256->public_key(), KeyEncoding::x509).encoded;
  };
  auto garbage_certificate = [](View chain) {
    cbor::Reader in(chain);
    std::size_t count = in.array_between(1, 8);
    cbor::Writer out;
    out.array(count + 1);
    for (std::size_t i = 0; i < count; ++i) out.raw(in.raw());
    return out.bytes(Bytes(200, 0xA5)).take();
  };
  auto swap_chain = [](View chain) {
    cbor::Reader in(chain);
    in.array(2);
    View leaf = in.raw(), issuer = in.raw();
    return cbor::Writer().array(2).raw(issuer).raw(leaf).take();
  };
  const auto body = ErrorCode::body, invalid = ErrorCode::invalid_message,
             voucher = ErrorCode::invalid_voucher, signature = ErrorCode::invalid_owner_signature;
  const std::vector<OwnerSignCase> table = {
      {"RVT_22_BAD_TO0D_ENCODING", {0}, garbage_string, false, body},
      {"RVT_22_BAD_OWNERSIGN_ENCODING", {1}, garbage, false, body},
      {"to1d protected", {1, 0}, garbage_string, false, body},
      {"to1d payload", {1, 2}, garbage_string, false, body},
      {"RVT_22_BAD_SIGNATURE", {1, 3}, last_bit, false, signature},
      {"RVT_22_BAD_TO0SIGN_NONCE", {0, inside, 2}, last_bit, false, invalid},
      {"RVT_22_BAD_TO0D_HASH", {1, 2, inside, 1, 1}, last_bit, false, invalid},
      {"HEADER_BAD_PROT_VERSION", {1, inside, 0}, version, true, voucher},
      {"BAD_PROT_VERSION", {0}, version, true, voucher},
      {"HEADER_BAD_RVINFO_EMPTY", {1, inside, 2}, empty_array, true, voucher},
      {"HEADER_BAD_DEVICEINFO_EMPTY", {1, inside, 3}, empty_text, true, voucher},
      {"HEADER_BAD_PUBKEY", {1, inside, 4}, other_key, true, voucher},
      {"HEADER_BAD_CERTCHAIN_HASH", {1, inside, 5, 1}, last_bit, true, voucher},
      {"BAD_HEADER_BYTES", {1}, garbage_string, true, voucher},
      {"BAD_HDR_HMAC: HMac", {2, 1}, last_bit, true, voucher},
      {"BAD_HDR_HMAC: chain order", {3}, swap_chain, true, voucher},
      {"BAD_CHAIN", {3}, garbage_certificate, true, voucher},
      {"ENTRY_BAD_PREV_HASH", {4, 1, 2, inside, 0, 1}, last_bit, true, voucher},
      {"ENTRY_BAD_SIGNATURE", {4, 1, 3}, last_bit, true, voucher},
      {"ENTRY_BAD_PUBKEY", {4, 1, 2, inside, 3}, other_key, true, voucher},
  };
  Bytes good = party_.voucher.encode();
  ASSERT_TRUE(accept_owner_sign(message(good), nonce_));
  for (const OwnerSignCase& row : table) {
    Bytes changed = row.in_voucher ? message(edit(good, row.path, row.change))
                                   : edit(message(good), row.path, row.change);
    auto accepted = accept_owner_sign(changed, nonce_);
    ASSERT_FALSE(accepted) << row.name;
    EXPECT_EQ(accepted.error().code, row.code) << row.name << ": " << accepted.error().why;
  }
}

TEST_F(OwnerSignTable, AnAddressOfNothingIsRefused) {  // RVT_22_BAD_RENDEVOUZ_BLOB
  for (const To2Address& address : {To2Address{{}, "", 80, TransportProtocol::http},
                                    To2Address{{1, 2, 3}, "", 80, TransportProtocol::http}}) {
    addresses_ = {address};
    auto accepted = accept_owner_sign(message(party_.voucher.encode()), nonce_);
    ASSERT_FALSE(accepted);
    EXPECT_EQ(accepted.error().code, ErrorCode::invalid_message);
  }
}

TEST_F(OwnerSignTable, WhatWeSendWeAccept) {
  Bytes message = must(encode_owner_sign(party_.voucher, 300, nonce_, addresses_, *party_.owner));
  auto accepted = must(accept_owner_sign(message, nonce_));
  EXPECT_EQ(accepted.wait_seconds, 300u);
  EXPECT_EQ(accepted.to1d.addresses, addresses_);
}

TEST_F(OwnerSignTable, EveryTruncationIsRefused) {
  Bytes good = message(party_.voucher.encode());
  for (std::size_t size = 0; size < good.size(); ++size)
    ASSERT_FALSE(accept_owner_sign(View(good).first(size), nonce_)) << size;
}

TEST(RendezvousTable, HelloIsRefusedWhereItCantBeDecoded) {  // 20 and DEVT_30_BAD_ENCODING
  auto bad_hello = decode_empty(garbage(encode_empty()));    // RVT_20_BAD_ENCODING
  ASSERT_FALSE(bad_hello);
  EXPECT_EQ(Refusal(bad_hello.error()).code, ErrorCode::body);
  EXPECT_FALSE(decode_empty({}));
  Bytes hello = encode_hello_rv({*Guid::from(Bytes(16, 1)), -7});
  ASSERT_TRUE(decode_hello_rv(hello));
  auto refused = decode_hello_rv(garbage(hello));
  ASSERT_FALSE(refused);
  EXPECT_EQ(Refusal(refused.error()).code, ErrorCode::body);
  for (std::size_t size : {15, 17}) {
    Bytes other = edit(hello, {0}, [&](View) { return cbor::Writer().bytes(Bytes(size)).take(); });
    EXPECT_FALSE(decode_hello_rv(other));
  }
}

class ProveToRv : public testing::Test {
 protected:
  FdoParty party_ = FdoParty::make(KeyType::p256, 1);
  Nonce nonce_ = *Nonce::from(Bytes(16, 0x44));
  Bytes good_ = must(encode_eat({nonce_, party_.credential.guid, {}, {}}, *party_.device));
  Outcome<void> check(View message) {
    return check_prove_to_rv(message, nonce_, party_.credential.guid, party_.device->public_key());
  }
  void expect(View message, ErrorCode code, const char* name) {
    auto checked = check(message);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, code) << name << ": " << checked.error().why;
  }
};

TEST_F(ProveToRv, EveryRowHasItsCode) {
  ASSERT_TRUE(check(good_));
  expect(garbage(good_), ErrorCode::body, "DEVT_32_BAD_ENCODING");
  expect(edit(good_, {2}, garbage_string), ErrorCode::body, "…_BAD_PROVE_TO_RV_PAYLOAD_ENCODING");
  expect(edit(good_, {3}, last_bit), ErrorCode::invalid_message, "…_BAD_SIGNATURE");
  Nonce other = *Nonce::from(Bytes(16, 0x45));
  expect(must(encode_eat({other, party_.credential.guid, {}, {}}, *party_.device)),
         ErrorCode::invalid_message, "…_BAD_TO1PROOF_NONCE");
  // Not in the tool's table: the EAT of another device, and one for TO2.
  expect(must(encode_eat({nonce_, *Guid::from(Bytes(16, 9)), {}, {}}, *party_.device)),
         ErrorCode::invalid_message, "GUID of another device");
  expect(must(encode_eat({nonce_, party_.credential.guid, Bytes(86, 1), {}}, *party_.device)),
         ErrorCode::invalid_message, "TO2 claim");
  expect(must(encode_eat({nonce_, party_.credential.guid, {}, {}}, *party_.owner)),
         ErrorCode::invalid_message, "another key");
}

TEST_F(ProveToRv, AnAlgorithmThatIsNotTheKeysIsRefused) {
  Bytes es384 = cose::protected_header(-35);
  Bytes payload = to_bytes(cbor::Reader(test::item_at(good_, {2})).bytes(1000));
  auto signature = must(party_.device->sign(cose::sign1_to_be_signed(es384, payload)));
  const std::uint8_t empty_map[] = {0xA0};
  expect(cose::encode_sign1(es384, empty_map, payload, signature.raw), ErrorCode::invalid_message,
         "ES384 with a P-256 key");
}

// A stock device leaves out the zero that r or s begins with, now and then.
TEST_F(ProveToRv, TakesASignatureThatLacksItsLeadingZero) {
  int found_r = 0, found_s = 0;
  for (int i = 0; i < 20'000 && !(found_r && found_s); ++i) {
    Bytes eat = must(encode_eat({nonce_, party_.credential.guid, {}, {}}, *party_.device));
    Bytes signature = to_bytes(cbor::Reader(test::item_at(eat, {3})).bytes(64));
    ASSERT_EQ(signature.size(), 64u);
    bool in_r = signature[0] == 0, in_s = signature[32] == 0;
    if (!in_r && !in_s) continue;
    found_r += in_r;
    found_s += in_s;
    if (in_s) signature.erase(signature.begin() + 32);
    if (in_r) signature.erase(signature.begin());
    auto shorter = [&](View) { return cbor::Writer().bytes(signature).take(); };
    EXPECT_TRUE(check(edit(eat, {3}, shorter)));
  }
  EXPECT_TRUE(found_r && found_s);
}

TEST_F(ProveToRv, SignaturesOfOtherLengthsAreRefused) {
  for (std::size_t size : {0, 1, 61, 65, 128, 1024}) {
    auto other = [&](View) { return cbor::Writer().bytes(Bytes(size, 7)).take(); };
    EXPECT_FALSE(check(edit(good_, {3}, other))) << size;
  }
}

TEST(To1Device, RefusesAnotherSignatureTypeAndGarbage) {
  auto party = FdoParty::make(KeyType::p256, 1);
  EXPECT_EQ(must(decode_hello_rv(start_to1(party.credential, *party.device).body)).sg_type, -7);
  Bytes ack = encode_hello_rv_ack(Nonce{}, -7);
  EXPECT_TRUE(on_hello_rv_ack(party.credential, *party.device, ack));
  EXPECT_EQ(on_hello_rv_ack(party.credential, *party.device, garbage(ack)).error().code,
            ErrorCode::body);  // 30_BAD_ENCODING
  EXPECT_EQ(on_hello_rv_ack(party.credential, *party.device, encode_hello_rv_ack(Nonce{}, -35))
                .error()
                .code,
            ErrorCode::invalid_message);
  EXPECT_EQ(on_rv_redirect(Bytes(124, 0xF9)).error().code, ErrorCode::body);  // 32_BAD_ENCODING
}

}  // namespace
}  // namespace fairlead::fdo
