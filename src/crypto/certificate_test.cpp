// SPDX-License-Identifier: Apache-2.0
// tests/vectors/pki/README.md says what each file is.
#include "crypto/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "support/vectors.h"

namespace fairlead::crypto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Time now = *from_rfc3339("2030-01-01T00:00:00Z");

std::vector<Certificate> all(const std::string& name) {
  auto read = Certificate::from_pem(test::read_vector("pki/" + name + ".pem"));
  if (!read) throw std::runtime_error(name + ": " + to_string(read.error()));
  return std::move(*read);
}
Certificate one(const std::string& name) { return all(name).front(); }

using Names = std::vector<std::string>;

std::vector<Certificate> chain_of(const Names& names) {
  std::vector<Certificate> out;
  for (const std::string& name : names) out.push_back(one(name));
  return out;
}

Result<void> validate(const Names& chain, const Names& anchors, Time time = now,
                      DateCheck dates = DateCheck::at_time) {
  auto certificates = chain_of(chain), trusted = chain_of(anchors);
  return validate_path(certificates, {.anchors = trusted, .now = time, .dates = dates});
}

void expect_refused(const Result<void>& result, Errc code, std::string_view words) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << to_string(result.error());
  EXPECT_THAT(result.error().context, HasSubstr(std::string(words)));
}

void expect_good(const Result<void>& result) { EXPECT_TRUE(result) << to_string(result.error()); }

TEST(CertificateDecoding, EveryTruncationAndTrailingBytesAreRefused) {
  const Bytes der = one("leaf").der();
  for (std::size_t length = 0; length < der.size(); ++length)
    EXPECT_FALSE(Certificate::from_der(View(der).first(length))) << length;
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_EQ(Certificate::from_der(longer).error().code, Errc::malformed);
}

TEST(CertificateDecoding, TooLongIsRefusedUnread) {
  auto result = Certificate::from_der(Bytes(limits::certificate_bytes_max + 1, 0x30));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().context, HasSubstr("too long"));
}

TEST(CertificateDecoding, NoChangedByteMakesItCrash) {
  const Bytes der = one("leaf").der();
  PublicKey issuer = one("issuing").public_key();
  for (std::size_t i = 0; i < der.size(); ++i)
    for (std::uint8_t flip : Bytes{0x01, 0x80, 0xFF}) {
      Bytes changed = der;
      changed[i] ^= flip;
      auto certificate = Certificate::from_der(changed);
      if (!certificate) continue;
      EXPECT_FALSE(certificate->signed_by(issuer)) << "byte " << i;
      (void)certificate->subject();
      (void)certificate->san_uris();
      (void)certificate->not_after();
    }
}

TEST(CertificateDecoding, AnExtensionThatCanNotBeDecodedIsRefused) {
  auto result = Certificate::from_pem(test::read_vector("pki/broken-extension.pem"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::malformed);
}

TEST(CertificateDecoding, AValidityThatIsNoTimeIsRefused) {
  Bytes der = one("leaf").der();
  const auto text = as_view("460101000000Z");
  auto found = std::ranges::search(der, text);
  ASSERT_EQ(found.size(), text.size());
  found.front() = 'x';
  auto result = Certificate::from_der(der);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().context, HasSubstr("validity"));
}

// A stored certificate is read in part, and answers like the same one read whole.
TEST(CertificateDecoding, AKnownOneAnswersLikeOneReadWhole) {
  for (const std::string& name : Names{"leaf", "root"}) {
    Certificate whole = one(name);
    auto known = Certificate::from_known_der(whole.der());
    ASSERT_TRUE(known) << to_string(known.error());
    EXPECT_EQ(known->der(), whole.der());
    EXPECT_EQ(known->public_key(), whole.public_key());
    EXPECT_EQ(known->serial(), whole.serial());
    EXPECT_EQ(known->not_before(), whole.not_before());
    EXPECT_EQ(known->not_after(), whole.not_after());
    EXPECT_EQ(known->subject(), whole.subject());
    EXPECT_EQ(known->issuer_der(), whole.issuer_der());
    EXPECT_EQ(known->is_ca(), whole.is_ca());
  }
}

