// SPDX-License-Identifier: Apache-2.0
// Whose Grant a device takes, and what it says of the others.
#include "device/modules/enrollment.h"

#include <gtest/gtest.h>

#include "crypto/system_random.h"
#include "enroll/documents.h"
#include "keystore/file/file_keystore.h"
#include "support/bare_certificate.h"
#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

using cbor::Writer;
using test::must;

class Granting : public testing::Test {
 protected:
  Granting() {
    must(keys->create_key(keystore::KeyName("device"), crypto::KeyType::p256));
    identity.serial = "SN-1";
    identity.device_key = keystore::KeyName("device");
    proof.owner = owner->public_key();
    facts.clock = [this] { return now; };
  }

  // The Offer that the device makes.
  Bytes offer() {
    must(module.receive("active", Writer().boolean(true).take(), out));
    auto said = out.take(60'000);
    EXPECT_EQ(said.at(0).key, "fairlead.enroll:offer");
    cbor::Reader in(said.at(0).value);
    return to_bytes(in.bytes(60'000));
  }
  // A Grant that is right in every way.
  enroll::Grant grant_for(const Bytes& document) {
    auto asked = must(enroll::decode_offer(document));
    enroll::Grant grant;
    grant.offer_hash = asked.hash;
    grant.device = DeviceId("d-1");
    grant.chain = {test::bare_certificate(asked.request.key, now, now + std::chrono::hours(24))};
    grant.endpoints = {{"mqtts://broker.example:8883", "d-1", "d/d-1/"}};
    grant.anchors = {test::bare_certificate(stranger->public_key(), now, now)};
    grant.server_time = now;
    return grant;
  }
  // What the device answers: empty if it takes the Grant.
  std::string answer_to(const enroll::Grant& grant, crypto::Signer& by) {
    Bytes document = must(enroll::encode_grant(grant, by));
    must(module.receive("grant", Writer().bytes(document).take(), out));
    auto said = out.take(60'000);
    cbor::Reader in(said.at(0).value);
    in.array(2);
    bool good = in.boolean();
    std::string why = in.text(1000);
    EXPECT_EQ(good, why.empty());
    EXPECT_EQ(good, report.staged.has_value());
    EXPECT_EQ(good, !report.failure.has_value());
    if (report.failure) EXPECT_EQ(report.failure->reason, Reason::grant_wrong);
    return why;
  }

  Time now = from_unix_seconds(1'800'000'000);
  test::TemporaryDirectory folder;
  std::unique_ptr<keystore::Keystore> keys =
      must(keystore::FileKeystore::open(folder.path() / "k"));
  std::unique_ptr<crypto::SoftwareKey> owner =
      must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  std::unique_ptr<crypto::SoftwareKey> stranger =
      must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  crypto::SystemRandom random;
  ModuleFacts facts;
  Identity identity;
  OwnerProof proof;
  ModuleReport report;
  fdo::Outbox out;
  EnrollModule module{Enrollment{facts, identity,
                                 std::make_shared<NextOperationalKey>(*keys, identity, proof),
                                 *keys, random, proof, report}};
};

TEST_F(Granting, TheProvenOwnersAnswerToThisOfferIsTaken) {
  Bytes document = offer();
  ASSERT_EQ(answer_to(grant_for(document), *owner), "");
  EXPECT_EQ(report.staged->device, DeviceId("d-1"));
  EXPECT_EQ(report.staged->endpoints.at(0).uri, "mqtts://broker.example:8883");
}

TEST_F(Granting, AGrantBySomebodyElseIsRefused) {
  Bytes document = offer();
  EXPECT_EQ(answer_to(grant_for(document), *stranger), "grant is not signed by the right key");
}

TEST_F(Granting, AGrantForAnotherOfferIsRefused) {
  enroll::Grant grant = grant_for(offer());
  grant.offer_hash = crypto::sha256(as_view("the Offer of another device"));
  EXPECT_EQ(answer_to(grant, *owner), "grant answers another offer than ours");
}

TEST_F(Granting, ACertificateForAnotherKeyIsRefused) {
  enroll::Grant grant = grant_for(offer());
  grant.chain = {test::bare_certificate(stranger->public_key(), now, now + std::chrono::hours(24))};
  EXPECT_EQ(answer_to(grant, *owner), "the certificate is for another key than ours");
}

TEST_F(Granting, ACertificateThatExpiredByTheOwnersClockIsRefusedWhateverOursSays) {
  enroll::Grant grant = grant_for(offer());
  grant.server_time = now + std::chrono::hours(48);
  EXPECT_NE(answer_to(grant, *owner).find("expired"), std::string::npos);
}

TEST_F(Granting, AClockThatIsYearsOffHasNoSay) {
  now += std::chrono::days(36'500);
  enroll::Grant grant = grant_for(offer());
  now -= std::chrono::days(73'000);
  EXPECT_EQ(answer_to(grant, *owner), "");
}

TEST_F(Granting, AGrantThatNobodyAskedForEndsTheRun) {
  Bytes document = offer();
  enroll::Grant grant = grant_for(document);
  EXPECT_EQ(answer_to(grant, *owner), "");
  Bytes again = must(enroll::encode_grant(grant, *owner));
  EXPECT_FALSE(module.receive("grant", Writer().bytes(again).take(), out).has_value());
}

TEST_F(Granting, NothingIsOfferedToAnOwnerWhoHasNotProvenItself) {
  proof.owner.reset();
  EXPECT_FALSE(module.receive("active", Writer().boolean(true).take(), out).has_value());
  ASSERT_TRUE(report.failure);
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace fairlead::device
