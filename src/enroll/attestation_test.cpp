// SPDX-License-Identifier: Apache-2.0
// Proofs that a key lives in a TPM, against Offers that another program made; and Grants that are
// sealed to one.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "codec/tpm/structures.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "enroll/attestation.h"
#include "enroll/sealed_grant.h"
#include "support/must.h"
#include "support/vectors.h"

namespace fairlead::enroll {
namespace {

namespace json = boost::json;
using test::must;

Bytes hex_of(const json::value& value) {
  return from_hex(std::string_view(value.as_string())).value();
}

class Attestation : public testing::TestWithParam<int> {
 protected:
  // "" for a proof that holds.
  std::string refusal_of(const json::value& document) {
    auto offer = must(decode_attested_offer(hex_of(document)));
    const auto& proof = offer.attestation.value();
    auto good = crypto::check_endorsement_certificate(proof.endorsement.front(), now_);
    if (good)
      good = crypto::check_tpm_statement(proof, offer.signed_offer.request.key, offer.body_hash);
    return good ? "" : good.error().context;
  }

  json::value file_ = test::read_json_vector("enroll/attestation.json");
  const json::object& suite_ =
      file_.as_array().at(static_cast<std::size_t>(GetParam())).as_object();
  const Time now_ = from_rfc3339("2026-06-01T00:00:00Z").value();
};

TEST_P(Attestation, AProofThatAnotherProgramMadeHolds) {
  for (const auto& [kind, document] : suite_.at("good").as_object()) {
    EXPECT_EQ(refusal_of(document), "") << kind;
    auto offer = must(decode_attested_offer(hex_of(document)));
    EXPECT_EQ(offer.signed_offer.offer.serial, "SN-1");
    EXPECT_EQ(offer.signed_offer.request.key.spki(), hex_of(suite_.at("operational_spki")));
    EXPECT_EQ(offer.body_hash.hex(), suite_.at("body_sha256").as_string());
  }
}

TEST_P(Attestation, AProofThatIsWrongSaysInWhich) {
  for (const auto& each : suite_.at("unproven").as_array()) {
    const json::object& row = each.as_object();
    EXPECT_NE(refusal_of(row.at("document")).find(std::string_view(row.at("says").as_string())),
              std::string::npos)
        << row.at("change") << ": " << refusal_of(row.at("document"));
  }
}

TEST_P(Attestation, WhatTheGrammarDoesNotAllowIsRefused) {
  for (const auto& each : suite_.at("malformed").as_array()) {
    auto read = decode_offer(hex_of(each.as_object().at("document")));
    ASSERT_FALSE(read) << each.as_object().at("change");
    EXPECT_EQ(read.error().code, Errc::malformed) << each.as_object().at("change");
  }
}

TEST_P(Attestation, WeWriteWhatTheOtherProgramWrote) {
  auto type = GetParam() == 0 ? crypto::KeyType::p256 : crypto::KeyType::p384;
  auto key = must(crypto::SoftwareKey::generate(type));
  auto unsigned_part = [&](Bytes document) {
    document.resize(document.size() - 2 * crypto::coordinate_bytes(type));
    return to_hex(document);
  };
  const Bytes theirs = hex_of(suite_.at("good").as_object().at("rsa"));
  auto offer = must(decode_attested_offer(theirs));
  Bytes ours =
      must(encode_attested_offer(offer_body(offer.signed_offer.offer), *offer.attestation, *key));
  EXPECT_EQ(unsigned_part(ours), unsigned_part(theirs));
}

TEST_P(Attestation, EveryTruncationOfTheTpmsStructuresIsRefused) {
  auto offer = must(decode_attested_offer(hex_of(suite_.at("good").as_object().at("rsa"))));
  const View area = offer.attestation->key, statement = offer.attestation->statement;
  for (std::size_t size = 0; size < area.size(); ++size)
    EXPECT_FALSE(tpm::decode_signing_key(area.first(size))) << size;
  for (std::size_t size = 0; size < statement.size(); ++size)
    EXPECT_FALSE(tpm::decode_certify(statement.first(size))) << size;
}

INSTANTIATE_TEST_SUITE_P(Suites, Attestation, testing::Values(0, 1),
                         [](const auto& info) { return info.param == 0 ? "P256" : "P384"; });

// That a TPM opens it is seen in tests/keystore.
TEST(SealedGrant, IsReadBackAndOpensWithItsSecretOnly) {
  crypto::SystemRandom random;
  auto key = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  const Bytes name(34, 0x0B), grant = to_bytes("a Grant");
  Bytes document = must(seal_grant(grant, key->public_key(), name, random));
  EXPECT_TRUE(is_sealed_grant(document));
  auto sealed = must(decode_sealed_grant(document));
  auto opened = open_grant(sealed, SecretBytes(Bytes(32, 1)));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::untrusted);
  EXPECT_FALSE(open_grant(sealed, SecretBytes(Bytes(31, 1))));
  for (std::size_t size = 0; size < document.size(); ++size)
    ASSERT_FALSE(decode_sealed_grant(View(document).first(size))) << size;
}

TEST(SealedGrant, IsForEndorsementKeysOfTheDefaultTemplatesOnly) {
  crypto::SystemRandom random;
  auto key = must(crypto::SoftwareKey::generate(crypto::KeyType::p384));
  auto sealed = seal_grant(as_view("a Grant"), key->public_key(), Bytes(34, 0), random);
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().code, Errc::unsupported);
}

}  // namespace
}  // namespace fairlead::enroll
