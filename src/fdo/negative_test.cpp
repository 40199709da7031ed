// SPDX-License-Identifier: Apache-2.0
// The negative tests of the FIDO conformance tool for TO2, as data: which message is changed how,
// and the code that the other side answers. Names are the tool's, without FIDO_, FIDO_TEST_ and so
// on; rows without such a name are ours. The rows for rendezvous servers stand in to01_test.cpp.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/cose.h"
#include "support/fdo_party.h"

namespace fairlead::fdo {
namespace {

using crypto::KeyType;
using test::Change;
using test::edit;
using test::FdoParty;
using test::garbage;
using test::garbage_string;
using test::inside;
using test::last_bit;
using test::Loopback;
using test::must;
using test::Verdict;

const auto body = ErrorCode::body, invalid = ErrorCode::invalid_message;

// Who signs a changed message anew: a side that lies, instead of a hand in between.
enum class Resign { no, owner, device };
enum class Where { travelling, decrypted };

struct Row {
  const char* name;
  std::uint8_t type;  // the message that is changed
  Where where;
  std::vector<int> path;
  Change change;
  ErrorCode code;
  Resign resign = Resign::no;
  std::uint8_t noticed_at = 0;  // where it is noticed later than at `type`
};

Bytes uint_item(std::uint64_t number) { return cbor::Writer().uint(number).take(); }
Change to_uint(std::uint64_t number) {
  return [number](View) { return uint_item(number); };
}
Change to_integer(std::int64_t number) {
  return [number](View) { return cbor::Writer().integer(number).take(); };
}
Change to_bytes_of(std::size_t size) {
  return [size](View) { return cbor::Writer().bytes(Bytes(size, 0x11)).take(); };
}
Change to_text(std::string text) {
  return [text](View) { return cbor::Writer().text(text).take(); };
}
Change to_null() {
  return [](View) { return cbor::Writer().null().take(); };
}
Bytes add_a_byte(View in) {
  Bytes out = to_bytes(in);
  out.push_back(0);
  return out;
}

// The suite that was agreed on decides how a message is protected, not the tag that the peer sends.
Bytes as_mac0(View encrypt0) {  // RFC 9052 §2: tag 17 instead of 16
  Bytes out = to_bytes(encrypt0);
  out.front() = 0xD1;
  return out;
}

class NegativeTable : public testing::Test {
 protected:
  FdoParty party_ = FdoParty::make(KeyType::p256, 2);

  Verdict run(const Row& row) {
    Loopback loopback(party_);
    int changed = 0;
    auto tamper = [&](std::uint8_t type, Bytes& message) {
      if (type != row.type || changed++) return;
      message = edit(message, row.path, row.change);
      if (row.resign == Resign::owner) message = test::resign(message, *party_.owner);
      if (row.resign == Resign::device) message = test::resign(message, *party_.device);
    };
    (row.where == Where::travelling ? loopback.tamper : loopback.tamper_plain) = tamper;
    Verdict verdict = loopback.run();
    EXPECT_EQ(changed > 0, true) << row.name << ": the message never came";
    EXPECT_FALSE(loopback.committed) << row.name;
    return verdict;
  }

