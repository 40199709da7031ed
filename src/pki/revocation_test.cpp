// SPDX-License-Identifier: Apache-2.0
// Revocation lists and OCSP: limits and refusals. That others can read them is seen in
// tests/est/est_peers, by `openssl`.
#include <gtest/gtest.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "crypto/sha1.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "pki/ocsp.h"
#include "pki/revocation_list.h"

namespace fairlead::pki {
namespace {

struct Ca {
  crypto::SystemRandom random;
  Time now = from_unix_seconds(1'800'000'000);
  std::unique_ptr<crypto::SoftwareKey> key =
      crypto::SoftwareKey::generate(crypto::KeyType::p256).value();
  Authority authority = Authority::open({create_root(*key, "CA", now - std::chrono::hours(1),
                                                     now + std::chrono::days(365), random)
                                             .value()},
                                        *key)
                            .value();
  ocsp::Responder responder() {
    std::shared_ptr<crypto::Signer> signer =
        crypto::SoftwareKey::generate(crypto::KeyType::p256).value();
    return {signer,
            authority.issue_ocsp_responder(signer->public_key(), std::chrono::days(7), now, random)
                .value()};
  }
};

using CrlPtr = std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)>;
CrlPtr parsed(const Bytes& der) {
  const unsigned char* at = der.data();
  return {d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())), &X509_CRL_free};
}

RevocationList list_at(Time now, std::size_t count) {
  RevocationList list{7, now, now + std::chrono::hours(24), {}};
  for (std::size_t i = 0; i < count; ++i) {
    Bytes serial(16, 0x7F);
    for (std::size_t k = 0; k < 4; ++k)
      serial[12 + k] = static_cast<std::uint8_t>(i >> (24 - 8 * k));
    list.revoked.push_back({std::move(serial), now});
  }
  return list;
}

TEST(RevocationLists, AreReadAndVerifiedByOpenssl) {
  Ca ca;
  for (std::size_t count : {0u, 1u, 300u}) {
    auto der = encode_revocation_list(list_at(ca.now, count), ca.authority);
    ASSERT_TRUE(der) << to_string(der.error());
    auto crl = parsed(*der);
    ASSERT_TRUE(crl);
    const Bytes& issuer = ca.authority.certificate().der();
    const unsigned char* at = issuer.data();
    X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(issuer.size()));
    EXPECT_EQ(X509_CRL_verify(crl.get(), X509_get0_pubkey(certificate)), 1);
    X509_free(certificate);
    EXPECT_EQ(std::max(0, sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl.get()))),
              static_cast<int>(count));
  }
}

TEST(RevocationLists, HoldAsManyAsTheLimitSaysAndNoMore) {
  Ca ca;
  EXPECT_TRUE(encode_revocation_list(list_at(ca.now, revoked_certificates_max), ca.authority));
  auto more = encode_revocation_list(list_at(ca.now, revoked_certificates_max + 1), ca.authority);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Errc::refused);
}

TEST(RevocationLists, DontEndBeforeTheyBegin) {
  Ca ca;
  auto list = list_at(ca.now, 1);
  list.next_update = list.this_update;
  EXPECT_FALSE(encode_revocation_list(list, ca.authority));
}

Bytes question(const Authority& authority, View serial) {
  const auto& issuer = authority.certificate();
  return der::sequence_of({der::sequence_of(
      {der::sequence_of({der::object_identifier("1.3.14.3.2.26"), der::element(der::null, {})}),
       der::element(der::octet_string, crypto::sha1_identifier(issuer.subject_der())),
       der::element(der::octet_string, crypto::sha1_identifier(issuer.public_key().point())),
       der::unsigned_integer(serial)})});
}
Bytes request_of(View questions, View extensions = {}) {
  return der::sequence_of({der::sequence_of({der::element(der::sequence, questions), extensions})});
}
Bytes nonce_of(std::size_t size) {
  Bytes nonce = der::element(der::octet_string, Bytes(size, 9));
  Bytes one = der::sequence_of(
      {der::object_identifier("1.3.6.1.5.5.7.48.1.2"), der::element(der::octet_string, nonce)});
  return der::element(der::context_constructed(2), der::sequence_of({one}));
}

