// SPDX-License-Identifier: Apache-2.0
// The whole way between a real door without sockets and a server that says what the test wants.
#include "client/provision/provision.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "crypto/system_random.h"
#include "support/fake_device.h"
#include "support/fake_transport.h"

namespace fairlead::client {
namespace {

struct ProvisionTest : testing::Test {
  crypto::SystemRandom random;
  test::FakeDevice device{random, {.easy_connect = true}};
  test::FakeTransport server;
  Api api{server, "fl_t"};
  std::vector<std::string> told;
  ProvisionRequest request{{"abcd1234"}, {"acme", "pump"}};

  ProvisionTest() {
    json::object granted{{"device", "d-1"},
                         {"state", "granted"},
                         {"grant", to_base64(as_view("a grant"))},
                         {"owner", to_base64(as_view("a key"))}};
    server.answer("POST /api/v1/claims", json::serialize(granted));
  }
  Answer<Provisioned> run() {
    Bystander bystander{[&](std::string_view text) { told.emplace_back(text); }, [](Duration) {}};
    HttpCarrier carrier(device);
    return provision(carrier, api, request, random, bystander);
  }
};

TEST_F(ProvisionTest, CarriesOfferAndGrantAndWaitsUntilOnline) {
  auto done = run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->device, "d-1");
  EXPECT_TRUE(device.committed);
  EXPECT_EQ(as_text(device.grant), "a grant");
  json::value claim = json::parse(server.seen.at(0).body);
  EXPECT_EQ(claim.at("offer").as_string(), to_base64(device.offer));
  EXPECT_EQ(claim.at("account").as_string(), "acme");
  EXPECT_EQ(claim.at("proof").as_string(), "code");
}

TEST_F(ProvisionTest, AWrongPassphraseIsAskedForAgainAndNothingElseIsDoneTwice) {
  device.passphrase = "correct horse";
  std::size_t heard = 0;
  const auto choose =
      [&](const std::vector<local::NearbyNetwork>& networks) -> Answer<local::WifiCredentials> {
    heard = networks.size();
    return local::WifiCredentials{networks.at(0).ssid,
                                  SecretBytes::copy_of(as_view("wrong horse"))};
  };
  const auto again = []() -> Answer<SecretBytes> {
    return SecretBytes::copy_of(as_view("correct horse"));
  };
  request.wifi = WifiWish{choose, again};
  auto done = run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(heard, 1u);
  EXPECT_EQ(device.joined, "PlantFloor");
  EXPECT_TRUE(device.committed);
  EXPECT_EQ(server.seen.size(), 1u);  // one claim
}

struct EasyConnect : ProvisionTest {
  EasyConnect() {
    device.passphrase = "correct horse";
    request.wifi = WifiWish{
        [](const std::vector<local::NearbyNetwork>& networks) -> Answer<local::WifiCredentials> {
          return local::WifiCredentials{networks.at(0).ssid,
                                        SecretBytes::copy_of(as_view("correct horse"))};
        },
        {}};
  }
  bool was_told(std::string_view words) const {
    return std::ranges::any_of(told, [&](const auto& each) { return each.contains(words); });
  }
};

TEST_F(EasyConnect, GivesTheNetworkToTheKeyOnTheLabel) {
  request.wifi->label = device.label();
  auto done = run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(device.joined, "PlantFloor");
  EXPECT_TRUE(device.given.contains("correct horse")) << device.given;
  EXPECT_TRUE(device.given.contains("psk+sae")) << device.given;
  EXPECT_TRUE(was_told("by Wi-Fi Easy Connect"));
}

TEST_F(EasyConnect, IsUsedWhereTheDeviceHasItWithoutALabelToo) {
  ASSERT_TRUE(run());
  EXPECT_FALSE(device.given.empty());
}

TEST_F(EasyConnect, ADeviceWithAnotherLabelIsGivenNothing) {
  auto other = test::must(generate_curve_key(crypto::Curve::p256, random));
  request.wifi->label = dpp::encode_bootstrap_uri({{}, {}, "", 2, dpp::bootstrap_key(other.point)});
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ProblemKind::conflict);
  EXPECT_TRUE(device.given.empty());
  EXPECT_TRUE(device.joined.empty());
}

TEST_F(EasyConnect, WhereItComesToNothingTheNetworkIsGivenPlainly) {
  device.silent = true;
  auto done = run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(device.given.empty());
  EXPECT_EQ(device.joined, "PlantFloor");
  EXPECT_TRUE(was_told("given without it"));
}

TEST_F(EasyConnect, WithALabelNothingIsGivenPlainly) {
  device.silent = true;
  request.wifi->label = device.label();
  ASSERT_FALSE(run());
  EXPECT_TRUE(device.joined.empty());
}

TEST_F(ProvisionTest, TheButtonNeedsNoCodeAndTheClaimSaysSo) {
  request.access.button = true;
  request.access.code.clear();
  ASSERT_TRUE(run());
  EXPECT_EQ(json::parse(server.seen.at(0).body).at("proof").as_string(), "button");
}

TEST_F(ProvisionTest, AWrongCodeIsForbiddenAndNothingIsClaimed) {
  request.access.code = "abcd1235";
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ProblemKind::forbidden);
  EXPECT_EQ(done.error().message, "the code is wrong");
  EXPECT_TRUE(server.seen.empty());
}

TEST_F(ProvisionTest, AnOfferOfAnotherSessionIsNotClaimed) {
  device.foreign_nonce = true;
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ProblemKind::untrusted_server);
  EXPECT_TRUE(server.seen.empty());
}

TEST_F(ProvisionTest, AServerThatWantsAPersonFirstSaysWhatToDo) {
  server.answer("POST /api/v1/claims",
                R"({"device":"d-1","state":"waiting","why":"another key is accepted"})");
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ProblemKind::busy);
  EXPECT_NE(done.error().advice.find("device approve d-1"), std::string::npos);
  EXPECT_FALSE(device.committed);
}

TEST_F(ProvisionTest, ARefusalOfTheServerIsPassedOn) {
  server.answer("POST /api/v1/claims", R"({"error":{"code":"refused","message":"not yours"}})",
                403);
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ProblemKind::forbidden);
}

TEST_F(ProvisionTest, AnUpstreamThatRefusesIsSaidInTheDevicesWords) {
  device.refuse_online = true;
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("the broker says no"), std::string::npos);
  EXPECT_FALSE(device.committed);
}

}  // namespace
}  // namespace fairlead::client