TEST(CertificateDecoding, AKnownOneIsRefusedWhereItsOutlineIsDamaged) {
  const Bytes der = one("leaf").der();
  for (std::size_t length = 0; length < der.size(); ++length)
    EXPECT_FALSE(Certificate::from_known_der(View(der).first(length))) << length;
  for (std::size_t i = 0; i < der.size(); ++i) {
    Bytes changed = der;
    changed[i] ^= 0xFF;
    auto read = Certificate::from_known_der(changed);
    if (!read) continue;
    read->subject();  // what OpenSSL can't decode is an empty certificate: never a crash, never a
                      // CA
    EXPECT_FALSE(read->is_ca()) << i;
  }
}

// OpenSSL reads a name whose SEQUENCE is marked primitive.
TEST(CertificateDecoding, WhatIsTakenCanBeReadWhenStored) {
  const Bytes der = one("leaf").der();
  for (std::size_t i = 0; i < der.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes changed = der;
      changed[i] ^= static_cast<std::uint8_t>(1U << bit);
      if (Certificate::from_der(changed))
        EXPECT_TRUE(Certificate::from_known_der(changed)) << i << " bit " << bit;
    }
  }
}

TEST(CertificateDecoding, PemWithoutACertificateIsRefused) {
  EXPECT_FALSE(Certificate::from_pem(""));
  EXPECT_FALSE(Certificate::from_pem("-----BEGIN X-----\nAAAA\n-----END X-----\n"));
  EXPECT_FALSE(
      Certificate::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

TEST(CertificateFields, AreWhatOpenSslWrote) {
  Certificate leaf = one("leaf"), issuing = one("issuing");
  EXPECT_EQ(leaf.common_name(), "Gerät 1");
  EXPECT_EQ(leaf.subject(), "serialNumber=SN-1,CN=Gerät 1");
  EXPECT_EQ(leaf.issuer(), "CN=Issuing");
  EXPECT_EQ(leaf.issuer_der(), issuing.subject_der());
  EXPECT_NE(leaf.subject_der(), leaf.issuer_der());
  EXPECT_THAT(leaf.san_uris(), ElementsAre("urn:example:device:1", "https://example.com/p?sn=1"));
  EXPECT_THAT(leaf.san_dns(), ElementsAre("device.example.com"));
  EXPECT_EQ(to_rfc3339(leaf.not_before()), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(leaf.not_after()), "2046-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(one("after-2049").not_after()), "9999-12-31T23:59:59.000Z");
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_TRUE(issuing.is_ca());
  EXPECT_FALSE(one("version1").is_ca());
  EXPECT_EQ(leaf.serial().size(), 20u);
  EXPECT_EQ(leaf.fingerprint(), sha256(leaf.der()));
  EXPECT_EQ(leaf.public_key().type(), KeyType::p256);
  EXPECT_EQ(Certificate::from_pem(leaf.pem())->front(), leaf);
}

TEST(CertificateFields, ASignatureHoldsForTheIssuersKeyOnly) {
  Certificate leaf = one("leaf");
  EXPECT_TRUE(leaf.signed_by(one("issuing").public_key()));
  EXPECT_FALSE(leaf.signed_by(one("root").public_key()));
  EXPECT_FALSE(leaf.signed_by(one("rsa-root").public_key()));
  EXPECT_FALSE(leaf.signed_by(leaf.public_key()));
}

TEST(Path, DatesAreChecked) {
  expect_refused(validate({"expired"}, {"root"}), Errc::expired, "expired at 2021-01-01");
  expect_refused(validate({"future"}, {"root"}), Errc::expired, "not valid before 2044-01-01");
  expect_refused(validate({"leaf", "issuing"}, {"root"}, *from_rfc3339("2025-12-31T23:59:59Z")),
                 Errc::expired, "not valid before");
  expect_refused(validate({"leaf", "issuing"}, {"root"}, *from_rfc3339("2046-01-01T00:00:01Z")),
                 Errc::expired, "expired");
  expect_good(validate({"leaf", "issuing"}, {"root"}, *from_rfc3339("2026-01-01T00:00:00Z")));
  expect_good(validate({"leaf", "issuing"}, {"root"}, *from_rfc3339("2046-01-01T00:00:00Z")));
}

TEST(Path, AnExpiredAnchorIsRefusedUnlessItsRenewalIsThereToo) {
  expect_refused(validate({"leaf", "issuing"}, {"expired-root"}), Errc::expired,
                 "'CN=Root' expired");
  expect_good(validate({"leaf", "issuing"}, {"expired-root", "root"}));
  expect_good(validate({"leaf", "issuing"}, {"root", "expired-root"}));
}

TEST(Path, DatesCanBeIgnoredOnPurpose) {
  expect_good(validate({"expired"}, {"root"}, now, DateCheck::ignore));
  expect_good(validate({"leaf", "issuing"}, {"expired-root"}, Time{}, DateCheck::ignore));
  expect_refused(validate({"below-leaf", "leaf", "issuing"}, {"root"}, now, DateCheck::ignore),
                 Errc::untrusted, "not a CA");
}

TEST(Path, AnIssuerThatIsNoCaIsRefused) {
  expect_refused(validate({"below-leaf", "leaf", "issuing"}, {"root"}), Errc::untrusted,
                 "not a CA certificate");
  expect_refused(validate({"below-leaf"}, {"leaf"}), Errc::untrusted, "not a CA certificate");
  expect_refused(validate({"below-version1", "version1"}, {"root"}), Errc::untrusted,
                 "not a CA certificate");
  expect_refused(validate({"below-no-sign", "no-sign"}, {"root"}), Errc::untrusted,
                 "may not sign certificates");
}

TEST(Path, ALengthBeyondWhatACaAllowsIsRefused) {
  expect_refused(validate({"too-deep", "sub-issuing", "issuing"}, {"root"}), Errc::untrusted,
                 "longer than it allows");
  expect_refused(validate({"too-deep", "sub-issuing"}, {"issuing"}), Errc::untrusted,
                 "longer than it allows");
  // RFC 5280 §4.2.1.9: the last certificate doesn't count, even if it is a CA's.
  expect_good(validate({"sub-issuing", "issuing"}, {"root"}));
}

TEST(Path, AWrongSignatureIsRefused) {
  Bytes der = one("leaf").der();
  der.back() ^= 1;
  std::vector chain{*Certificate::from_der(der), one("issuing")};
  std::vector anchors{one("root")};
  expect_refused(validate_path(chain, {.anchors = anchors, .now = now}), Errc::untrusted,
                 "signature");
  expect_refused(validate_links(chain), Errc::untrusted, "signature");
  expect_refused(validate({"sha1"}, {"root"}), Errc::untrusted, "signature");
}

TEST(Path, NamesHaveToMatch) {
  expect_refused(validate({"leaf", "renamed"}, {"root"}), Errc::untrusted,
                 "names 'CN=Issuing' as its issuer");
  expect_refused(validate({"leaf", "root"}, {"root"}), Errc::untrusted, "as its issuer");
}

TEST(Path, AnUnknownAnchorIsRefused) {
  expect_refused(validate({"leaf", "issuing"}, {"other-root"}), Errc::untrusted,
                 "not trusted here");
  expect_refused(validate({"leaf", "issuing"}, {}), Errc::untrusted, "not trusted here");
  expect_refused(validate({"leaf", "issuing", "root"}, {"other-root"}), Errc::untrusted,
                 "not trusted here");
  expect_refused(validate({"leaf", "issuing"}, {"same-name-root"}), Errc::untrusted, "signature");
  expect_refused(validate({"leaf"}, {"root"}), Errc::untrusted, "not trusted here");
}

TEST(Path, AStrangerWithTheAnchorsNameDoesNotStandInTheWay) {
  expect_good(validate({"leaf", "issuing"}, {"same-name-root", "root"}));
}

TEST(Path, AChainMayBeAsLongAsTheLimitAndNoLonger) {
  auto chain = all("deep-chain");
  std::vector anchors{one("root")};
  PathPolicy policy{.anchors = anchors, .now = now};
  ASSERT_EQ(chain.size(), limits::certificate_chain_max + 1);
  expect_refused(validate_path(chain, policy), Errc::untrusted, "too long");
  expect_refused(validate_links(chain), Errc::untrusted, "too long");
  std::span<const Certificate> shorter(chain.data() + 1, chain.size() - 1);
  expect_good(validate_path(shorter, policy));
  expect_good(validate_links(shorter));
}

TEST(Path, AnEmptyChainIsRefused) {
  expect_refused(validate({}, {"root"}), Errc::untrusted, "no certificate");
  expect_refused(validate_links({}), Errc::untrusted, "empty");
}

// RFC 5280 §4.2 (critical and unknown), §4.2.1.10 (name constraints, which we don't check).
TEST(Path, ExtensionsThatWouldHaveToBeUnderstoodAreRefused) {
  expect_refused(validate({"unknown-critical"}, {"root"}), Errc::untrusted, "1.3.6.1.4.1.55555.1");
  expect_refused(validate({"below-constrained", "constrained"}, {"root"}), Errc::untrusted,
                 "Name Constraints");
  expect_refused(validate({"below-constrained"}, {"constrained"}), Errc::untrusted,
                 "Name Constraints");
  std::vector lone{one("unknown-critical")};
  expect_refused(validate_links(lone), Errc::untrusted, "1.3.6.1.4.1.55555.1");
}

TEST(Path, GoodPathsAreTaken) {
  expect_good(validate({"leaf", "issuing"}, {"root"}));
  expect_good(validate({"leaf", "issuing", "root"}, {"root"}));
  expect_good(validate({"leaf"}, {"issuing"}));  // an intermediate as the anchor
  expect_good(validate({"leaf"}, {"leaf"}));     // pinned
  expect_good(validate({"root"}, {"root"}));
  expect_good(validate({"below-p384"}, {"p384-root"}));
  expect_good(validate({"below-rsa"}, {"rsa-root"}));
  expect_good(validate({"leaf", "issuing"}, {"other-root", "rsa-root", "root"}));
}

// Authorities are decoded once per thread, and whether they sign themselves is verified once.
TEST(Links, AnAuthorityThatCameBeforeIsStillHeldToItsOwnSignature) {
  Bytes forged = one("root").der();
  forged.back() ^= 1;
  for (int i = 0; i < 3; ++i) {
    auto good = chain_of({"leaf", "issuing", "root"});
    expect_good(validate_links(good));
    std::vector bad{good[0], good[1], Certificate::from_der(forged).value()};
    expect_refused(validate_links(bad), Errc::untrusted, "self-signed");
  }
  auto first = Certificate::from_der(one("root").der()),
       again = Certificate::from_der(first->der());
  EXPECT_EQ(&first->impl(), &again->impl());
}

TEST(Links, AreCheckedWithoutAnAnchor) {
  for (const Names& good :
       {Names{"leaf"}, {"leaf", "issuing"}, {"leaf", "issuing", "root"}, {"root"}}) {
    auto chain = chain_of(good);
    expect_good(validate_links(chain));
  }
  for (const Names& bad : {Names{"leaf", "root"},
                           {"leaf", "renamed"},
                           {"below-leaf", "leaf"},
                           {"issuing", "leaf"},
                           {"too-deep", "sub-issuing", "issuing"},
                           {"issuing", "same-name-root"}}) {
    auto chain = chain_of(bad);
    auto result = validate_links(chain);
    ASSERT_FALSE(result) << bad.front();
    EXPECT_EQ(result.error().code, Errc::untrusted);
  }
}

TEST(Links, ASelfSignedCertificateThatIsNotIsRefused) {
  Bytes der = one("root").der();
  der.back() ^= 1;
  std::vector chain{*Certificate::from_der(der)};
  expect_refused(validate_links(chain), Errc::untrusted, "self-signed");
}

}  // namespace
}  // namespace fairlead::crypto
