// SPDX-License-Identifier: Apache-2.0
// What is left of a device's upstream after a reset, and after the end of its use.
#include "device/removal.h"

#include <gtest/gtest.h>

#include <fstream>

#include "crypto/software_key.h"
#include "device/journal.h"
#include "keystore/file/file_keystore.h"
#include "support/bare_certificate.h"
#include "support/fdo_party.h"
#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

namespace fs = std::filesystem;
using keystore::KeyName;
using test::must;

// A device in use. Its disk fails from the n-th step on, where a test says so.
struct InUse {
  InUse() {
    for (const char* name : {"device", "operational-1-0123456789abcdef", "renewal-0123456789abcdef",
                             "operational-2-0123456789abcdef"})
      must(keys->create_key(KeyName(name), crypto::KeyType::p256));
    Identity in_use;
    in_use.generation = 1;
    in_use.serial = "SN-1";
    in_use.device_key = KeyName("device");
    in_use.credential = test::FdoParty::make(crypto::KeyType::p256, 1).credential;
    in_use.onboarded = true;
    in_use.owner = crypto::sha256(as_view("the owner"));
    auto key = must(keys->open_key(KeyName("operational-1-0123456789abcdef")));
    Operational operational;
    operational.key = KeyName("operational-1-0123456789abcdef");
    operational.device = DeviceId("d-1");
    operational.chain = {test::bare_certificate(key->public_key(), Time{}, Time{})};
    operational.endpoints = {{"mqtts://broker.example:8883", "d-1", "d/d-1/"}};
    operational.key_proven = true;
    in_use.operational = std::move(operational);
    must(save_identity(directory, in_use));
    identity = std::move(in_use);
    must(directory.write("renewal", Bytes{1}));
    must(directory.write(std::string(journal_file), Bytes{1}));
    fs::create_directory(work);
    std::ofstream(work / "secret.conf") << "password";
  }
  Result<void> give_up(Afterwards afterwards) {
    return give_up_upstream(directory, *keys, work, identity, afterwards);
  }
  bool resume() {
    identity = must(load_identity(directory));
    return must(resume_removal(directory, *keys, work, identity));
  }
  std::vector<KeyName> left() { return must(keys->list()); }
  bool has(std::string_view file) { return must(directory.read(std::string(file))).has_value(); }

  test::TemporaryDirectory folder;
  int steps_left = -1;  // until it fails; below 0: never
  Checkpoint disk = [this](std::string_view) -> Result<void> {
    if (steps_left == 0) return fail(Errc::io, "the disk is gone");
    if (steps_left > 0) --steps_left;
    return ok();
  };
  StateDirectory directory = must(StateDirectory::open(folder.path() / "state", disk));
  std::unique_ptr<keystore::Keystore> keys =
      must(keystore::FileKeystore::open(folder.path() / "keys", disk));
  fs::path work = folder.path() / "work";
  std::optional<Identity> identity;
};

struct Removal : testing::Test, InUse {};

// Networks in wpa_supplicant, or none of it.
class Networks final : public link::Wifi {
 public:
  const std::string& interface() const override { return name_; }
  Result<void> start_scan() override { return ok(); }
  Result<std::optional<std::vector<link::WifiNetwork>>> scanned() override { return std::nullopt; }
  std::expected<void, link::WifiFailure> start_trial(const link::WifiCredentials&,
                                                     const std::string&) override {
    return {};
  }
  link::WifiTrial trial() override { return std::nullopt; }
  Result<void> store() override { return ok(); }
  Result<void> keep() override { return ok(); }
  Result<void> revert() override { return ok(); }
  Result<void> settle(const std::string&) override { return ok(); }
  Result<std::size_t> forget() override {
    if (!reachable) return fail(Errc::io, "nothing listens there");
    return std::exchange(stored, 0);
  }
  bool reachable = true;
  std::size_t stored = 2;

 private:
  std::string name_ = "wlan0";
};

