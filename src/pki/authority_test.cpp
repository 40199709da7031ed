// SPDX-License-Identifier: Apache-2.0
#include "pki/authority.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "crypto/software_key.h"
#include "crypto/system_random.h"

namespace fairlead::pki {
namespace {

using namespace std::chrono_literals;
const Time now = from_unix_seconds(1'790'000'000);

struct Ca {
  crypto::SystemRandom random;
  std::shared_ptr<crypto::Signer> key;
  crypto::Certificate root;
  Authority authority;

  static Ca make(crypto::KeyType type) {
    crypto::SystemRandom random;
    std::shared_ptr<crypto::Signer> key = std::move(*crypto::SoftwareKey::generate(type));
    auto root = *create_root(*key, {"Test CA", ""}, now - 1h, now + 24h * 3650, 0, random);
    return {{}, key, root, *Authority::create(key, {root})};
  }
};

Request client_request() {
  return {{"d-1", "SN 1"}, Usage::tls_client, {"urn:x:1"}, {}, {}, now - 1h, now + 24h};
}

class AuthorityTest : public testing::TestWithParam<crypto::KeyType> {};
INSTANTIATE_TEST_SUITE_P(Keys, AuthorityTest,
                         testing::Values(crypto::KeyType::p256, crypto::KeyType::p384));

TEST_P(AuthorityTest, IssuesWhatOpensslAcceptsStrictly) {
  Ca ca = Ca::make(GetParam());
  auto device = *crypto::SoftwareKey::generate(crypto::KeyType::p256);
  auto leaf = ca.authority.issue(device->public_key(), client_request(), ca.random);
  ASSERT_TRUE(leaf) << leaf.error().context;
  auto folder =
      std::filesystem::temp_directory_path() / ("fairlead-pki-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "ca.pem") << ca.root.pem();
  std::ofstream(folder / "leaf.pem") << leaf->pem();
  std::string verify =
      "openssl verify -x509_strict -purpose sslclient -attime 1790000000 -CAfile " +
      (folder / "ca.pem").string() + " " + (folder / "leaf.pem").string() + " >/dev/null";
  EXPECT_EQ(std::system(verify.c_str()), 0);
  std::filesystem::remove_all(folder);
}

TEST_P(AuthorityTest, IssuesWhatOurOwnPathValidationAccepts) {
  Ca ca = Ca::make(GetParam());
  auto device = *crypto::SoftwareKey::generate(crypto::KeyType::p384);
  auto leaf = *ca.authority.issue(device->public_key(), client_request(), ca.random);
  EXPECT_EQ(leaf.common_name(), "d-1");
  EXPECT_EQ(leaf.san_uris(), std::vector<std::string>{"urn:x:1"});
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_EQ(leaf.serial().size(), 16u);
  std::vector<crypto::Certificate> anchors{ca.root}, chain{leaf};
  EXPECT_TRUE(crypto::validate_path(chain, {anchors, now, crypto::DateCheck::at_time}));
  EXPECT_FALSE(crypto::validate_path(chain, {anchors, now + 48h, crypto::DateCheck::at_time}));
}

TEST_P(AuthorityTest, NeverOutlivesItself) {
  Ca ca = Ca::make(GetParam());
  auto request = client_request();
  request.not_after = no_expiry();
  auto leaf = *ca.authority.issue(ca.key->public_key(), request, ca.random);
  EXPECT_EQ(leaf.not_after(), ca.root.not_after());
}

TEST(Authority, RefusesNamesThatAreNoNames) {
  Ca ca = Ca::make(crypto::KeyType::p256);
  for (std::string name :
       {std::string(), std::string(65, 'x'), std::string("\xff"), std::string("a\0b", 3)}) {
    auto request = client_request();
    request.subject.common_name = name;
    auto leaf = ca.authority.issue(ca.key->public_key(), request, ca.random);
    ASSERT_FALSE(leaf);
    EXPECT_EQ(leaf.error().code, Errc::refused);
  }
  auto request = client_request();
  request.subject.common_name.clear();
  for (int i = 0; i < 64; ++i)
    request.subject.common_name += "\xC3\xA9";  // 64 characters, 128 bytes
  EXPECT_TRUE(ca.authority.issue(ca.key->public_key(), request, ca.random));
}

TEST(Authority, RefusesDatesTheWrongWayRound) {
  Ca ca = Ca::make(crypto::KeyType::p256);
  auto request = client_request();
  request.not_after = request.not_before;
  EXPECT_FALSE(ca.authority.issue(ca.key->public_key(), request, ca.random));
}

TEST(Authority, RefusesACertificateOfAnotherKey) {
  Ca ca = Ca::make(crypto::KeyType::p256), other = Ca::make(crypto::KeyType::p256);
  EXPECT_FALSE(Authority::create(ca.key, {other.root}));
}

TEST(DeviceIdentity, HasNoEnd) {
  crypto::SystemRandom random;
  std::shared_ptr<crypto::Signer> key =
      std::move(*crypto::SoftwareKey::generate(crypto::KeyType::p256));
  auto root = *create_root(*key, {"Maker", ""}, now, no_expiry(), -1, random);
  auto authority = *Authority::create(key, {root});
  Request request{{"SN1", "SN1"}, Usage::device_identity, {}, {}, {}, now, no_expiry()};
  auto leaf = *authority.issue(key->public_key(), request, random);
  EXPECT_EQ(to_rfc3339(leaf.not_after()), "9999-12-31T23:59:59.000Z");
}

}  // namespace
}  // namespace fairlead::pki
