// SPDX-License-Identifier: Apache-2.0
#include "server/revocation.h"

#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "crypto/sha1.h"
#include "support/fail_nth_registry.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;

struct Published : test::ServerPlant {
  Revocation revocation{store, identity, random, log};
  test::PlantDevice device{*this, "SN-1"};
  DeviceId id;

  Published() {
    device.initialize();
    id = device.hand_to_owner();
    if (!device.onboard().complete) throw std::runtime_error("the device was not onboarded");
  }
  int listed(Time at) {
    Bytes der = must(revocation.list(at));
    const unsigned char* from = der.data();
    X509_CRL* crl = d2i_X509_CRL(nullptr, &from, static_cast<long>(der.size()));
    int count = std::max(0, sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)));
    X509_CRL_free(crl);
    return count;
  }
  net::HttpResponse get(std::string target) {
    net::HttpRequest request;
    request.method = "GET";
    request.target = std::move(target);
    return revocation.handle(request, now);
  }
};

TEST(RevocationService, ListsWhoIsRevokedWithinAMinuteAndForgetsTheExpired) {
  Published p;
  EXPECT_EQ(p.listed(p.now), 0);
  must(p.enroller.revoke(p.id, {"alice"}, "stolen", p.now));
  EXPECT_EQ(p.listed(p.now + std::chrono::seconds(59)), 0);
  EXPECT_EQ(p.listed(p.now + std::chrono::seconds(60)), 1);
  EXPECT_EQ(p.listed(p.now + std::chrono::days(91)), 0);
}

TEST(RevocationService, AnotherListHasAnotherNumberAlsoWhenTheRegistryForgets) {
  Published p;
  Bytes before = must(p.revocation.list(p.now));
  Revocation restarted(p.store, p.identity, p.random, p.log);
  Bytes after = must(restarted.list(p.now + std::chrono::milliseconds(1)));
  EXPECT_NE(before, after);
}

TEST(RevocationService, AListThatFailsIsToldAndNotTriedAgainForAMinute) {
  Published p;
  test::FailNth failing(*p.registry, 0);
  Store store(failing);
  Revocation service(store, p.identity, p.random, p.log);
  EXPECT_FALSE(service.list(p.now));
  EXPECT_TRUE(p.log.has("REVOCATION_LIST_FAILED"));
  EXPECT_FALSE(service.list(p.now + std::chrono::seconds(59)));
  EXPECT_EQ(failing.calls(), 1);
  EXPECT_TRUE(service.list(p.now + std::chrono::seconds(60)));
}

TEST(RevocationService, AnswersOnlyWhatItOffers) {
  Published p;
  EXPECT_EQ(p.get("/operational.crl").status, 200u);
  EXPECT_EQ(p.get("/operational.cer").body,
            p.identity.operational_ca.authority.certificate().der());
  EXPECT_EQ(p.get("/").status, 404u);
  net::HttpRequest post;
  post.method = "POST";
  post.target = "/operational.crl";
  EXPECT_EQ(p.revocation.handle(post, p.now).status, 405u);
  // Not base64, base64 of nonsense: OCSP's own "malformed request".
  for (auto target : {"/ocsp/***", "/ocsp/AAAA", "/ocsp/%2f%2F"}) {
    auto answer = p.get(target);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(to_hex(answer.body), "30030a0101") << target;
  }
}

// The certificate that an answer is signed with, where OpenSSL verifies both at that time.
std::string signer_of(Published& p, Time at) {
  const auto& issuer = p.identity.operational_ca.authority.certificate();
  const std::uint8_t serial[] = {5};
  Bytes id = der::sequence_of(
      {der::sequence_of({der::object_identifier("1.3.14.3.2.26"), der::element(der::null, {})}),
       der::element(der::octet_string, crypto::sha1_identifier(issuer.subject_der())),
       der::element(der::octet_string, crypto::sha1_identifier(issuer.public_key().point())),
       der::unsigned_integer(serial)});
  Bytes request =
      der::sequence_of({der::sequence_of({der::sequence_of({der::sequence_of({id})})})});
  const Bytes answer = p.revocation.ocsp(request, at);
  const unsigned char* from = answer.data();
  std::unique_ptr<OCSP_RESPONSE, decltype(&OCSP_RESPONSE_free)> response(
      d2i_OCSP_RESPONSE(nullptr, &from, static_cast<long>(answer.size())), &OCSP_RESPONSE_free);
  if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return "";
  std::unique_ptr<OCSP_BASICRESP, decltype(&OCSP_BASICRESP_free)> basic(
      OCSP_response_get1_basic(response.get()), &OCSP_BASICRESP_free);
  std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> anchors(X509_STORE_new(),
                                                                  &X509_STORE_free);
  from = issuer.der().data();
  X509* root = d2i_X509(nullptr, &from, static_cast<long>(issuer.der().size()));
  X509_STORE_add_cert(anchors.get(), root);
  X509_free(root);
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(anchors.get()), to_unix_ms(at) / 1000);
  if (OCSP_basic_verify(basic.get(), nullptr, anchors.get(), 0) != 1) return "";
  X509* signer = nullptr;
  OCSP_resp_get0_signer(basic.get(), &signer, nullptr);
  unsigned char digest[32];
  unsigned size = 0;
  X509_digest(signer, EVP_sha256(), digest, &size);
  return to_hex(View(digest, size));
}

TEST(RevocationService, AnswersByAKeyOfItsOwnThatIsMadeAnewWithinItsWeek) {
  Published p;
  const std::string first = signer_of(p, p.now);
  EXPECT_FALSE(first.empty());
  EXPECT_NE(first, p.identity.operational_ca.authority.certificate().fingerprint().hex());
  EXPECT_EQ(signer_of(p, p.now + std::chrono::days(4)), first);
  const std::string second = signer_of(p, p.now + std::chrono::days(5));
  EXPECT_FALSE(second.empty());
  EXPECT_NE(second, first);
}

TEST(RevocationService, WithoutItsAuthorityAnswersAsLongAsItsKeyIsGoodAndThenAsksToComeLater) {
  Published p;
  const Time end = p.identity.operational_ca.authority.not_after();
  EXPECT_FALSE(signer_of(p, end - std::chrono::hours(1)).empty());
  EXPECT_FALSE(p.log.has("SERVER_CERTIFICATE_NOT_RENEWED"));
  EXPECT_EQ(signer_of(p, end), "");
  EXPECT_TRUE(p.log.has("SERVER_CERTIFICATE_NOT_RENEWED"));
}

}  // namespace
}  // namespace fairlead::server
