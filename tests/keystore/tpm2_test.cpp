// SPDX-License-Identifier: Apache-2.0
// The TPM keystore and its TPM: another one, a cleared one, one with an owner, one that is locked,
// switched off, shared; and tpm2-tools on our keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "keystore/tpm2/tpm.h"
#include "keystore/tpm2/tpm2_keystore.h"
#include "support/soft_tpm.h"

namespace fairlead::keystore {
namespace {

namespace fs = std::filesystem;
using crypto::KeyType;
using testing::HasSubstr;

const KeyName device("device");

class TpmKeystoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Keystore>> open() { return open(tpm_.tcti(), folder_.path() / "keys"); }
  Result<std::unique_ptr<Keystore>> open(const std::string& tcti, const fs::path& keys) {
    return Tpm2Keystore::open({tcti, keys, Credentials(folder_.path())});
  }
  Error refusal() {
    auto opened = open();
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }
  void credential(const std::string& name, const std::string& value) {
    fs::path file = folder_.path() / name;
    fs::remove(file);
    std::ofstream(file) << value << "\n";
    ::chmod(file.c_str(), 0400);
  }
  // Makes the key and leaves the TPM to others.
  crypto::PublicKey make_device_key() {
    return open().value()->create_key(device, KeyType::p256).value()->public_key();
  }
  void tool(const std::vector<std::string>& arguments) {
    auto ran = tpm_.tool(arguments);
    ASSERT_EQ(ran.status, 0) << arguments[0] << ": " << ran.text;
  }
  std::string handles(const std::string& kind) {
    return tpm_.tool({"tpm2_getcap", "handles-" + kind}).text;
  }

  test::SoftTpm tpm_;
  test::TemporaryDirectory folder_;
};

bool signs(crypto::Signer& key) {
  auto signature = key.sign(as_view("message"));
  return signature && key.public_key().verify(as_view("message"), signature->raw);
}

TEST_F(TpmKeystoreTest, ACopiedFolderIsRefusedOnAnotherMachineAndItsTpmStaysUntouched) {
  make_device_key();
  test::SoftTpm thief;
  fs::copy(folder_.path() / "keys", folder_.path() / "copy");
  for (const auto& entry : fs::directory_iterator(folder_.path() / "copy"))
    ::chmod(entry.path().c_str(), 0600);
  ::chmod((folder_.path() / "copy").c_str(), 0700);
  auto opened = open(thief.tcti(), folder_.path() / "copy");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::untrusted);
  EXPECT_THAT(opened.error().context, HasSubstr("another TPM"));
  EXPECT_EQ(thief.tool({"tpm2_getcap", "handles-persistent"}).text, "");
}

// Without the record of the storage key, a thief gets as far as the key itself.
TEST_F(TpmKeystoreTest, AKeyFileAloneIsOfNoUseOnAnotherMachine) {
  make_device_key();
  test::SoftTpm thief;
  auto keystore = open(thief.tcti(), folder_.path() / "thief").value();
  fs::copy(folder_.path() / "keys" / "device.key", folder_.path() / "thief");
  ::chmod((folder_.path() / "thief" / "device.key").c_str(), 0600);
  auto key = keystore->open_key(device);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, Errc::untrusted);
  EXPECT_THAT(key.error().context, HasSubstr("belongs to another TPM"));
}

TEST_F(TpmKeystoreTest, AClearedTpmIsSaidAndNothingIsMadeAnew) {
  make_device_key();
  tool({"tpm2_clear"});
  Error why = refusal();
  EXPECT_EQ(why.code, Errc::untrusted);
  EXPECT_THAT(why.context, HasSubstr("cleared"));
  EXPECT_EQ(handles("persistent"), "");
}

TEST_F(TpmKeystoreTest, AStorageKeyThatAnAdministratorTookAwayIsMadeAgain) {
  auto public_key = make_device_key();
  tool({"tpm2_evictcontrol", "-C", "o", "-c", "0x81000001"});
  auto key = open().value()->open_key(device).value();
  EXPECT_EQ(key->public_key(), public_key);
  EXPECT_TRUE(signs(*key));
}

TEST_F(TpmKeystoreTest, AStorageKeyThatIsThereIsShared) {
  const std::string context = folder_.path() / "srk";
  tool({"tpm2_createprimary", "-C", "o", "-G", "rsa2048", "-c", context});
  tool({"tpm2_evictcontrol", "-C", "o", "-c", context, "0x81000001"});
  tool({"tpm2_flushcontext", "-t"});
  const std::string before = tpm_.tool({"tpm2_readpublic", "-c", "0x81000001"}).text;
  EXPECT_TRUE(signs(*open().value()->create_key(device, KeyType::p256).value()));
  EXPECT_EQ(tpm_.tool({"tpm2_readpublic", "-c", "0x81000001"}).text, before);
  EXPECT_EQ(handles("persistent"), "- 0x81000001\n");
}