  void check(const std::vector<Row>& table, bool by_device) {
    for (const Row& row : table) {
      Verdict verdict = run(row);
      EXPECT_FALSE(verdict.complete) << row.name;
      EXPECT_EQ(verdict.by_device, by_device) << row.name << ": " << verdict.why;
      EXPECT_EQ(int(verdict.at), int(row.noticed_at ? row.noticed_at : row.type))
          << row.name << ": " << verdict.why;
      EXPECT_EQ(int(verdict.code), int(row.code)) << row.name << ": " << verdict.why;
      EXPECT_FALSE(verdict.why.empty()) << row.name;
    }
  }
};

const Where on_wire = Where::travelling, plain = Where::decrypted;

TEST_F(NegativeTable, WithoutAChangeTheRunIsComplete) {
  EXPECT_TRUE(Loopback(party_).run().complete);
}

TEST_F(NegativeTable, OwnerAnswersEveryRowWithItsCode) {
  check(
      {
          {"DOT_60_BAD_ENCODING", 60, on_wire, {}, garbage, body},
          {"trailing byte", 60, on_wire, {}, add_a_byte, body},
          {"GUID of 15", 60, on_wire, {1}, to_bytes_of(15), body},
          {"GUID of 17", 60, on_wire, {1}, to_bytes_of(17), body},
          {"nonce of 15", 60, on_wire, {2}, to_bytes_of(15), body},
          {"key exchange that is not served", 60, on_wire, {3}, to_text("DHKEXid14"), invalid},
          {"cipher suite that is not served", 60, on_wire, {4}, to_integer(-17760703), invalid},
          {"signature type EPID", 60, on_wire, {5, 0}, to_uint(90), invalid},
          {"signature type of another key", 60, on_wire, {5, 0}, to_integer(-35), invalid},
          {"DOT_62_BAD_ENCODING", 62, on_wire, {}, garbage, body},
          {"DOT_62_GETOVNEXT_BAD_INDEX", 62, on_wire, {0}, to_uint(2), invalid},
          {"index 255", 62, on_wire, {0}, to_uint(255), invalid},
          {"index -1", 62, on_wire, {0}, to_integer(-1), body},
          {"index 2^64-1", 62, on_wire, {0}, to_uint(UINT64_MAX), body},
          {"DOT_64_BAD_ENCODING", 64, on_wire, {}, garbage, body},
          {"DOT_64_BAD_EAT_PAYLOAD", 64, on_wire, {2}, garbage_string, body},
          {"DOT_64_BAD_SIGNATURE", 64, on_wire, {3}, last_bit, invalid},
          {"64 protected header", 64, on_wire, {0}, garbage_string, body},
          {"DOT_66_BAD_ENCODING", 66, plain, {}, garbage, body},
          {"DOT_66_BAD_ENCRYPTION", 66, on_wire, {2}, last_bit, body},
          {"66 garbage as a whole", 66, on_wire, {}, garbage, body},
          {"66 in a Mac0", 66, on_wire, {}, as_mac0, body},
          {"66 without HMAC", 66, plain, {0}, to_null(), invalid},
          {"66 HMAC of 31", 66, plain, {0, 1}, to_bytes_of(31), body},
          {"DOT_68_BAD_ENCODING", 68, plain, {}, garbage, body},
          {"DOT_68_BAD_ENCRYPTION", 68, on_wire, {2}, last_bit, body},
          {"DOT_70_BAD_ENCODING", 70, plain, {}, garbage, body},
          {"DOT_70_BAD_ENCRYPTION", 70, on_wire, {2}, last_bit, body},
          {"DOT_70_BAD_NONCE_PROVE_DV_61", 70, plain, {0}, last_bit, invalid},
          {"70 nonce of 17", 70, plain, {0}, to_bytes_of(17), body},
      },
      false);
}

// The EAT's payload is a map, so these are made whole instead of edited.
TEST_F(NegativeTable, OwnerRefusesAnEatThatSaysSomethingElse) {
  struct Case {
    const char* name;
    std::function<void(Eat&)> change;
    crypto::Signer* key;
    ErrorCode code;
  };
  auto other_guid = [](Eat& eat) { eat.guid = *Guid::from(Bytes(16, 9)); };
  auto p384 = must(crypto::SoftwareKey::generate(KeyType::p384));
  const std::vector<Case> table = {
      {"DOT_64_BAD_NONCE_PROVEDV61", [](Eat& e) { e.nonce.value[0] ^= 1; }, party_.device.get(),
       invalid},
      {"EAT of another device's GUID", other_guid, party_.device.get(), invalid},
      {"another key", [](Eat&) {}, party_.owner.get(), invalid},
      {"a key of another type", [](Eat&) {}, p384.get(), invalid},
      {"no NonceTO2SetupDv", [](Eat& e) { e.setup.reset(); }, party_.device.get(), body},
      {"no xB", [](Eat& e) { e.xb.clear(); }, party_.device.get(), body},
      {"xB cut short", [](Eat& e) { e.xb.pop_back(); }, party_.device.get(), body},
      {"xB off the curve", [](Eat& e) { e.xb[33] ^= 1; }, party_.device.get(), body},
  };
  for (const Case& each : table) {
    Loopback loopback(party_);
    loopback.tamper = [&](std::uint8_t type, Bytes& message) {
      if (type != 64) return;
      Eat eat = must(decode_eat(message)).claims;
      each.change(eat);
      message = must(encode_eat(eat, *each.key));
    };
    Verdict verdict = loopback.run();
    EXPECT_EQ(int(verdict.at), 64) << each.name;
    EXPECT_FALSE(verdict.by_device) << each.name;
    EXPECT_EQ(int(verdict.code), int(each.code)) << each.name << ": " << verdict.why;
  }
}

TEST_F(NegativeTable, OwnerRefusesServiceInfoThatGoesOnAfterIsDone) {  // …_BAD_COMPLETION_LOGIC
  Loopback loopback(party_);
  // The device says goodbye with a 70 after IsDone; a 68 with data there is against the rules.
  OwnerDialogue dialogue;
  Outbox out;
  DevMod devmod = test::test_devmod();
  push_devmod(out, devmod);
  OwnerPlan plan;
  test::RecordingEvents events;
  ASSERT_TRUE(must(next_round(dialogue, plan, events, {false, out.take(5000)}, {1300, 4000})).done);
  auto after =
      next_round(dialogue, plan, events, {false, {{"fdo.command:stdout", {0x40}}}}, {1300, 4000});
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code, invalid);
}

TEST_F(NegativeTable, OwnerRefusesDoneBeforeServiceInfoIsFinished) {
  Loopback loopback(party_);
  loopback.plan = {action::Download{"x", std::make_shared<const FileInMemory>(Bytes(10))}};
  loopback.modules.push_back(std::make_unique<test::FunctionModule>(
      "fdo.download", [](std::string_view, View, Outbox&) -> Result<void> { return ok(); }));
  // A device that believes in IsDone although the owner never said it sends 70 too early.
  loopback.tamper_plain = [](std::uint8_t type, Bytes& message) {
    if (type == 69) message = encode_owner_info({false, true, {}});
  };
  Verdict verdict = loopback.run();
  EXPECT_EQ(int(verdict.at), 70);
  EXPECT_EQ(verdict.code, invalid);
}

TEST_F(NegativeTable, DeviceAbortsEveryRowWithItsCode) {
  auto other = must(crypto::SoftwareKey::generate(KeyType::p256));
  auto other_key = [&](View) {
    return make_public_key(other->public_key(), KeyEncoding::x509).encoded;
  };
  check(
      {
          {"60_BAD_HELLOACK_ENCODING", 61, on_wire, {}, garbage, body},
          {"60_BAD_HELLOACK_PAYLOAD_ENCODING", 61, on_wire, {2}, garbage_string, body},
          {"61 protected header", 61, on_wire, {0}, garbage_string, body},
          {"61 unprotected header", 61, on_wire, {1}, garbage, body},
          {"60_BAD_COSE_SIGNATURE", 61, on_wire, {3}, last_bit, invalid},
          {"60_BAD_OVHDR_OVHEADER",
           61,
           on_wire,
           {2, inside, 0},
           garbage_string,
           invalid,
           Resign::owner},
          {"60_BAD_NONCE_TO2PROVEOV",
           61,
           on_wire,
           {2, inside, 3},
           last_bit,
           invalid,
           Resign::owner},
          {"60_BAD_EBSIGNINFO",
           61,
           on_wire,
           {2, inside, 4, 0},
           to_integer(-35),
           invalid,
           Resign::owner},
          {"60_BAD_HELLODEVICEHASH",
           61,
           on_wire,
           {2, inside, 6, 1},
           last_bit,
           invalid,
           Resign::owner},
          {"header of another GUID",
           61,
           on_wire,
           {2, inside, 0, inside, 1},
           last_bit,
           invalid,
           Resign::owner},
          {"header with another device info",
           61,
           on_wire,
           {2, inside, 0, inside, 3},
           to_text("x"),
           invalid,
           Resign::owner},
          {"header with another manufacturer key",
           61,
           on_wire,
           {2, inside, 0, inside, 4},
           other_key,
           invalid,
           Resign::owner},
          {"HMAC", 61, on_wire, {2, inside, 2, 1}, last_bit, invalid, Resign::owner},
          {"no entries", 61, on_wire, {2, inside, 1}, to_uint(0), invalid, Resign::owner},
          {"65 entries", 61, on_wire, {2, inside, 1}, to_uint(65), invalid, Resign::owner},
          {"256 entries", 61, on_wire, {2, inside, 1}, to_uint(256), body, Resign::owner},
          {"one entry fewer: its key is not the signer's",
           61,
           on_wire,
           {2, inside, 1},
           to_uint(1),
           invalid,
           Resign::owner,
           63},
          {"xA of nothing",
           61,
           on_wire,
           {2, inside, 5},
           to_bytes_of(1),
           invalid,
           Resign::owner,
           63},
          {"63 garbage", 63, on_wire, {}, garbage, body},
          {"62_BAD_OVNEXTENTRY_PAYLOAD", 63, on_wire, {1, 2}, garbage_string, body},
          {"62_BAD_OVENTRY_COSE_SIGNATURE", 63, on_wire, {1, 3}, last_bit, invalid},
          {"62_BAD_OVENTRYNUM", 63, on_wire, {0}, to_uint(1), invalid},
          {"63 index 256", 63, on_wire, {0}, to_uint(256), body},
          {"entry's previous hash", 63, on_wire, {1, 2, inside, 0, 1}, last_bit, invalid},
          {"entry's header hash", 63, on_wire, {1, 2, inside, 1, 1}, last_bit, invalid},
          {"64_BAD_SETUPDEVICE_ENCODING", 65, plain, {}, garbage, body},
          {"64_BAD_SETUPDEVICE_PAYLOAD", 65, plain, {2}, garbage_string, body},
          {"64_BAD_SETUPDEVICE_BYTES", 65, on_wire, {}, garbage, body},
          {"64_BAD_ENC_WRAPPING", 65, on_wire, {2}, last_bit, body},
          {"64_BAD_NONCE_TO2SETUPDV", 65, plain, {2, inside, 2}, last_bit, invalid, Resign::owner},
          {"64_BAD_SETUPDEVICE_COSE_SIGNATURE", 65, plain, {3}, last_bit, invalid},
          {"65 signed by another than Owner2Key",
           65,
           plain,
           {2, inside, 3},
           other_key,
           invalid,
           Resign::owner},
          {"66_BAD_ENCODING", 67, plain, {}, garbage, body},
          {"66_BAD_ENC_WRAPPING", 67, on_wire, {2}, last_bit, body},
          {"67 in a Mac0", 67, on_wire, {}, as_mac0, body},
          {"68_BAD_ENCODING", 69, plain, {}, garbage, body},
          {"68_BAD_ENC_WRAPPING", 69, on_wire, {2}, last_bit, body},
          {"70_BAD_DONE71_ENCODING", 71, plain, {}, garbage, body},
          {"70_BAD_ENC_WRAPPING", 71, on_wire, {2}, last_bit, body},
          {"70_BAD_NONCE_TO2SETUPDV64", 71, plain, {0}, last_bit, invalid},
      },
      true);
}

// The header names ES384 and the key is P-256: the key decides.
TEST_F(NegativeTable, TheAlgorithmIsTiedToTheKey) {
  Bytes es384 = cose::protected_header(-35);
  struct Case {
    std::uint8_t type;
    crypto::Signer* key;
  };
  for (Case each : {Case{61, party_.owner.get()}, Case{64, party_.device.get()},
                    Case{65, party_.owner.get()}}) {
    Loopback loopback(party_);
    loopback.tamper_plain = [&](std::uint8_t type, Bytes& message) {
      if (type != each.type) return;
      Bytes payload = to_bytes(must(cose::decode_sign1(message)).payload);
      Bytes unprotected = test::item_at(message, {1});
      auto signature = must(each.key->sign(cose::sign1_to_be_signed(es384, payload)));
      message = cose::encode_sign1(es384, unprotected, payload, signature.raw);
    };
    Verdict verdict = loopback.run();
    EXPECT_EQ(int(verdict.at), int(each.type));
    EXPECT_EQ(verdict.code, invalid);
    EXPECT_NE(verdict.why.find("algorithm"), std::string::npos) << verdict.why;
  }
}

TEST_F(NegativeTable, AMessage64OfAnotherRunIsRefused) {
  Bytes recorded;
  Loopback first(party_), second(party_);
  first.tamper = [&](std::uint8_t type, Bytes& message) {
    if (type == 64) recorded = message;
  };
  ASSERT_TRUE(first.run().complete);
  second.tamper = [&](std::uint8_t type, Bytes& message) {
    if (type == 64) message = recorded;
  };
  Verdict verdict = second.run();
  EXPECT_EQ(int(verdict.at), 64);
  EXPECT_EQ(verdict.code, invalid);
}

// Anything out of order is 101, and ends the run for good.
TEST_F(NegativeTable, DeviceTakesNothingOutOfOrderNorAfterTheEnd) {
  crypto::SystemRandom random;
  for (int wrong : {0, 33, 60, 62, 63, 65, 67, 69, 71, 255}) {
    crypto::SoftwareHmacKey hmac(SecretBytes::copy_of(party_.hmac_secret)),
        next(SecretBytes(Bytes(32, 1)));
    To2Device device(party_.credential, {*party_.device, hmac, next}, {}, std::nullopt, random, {},
                     test::test_devmod());
    if (wrong == 0) {  // before the start
      EXPECT_EQ(device.on_message(61, Bytes{0x80}).error().code, invalid);
      continue;
    }
    Bytes hello = must(device.start()).body;
    auto refused = device.on_message(static_cast<std::uint8_t>(wrong), Bytes{0x80});
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, invalid);
    To2OwnerContext context{party_.voucher, *party_.owner, random, false, party_.rendezvous};
    auto good = must(on_hello_device(context, hello)).message61;
    EXPECT_EQ(device.on_message(61, good).error().code, invalid);
  }
}

