// SPDX-License-Identifier: Apache-2.0
#include "pki/est/messages.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "crypto/request.h"
#include "crypto/software_key.h"

namespace fairlead::est {
namespace {

TEST(EstTargets, AreReadInTheRfcsFormAndInThatOfClientsWithAPathInTheirUrl) {
  auto plain = parse_target("/.well-known/est/cacerts");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->operation, Operation::cacerts);
  EXPECT_EQ(plain->label, "");
  for (auto text : {"/.well-known/est/line1/simpleenroll", "/line1/.well-known/est/simpleenroll",
                    "/.well-known/est/line1/simpleenroll?x=y"}) {
    auto target = parse_target(text);
    ASSERT_TRUE(target) << text;
    EXPECT_EQ(target->operation, Operation::simpleenroll);
    EXPECT_EQ(target->label, "line1");
  }
  EXPECT_EQ(target_of(Operation::csrattrs, "line1"), "/.well-known/est/line1/csrattrs");
  EXPECT_EQ(target_of(Operation::csrattrs, ""), "/.well-known/est/csrattrs");
}

TEST(EstTargets, WithTwoReadingsOrNoneAreNone) {
  for (auto text : {"", "/", "/est/cacerts", "/.well-known/est/", "/.well-known/est/cacert",
                    "/.well-known/est/cacerts/", "/.well-known/est/cacerts/cacerts",
                    "/.well-known/est/a/b/cacerts", "/a/.well-known/est/b/cacerts",
                    "/a/b/.well-known/est/cacerts", "x/.well-known/est/cacerts",
                    "/.well-known/est/a%2Fb/cacerts", "/.well-known/est//cacerts"})
    EXPECT_FALSE(parse_target(text)) << text;
  std::string longest(64, 'a');
  EXPECT_TRUE(parse_target("/.well-known/est/" + longest + "/cacerts"));
  EXPECT_FALSE(parse_target("/.well-known/est/" + longest + "a/cacerts"));
}

TEST(EstBodies, AreOneLineOfBase64AndReadWithWhiteSpaceAnywhere) {
  Bytes der(300, 0x5A);
  std::string text = encode_body(der);
  EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos);
  std::string spread;
  for (char c : text) {
    spread.push_back(c);
    if (spread.size() % 7 == 0) spread += " \t\r\n";
  }
  auto read = decode_body(as_view(spread), 300);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, der);
}

TEST(EstBodies, AreRefusedWhenEmptyTooLongOrNotBase64) {
  std::string text = encode_body(Bytes(300, 1));
  for (auto [body, why] : {std::pair<std::string, std::string>{"", "empty"},
                           {" \r\n", "empty"},
                           {"AAA*", "not base64"},
                           {text.substr(1), "not base64"},
                           {text, "longer than 299"}}) {
    auto read = decode_body(as_view(body), 299);
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().code, Errc::malformed);
    EXPECT_NE(read.error().context.find(why), std::string::npos) << read.error().context;
  }
}

TEST(EstMediaTypes, CompareWithoutCaseAndParameters) {
  EXPECT_TRUE(is_type("Application/PKCS10 ; charset=x", type_pkcs10));
  EXPECT_TRUE(is_type("application/pkcs7-mime", type_certs_only));
  EXPECT_FALSE(is_type("application/pkcs10x", type_pkcs10));
  EXPECT_FALSE(is_type("", type_pkcs10));
}

TEST(EstRetryAfter, TakesSecondsAndNothingElse) {
  EXPECT_EQ(parse_retry_after("0"), Duration(0));
  EXPECT_EQ(parse_retry_after("86400"), Duration(std::chrono::hours(24)));
  for (auto text : {"86401", "-1", "1.5", "", " 5", "5 ", "Fri, 31 Dec 1999 23:59:59 GMT",
                    "99999999999999999999"})
    EXPECT_FALSE(parse_retry_after(text)) << text;
}

TEST(EstDates, AreReadInTheFormThatIsSentAndInNoOther) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), from_unix_seconds(784'111'777));
  for (auto text : {"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                    "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                    "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", ""})
    EXPECT_FALSE(parse_date(text)) << text;
}

TEST(EstCredentials, AreReadFromBasicAuthentication) {
  auto both = parse_basic("basic " + to_base64(as_view("d-1:pass:word")));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->user, "d-1");
  EXPECT_EQ(as_text(both->password.reveal()), "pass:word");
  EXPECT_FALSE(parse_basic("Bearer " + to_base64(as_view("a:b"))));
  EXPECT_FALSE(parse_basic("Basic " + to_base64(as_view("no colon"))));
  EXPECT_FALSE(parse_basic("Basic a:b"));
  EXPECT_FALSE(parse_basic("Basic " + to_base64(as_view("\xFF:b"))));
  EXPECT_FALSE(parse_basic("Basic " + to_base64(Bytes(limits::est_credentials_bytes_max, ':'))));
}

Bytes name(std::uint8_t tag, std::string_view text, std::string_view oid = "2.5.4.3") {
  return der::sequence_of({der::element(
      der::set,
      der::sequence_of({der::object_identifier(oid), der::element(tag, as_view(text))}))});
}

TEST(EstNames, AreTheSameWhateverKindOfStringCarriesThem) {
  auto same = [](const Bytes& a, const Bytes& b) { return same_name(a, b).value_or(false); };
  EXPECT_TRUE(same(name(der::utf8_string, "d-1"), name(der::printable_string, "d-1")));
  EXPECT_FALSE(same(name(der::utf8_string, "d-1"), name(der::utf8_string, "d-2")));
  EXPECT_FALSE(same(name(der::utf8_string, "d-1"), name(der::utf8_string, "d-1", "2.5.4.5")));
  EXPECT_FALSE(same(name(der::utf8_string, "d-1"), crypto::encode_name({"d-1", "7", {}})));
  EXPECT_FALSE(same(name(der::utf8_string, "d-1"), crypto::encode_name({})));
  EXPECT_TRUE(same(crypto::encode_name({"d-1", "7", {}}), crypto::encode_name({"d-1", "7", {}})));
}

TEST(EstNames, OfAnythingButTextsAreRefused) {
  Bytes good = name(der::utf8_string, "d-1");
  for (const Bytes& bad : {name(0x1E, "d-1"), name(der::utf8_string, "\xC3"), Bytes{0x30, 0x01},
                           Bytes{}, der::element(der::set, {})}) {
    auto compared = same_name(good, bad);
    ASSERT_FALSE(compared) << to_hex(bad);
    EXPECT_EQ(compared.error().code, Errc::malformed);
  }
}

TEST(EstCsrAttributes, NameTheCurveAndTheSignature) {
  EXPECT_EQ(to_hex(encode_csr_attributes(crypto::KeyType::p256)),
            "3021301506072a8648ce3d0201310a06082a8648ce3d03010706082a8648ce3d040302");
}

TEST(EstAnswers, HoldCertificatesAndNothingElse) {
  EXPECT_FALSE(decode_certificates(as_view(encode_body(Bytes{0x30, 0x00}))));
  EXPECT_FALSE(decode_certificates(as_view("AAAA")));
}

}  // namespace
}  // namespace fairlead::est