TEST_F(Removal, AtTheEndOfItsUseADeviceKeepsWhatItHasFromTheFactory) {
  must(give_up(Afterwards::stays_out_of_use));
  EXPECT_EQ(left(), std::vector{KeyName("device")});
  EXPECT_FALSE(must(directory.read("renewal")));
  EXPECT_TRUE(fs::is_empty(work));
  auto kept = must(load_identity(directory)).value();
  EXPECT_TRUE(kept.decommissioned);
  EXPECT_FALSE(kept.operational || kept.onboarded || kept.owner);
  EXPECT_EQ(state_of(kept), State::decommissioned);
  EXPECT_FALSE(resume());
}

TEST_F(Removal, WhateverInterruptsItTheNextStartDoesTheRest) {
  for (Afterwards afterwards : {Afterwards::begins_anew, Afterwards::stays_out_of_use}) {
    bool interrupted = true;
    for (int steps = 0; interrupted; ++steps) {
      InUse device;
      device.steps_left = steps;
      interrupted = !device.give_up(afterwards);
      device.steps_left = -1;
      const auto due = must(device.directory.read(std::string(removal_file)));
      const bool decided = due.has_value(), rest = decided && as_text(*due).starts_with("all");
      EXPECT_EQ(device.resume(), rest) << steps;
      EXPECT_EQ(device.identity->operational.has_value(), !decided) << steps;
      if (!decided) continue;
      EXPECT_EQ(device.identity->decommissioned, afterwards == Afterwards::stays_out_of_use);
      EXPECT_EQ(device.left().front(), KeyName("device"));
      EXPECT_EQ(device.left().size(), afterwards == Afterwards::begins_anew ? 2u : 1u);
      EXPECT_FALSE(device.has("renewal")) << steps;
      EXPECT_TRUE(fs::is_empty(device.work)) << steps;
    }
  }
}

TEST_F(Removal, NetworksAreForgottenOnceAndOnlyWhereTheyAreDue) {
  Networks wifi;
  EXPECT_FALSE(must(forget_networks(directory, wifi)));
  must(give_up(Afterwards::begins_anew));
  EXPECT_EQ(must(forget_networks(directory, wifi)), 2u);
  wifi.stored = 1;  // of its next life
  EXPECT_FALSE(resume());
  EXPECT_FALSE(must(forget_networks(directory, wifi)));
  EXPECT_EQ(wifi.stored, 1u);
}

TEST_F(Removal, NetworksStayDueWhileNobodyListens) {
  Networks wifi;
  wifi.reachable = false;
  must(give_up(Afterwards::stays_out_of_use));
  EXPECT_FALSE(forget_networks(directory, wifi));
  EXPECT_FALSE(resume());
  wifi.reachable = true;
  EXPECT_EQ(must(forget_networks(directory, wifi)), 2u);
  EXPECT_FALSE(has(removal_file));
}

TEST_F(Removal, AFileOfSomebodyElsesIsNoReasonToRemoveAnything) {
  must(directory.write(std::string(removal_file), to_bytes("everything")));
  EXPECT_EQ(resume_removal(directory, *keys, work, identity).error().code, Errc::malformed);
  EXPECT_TRUE(identity->operational);
}

TEST_F(Removal, ADeviceThatNeverHadAnUpstreamMayHaveNetworks) {
  identity.reset();
  must(give_up(Afterwards::begins_anew));
  Networks wifi;
  EXPECT_TRUE(must(forget_networks(directory, wifi)));
}

TEST_F(Removal, AResetEndsIt) {
  must(give_up(Afterwards::stays_out_of_use));
  must(give_up(Afterwards::begins_anew));
  EXPECT_FALSE(must(load_identity(directory)).value().decommissioned);
}

TEST_F(Removal, AResetKeepsTheKeyThatTheNextOwnerIsShown) {
  must(give_up(Afterwards::begins_anew));
  EXPECT_EQ(left(), (std::vector{KeyName("device"), KeyName("operational-2-0123456789abcdef")}));
}

TEST_F(Removal, AnIdentityOfAnEarlierVersionIsRead) {
  identity->operational.reset();
  Bytes now = encode_identity(*identity);
  Bytes before(now.begin(), now.end() - 1);
  ASSERT_EQ(before[0], 0x8B);
  before[0] = 0x8A;
  auto read = must(decode_identity(before));
  EXPECT_FALSE(read.decommissioned);
  EXPECT_EQ(encode_identity(read), now);
}

}  // namespace
}  // namespace fairlead::device
