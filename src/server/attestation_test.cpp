// SPDX-License-Identifier: Apache-2.0
// Which proofs of a key's place are believed, and what a profile makes of one that is missing. The
// proofs are another program's (tests/vectors/enroll).
#include "server/attestation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "enroll/sealed_grant.h"
#include "server/claims.h"
#include "support/server_plant.h"
#include "support/vectors.h"

namespace fairlead::server {
namespace {

namespace json = boost::json;
using test::must;
using test::PlantDevice;
using test::ServerPlant;
using testing::HasSubstr;

struct AttestationTest : testing::Test {
  ServerPlant plant;
  Claims claims{plant.store, plant.enroller, plant.log};
  json::value file = test::read_json_vector("enroll/attestation.json");
  const json::object& suite = file.as_array().at(0).as_object();

  Bytes hex_at(const json::object& in, std::string_view name) {
    return from_hex(std::string_view(in.at(name).as_string())).value();
  }
  Bytes good(std::string_view kind = "rsa") { return hex_at(suite.at("good").as_object(), kind); }
  void trust_maker(const std::string& account) {
    auto key = must(crypto::PublicKey::from_spki(hex_at(suite, "maker_spki")));
    plant.commit({registry::PutTrustedKey{{AccountId(account), to_bytes(View(key.fingerprint())),
                                           registry::TrustedKey::Kind::tpm_ca, "Chips Ltd",
                                           key.spki(), plant.now}}});
  }
  Result<ClaimAnswer> claim(const Bytes& offer) {
    LocalClaim by;
    by.account = AccountId("acme");
    by.actor = {"ines", "api 192.0.2.7"};
    return claims.claim(offer, by, plant.now);
  }
  std::string refusal(const Bytes& offer) {
    auto answer = claim(offer);
    EXPECT_FALSE(answer);
    if (answer) return "";
    EXPECT_EQ(answer.error().code, Errc::refused);
    return answer.error().context;
  }
  registry::DeviceKey key_of(const DeviceId& device) {
    return must(plant.registry->keys_of(device)).at(0);
  }
  void demand() { plant.profile("all", R"({"account": "acme", "attestation": "tpm"})"); }
};

TEST_F(AttestationTest, AProofByATrustedMakersTpmIsOnRecordAndTheGrantIsSealedToIt) {
  trust_maker("acme");
  demand();
  for (std::string_view kind : {"rsa", "p256", "intermediate"}) {
    auto answer = must(claim(good(kind)));
    ASSERT_TRUE(answer.grant) << answer.why;
    EXPECT_TRUE(enroll::is_sealed_grant(*answer.grant));
    EXPECT_TRUE(enroll::decode_sealed_grant(*answer.grant));
    auto shown = must(enroll::decode_attested_offer(good(kind))).attestation->endorsement.front();
    EXPECT_EQ(key_of(answer.device).tpm, to_bytes(View(shown.fingerprint())));
    auto timeline = plant.timeline(answer.device);
    EXPECT_EQ(std::ranges::count(timeline, "GRANTED"), 1);
    EXPECT_EQ(timeline.back(), kind == "rsa" ? "GRANTED" : "KEY_IN_TPM");
  }
}

TEST_F(AttestationTest, AMakerOnNoListOfThisAccountIsRefusedInWordsThatSayWhatToDo) {
  EXPECT_THAT(refusal(good()), HasSubstr("fairlead trust add CA.pem --kind tpm_ca"));
  trust_maker("other");
  EXPECT_THAT(refusal(good()), HasSubstr("is on no list"));
  trust_maker("");
  EXPECT_TRUE(must(claim(good())).grant);
}

TEST_F(AttestationTest, AMakersKeyThatIsListedForAnotherPurposeIsNone) {
  auto key = must(crypto::PublicKey::from_spki(hex_at(suite, "maker_spki")));
  plant.trust(key);
  EXPECT_THAT(refusal(good()), HasSubstr("is on no list"));
}

TEST_F(AttestationTest, AnIntermediateThatExpiredOrDidNotSignIsRefused) {
  trust_maker("");
  EXPECT_THAT(refusal(hex_at(suite, "expired_intermediate")), HasSubstr("expired at"));
  EXPECT_THAT(refusal(hex_at(suite, "wrong_link")), HasSubstr("signature on the certificate"));
}

TEST_F(AttestationTest, AProofThatIsWrongIsNeverTakenForNone) {
  trust_maker("");
  for (const auto& each : suite.at("unproven").as_array()) {
    const json::object& row = each.as_object();
    EXPECT_THAT(refusal(hex_at(row, "document")), HasSubstr("proof that its key lives in a TPM"))
        << row.at("change");
  }
  EXPECT_TRUE(plant.access.admitted.empty());
}

TEST_F(AttestationTest, AnOfferThatOnlySaysTpmIsRefusedWhereTheProfileDemandsProof) {
  demand();
  PlantDevice device{plant, "SN-2"};
  enroll::Offer liar;
  liar.serial = "SN-2";
  liar.csr = must(crypto::create_csr(*device.operational, {"SN-2", {}, {}}));
  liar.evidence = enroll::Evidence::tpm;
  liar.keystore = "tpm2";
  EXPECT_THAT(refusal(must(enroll::encode_offer(liar, *device.operational))),
              HasSubstr("demands proof by a TPM"));
  EXPECT_TRUE(plant.access.admitted.empty());
}

TEST_F(AttestationTest, ABareRequestForAProvenKeyGetsNothingUnsealed) {
  trust_maker("");
  auto device = must(claim(good())).device;
  auto key = must(enroll::decode_offer(good())).request.key;
  auto bare = plant.enroller.enroll(key, device, {{"d", "est"}, enroll::Right::voucher}, plant.now);
  ASSERT_FALSE(bare);
  EXPECT_EQ(bare.error().code, Errc::refused);
  EXPECT_THAT(bare.error().context, HasSubstr("on record as one that lives in a TPM"));
}

TEST_F(AttestationTest, ARenewalKeepsTheProofWithTheKeyAndHasNoneForAnother) {
  trust_maker("");
  demand();
  auto device = must(claim(good())).device;
  auto offer = must(enroll::decode_offer(good()));
  WayIn way{{"d", "est"}, enroll::Right::renewal};
  way.renews = must(plant.registry->certificates_of(device)).at(0).serial;
  auto renewed = must(plant.enroller.enroll(offer.request.key, device, way, plant.now));
  EXPECT_NE(renewed.serial(), way.renews);
  EXPECT_FALSE(key_of(device).tpm.empty());
  auto other = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  auto refused = plant.enroller.enroll(other->public_key(), device, way, plant.now);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().context, HasSubstr("a renewal proves nothing of a new key"));
}

TEST_F(AttestationTest, AKeyThatWasGrantedWithoutProofIsProvenLater) {
  auto offer = must(enroll::decode_offer(good()));
  auto device = DeviceId("d-1");
  registry::Device record;
  record.id = device;
  record.account = AccountId("acme");
  plant.commit({registry::InsertDevice{record}});
  must(plant.enroller.enroll(offer.request.key, device, {{"d", "est"}, enroll::Right::idevid},
                             plant.now));
  EXPECT_TRUE(key_of(device).tpm.empty());
  trust_maker("");
  must(plant.enroller.grant(good(), device, {{"d", "fdo"}}, plant.now));
  EXPECT_FALSE(key_of(device).tpm.empty());
  EXPECT_EQ(plant.timeline(device).back(), "KEY_IN_TPM");
}

}  // namespace
}  // namespace fairlead::server
