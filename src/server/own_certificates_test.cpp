// SPDX-License-Identifier: Apache-2.0
// Certificates of the server's own, by a clock of the test's own.
#include "server/own_certificates.h"

#include <gtest/gtest.h>

#include "net/test_loop.h"
#include "support/bare_certificate.h"

namespace fairlead::server {
namespace {

using std::chrono::days;
using std::chrono::minutes;

struct OwnCertificatesTest : testing::Test {
  Time now = from_unix_seconds(1'800'000'000);
  std::unique_ptr<crypto::SoftwareKey> key =
      test::must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  net::LoopThread t;
  OwnCertificates own{t.loop, [this] { return now; }, t.log};
  int made = 0, used = 0;
  bool fails = false;

  ~OwnCertificatesTest() override { t.stop(); }

  crypto::Certificate good_for_90_days() const {
    return test::bare_certificate(key->public_key(), now, now + days(90));
  }
  void keep(std::string what) {
    own.keep(std::move(what), good_for_90_days(), [this](Time at) -> Result<OwnCertificates::Made> {
      EXPECT_EQ(at, now);
      ++made;
      if (fails) return fail(Errc::io, "the CA's key is away");
      return OwnCertificates::Made{good_for_90_days(), [this]() -> Result<void> {
                                     ++used;
                                     return ok();
                                   }};
    });
  }
  void look_after(Duration time) {
    now += time;
    test::must(t.await(own.look()));
  }
};

TEST_F(OwnCertificatesTest, AreMadeAnewAtTwoThirdsOfTheirLivesAndNotBefore) {
  keep("the API");
  look_after(Duration(0));
  look_after(days(59));
  EXPECT_EQ(made, 0);
  look_after(days(1));
  EXPECT_EQ(used, 1);
  EXPECT_NE(t.log.await("SERVER_CERTIFICATE_RENEWED").find("the API"), std::string::npos);
  look_after(days(59));
  EXPECT_EQ(used, 1);
  look_after(days(1));
  EXPECT_EQ(used, 2);
}

TEST_F(OwnCertificatesTest, WhatFailsIsSaidAndLeftAloneForTenMinutes) {
  keep("the API");
  keep("the broker");
  fails = true;
  look_after(days(60));
  EXPECT_EQ(made, 2);  // the other one is tried all the same
  EXPECT_NE(t.log.await("SERVER_CERTIFICATE_NOT_RENEWED").find("the CA's key is away"),
            std::string::npos);
  look_after(minutes(9));
  EXPECT_EQ(made, 2);
  fails = false;
  look_after(minutes(1));
  EXPECT_EQ(used, 2);
}

TEST_F(OwnCertificatesTest, ThoseOfAClockThatRanAheadAreMadeAnewWhenItIsSet) {
  keep("the API");
  look_after(-days(400));
  EXPECT_EQ(used, 1);
  look_after(days(1));
  EXPECT_EQ(used, 1);
}

}  // namespace
}  // namespace fairlead::server
