// SPDX-License-Identifier: Apache-2.0
// A renewal at an EST server whose certificate is out of date by the device's clock (ADR 92): which
// answers settle whose fault that is, and which settle nothing.
#include <gtest/gtest.h>

#include "crypto/request.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "device/renewal.h"
#include "keystore/file/file_keystore.h"
#include "net/http.h"
#include "net/test_loop.h"
#include "pki/authority.h"
#include "pki/est/messages.h"
#include "support/must.h"
#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

using std::chrono::days;
using test::must;
using Key = std::unique_ptr<crypto::SoftwareKey>;
using Answer = std::function<net::HttpResponse(const crypto::CertificateRequest&)>;

net::Task<net::HttpResponse> answer_request(Answer* answer, net::HttpRequest request) {
  Bytes der = must(est::decode_body(request.body, 16 * 1024));
  crypto::CertificateRequest csr = must(crypto::decode_csr(der));
  co_return (*answer)(csr);
}

// Whoever holds an authority's key, at a time of its own; OpenSSL judges TLS by the system's.
struct Party {
  Time now;
  crypto::SystemRandom random;
  Key key = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  crypto::Certificate root =
      must(pki::create_root(*key, "Root", now - days(100), pki::no_expiry, random));
  pki::Authority authority = must(pki::Authority::open({root}, *key));

  explicit Party(Time at) : now(at) {}
  crypto::Certificate certificate_for(const crypto::PublicKey& subject) {
    return must(authority.issue({}, subject, {"d-1", {}, {}}, now, random));
  }
  net::HttpResponse certified(const crypto::PublicKey& subject) {
    crypto::Certificate leaf = certificate_for(subject);
    Bytes list = crypto::encode_certs_only({&leaf, 1});
    return {200,
            {{"Content-Type", std::string(est::type_certs_only)}},
            to_bytes(est::encode_body(list))};
  }
};

struct RenewalByAWrongClock : testing::Test {
  const Time here = system_clock()();
  test::TemporaryDirectory folder;
  crypto::SystemRandom random;
  net::LoopThread t;
  std::unique_ptr<keystore::FileKeystore> keys =
      must(keystore::FileKeystore::open(folder.path() / "keys"));
  StateDirectory state = must(StateDirectory::open(folder.path() / "state"));
  Answer answer;
  std::unique_ptr<net::HttpServer> server;
  Identity identity;

  ~RenewalByAWrongClock() override { t.stop(); }

  Operational access_to(Party& upstream) {
    const keystore::KeyName name("operational");
    auto key = must(keys->create_key(name, crypto::KeyType::p256));
    Operational out{name, DeviceId("d-1"), {}, {}, {upstream.root}, upstream.now};
    out.chain = {upstream.certificate_for(key->public_key()), upstream.root};
    return out;
  }

  // A server of this authority, whose certificate ended long before our clock's time.
  RenewalOutcome renew_at(Party& upstream) {
    Key tls_key = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
    pki::LeafProfile profile;
    profile.lifetime = days(1);
    auto tls = must(upstream.authority.issue_tls_server(
        profile, tls_key->public_key(), {"localhost", {"localhost"}, {}},
        std::min(upstream.now, here - days(30)), random));
    net::HttpServerOptions options;
    options.tls = net::TlsServer{{tls, upstream.root}, std::move(tls_key), true, {}};
    auto handle = [this](net::HttpRequest request) {
      return answer_request(&answer, std::move(request));
    };
    server = must(net::HttpServer::listen(t.loop, t.log, std::move(options), handle));

    if (!identity.operational) identity.operational = access_to(upstream);
    identity.operational->renewal_url = "https://localhost:" + std::to_string(server->port());
    Workshop shop{t.loop, *keys, state, random, [this] { return here; }, no_checkpoint};
    return t.await(outcome_of(shop, identity)).value();
  }
  static net::Task<RenewalOutcome> outcome_of(Workshop shop, Identity identity) {
    auto renewing = renew(std::move(shop), std::move(identity), true);
    co_return co_await std::move(renewing);
  }
};

TEST_F(RenewalByAWrongClock, AFreshCertificateTellsTheTime) {
  Party upstream(here - days(1000));
  answer = [&](const auto& csr) { return upstream.certified(csr.key); };
  auto outcome = renew_at(upstream);
  ASSERT_TRUE(outcome.time_told);
  EXPECT_LE(*outcome.time_told, upstream.now);
  EXPECT_GT(*outcome.time_told, upstream.now - days(1));
  EXPECT_EQ(outcome.failure->reason, Reason::grant_missing);  // there is no broker to try it at
}

TEST_F(RenewalByAWrongClock, AServerThatHasReallyExpiredIsRefused) {
  Party upstream(here);
  answer = [&](const auto& csr) { return upstream.certified(csr.key); };
  auto outcome = renew_at(upstream);
  EXPECT_FALSE(outcome.time_told);
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->reason, Reason::tls_untrusted);
  EXPECT_NE(outcome.failure->detail.find("its own authority"), std::string::npos);
}

// What is left to who holds a stolen key of the server, long expired.
TEST_F(RenewalByAWrongClock, WhatAnybodyCouldSaySettlesNothing) {
  Party upstream(here - days(1000)), stranger(here - days(1000));
  Key other = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  crypto::Certificate old = upstream.certificate_for(other->public_key());
  struct {
    Answer answer;
    Reason reason;
  } const cases[] = {
      {[](const auto&) { return net::HttpResponse{202, {{"Retry-After", "86400"}}, {}}; },
       Reason::clock_wrong},
      {[](const auto&) { return net::HttpResponse{403, {}, to_bytes(std::string_view("no\n"))}; },
       Reason::clock_wrong},
      {[&](const auto& csr) { return stranger.certified(csr.key); }, Reason::grant_wrong},
      {[&](const auto&) { return upstream.certified(other->public_key()); }, Reason::grant_wrong}};
  for (const auto& each : cases) {
    answer = each.answer;
    auto outcome = renew_at(upstream);
    EXPECT_FALSE(outcome.time_told);
    EXPECT_FALSE(outcome.come_again);
    EXPECT_FALSE(outcome.renewed);
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->reason, each.reason) << outcome.failure->detail;
    t.stop();
    server.reset();
  }
}

TEST_F(RenewalByAWrongClock, AKeyOfAnEarlierTryIsNotTakenUp) {
  Party upstream(here - days(1000));
  std::vector<crypto::Sha256> asked;
  answer = [&](const auto& csr) {
    asked.push_back(csr.key.fingerprint());
    return net::HttpResponse{503, {}, {}};
  };
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(renew_at(upstream).renewed);
    t.stop();
    server.reset();
  }
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_FALSE(asked[0] == asked[1]);
}

}  // namespace
}  // namespace fairlead::device
