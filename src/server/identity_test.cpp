// SPDX-License-Identifier: Apache-2.0
#include "server/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;
using testing::HasSubstr;

struct OwnKeys : testing::TestWithParam<const char*> {
  test::TemporaryDirectory folder;
  std::unique_ptr<registry::SqliteRegistry> registry =
      must(registry::SqliteRegistry::open(folder.path() / "registry.db"));
  Store store{*registry};
  crypto::SystemRandom random;
  Time now = from_unix_ms(1'800'000'000'000);

  Result<Identity> open() {
    auto keys = must(keystore::FileKeystore::open(folder.path() / "keystore"));
    return open_identity(*keys, store, crypto::KeyType::p256, random, now);
  }
};

TEST_P(OwnKeys, AreTheSameAtEveryStart) {
  auto first = must(open());
  auto second = must(open());
  EXPECT_TRUE(first.owner->public_key() == second.owner->public_key());
  EXPECT_TRUE(first.manufacturer->public_key() == second.manufacturer->public_key());
  EXPECT_EQ(first.owner_certificate, second.owner_certificate);
  EXPECT_EQ(first.manufacturer_certificate, second.manufacturer_certificate);
  EXPECT_TRUE(first.owner_certificate.public_key() == first.owner->public_key());
}

TEST_P(OwnKeys, AreNotMadeAgainWhenTheyAreLost) {
  must(open());
  auto keys = must(keystore::FileKeystore::open(folder.path() / "keystore"));
  must(keys->remove(keystore::KeyName(GetParam())));
  auto again = open();
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().context, HasSubstr("restore the keystore"));
}

TEST_P(OwnKeys, AreNotExchangedUnnoticed) {
  must(open());
  auto keys = must(keystore::FileKeystore::open(folder.path() / "keystore"));
  must(keys->remove(keystore::KeyName(GetParam())));
  must(keys->create_key(keystore::KeyName(GetParam()), crypto::KeyType::p256));
  EXPECT_FALSE(open());
}

INSTANTIATE_TEST_SUITE_P(Server, OwnKeys,
                         testing::Values("manufacturer", "owner", "device-ca", "operational-ca"));

}  // namespace
}  // namespace fairlead::server