// Message 63 larger than the device said it takes: our fault towards it, in words.
TEST_F(NegativeTable, OwnerHonoursTheDevicesMessageSize) {
  Loopback loopback(party_);
  loopback.device_options.max_message_bytes = 100;
  Verdict verdict = loopback.run();
  EXPECT_EQ(int(verdict.at), 62);
  EXPECT_EQ(verdict.code, ErrorCode::internal);
  EXPECT_NE(verdict.why.find("100"), std::string::npos);
}

// The hash is over the bytes as sent: a longer head for the same number is another message.
TEST_F(NegativeTable, HelloIsHashedAsItWasReceived) {
  crypto::SystemRandom random;
  To2OwnerContext context{party_.voucher, *party_.owner, random, false, party_.rendezvous};
  Bytes hello = encode_hello_device({1300, party_.credential.guid, Nonce{}, "ECDH256", 1, -7});
  Bytes long_form = edit(hello, {4}, [](View) { return Bytes{0x18, 0x01}; });
  auto proof = must(decode_prove_ov_header(must(on_hello_device(context, long_form)).message61));
  EXPECT_EQ(proof.hello_hash, hash_of(proof.hello_hash.alg, {long_form}));
}

// A device and an owner that are strong by P-384 don't meet on P-256.
TEST_F(NegativeTable, OwnerRefusesADowngradeOfTheKeyExchange) {
  auto strong = FdoParty::make(KeyType::p384, 1);
  Loopback loopback(strong);
  loopback.device_options.kex = KexSuite::ecdh256;
  Verdict verdict = loopback.run();
  EXPECT_EQ(int(verdict.at), 60);
  EXPECT_EQ(verdict.code, invalid);
}

