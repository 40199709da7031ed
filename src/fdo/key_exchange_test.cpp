// SPDX-License-Identifier: Apache-2.0
// tests/vectors/fdo: synthetic/kex_kdf.json, foreign/go-fdo-kdf-known-answer.json.
#include "fdo/key_exchange.h"

#include <gtest/gtest.h>

#include <set>

#include "base/limits.h"
#include "codec/cose.h"
#include "crypto/system_random.h"
#include "support/fdo_party.h"
#include "support/random.h"

namespace fairlead::fdo {
namespace {

using test::hex_at;
using test::must;
using test::text_at;

const boost::json::array& kex_vectors() {
  static const auto json = test::read_json_vector("fdo/synthetic/kex_kdf.json");
  return json.at("vectors").as_array();
}

TEST(Kdf, GivesTheKnownAnswerOfGoFdo) {
  auto json = test::read_json_vector("fdo/foreign/go-fdo-kdf-known-answer.json");
  auto key = derive_key(hex_at(json, "/shse"), hex_at(json, "/context_rand"), 256);
  EXPECT_EQ(to_bytes(key.reveal()), hex_at(json, "/okm"));
}

// Also the suites that we don't exchange keys by: the derivation is one for all.
TEST(Kdf, GivesEveryAeadKeyOfTheVectors) {
  int checked = 0;
  for (const auto& vector : kex_vectors()) {
    Bytes shse = hex_at(vector, "/shse"), context = hex_at(vector, "/context_rand");
    for (auto number : {1, 2, 3, 32, 33}) {
      auto suite = *parse_cipher_suite(number);
      Bytes expected = hex_at(vector, "/keys/" + std::to_string(number) + "/sevk");
      auto key = derive_key(shse, context, crypto::sizes(aead_of(suite)).key * 8);
      EXPECT_EQ(to_bytes(key.reveal()), expected) << text_at(vector, "/suite") << " " << number;
      ++checked;
    }
  }
  EXPECT_GE(checked, 40);
}

TEST(KeyExchange, BothSidesReachTheVectorsSecret) {
  int checked = 0;
  for (const auto& vector : kex_vectors()) {
    auto suite = parse_kex_suite(text_at(vector, "/suite"));
    if (!suite) continue;
    SCOPED_TRACE(text_at(vector, "/suite") + " " + text_at(vector, "/note"));
    auto share = [&](const std::string& side) {
      auto key =
          must(crypto::ecdh_from_scalar(curve_of(*suite), hex_at(vector, "/" + side + "_private")));
      return KexShare{std::move(key), SecretBytes(hex_at(vector, "/" + side + "_random"))};
    };
    KexShare owner = share("owner"), device = share("device");
    Bytes xa = hex_at(vector, "/xA"), xb = hex_at(vector, "/xB");
    EXPECT_EQ(owner.parameter(), xa);
    EXPECT_EQ(device.parameter(), xb);
    auto by_owner =
        must(shared_secret(KexRole::owner, owner, must(decode_kex_parameter(*suite, xb))));
    auto by_device =
        must(shared_secret(KexRole::device, device, must(decode_kex_parameter(*suite, xa))));
    EXPECT_EQ(to_bytes(by_owner.reveal()), hex_at(vector, "/shse"));
    EXPECT_EQ(to_bytes(by_device.reveal()), hex_at(vector, "/shse"));
    ++checked;
  }
  EXPECT_EQ(checked, 4);
}

Bytes field(View content) {
  Bytes out{static_cast<std::uint8_t>(content.size() >> 8),
            static_cast<std::uint8_t>(content.size())};
  append(out, content);
  return out;
}
Bytes parameter(View x, View y, View random) {
  Bytes out = field(x);
  append(out, field(y));
  append(out, field(random));
  return out;
}

TEST(KeyExchange, RefusesWhatIsNotAPointOnTheCurve) {
  test::ScriptedRandom random;
  auto ours = must(make_share(KexSuite::ecdh256, random));
  for (const auto& [x, y] :
       {std::pair{Bytes(32, 1), Bytes(32, 1)}, std::pair{Bytes(32, 0), Bytes(32, 0)},
        std::pair{Bytes(32, 0xFF), Bytes(32, 0xFF)}}) {
    auto theirs = must(decode_kex_parameter(KexSuite::ecdh256, parameter(x, y, Bytes(16, 1))));
    EXPECT_FALSE(shared_secret(KexRole::owner, ours, theirs));
  }
}

TEST(KeyExchange, RefusesParametersOfAnotherForm) {
  test::ScriptedRandom random;
  Bytes good = must(make_share(KexSuite::ecdh256, random)).parameter();
  ASSERT_TRUE(decode_kex_parameter(KexSuite::ecdh256, good));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(decode_kex_parameter(KexSuite::ecdh256, View(good).first(size))) << size;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decode_kex_parameter(KexSuite::ecdh256, longer));
  EXPECT_FALSE(decode_kex_parameter(KexSuite::ecdh256, parameter({}, Bytes(32, 1), Bytes(16, 1))));
  EXPECT_FALSE(
      decode_kex_parameter(KexSuite::ecdh256, parameter(Bytes(34, 1), Bytes(32, 1), Bytes(16, 1))));
  EXPECT_FALSE(
      decode_kex_parameter(KexSuite::ecdh256, parameter(Bytes(32, 1), Bytes(32, 1), Bytes(17, 1))));
  Bytes p384 = must(make_share(KexSuite::ecdh384, random)).parameter();
  EXPECT_FALSE(decode_kex_parameter(KexSuite::ecdh256, p384));
}

// Two implementations strip the zeros that a coordinate begins with; one adds a zero.
TEST(KeyExchange, TakesCoordinatesWithZerosStrippedOrAdded) {
  crypto::SystemRandom random;
  auto ours = must(make_share(KexSuite::ecdh256, random));
  for (;;) {
    auto theirs = must(make_share(KexSuite::ecdh256, random));
    if (theirs.key.x[0] != 0) continue;
    auto whole = must(decode_kex_parameter(KexSuite::ecdh256, theirs.parameter()));
    Bytes added{0};
    append(added, theirs.key.y);
    auto odd =
        must(decode_kex_parameter(KexSuite::ecdh256, parameter(View(theirs.key.x).subspan(1), added,
                                                               theirs.random.reveal())));
    EXPECT_EQ(to_bytes(must(shared_secret(KexRole::owner, ours, odd)).reveal()),
              to_bytes(must(shared_secret(KexRole::owner, ours, whole)).reveal()));
    break;
  }
}

// A stock device strips zeros from the random part and then fails, so ours never begins with one.
// The scalar comes from the generator alone and shares nothing with what travels.
TEST(KeyExchange, SendsARandomPartThatBeginsWithoutZeroAndIsNotTheScalar) {
  test::ScriptedRandom random;
  random.push(Bytes(32, 0x11));
  random.push(Bytes(16, 0x00));
  random.push(Bytes(16, 0x22));
  auto share = must(make_share(KexSuite::ecdh256, random));
  EXPECT_EQ(to_bytes(share.random.reveal()), Bytes(16, 0x22));
  EXPECT_EQ(to_bytes(share.key.scalar.reveal()), Bytes(32, 0x11));
  EXPECT_EQ(share.parameter().size(), 3 * 2 + 32 + 32 + 16u);
}

TEST(Suites, KnowTheirNamesAndNumbersAndNoOthers) {
  for (auto number : {1, 2, 3, 32, 33}) {
    auto suite = parse_cipher_suite(number);
    ASSERT_TRUE(suite);
    EXPECT_EQ(cipher_suite_from_text(to_string(*suite)), suite);
  }
  for (std::int64_t number : {0, 4, 30, 31, -17760703, -17760704, -17760705, -17760706})
    EXPECT_FALSE(parse_cipher_suite(number)) << number;
  for (auto name : {"DHKEXid14", "DHKEXid15", "ASYMKEX2048", "ASYMKEX3072", "ecdh256", ""})
    EXPECT_FALSE(parse_kex_suite(name)) << name;
}

class TunnelOf : public testing::TestWithParam<CipherSuite> {
 protected:
  Tunnel make(KexRole role, std::uint64_t counter = 0) {
    return {GetParam(), SecretBytes(Bytes(crypto::sizes(aead_of(GetParam())).key, 0x42)), role,
            counter};
  }
  crypto::SystemRandom random_;
};
INSTANTIATE_TEST_SUITE_P(KeyExchange, TunnelOf,
                         testing::Values(CipherSuite::a128gcm, CipherSuite::a192gcm,
                                         CipherSuite::a256gcm, CipherSuite::ccm_64_128_128,
                                         CipherSuite::ccm_64_128_256));

TEST_P(TunnelOf, RefusesEveryFlippedBit) {
  Bytes sealed = must(make(KexRole::owner).seal(as_view("hello"), random_));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes changed = sealed;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    auto opened = make(KexRole::device).open(changed);
    ASSERT_FALSE(opened) << "bit " << bit;
    EXPECT_EQ(opened.error().code, Errc::malformed);
  }
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_FALSE(make(KexRole::device).open(View(sealed).first(size)));
}