TEST(OcspRequests, AreReadUpToTheirLimits) {
  Ca ca;
  const Bytes serial{1, 2, 3};
  Bytes questions;
  for (std::size_t i = 0; i < ocsp::questions_max; ++i)
    append(questions, question(ca.authority, serial));
  auto request = ocsp::decode_request(request_of(questions, nonce_of(128)));
  ASSERT_TRUE(request) << to_string(request.error());
  EXPECT_EQ(request->questions.size(), ocsp::questions_max);
  EXPECT_EQ(request->questions[0].serial, serial);
  EXPECT_TRUE(request->questions[0].sha1);
  Bytes one = question(ca.authority, serial);
  EXPECT_FALSE(ocsp::decode_request(request_of(one, nonce_of(129))));
  EXPECT_FALSE(ocsp::decode_request(request_of(one, nonce_of(0))));
  append(questions, one);
  EXPECT_FALSE(ocsp::decode_request(request_of(questions)));
  EXPECT_FALSE(ocsp::decode_request(request_of({})));
}

TEST(OcspRequests, CutAnywhereAreMalformed) {
  Ca ca;
  Bytes whole = request_of(question(ca.authority, Bytes{5}), nonce_of(16));
  ASSERT_TRUE(ocsp::decode_request(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(ocsp::decode_request(View(whole).first(size))) << size;
  whole.push_back(0);
  EXPECT_FALSE(ocsp::decode_request(whole));
}

std::uint8_t status_byte(const Bytes& response) {
  der::Reader outer(response);
  der::Reader in = outer.enter(der::sequence);
  View status = in.value(0x0A);
  return status.size() == 1 ? status[0] : 0xFF;
}

TEST(OcspAnswers, SayWhyThereIsNone) {
  Ca ca, other;
  const auto responder = ca.responder();
  auto good = [](View) -> Result<ocsp::Status> { return ocsp::Good{}; };
  auto away = [](View) -> Result<ocsp::Status> { return fail(Errc::io, "registry is away"); };
  auto until = ca.now + std::chrono::minutes(5);
  Bytes asked = request_of(question(ca.authority, Bytes{5}));
  EXPECT_EQ(status_byte(ocsp::answer(asked, ca.authority, responder, good, ca.now, until)), 0);
  EXPECT_EQ(status_byte(ocsp::answer(Bytes{1, 2}, ca.authority, responder, good, ca.now, until)),
            1);
  EXPECT_EQ(status_byte(ocsp::answer(asked, ca.authority, responder, away, ca.now, until)), 3);
  EXPECT_EQ(status_byte(ocsp::answer(asked, other.authority, responder, good, ca.now, until)), 6);
}

// RFC 6960 §4.2.2.2, §4.2.2.2.1: "id-kp-OCSPSigning", "id-pkix-ocsp-nocheck".
TEST(OcspAnswers, AreSignedByAKeyThatIsForNothingElse) {
  Ca ca;
  const auto certificate = ca.responder().certificate;
  const Bytes& der = certificate.der();
  const unsigned char* at = der.data();
  std::unique_ptr<X509, decltype(&X509_free)> x509(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free);
  ASSERT_TRUE(x509);
  EXPECT_EQ(X509_get_extended_key_usage(x509.get()), unsigned{XKU_OCSP_SIGN});
  EXPECT_EQ(X509_get_key_usage(x509.get()), unsigned{KU_DIGITAL_SIGNATURE});
  EXPECT_GE(X509_get_ext_by_NID(x509.get(), NID_id_pkix_OCSP_noCheck, -1), 0);
  EXPECT_LE(certificate.not_after() - ca.now, std::chrono::days(7));
  EXPECT_FALSE(certificate.is_ca());
}

}  // namespace
}  // namespace fairlead::pki