// An RSA owner's voucher is good, and can be extended; onboarding with it would need DHKEXid14.
TEST(RsaOwner, IsRefusedInWords) {
  auto party = FdoParty::make(KeyType::p256, 1);
  party.owner = must(crypto::SoftwareKey::generate(KeyType::rsa2048));
  auto key = make_public_key(party.owner->public_key(), KeyEncoding::x509);
  Bytes header = encode_voucher_header(party.credential.guid, party.rendezvous.encoded,
                                       "test device", key.encoded, party.voucher.header.chain_hash);
  party.voucher = must(make_voucher(header, party.voucher.hmac, party.chain));
  for (int i = 0; i < 2; ++i)
    party.voucher = must(extend_voucher(party.voucher, *party.owner, key));
  EXPECT_TRUE(verify_voucher(must(decode_voucher(party.voucher.encode()))));
  Verdict verdict = Loopback(party).run();
  EXPECT_EQ(int(verdict.at), 60);
  EXPECT_EQ(verdict.code, invalid);
  EXPECT_NE(verdict.why.find("RSA"), std::string::npos);
}

TEST(StoredRun, IsRefusedWhereItIsNotWhole) {
  auto party = FdoParty::make(KeyType::p256, 1);
  crypto::SystemRandom random;
  To2OwnerContext context{party.voucher, *party.owner, random, false, party.rendezvous};
  Bytes hello = encode_hello_device({1300, party.credential.guid, Nonce{}, "ECDH256", 1, -7});
  Bytes state = encode_state(must(on_hello_device(context, hello)).state);
  ASSERT_TRUE(decode_state(state));
  EXPECT_EQ(guid_of(must(decode_state(state))), party.credential.guid);
  for (std::size_t size = 0; size < state.size(); ++size)
    EXPECT_FALSE(decode_state(View(state).first(size))) << size;
  EXPECT_FALSE(decode_state(edit(state, {1, 2}, to_text("ECDH512"))));
  EXPECT_FALSE(decode_state(edit(state, {1, 3}, to_uint(99))));
}

