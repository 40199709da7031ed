// SPDX-License-Identifier: Apache-2.0
#include "codec/cose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/cbor/writer.h"
#include "support/vectors.h"

namespace fairlead::cose {
namespace {

using testing::HasSubstr;

Bytes hex(std::string_view text) { return from_hex(text).value(); }

std::string refusal(std::string_view input, TagRule tag = TagRule::required) {
  auto result = decode_sign1(hex(input), tag);
  return result ? "accepted" : result.error().context;
}

std::string encrypt0_refusal(std::string_view input) {
  auto result = decode_encrypt0(hex(input));
  return result ? "accepted" : result.error().context;
}

// protected {1: -7}, unprotected {}, payload h'01', signature h'02'
constexpr std::string_view good = "d28443a10126a041014102";

TEST(CoseSign1, RefusesWhatIsNotItsShape) {
  ASSERT_EQ(refusal(good), "accepted");
  EXPECT_THAT(refusal("8443a10126a041014102"), HasSubstr("COSE tag 18 is missing"));
  EXPECT_THAT(refusal("d18443a10126a041014102"), HasSubstr("COSE tag 18 is missing"));
  EXPECT_NE(refusal("d28343a10126a04101"), "accepted");        // three elements
  EXPECT_NE(refusal("d28543a10126a04101410200"), "accepted");  // five
  EXPECT_NE(refusal("d284a10126a041014102"), "accepted");      // protected not wrapped
  EXPECT_NE(refusal("d28443a1012640f64102"), "accepted");      // unprotected not a map
  EXPECT_NE(refusal("d28443a10126a0f64102"), "accepted");      // payload detached
  EXPECT_NE(refusal("d28443a10126a04101f6"), "accepted");      // signature missing
  EXPECT_THAT(refusal("d28443a10126a04101410200"), HasSubstr("trailing"));
  EXPECT_NE(refusal("d2d28443a10126a041014102", TagRule::optional), "accepted");
}

TEST(CoseSign1, RefusesAProtectedHeaderWithoutAlgorithm) {
  EXPECT_THAT(refusal("d28440a041014102"), HasSubstr("names no algorithm"));    // h''
  EXPECT_THAT(refusal("d28441a0a041014102"), HasSubstr("names no algorithm"));  // {}
  EXPECT_THAT(refusal("d28440a1012641014102"),
              HasSubstr("names no algorithm"));  // only unprotected {1: -7}
  EXPECT_NE(refusal("d28445a10162"
                    "4553"
                    "a041014102"),
            "accepted");  // {1: "ES"}
  EXPECT_THAT(refusal("d28444a1012600a041014102"),
              HasSubstr("COSE protected header"));  // bytes after the map
}

TEST(CoseSign1, RefusesALabelThatAppearsTwice) {
  // RFC 9052 §3: "Labels in each of the maps MUST be unique."
  EXPECT_THAT(refusal("d28445a201260126a041014102"), HasSubstr("appears twice"));
  EXPECT_THAT(refusal("d28446a20126180126a041014102"),
              HasSubstr("appears twice"));  // 1 in a longer head
  EXPECT_THAT(refusal("d28443a10126a20400040041014102"), HasSubstr("appears twice"));
  EXPECT_THAT(refusal("d28443a10126a2616100616100"
                      "41014102"),
              HasSubstr("appears twice"));
  EXPECT_EQ(refusal("d28443a10126a2616100616200"
                    "41014102"),
            "accepted");
  EXPECT_THAT(refusal("d28443a10126a1012641014102"), HasSubstr("in both headers"));
}

TEST(CoseSign1, RefusesCriticalHeaders) {
  EXPECT_THAT(refusal("d28446a2012602810aa041014102"), HasSubstr("crit"));
}

TEST(CoseSign1, RefusesAHeaderWithMoreLabelsThanItsLimit) {
  auto with = [](std::size_t labels) {
    cbor::Writer map;
    map.map(labels);
    for (std::size_t i = 0; i < labels; ++i) map.uint(100 + i).null();
    return decode_sign1(encode_sign1(protected_header(-7), map.view(), Bytes{1}, Bytes{2}));
  };
  EXPECT_TRUE(with(8));
  EXPECT_FALSE(with(9));
}

TEST(CoseSign1, RefusesEveryPrefix) {
  Bytes whole = hex(good);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_sign1(View(whole).first(size)));
}

TEST(CoseSign1, AcceptsAMissingTagWhereThatIsAllowed) {
  EXPECT_EQ(refusal("8443a10126a041014102", TagRule::optional), "accepted");
  EXPECT_EQ(refusal(good, TagRule::optional), "accepted");
}

TEST(CoseSign1, RoundTripsAndKeepsTheReceivedBytes) {
  Bytes header = protected_header(static_cast<std::int64_t>(Alg::es256));
  EXPECT_EQ(to_hex(header), "a10126");
  Bytes encoded = encode_sign1(header, hex("a1190100f6"), Bytes{1}, Bytes{2});
  EXPECT_EQ(to_hex(encoded), "d28443a10126a1190100f641014102");
  auto sign1 = decode_sign1(encoded);
  ASSERT_TRUE(sign1);
  EXPECT_EQ(sign1->alg, -7);
  EXPECT_EQ(to_hex(sign1->protected_bytes), "a10126");
  EXPECT_EQ(to_hex(sign1->unprotected), "a1190100f6");
  EXPECT_EQ(to_hex(sign1->payload), "01");
  EXPECT_EQ(to_hex(sign1->signature), "02");
}

TEST(CoseSign1, CanBePartOfALargerMessage) {
  Bytes in = hex("82" + std::string(good) + "07");
  cbor::Reader r(in);
  r.array(2);
  EXPECT_EQ(to_hex(read_sign1(r).payload), "01");
  EXPECT_EQ(r.uint(), 7u);
  EXPECT_TRUE(r.finish());
}

TEST(CoseSign1, SignsWhatRfc9052Section4_4Says) {
  // Sig_structure = ["Signature1", body_protected, external_aad, payload]
  EXPECT_EQ(to_hex(sign1_to_be_signed(hex("a10126"), Bytes{1, 2})),
            "846a5369676e61747572653143a1012640420102");
}

TEST(CoseEncrypt0, RefusesWhatIsNotItsShape) {
  ASSERT_EQ(encrypt0_refusal("d08343a10101a1054101420203"), "accepted");
  EXPECT_NE(encrypt0_refusal("8343a10101a1054101420203"), "accepted");    // no tag
  EXPECT_NE(encrypt0_refusal("d28343a10101a1054101420203"), "accepted");  // another
  EXPECT_NE(encrypt0_refusal("d08243a10101a10541014"
                             "0"),
            "accepted");
  EXPECT_NE(encrypt0_refusal("d08343a10101a10500420203"), "accepted");  // the IV is no bytes
  EXPECT_NE(encrypt0_refusal("d08343a10101a1054101f6"), "accepted");    // ciphertext detached
  EXPECT_THAT(encrypt0_refusal("d08343a10101a205410105410142"
                               "0203"),
              HasSubstr("appears twice"));
  EXPECT_THAT(encrypt0_refusal("d08343a10101a105410142020300"), HasSubstr("trailing"));
}

TEST(CoseEncrypt0, HoldsTheLimitOfItsIv) {
  EXPECT_TRUE(decode_encrypt0(encode_encrypt0(1, Bytes(32), Bytes(16))));
  EXPECT_FALSE(decode_encrypt0(encode_encrypt0(1, Bytes(33), Bytes(16))));
}

TEST(CoseEncrypt0, RoundTrips) {
  Bytes encoded = encode_encrypt0(3, Bytes(12, 0xAA), Bytes(20, 0xBB));
  auto out = decode_encrypt0(encoded);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->alg, 3);
  EXPECT_EQ(to_bytes(out->iv), Bytes(12, 0xAA));
  EXPECT_EQ(to_bytes(out->ciphertext), Bytes(20, 0xBB));
  EXPECT_EQ(to_hex(encrypt0_aad(out->protected_bytes)), "8368456e63727970743043a1010340");
}

TEST(Cose, ReadsEveryRecordedMessageAndWritesItBackAlike) {
  int signed_count = 0, encrypted_count = 0;
  for (const auto& name : test::transcript_names()) {
    for (const auto& message : test::recorded_messages(test::read_json_vector(name))) {
      if (message.body[0] == 0xD2) {
        auto out = decode_sign1(message.body);
        ASSERT_TRUE(out) << name << message.type << ": " << out.error().context;
        EXPECT_EQ(
            encode_sign1(out->protected_bytes, out->unprotected, out->payload, out->signature),
            message.body);
        ++signed_count;
      } else if (message.body[0] == 0xD0) {
        auto out = decode_encrypt0(message.body);
        ASSERT_TRUE(out) << name << message.type << ": " << out.error().context;
        ASSERT_TRUE(out->alg);
        EXPECT_EQ(encode_encrypt0(*out->alg, out->iv, out->ciphertext), message.body);
        ++encrypted_count;
      }
    }
  }
  EXPECT_EQ(signed_count, 7 * 4 + 2);  // 32, 33, 61, 64; the bypass has no TO1
  EXPECT_GE(encrypted_count, 8 * 7);
}

}  // namespace
}  // namespace fairlead::cose
