// SPDX-License-Identifier: Apache-2.0
// What is left of a device's upstream after a reset, and after the end of its use.
#include "device/removal.h"

#include <gtest/gtest.h>

#include <fstream>

#include "crypto/software_key.h"
#include "keystore/file/file_keystore.h"
#include "support/bare_certificate.h"
#include "support/fdo_party.h"
#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

namespace fs = std::filesystem;
using keystore::KeyName;
using test::must;

class Removal : public testing::Test {
 protected:
  Removal() {
    for (const char* name : {"device", "operational-1-0123456789abcdef", "renewal-0123456789abcdef",
                             "operational-2-0123456789abcdef"})
      must(keys->create_key(KeyName(name), crypto::KeyType::p256));
    identity.generation = 1;
    identity.serial = "SN-1";
    identity.device_key = KeyName("device");
    identity.credential = test::FdoParty::make(crypto::KeyType::p256, 1).credential;
    identity.onboarded = true;
    identity.owner = crypto::sha256(as_view("the owner"));
    auto key = must(keys->open_key(KeyName("operational-1-0123456789abcdef")));
    Operational operational;
    operational.key = KeyName("operational-1-0123456789abcdef");
    operational.device = DeviceId("d-1");
    operational.chain = {test::bare_certificate(key->public_key(), Time{}, Time{})};
    operational.endpoints = {{"mqtts://broker.example:8883", "d-1", "d/d-1/"}};
    operational.key_proven = true;
    identity.operational = std::move(operational);
    must(save_identity(directory, identity));
    must(directory.write("renewal", Bytes{1}));
    fs::create_directory(work);
    std::ofstream(work / "secret.conf") << "password";
  }
  void give_up(Afterwards afterwards) {
    must(give_up_upstream(directory, *keys, work, identity, afterwards));
  }
  std::vector<KeyName> left() { return must(keys->list()); }

  test::TemporaryDirectory folder;
  StateDirectory directory = must(StateDirectory::open(folder.path() / "state"));
  std::unique_ptr<keystore::Keystore> keys =
      must(keystore::FileKeystore::open(folder.path() / "keys"));
  fs::path work = folder.path() / "work";
  Identity identity;
};

TEST_F(Removal, AtTheEndOfItsUseADeviceKeepsWhatItHasFromTheFactory) {
  give_up(Afterwards::stays_out_of_use);
  EXPECT_EQ(left(), std::vector{KeyName("device")});
  EXPECT_FALSE(must(directory.read("renewal")));
  EXPECT_TRUE(fs::is_empty(work));
  auto kept = must(load_identity(directory)).value();
  EXPECT_TRUE(kept.decommissioned);
  EXPECT_FALSE(kept.operational || kept.onboarded || kept.owner);
  EXPECT_EQ(state_of(kept), State::decommissioned);
  give_up(Afterwards::stays_out_of_use);  // as the next start does
}

TEST_F(Removal, AResetEndsIt) {
  give_up(Afterwards::stays_out_of_use);
  give_up(Afterwards::begins_anew);
  EXPECT_FALSE(must(load_identity(directory)).value().decommissioned);
}

TEST_F(Removal, AResetKeepsTheKeyThatTheNextOwnerIsShown) {
  give_up(Afterwards::begins_anew);
  EXPECT_EQ(left(), (std::vector{KeyName("device"), KeyName("operational-2-0123456789abcdef")}));
}

TEST_F(Removal, AnIdentityOfAnEarlierVersionIsRead) {
  identity.operational.reset();
  Bytes now = encode_identity(identity);
  Bytes before(now.begin(), now.end() - 1);
  ASSERT_EQ(before[0], 0x8B);
  before[0] = 0x8A;
  auto read = must(decode_identity(before));
  EXPECT_FALSE(read.decommissioned);
  EXPECT_EQ(encode_identity(read), now);
}

}  // namespace
}  // namespace fairlead::device
