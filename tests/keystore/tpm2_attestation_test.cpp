// SPDX-License-Identifier: Apache-2.0
// Proof that a key lives in a TPM, made by a TPM whose endorsement key its maker certified (swtpm
// and swtpm_localca), and checked without one; and what is sealed to that TPM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "codec/pem.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "enroll/sealed_grant.h"
#include "keystore/tpm2/tpm2_keystore.h"
#include "support/bare_certificate.h"
#include "support/must.h"
#include "support/soft_tpm.h"

namespace fairlead::keystore {
namespace {

namespace fs = std::filesystem;
using crypto::KeyType;
using test::must;
using testing::HasSubstr;

const KeyName operational("operational");
const Bytes said(32, 0x5A);  // qualifying data

class TpmAttestationTest : public testing::Test {
 protected:
  std::unique_ptr<Keystore> open(const test::SoftTpm& tpm, const std::string& keys) {
    return must(
        Tpm2Keystore::open({tpm.tcti(), folder_.path() / keys, Credentials(folder_.path())}));
  }
  void credential(const std::string& name, const std::string& value) {
    fs::path file = folder_.path() / name;
    std::ofstream(file) << value << "\n";
    ::chmod(file.c_str(), 0400);
  }
  // What the keystore makes of a Grant that is sealed to `endorsement` and the proof's other key.
  Result<Bytes> opened(Keystore& keystore, const crypto::PublicKey& endorsement,
                       const crypto::TpmAttestation& proof) {
    Bytes document = must(enroll::seal_grant(as_view("the Grant"), endorsement,
                                             crypto::tpm_name_of(proof.attestation_key), random_));
    auto sealed = must(enroll::decode_sealed_grant(document));
    TRY(auto secret, attester_of(keystore)->open_credential(sealed.credential));
    return enroll::open_grant(sealed, secret);
  }
  static Time now() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
  crypto::SystemRandom random_;
  test::TemporaryDirectory folder_;
  test::TpmMaker maker_;
  test::SoftTpm tpm_{maker_};
};

TEST_F(TpmAttestationTest, ATpmProvesItsKeysAndOpensWhatIsSealedToIt) {
  for (KeyType type : {KeyType::p256, KeyType::p384}) {
    auto keystore = open(tpm_, "keys");
    auto key = must(keystore->create_key(operational, type));
    auto proof = must(attester_of(*keystore)->attest(operational, said));
    EXPECT_TRUE(crypto::check_tpm_statement(proof, key->public_key(), said));
    ASSERT_EQ(proof.endorsement.size(), 1u);
    auto good = crypto::check_endorsement_certificate(proof.endorsement[0], now());
    EXPECT_TRUE(good) << (good ? "" : good.error().context);
    auto issuer = must(crypto::Certificate::from_pem(maker_.issuer_pem())).at(0);
    EXPECT_TRUE(proof.endorsement[0].signed_by(issuer.public_key()));
    EXPECT_EQ(must(opened(*keystore, proof.endorsement[0].public_key(), proof)),
              to_bytes("the Grant"));
    must(keystore->remove(operational));
  }
  EXPECT_EQ(tpm_.tool({"tpm2_getcap", "handles-transient"}).text, "");
  EXPECT_EQ(tpm_.tool({"tpm2_getcap", "handles-loaded-session"}).text, "");
}

TEST_F(TpmAttestationTest, TheSameAttestationKeySpeaksAfterARestart) {
  must(open(tpm_, "keys")->create_key(operational, KeyType::p256));
  auto before = open(tpm_, "keys");
  auto first = must(attester_of(*before)->attest(operational, said));
  before.reset();
  auto keystore = open(tpm_, "keys");
  auto second = must(attester_of(*keystore)->attest(operational, said));
  EXPECT_EQ(first.attestation_key, second.attestation_key);
  EXPECT_TRUE(opened(*keystore, first.endorsement[0].public_key(), first));
}

TEST_F(TpmAttestationTest, AStatementOverOtherDataIsRefused) {
  auto keystore = open(tpm_, "keys");
  auto key = must(keystore->create_key(operational, KeyType::p256));
  auto proof = must(attester_of(*keystore)->attest(operational, said));
  auto good = crypto::check_tpm_statement(proof, key->public_key(), Bytes(32, 0x5B));
  ASSERT_FALSE(good);
  EXPECT_THAT(good.error().context, HasSubstr("another Offer"));
}

// Whoever shows another TPM's certificate can't open what he gets for it; nor can that TPM.
TEST_F(TpmAttestationTest, ACertificateOfAnotherTpmIsOfNoUse) {
  test::SoftTpm other{maker_};
  auto ours = open(tpm_, "keys"), theirs = open(other, "other-keys");
  must(ours->create_key(operational, KeyType::p256));
  must(theirs->create_key(operational, KeyType::p256));
  auto proof = must(attester_of(*ours)->attest(operational, said));
  auto borrowed = must(attester_of(*theirs)->attest(operational, said));
  const crypto::PublicKey& shown = borrowed.endorsement[0].public_key();
  for (Keystore* keystore : {ours.get(), theirs.get()}) {
    auto grant = opened(*keystore, shown, proof);
    ASSERT_FALSE(grant);
    EXPECT_EQ(grant.error().code, Errc::untrusted) << grant.error().context;
  }
}

TEST_F(TpmAttestationTest, ATpmWithoutCertificateSaysThatItHasNone) {
  test::SoftTpm bare;
  auto keystore = open(bare, "bare-keys");
  must(keystore->create_key(operational, KeyType::p256));
  auto proof = attester_of(*keystore)->attest(operational, said);
  ASSERT_FALSE(proof);
  EXPECT_EQ(proof.error().code, Errc::not_found);
  EXPECT_THAT(proof.error().context, HasSubstr("no endorsement certificate"));
}

TEST_F(TpmAttestationTest, KeysWithAuthorisationValuesAndAHierarchyWithOneAreProvenToo) {
  credential("tpm2-key-auth", "secret");
  credential("tpm2-endorsement-auth", "hidden");
  ASSERT_EQ(tpm_.tool({"tpm2_changeauth", "-c", "endorsement", "hidden"}).status, 0);
  auto keystore = open(tpm_, "keys");
  auto key = must(keystore->create_key(operational, KeyType::p256));
  auto proof = must(attester_of(*keystore)->attest(operational, said));
  EXPECT_TRUE(crypto::check_tpm_statement(proof, key->public_key(), said));
  EXPECT_TRUE(opened(*keystore, proof.endorsement[0].public_key(), proof));
  fs::remove(folder_.path() / "tpm2-endorsement-auth");
  auto grant = opened(*open(tpm_, "keys"), proof.endorsement[0].public_key(), proof);
  ASSERT_FALSE(grant);
  EXPECT_THAT(grant.error().context, HasSubstr("tpm2-endorsement-auth"));
}

// The other kind of endorsement key, and one that nobody keeps in the TPM: it is made when needed.
TEST_F(TpmAttestationTest, AnEndorsementKeyOfP256WorksAsWell) {
  test::SoftTpm bare;
  const std::string key_file = (folder_.path() / "ek.pem").string();
  const std::string certificate_file = (folder_.path() / "ek.der").string();
  ASSERT_EQ(bare.tool({"tpm2_createek", "-G", "ecc", "-c", (folder_.path() / "ek.ctx").string(),
                       "-f", "pem", "-u", key_file})
                .status,
            0);
  std::ifstream pem_file(key_file);
  auto blocks = must(pem::decode(std::string(std::istreambuf_iterator<char>(pem_file), {})));
  auto public_key = must(crypto::PublicKey::from_spki(blocks.at(0).content));
  auto certificate = test::bare_certificate(public_key, now(), now() + std::chrono::hours(24));
  std::ofstream(certificate_file, std::ios::binary) << as_text(certificate.der());
  ASSERT_EQ(bare.tool({"tpm2_nvdefine", "0x01C0000A", "-C", "o", "-s",
                       std::to_string(certificate.der().size() + 40), "-a",
                       "ownerread|authread|ownerwrite"})
                .status,
            0);
  ASSERT_EQ(bare.tool({"tpm2_nvwrite", "0x01C0000A", "-C", "o", "-i", certificate_file}).status, 0);
  ASSERT_EQ(bare.tool({"tpm2_flushcontext", "-t"}).status, 0);
  auto keystore = open(bare, "bare-keys");
  must(keystore->create_key(operational, KeyType::p256));
  auto proof = must(attester_of(*keystore)->attest(operational, said));
  EXPECT_EQ(proof.endorsement[0], certificate);
  EXPECT_EQ(must(opened(*keystore, public_key, proof)), to_bytes("the Grant"));
}

}  // namespace
}  // namespace fairlead::keystore
