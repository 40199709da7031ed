// SPDX-License-Identifier: Apache-2.0
#include "server/revocation.h"

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "support/fail_nth_registry.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;

struct Published : test::ServerPlant {
  Revocation revocation{store, identity, log};
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
  Revocation restarted(p.store, p.identity, p.log);
  Bytes after = must(restarted.list(p.now + std::chrono::milliseconds(1)));
  EXPECT_NE(before, after);
}

TEST(RevocationService, AListThatFailsIsToldAndNotTriedAgainForAMinute) {
  Published p;
  test::FailNth failing(*p.registry, 0);
  Store store(failing);
  Revocation service(store, p.identity, p.log);
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

}  // namespace
}  // namespace fairlead::server
