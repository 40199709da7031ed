// SPDX-License-Identifier: Apache-2.0
// The PKCS#11 keystore and its token: PINs, tokens that are taken out, changes that are cut off,
// and OpenSC's pkcs11-tool on our keys.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <p11-kit/pkcs11.h>

#include <fstream>

#include "keystore/faulty_pkcs11.h"
#include "keystore/pkcs11/pkcs11_keystore.h"
#include "support/soft_token.h"

namespace fairlead::keystore {
namespace {

using crypto::KeyType;
using testing::HasSubstr;

const KeyName device("device"), fresh("fresh");

class Pkcs11Test : public testing::Test {
 protected:
  Result<std::unique_ptr<Keystore>> open(const std::string& address) {
    return Pkcs11Keystore::open({address, {}, Credentials()});
  }
  Result<std::unique_ptr<Keystore>> open() { return open(hsm_.address("one")); }
  Error refusal(const std::string& address) {
    auto opened = open(address);
    EXPECT_FALSE(opened) << address;
    return opened ? Error{} : opened.error();
  }

  test::SoftHsm hsm_{{"one", "two"}};
};

bool signs(crypto::Signer& key) {
  auto signature = key.sign(as_view("message"));
  return signature && key.public_key().verify(as_view("message"), signature->raw);
}

TEST_F(Pkcs11Test, AWrongPinIsRefusedInWordsThatSayWhatToDo) {
  Error why = refusal(hsm_.address("one", "", test::softhsm_module, "9999"));
  EXPECT_EQ(why.code, Errc::refused);
  EXPECT_THAT(why.context, HasSubstr("correct the credential"));
}

TEST_F(Pkcs11Test, AMissingPinIsSaidWithThePlaceWhereItBelongs) {
  Error why = refusal(std::string("token=one?module-path=") + test::softhsm_module);
  EXPECT_EQ(why.code, Errc::refused);
  EXPECT_THAT(why.context, HasSubstr("pkcs11-pin"));
}

TEST_F(Pkcs11Test, ThePinMayBeACredential) {
  std::filesystem::rename(hsm_.pin_file("1234"), hsm_.folder() / "pkcs11-pin");
  const std::string address = std::string("token=one?module-path=") + test::softhsm_module;
  EXPECT_TRUE(Pkcs11Keystore::open({address, {}, Credentials(hsm_.folder())}));
}

TEST_F(Pkcs11Test, AnAbsentTokenAnAmbiguousOneAndAMissingModuleAreSaid) {
  EXPECT_THAT(refusal(hsm_.address("three")).context, HasSubstr("'three' is not there"));
  Error several =
      refusal(std::string("manufacturer=SoftHSM%20project?module-path=") + test::softhsm_module);
  EXPECT_EQ(several.code, Errc::refused);
  EXPECT_THAT(several.context, HasSubstr("serial="));
  EXPECT_EQ(refusal("token=one?module-path=/nonexistent.so").code, Errc::io);
  EXPECT_THAT(refusal("token=one?module-path=libssl.so.3").context, HasSubstr("no PKCS#11 module"));
}

TEST_F(Pkcs11Test, KeystoresOfOneTokenAreKeptApartByTheirPrefix) {
  auto left = open(hsm_.address("one", "left.")).value();
  auto right = open(hsm_.address("one", "right.")).value();
  auto left_key = left->create_key(device, KeyType::p256).value();
  auto right_key = right->create_key(device, KeyType::p256).value();
  EXPECT_NE(left_key->public_key(), right_key->public_key());
  left->remove(device).value();
  EXPECT_TRUE(left->list().value().empty());
  EXPECT_EQ(right->open_key(device).value()->public_key(), right_key->public_key());
}

TEST_F(Pkcs11Test, ToolsOfOthersSeeAndUseOurKeys) {
  auto public_key = open().value()->create_key(device, KeyType::p256).value()->public_key();
  auto listed = hsm_.tool("one", {"--list-objects"});
  EXPECT_THAT(listed.text, HasSubstr("Private Key Object; EC"));
  EXPECT_THAT(listed.text, HasSubstr("label:      device"));
  EXPECT_THAT(listed.text, HasSubstr("sensitive, always sensitive, never extractable"));
  const auto message = hsm_.folder() / "message", signature = hsm_.folder() / "signature";
  std::ofstream(message, std::ios::binary)
      << as_text(crypto::hash(crypto::HashAlg::sha256, {as_view("by another program")}));
  auto made = hsm_.tool("one", {"--sign", "--mechanism", "ECDSA", "--label", "device",
                                "--input-file", message, "--output-file", signature});
  ASSERT_EQ(made.status, 0) << made.text;
  std::ifstream in(signature, std::ios::binary);
  const std::string raw(std::istreambuf_iterator<char>(in), {});
  EXPECT_TRUE(public_key.verify(as_view("by another program"), as_view(raw)));
}

TEST_F(Pkcs11Test, AKeyThatAnAdministratorMadeIsUsed) {
  auto made = hsm_.tool(
      "one", {"--keypairgen", "--key-type", "EC:prime256v1", "--label", "owner", "--id", "4711"});
  ASSERT_EQ(made.status, 0) << made.text;
  EXPECT_TRUE(signs(*open().value()->open_key(KeyName("owner")).value()));
}

TEST_F(Pkcs11Test, TwoKeysOfOneLabelAreAConflictInWords) {
  for (const char* id : {"01", "02"})
    ASSERT_EQ(hsm_.tool("one", {"--keypairgen", "--key-type", "EC:prime256v1", "--label", "device",
                                "--id", id})
                  .status,
              0);
  auto key = open().value()->open_key(device);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, Errc::conflict);
  EXPECT_THAT(key.error().context, HasSubstr("several keys with the label 'device'"));
}

// With the module that does wrong when told to.
class FaultyPkcs11 : public Pkcs11Test {
 protected:
  FaultyPkcs11() {
    void* library = ::dlopen(FAULTY_PKCS11, RTLD_NOW | RTLD_LOCAL);
    auto find = library ? reinterpret_cast<test::Pkcs11FaultsFunction>(
                              ::dlsym(library, test::pkcs11_faults_symbol))
                        : nullptr;
    if (!find) throw std::runtime_error("faulty_pkcs11.so can't be loaded");
    faults_ = find();
    *faults_ = {};
  }
  std::string address() { return hsm_.address("one", "", FAULTY_PKCS11); }