TEST_F(TpmKeystoreTest, AnotherKindOfKeyInThePlaceOfTheStorageKeyIsLeftAlone) {
  const std::string context = folder_.path() / "other";
  tool({"tpm2_createprimary", "-C", "o", "-G", "ecc256:ecdsa-sha256:null", "-a",
        "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign", "-c", context});
  tool({"tpm2_evictcontrol", "-C", "o", "-c", context, "0x81000001"});
  tool({"tpm2_flushcontext", "-t"});
  EXPECT_TRUE(signs(*open().value()->create_key(device, KeyType::p256).value()));
  EXPECT_TRUE(signs(*open().value()->open_key(device).value()));
  EXPECT_EQ(handles("persistent"), "- 0x81000001\n- 0x8100F1D0\n");
}

TEST_F(TpmKeystoreTest, AnOwnersAuthorisationValueIsWantedOnceAndSaid) {
  tool({"tpm2_changeauth", "-c", "o", "owner-secret"});
  Error missing = refusal();
  EXPECT_EQ(missing.code, Errc::refused);
  EXPECT_THAT(missing.context, HasSubstr("tpm2-owner-auth"));
  credential("tpm2-owner-auth", "wrong");
  EXPECT_EQ(refusal().code, Errc::refused);
  credential("tpm2-owner-auth", "owner-secret");
  make_device_key();
  fs::remove(folder_.path() / "tpm2-owner-auth");
  EXPECT_TRUE(signs(*open().value()->open_key(device).value()));
}

TEST_F(TpmKeystoreTest, AKeyWithAnAuthorisationValueIsUsedWithItOnly) {
  credential("tpm2-key-auth", "key-secret");
  make_device_key();
  EXPECT_TRUE(signs(*open().value()->open_key(device).value()));
  credential("tpm2-key-auth", "wrong");
  auto wrong = open().value()->open_key(device).value()->sign(as_view("message"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::refused);
  EXPECT_THAT(wrong.error().context, HasSubstr("authorisation value"));
  fs::remove(folder_.path() / "tpm2-key-auth");
  auto missing = open().value()->open_key(device);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::refused);
  EXPECT_THAT(missing.error().context, HasSubstr("tpm2-key-auth"));
}

TEST_F(TpmKeystoreTest, ALockedTpmIsSaidWithTheCureAndKeysWithoutValueStillWork) {
  auto free_key = make_device_key();
  credential("tpm2-key-auth", "key-secret");
  const KeyName guarded("guarded");
  open().value()->create_key(guarded, KeyType::p256).value();
  tool({"tpm2_dictionarylockout", "--setup-parameters", "--max-tries=2", "--recovery-time=1000",
        "--lockout-recovery-time=1000"});
  credential("tpm2-key-auth", "wrong");
  {
    auto keystore = open().value();
    auto key = keystore->open_key(guarded).value();
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(key->sign(as_view("message")));
    auto locked = key->sign(as_view("message"));
    ASSERT_FALSE(locked);
    EXPECT_EQ(locked.error().code, Errc::refused);
    EXPECT_THAT(locked.error().context, HasSubstr("--clear-lockout"));
    EXPECT_TRUE(signs(*keystore->open_key(device).value()));
  }
  tool({"tpm2_dictionarylockout", "--clear-lockout"});
  credential("tpm2-key-auth", "key-secret");
  EXPECT_TRUE(signs(*open().value()->open_key(guarded).value()));
}

TEST_F(TpmKeystoreTest, ATpmThatWasResetIsUsedOn) {
  auto keystore = open().value();
  auto key = keystore->create_key(device, KeyType::p256).value();
  tpm_.switch_off();
  auto off = key->sign(as_view("message"));
  ASSERT_FALSE(off);
  EXPECT_EQ(off.error().code, Errc::io);
  EXPECT_THAT(off.error().context, HasSubstr("no TPM can be reached"));
  tpm_.switch_on();
  EXPECT_TRUE(signs(*key));
  tpm_.switch_off();
  tpm_.switch_on();
  EXPECT_TRUE(signs(*keystore->open_key(device).value())) << "reset between two calls";
}

TEST_F(TpmKeystoreTest, NothingIsLeftInTheTpmButTheStorageKey) {
  credential("tpm2-key-auth", "key-secret");
  {
    auto keystore = open().value();
    for (int i = 0; i < 5; ++i) {
      auto key = keystore->create_key(KeyName("k" + std::to_string(i)), KeyType::p384).value();
      EXPECT_TRUE(signs(*key));
    }
    auto hmac = keystore->create_hmac_key(KeyName("h")).value();
    EXPECT_TRUE(hmac->hmac(crypto::HashAlg::sha384, Bytes(5000)));
    EXPECT_TRUE(keystore->unseal(keystore->seal(as_view("x")).value()));
  }
  EXPECT_EQ(handles("transient"), "");
  EXPECT_EQ(handles("loaded-session"), "");
  EXPECT_EQ(handles("saved-session"), "");
  EXPECT_EQ(handles("persistent"), "- 0x81000001\n");
}