TEST_P(TunnelOf, RefusesReplayAndReflection) {
  Tunnel owner = make(KexRole::owner), device = make(KexRole::device);
  Bytes sealed = must(owner.seal(as_view("hello"), random_));
  EXPECT_EQ(must(device.open(sealed)), to_bytes("hello"));
  EXPECT_FALSE(device.open(sealed));
  EXPECT_FALSE(owner.open(sealed));  // sent back to whoever sealed it
}

TEST_P(TunnelOf, RefusesTheSuiteThatThePeerNames) {
  for (auto other : {CipherSuite::a128gcm, CipherSuite::a256gcm, CipherSuite::ccm_64_128_128}) {
    if (other == GetParam()) continue;
    Tunnel theirs(other, SecretBytes(Bytes(crypto::sizes(aead_of(other)).key, 0x42)),
                  KexRole::owner);
    EXPECT_FALSE(make(KexRole::device).open(must(theirs.seal(as_view("hello"), random_))));
  }
}

TEST_P(TunnelOf, NeverRepeatsANonceAcrossDirectionsAndNodes) {
  Tunnel owner = make(KexRole::owner, 7), device = make(KexRole::device, 7);
  std::set<Bytes> nonces;
  for (int i = 0; i < 100; ++i) {
    for (Tunnel* tunnel : {&owner, &device}) {
      Bytes sealed = must(tunnel->seal(as_view("x"), random_));
      EXPECT_TRUE(nonces.insert(to_bytes(must(cose::decode_encrypt0(sealed)).iv)).second);
    }
    cbor::Writer out;
    owner.write(out);
    cbor::Reader in(out.view());
    owner = std::move(*Tunnel::read(in, KexRole::owner));
  }
}

TEST(Tunnel, RefusesToBeReadFromWhatIsNotOne) {
  cbor::Writer out;
  out.array(4).integer(1).bytes(Bytes(32, 1)).uint(0).array(0);  // 32 bytes for a 128-bit suite
  cbor::Reader in(out.view());
  EXPECT_FALSE(Tunnel::read(in, KexRole::owner));
  EXPECT_TRUE(in.failed());
}

}  // namespace
}  // namespace fairlead::fdo