  test::Pkcs11Faults* faults_;
};

TEST_F(FaultyPkcs11, ATokenTakenOutIsSaidAndOpenedAgainWhenItIsBack) {
  auto keystore = open(address()).value();
  auto key = keystore->create_key(device, KeyType::p256).value();
  auto hmac = keystore->create_hmac_key(KeyName("hmac")).value();
  for (CK_RV gone : {CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_SESSION_HANDLE_INVALID}) {
    faults_->token_gone = gone;
    auto signature = key->sign(as_view("message"));
    ASSERT_FALSE(signature);
    EXPECT_EQ(signature.error().code, Errc::io);
    EXPECT_THAT(signature.error().context, HasSubstr("is not there: put it in"));
    EXPECT_FALSE(hmac->hmac(crypto::HashAlg::sha256, {}));
    EXPECT_FALSE(keystore->list());
    faults_->token_gone = 0;
    EXPECT_TRUE(signs(*key));
    EXPECT_TRUE(hmac->hmac(crypto::HashAlg::sha256, {}));
  }
}

TEST_F(FaultyPkcs11, ARefusedPinIsTriedOnce) {
  auto keystore = open(address()).value();
  auto key = keystore->create_key(device, KeyType::p256).value();
  faults_->token_gone = CKR_DEVICE_REMOVED;
  EXPECT_FALSE(key->sign(as_view("message")));
  faults_->token_gone = 0;
  faults_->login_answer = CKR_PIN_INCORRECT;  // somebody has changed it meanwhile
  faults_->logins = 0;
  for (int i = 0; i < 3; ++i) {
    auto refused = key->sign(as_view("message"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::refused);
  }
  EXPECT_EQ(faults_->logins, 1);
}

TEST_F(FaultyPkcs11, NoPinIsTriedWhileTheNextWrongOneLocksTheToken) {
  faults_->token_flags = CKF_USER_PIN_FINAL_TRY;
  Error why = refusal(address());
  EXPECT_EQ(why.code, Errc::refused);
  EXPECT_THAT(why.context, HasSubstr("locks at the next wrong PIN"));
  EXPECT_EQ(faults_->logins, 0);
}

TEST_F(FaultyPkcs11, ALockedPinIsSaidWithTheCure) {
  faults_->login_answer = CKR_PIN_LOCKED;
  EXPECT_THAT(refusal(address()).context, HasSubstr("security officer"));
}

TEST_F(FaultyPkcs11, ARenamingCutOffAnywhereIsDoneOrNotDone) {
  bool fired = true;
  int done = 0, not_done = 0;
  for (int change = 0; fired; ++change) {
    *faults_ = {};
    crypto::PublicKey old_key =
        open(address()).value()->create_key(device, KeyType::p256).value()->public_key();
    crypto::PublicKey new_key =
        open(address()).value()->create_key(fresh, KeyType::p256).value()->public_key();
    {
      auto keystore = open(address()).value();
      faults_->change_to_fail = change;
      faults_->change_answer = CKR_FUNCTION_FAILED;
      ignore(keystore->rename(fresh, device), "either way it must be whole");
      fired = faults_->change_to_fail < 0;
      faults_->change_to_fail = -1;
    }
    auto keystore = open(address()).value();  // as after the crash
    auto found = keystore->open_key(device);
    ASSERT_TRUE(found) << "after change " << change << ": " << to_string(found.error());
    const bool renamed = (*found)->public_key() == new_key;
    ++(renamed ? done : not_done);
    EXPECT_TRUE(renamed || (*found)->public_key() == old_key);
    EXPECT_EQ(keystore->open_key(fresh).has_value(), !renamed);
    EXPECT_TRUE(signs(**found));
    keystore->remove(device).value();
    keystore->remove(fresh).value();
    EXPECT_TRUE(keystore->list().value().empty());
  }
  EXPECT_GT(done, 1);
  EXPECT_GT(not_done, 1);
}

}  // namespace
}  // namespace fairlead::keystore