TEST(ErrorMessages, TakeEveryPeersTimestampAndCorrelation) {
  ErrorMessage mine{ErrorCode::invalid_message, 64, "nonce is not the one given", 1'700'000'000,
                    77};
  auto again = must(decode_error(encode_error(mine)));
  EXPECT_EQ(again.code, mine.code);
  EXPECT_EQ(again.text, mine.text);
  EXPECT_EQ(again.correlation, 77u);
  // [100, 65, "x", timestamp, correlation]: uint, negative, text, tag 1, null
  for (auto hex : {"851864184161781864f6", "8518641841617838630a", "85186418416178617af6",
                   "85186418416178c1186400", "85186418416178f6f6"}) {
    auto decoded = decode_error(*from_hex(hex));
    ASSERT_TRUE(decoded) << hex << ": " << decoded.error().context;
    EXPECT_EQ(decoded->code, ErrorCode::body);
  }
  EXPECT_FALSE(decode_error(Bytes{0x80}));
}

// The one table from kinds of error to FDO's codes.
TEST(ErrorCodes, FollowTheKindOfError) {
  EXPECT_EQ(Refusal(Error{Errc::malformed, ""}).code, ErrorCode::body);
  EXPECT_EQ(Refusal(Error{Errc::not_found, ""}).code, ErrorCode::not_found);
  for (auto kind : {Errc::busy, Errc::io, Errc::timed_out, Errc::cancelled, Errc::internal})
    EXPECT_EQ(Refusal(Error{kind, ""}).code, ErrorCode::internal);
  for (auto kind :
       {Errc::unsupported, Errc::untrusted, Errc::expired, Errc::refused, Errc::conflict})
    EXPECT_EQ(Refusal(Error{kind, ""}).code, invalid);
}

}  // namespace
}  // namespace fairlead::fdo
