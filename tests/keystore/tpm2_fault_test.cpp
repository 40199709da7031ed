// SPDX-License-Identifier: Apache-2.0
// Answers of a TPM that swtpm never gives by itself, at every command of what a keystore does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "keystore/tpm2/tpm2_keystore.h"
#include "support/soft_tpm.h"

namespace fairlead::keystore {
namespace {

using crypto::KeyType;

const KeyName device("device");

class FaultyTpm : public testing::Test {
 protected:
  Result<std::unique_ptr<Keystore>> open(const std::string& tcti) {
    return Tpm2Keystore::open({tcti, folder_.path() / "keys", Credentials()});
  }
  std::string faulty() {
    return std::string("cmd:python3 -SE ") + FAULTY_TPM + " " +
           tpm_.tcti().substr(std::string("swtpm:path=").size()) + " " + plan_.string();
  }
  void plan(const std::string& action, int first, int count) {
    std::ofstream(plan_) << action << " " << first << " " << count << "\n";
    std::filesystem::remove(seen());
  }
  std::filesystem::path seen() const { return plan_.string() + ".seen"; }
  int commands() {
    int count = 0;
    std::ifstream(seen()) >> count;
    return count;
  }

  // Everything once. The error of the first step that fails.
  Result<void> life() {
    TRY(auto keystore, open(faulty()));
    TRY(auto key, keystore->create_key(device, KeyType::p256));
    TRY(auto signature, key->sign(as_view("message")));
    EXPECT_TRUE(key->public_key().verify(as_view("message"), signature.raw));
    TRY(auto hmac, keystore->create_hmac_key(KeyName("hmac")));
    TRY(auto mac, hmac->hmac(crypto::HashAlg::sha256, as_view("message")));
    TRY(auto sealed, keystore->seal(as_view("secret")));
    TRY(auto opened, keystore->unseal(sealed));
    EXPECT_EQ(as_text(opened.reveal()), "secret");
    return ok();
  }
  void start_again() { std::filesystem::remove_all(folder_.path() / "keys"); }

  test::SoftTpm tpm_;
  test::TemporaryDirectory folder_;
  std::filesystem::path plan_ = folder_.path() / "plan";
};

TEST_F(FaultyTpm, ThatIsBusyForAWhileIsWaitedFor) {
  plan("retry", 1'000'000, 0);
  ASSERT_TRUE(life());
  const int all = commands();
  ASSERT_GT(all, 20);
  for (int first = 0; first < all; first += 5) {
    start_again();
    plan(first % 2 ? "retry" : "yielded", first, 8);  // more often than tss2-esys asks by itself
    auto lived = life();
    EXPECT_TRUE(lived) << "at command " << first << ": " << to_string(lived.error());
  }
}

TEST_F(FaultyTpm, ThatDropsTheConnectionLosesNothing) {
  plan("die", 1'000'000, 0);
  ASSERT_TRUE(life());
  const int all = commands();
  int survived = 0;
  for (int first = 1; first < all; first += 3) {
    start_again();
    plan("die", first, 1);
    survived += life() ? 1 : 0;
    // Whatever was said: what is in the directory is whole. The TPM is restarted, since without
    // resource manager what a lost connection held stays in its slots.
    tpm_.switch_off();
    tpm_.switch_on();
    auto keystore = open(tpm_.tcti());
    ASSERT_TRUE(keystore) << first << ": " << to_string(keystore.error());
    for (const KeyName& name : keystore.value()->list().value()) {
      if (name == device)
        EXPECT_TRUE((*keystore)->open_key(name)) << "after command " << first;
      else
        EXPECT_TRUE((*keystore)->open_hmac_key(name)) << "after command " << first;
    }
  }
  EXPECT_GT(survived, 5) << "a lost connection is made anew";
}

}  // namespace
}  // namespace fairlead::keystore
