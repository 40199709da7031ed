// SPDX-License-Identifier: Apache-2.0
// Somebody with a phone between a real door without sockets and a server that says what the test
// wants.
#include "client/phone/setup.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "crypto/system_random.h"
#include "support/fake_device.h"
#include "support/fake_transport.h"

namespace fairlead::client {
namespace {

constexpr const char* claims = "POST /api/v1/claims";

local::WifiCredentials network(std::string_view ssid, std::string_view passphrase) {
  return {to_bytes(ssid), SecretBytes::copy_of(as_view(passphrase))};
}

// The device, on a link that may be lost.
class Link final : public Transport {
 public:
  explicit Link(Transport& device) : device_(device) {}
  Result<ApiResponse> exchange(const ApiRequest& request) override {
    if (lost) return fail(Errc::io, "connection reset");
    return device_.exchange(request);
  }
  bool lost = false;

 private:
  Transport& device_;
};

struct SetupTest : testing::Test {
  crypto::SystemRandom random;
  test::FakeDevice device{random};
  Link link{device};
  test::FakeTransport server;
  Api api{server, "fl_t"};
  std::vector<SetupStep> done;
  int connected = 0;

  SetupTest() {
    device.passphrase = "correct horse";
    grant();
  }
  void grant() {
    json::object granted{{"device", "d-1"},
                         {"state", "granted"},
                         {"grant", to_base64(as_view("a grant"))},
                         {"owner", to_base64(as_view("a key"))}};
    server.answer(claims, json::serialize(granted));
  }
  SetupWorld world() {
    return {[this]() -> Answer<std::unique_ptr<DeviceCarrier>> {
              ++connected;
              return std::make_unique<HttpCarrier>(link);
            },
            random, [this](SetupStep step) { done.push_back(step); }, [](local::Progress) {},
            [](Duration) {}};
  }
  SetupOrder order(std::string code = "abcd1234") {
    SetupOrder out{{std::move(code)}, "acme", "Hall 2"};
    out.wifi = network("PlantFloor", "correct horse");
    return out;
  }
  static Remedy remedy(const SetupPause& pause) {
    auto* trouble = std::get_if<Trouble>(&pause);
    EXPECT_TRUE(trouble);
    return trouble ? trouble->remedy : Remedy::none;
  }
};

TEST_F(SetupTest, KnownWifiNeedsNobodyAndTheStepsComeInOrder) {
  PhoneSetup setup(order(), world());
  auto pause = setup.go_on(&api);
  ASSERT_TRUE(std::holds_alternative<SetupDone>(pause));
  EXPECT_EQ(std::get<SetupDone>(pause).device, "d-1");
  EXPECT_EQ(device.joined, "PlantFloor");
  EXPECT_TRUE(device.committed);
  std::vector<SetupStep> all{SetupStep::ready,    SetupStep::let_in,     SetupStep::identity,
                             SetupStep::received, SetupStep::registered, SetupStep::sent,
                             SetupStep::online};
  EXPECT_EQ(done, all);
  EXPECT_EQ(json::parse(server.seen.at(0).body).at("name").as_string(), "Hall 2 SN-1");
}

TEST_F(SetupTest, AWrongCodeIsAskedForAgain) {
  PhoneSetup setup(order("abcd1235"), world());
  EXPECT_EQ(remedy(setup.go_on(&api)), Remedy::code);
  EXPECT_TRUE(done.empty());
  setup.set_code("abcd1234");
  EXPECT_TRUE(std::holds_alternative<SetupDone>(setup.go_on(&api)));
}

TEST_F(SetupTest, AWrongPasswordIsAskedForAgainAndNothingElseIsDoneTwice) {
  auto wrong = order();
  wrong.wifi = network("PlantFloor", "wrong horse");
  PhoneSetup setup(std::move(wrong), world());
  EXPECT_EQ(remedy(setup.go_on(&api)), Remedy::wifi_password);
  setup.set_wifi(network("PlantFloor", "correct horse"));
  EXPECT_TRUE(std::holds_alternative<SetupDone>(setup.go_on(&api)));
  EXPECT_EQ(connected, 1);
  EXPECT_EQ(server.seen.size(), 1u);  // one claim
}

TEST_F(SetupTest, WifiOfAnotherPlaceIsAskedForAgain) {
  auto elsewhere = order();
  elsewhere.wifi = network("Elsewhere", "correct horse");
  PhoneSetup setup(std::move(elsewhere), world());
  auto pause = setup.go_on(&api);
  ASSERT_TRUE(std::holds_alternative<NetworkWanted>(pause));
  EXPECT_EQ(std::get<NetworkWanted>(pause).heard.size(), 1u);
  setup.set_wifi(network("PlantFloor", "correct horse"));
  EXPECT_TRUE(std::holds_alternative<SetupDone>(setup.go_on(&api)));
}

TEST_F(SetupTest, KnownWifiIsTriedWhereTheDeviceHeardNothingAtAll) {
  device.hears_nothing = true;
  PhoneSetup setup(order(), world());
  EXPECT_TRUE(std::holds_alternative<SetupDone>(setup.go_on(&api)));
  EXPECT_EQ(device.joined, "PlantFloor");
}

TEST_F(SetupTest, WithoutAServerTheOfferIsKeptAndGoesOnLater) {
  server.answers.clear();
  server.script = [](const ApiRequest&) { return fail(Errc::io, "no route to host"); };
  std::optional<BundleEntry> kept;
  {
    PhoneSetup setup(order(), world());
    EXPECT_EQ(remedy(setup.go_on(&api)), Remedy::server);
    EXPECT_EQ(remedy(setup.go_on(nullptr)), Remedy::server);
    kept = setup.kept();
  }
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->serial, "SN-1");
  EXPECT_EQ(kept->offer, device.offer);
  server.script = nullptr;
  grant();
  PhoneSetup later(order(), world(), *kept);
  EXPECT_TRUE(std::holds_alternative<SetupDone>(later.go_on(&api)));
  EXPECT_EQ(kept->offer, device.offer) << "no second Offer was made";
  EXPECT_TRUE(later.kept()->delivered);
}

TEST_F(SetupTest, SomebodysApprovalIsWaitedFor) {
  server.answer(claims, R"({"device":"d-1","state":"waiting","why":"it needs approval"})");
  PhoneSetup setup(order(), world());
  EXPECT_EQ(remedy(setup.go_on(&api)), Remedy::decision);
  grant();
  EXPECT_TRUE(std::holds_alternative<SetupDone>(setup.go_on(&api)));
}

TEST_F(SetupTest, ALostLinkIsMadeAgainByItselfAndElseByTheNextTry) {
  server.script = [](const ApiRequest&) { return fail(Errc::io, "no route to host"); };
  PhoneSetup setup(order(), world());
  EXPECT_EQ(remedy(setup.go_on(&api)), Remedy::server);
  server.script = nullptr;
  link.lost = true;
  EXPECT_EQ(remedy(setup.go_on(&api)), Remedy::again);
  link.lost = false;
  EXPECT_TRUE(std::holds_alternative<SetupDone>(setup.go_on(&api)));
  EXPECT_GE(connected, 2);
}

TEST_F(SetupTest, AnUpstreamThatRefusesIsSaidWithWhatToDo) {
  device.refuse_online = true;
  PhoneSetup setup(order(), world());
  auto pause = setup.go_on(&api);
  ASSERT_EQ(remedy(pause), Remedy::again);
  EXPECT_EQ(std::get<Trouble>(pause).title, "The server turned the device away");
  EXPECT_NE(std::get<Trouble>(pause).detail.find("the broker says no"), std::string::npos);
  device.refuse_online = false;
  EXPECT_TRUE(std::holds_alternative<SetupDone>(setup.go_on(&api)));
}

TEST_F(SetupTest, ARefusalOfTheServerEndsIt) {
  server.answer(claims, R"({"error":{"code":"refused","message":"not yours"}})", 403);
  PhoneSetup setup(order(), world());
  auto pause = setup.go_on(&api);
  EXPECT_EQ(remedy(pause), Remedy::none);
  EXPECT_EQ(std::get<Trouble>(pause).detail, "not yours");
}

TEST(TroubleTest, EveryReasonOfADeviceHasItsWords) {
  for (const char* reason : {"wrong-code", "wait", "busy", "closed", "wifi_wrong_passphrase",
                             "wifi_not_found", "no_address", "no_route", "captive_portal",
                             "clock_wrong", "broker_unreachable", "broker_refused"}) {
    Problem problem{ProblemKind::failed, "the device says so", {}, reason};
    Trouble trouble = trouble_of(SetupStage::handing_over, problem);
    EXPECT_NE(trouble.title, "The device doesn't answer") << reason;
    EXPECT_FALSE(trouble.advice.empty()) << reason;
  }
}

}  // namespace
}  // namespace fairlead::client