// RFC 2104 over whatever the TPM holds: the same in one piece or many.
TEST_F(TpmKeystoreTest, AMessageLongerThanOneCommandIsHashedWhole) {
  auto key = open().value()->create_hmac_key(KeyName("h")).value();
  Bytes message(1024, 1);
  auto at = key->hmac(crypto::HashAlg::sha256, message).value();
  message.push_back(1);
  auto beyond = key->hmac(crypto::HashAlg::sha256, message).value();
  EXPECT_NE(at, beyond);
  EXPECT_EQ(key->hmac(crypto::HashAlg::sha256, message).value(), beyond);
  message.back() = 2;
  EXPECT_NE(key->hmac(crypto::HashAlg::sha256, message).value(), beyond);
}

TEST_F(TpmKeystoreTest, FullSlotsAreWaitedForAndThenSaid) {
  make_device_key();
  for (int i = 0; i < 3; ++i)
    tool({"tpm2_createprimary", "-C", "n", "-c", folder_.path() / ("p" + std::to_string(i))});
  Error why = refusal();
  EXPECT_EQ(why.code, Errc::busy);
  EXPECT_THAT(why.context, HasSubstr("/dev/tpmrm0"));
  tool({"tpm2_flushcontext", "-t"});
  EXPECT_TRUE(open().value()->open_key(device));
}

TEST_F(TpmKeystoreTest, ToolsOfOthersLoadAndUseOurKeys) {
  auto public_key = make_device_key();
  const std::string context = folder_.path() / "context", message = folder_.path() / "message";
  const std::string signature = folder_.path() / "signature", pem = folder_.path() / "public.pem";
  std::ofstream(message) << "signed by another program";
  tool({"tpm2_load", "-r", folder_.path() / "keys" / "device.key", "-c", context});
  tool({"tpm2_flushcontext", "-t"});
  tool({"tpm2_readpublic", "-c", context, "-f", "pem", "-o", pem});
  tool({"tpm2_flushcontext", "-t"});
  tool({"tpm2_sign", "-c", context, "-g", "sha256", "-s", "ecdsa", "-f", "plain", "-o", signature,
        message});
  auto read = [](const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_TRUE(public_key.verify_der(as_view(read(message)), as_view(read(signature))));
  tool({"tpm2_flushcontext", "-t"});
  auto attributes = tpm_.tool({"tpm2_readpublic", "-c", context}).text;
  EXPECT_THAT(attributes, HasSubstr("fixedtpm|fixedparent|sensitivedataorigin"));
}

// The TCTI of tss2 that records what crosses the bus.
TEST_F(TpmKeystoreTest, SecretsCrossTheBusEncrypted) {
  const std::string record = folder_.path() / "record", secret = "this is the secret of the seal";
  ::setenv("TCTI_PCAP_FILE", record.c_str(), 1);
  {
    tpm2::Authorisation values{SecretBytes(), SecretBytes::copy_of(as_view("authorisation value"))};
    auto tpm = tpm2::Tpm::open("pcap:" + tpm_.tcti(), std::move(values), std::nullopt).value();
    auto sealed = tpm->seal(as_view(secret)).value();
    EXPECT_EQ(as_text(tpm->unseal(sealed).value().reveal()), secret);
    auto key = tpm->create_signing_key(KeyType::p256).value();
    EXPECT_TRUE(tpm->sign(key, KeyType::p256, Bytes(32, 'D')));
  }
  ::unsetenv("TCTI_PCAP_FILE");
  std::ifstream in(record, std::ios::binary);
  const std::string crossed(std::istreambuf_iterator<char>(in), {});
  EXPECT_NE(crossed.find(std::string(32, 'D')), crossed.npos) << "the record is no record";
  EXPECT_EQ(crossed.find(secret), crossed.npos);
  EXPECT_EQ(crossed.find("authorisation value"), crossed.npos);
}

TEST(SharedTpm, ARestartOfTheResourceManagerIsSurvived) {
  test::SharedTpm tpm;
  tpm.use_bus();
  test::TemporaryDirectory folder;
  auto keystore = Tpm2Keystore::open({tpm.tcti(), folder.path() / "keys", Credentials()}).value();
  auto key = keystore->create_key(device, KeyType::p256).value();
  tpm.stop_manager();
  auto gone = key->sign(as_view("message"));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::io);
  tpm.start_manager();
  EXPECT_TRUE(signs(*key));
  tpm.stop_manager();
  tpm.start_manager();
  EXPECT_TRUE(signs(*key)) << "restarted between two calls";
}

}  // namespace
}  // namespace fairlead::keystore
