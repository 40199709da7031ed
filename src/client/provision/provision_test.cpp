// SPDX-License-Identifier: Apache-2.0
// The whole way between a real door without sockets and a server that says what the test wants.
#include "client/provision/provision.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "dpp/uri.h"
#include "local/door.h"
#include "support/dpp_enrollee.h"
#include "support/fake_transport.h"

namespace fairlead::client {
namespace {

// The device's door behind HTTP's status codes, with a driver that does what the test says.
class FakeDevice final : public Transport {
 public:
  explicit FakeDevice(Random& random) : random_(random), door_(options(random), random) {
    door_.open(local::Opening::button, now_);
  }
  Result<ApiResponse> exchange(const ApiRequest& request) override {
    ApiResponse out;
    out.status = 500;
    if (request.cookie.empty()) out.set_cookie = "session=7";
    carry_out(
        door_.on_request({7, "10.0.0.9", request.target.substr(1), to_bytes(request.body)}, now_),
        out);
    if (door_.progress() == local::Progress::connecting && ++polls_ > 1) {
      ApiResponse ignored;
      carry_out(refuse_online ? door_.offline({"broker_refused", "the broker says no"}, now_)
                              : door_.online(now_),
                ignored);
    }
    return out;
  }

  bool refuse_online = false, foreign_nonce = false;
  std::string passphrase, joined;  // what its network takes, and which one it is on
  bool committed = false;
  bool silent = false;  // its Enrollee
  std::string given;    // the configuration that it was given by Easy Connect
  std::string label() const {
    return dpp::encode_bootstrap_uri({{}, {}, "", 2, dpp::bootstrap_key(label_key_.point)});
  }
  Bytes offer, grant;

 private:
  static local::DoorOptions options(Random& random) {
    local::DoorOptions out;
    out.wifi = out.easy_connect = true;
    auto verifier = crypto::srp::make_verifier("wifiprov", as_view("abcd1234"), random);
    out.secrets.srp.push_back({std::move(*verifier), local::Proof::code});
    return out;
  }
  Bytes make_offer(enroll::OfferNonce nonce) {
    enroll::Offer out;
    out.serial = "SN-1";
    out.csr = *crypto::create_csr(*key_, {"SN-1", {}, {}});
    out.nonce = foreign_nonce ? enroll::OfferNonce{} : nonce;
    return *enroll::encode_offer(out, *key_);
  }
  local::Actions join_wifi(const local::WifiCredentials& network) {
    if (as_text(network.passphrase.reveal()) == passphrase) {
      joined = as_text(network.ssid);
      return door_.wifi_joined({}, now_);
    }
    return door_.wifi_failed({"wifi_wrong_passphrase", "does not take this passphrase"},
                             local::config::FailReason::auth_error, now_);
  }
  local::Actions use_tunnel(const local::UseTunnel& tunnel) {
    if (auto* open = std::get_if<local::command::OpenTunnel>(&tunnel.how)) {
      auto configurator = test::must(dpp::decode_bootstrap_uri(open->uri)).key.point;
      enrollee_.emplace(label_key_.clone(), random_, test::DppEnrollee::Habits{.mutual = true});
      says_ = silent ? Bytes() : dpp::framed(enrollee_->start(configurator));
      return door_.tunnel_opened(label());
    }
    if (auto* carry = std::get_if<local::command::Carry>(&tunnel.how)) {
      dpp::BodyJoiner joiner;
      test::must(joiner.take(carry->content));
      while (auto body = joiner.next())
        for (const Bytes& each : enrollee_->on_message(*body)) append(says_, dpp::framed(each));
      return door_.tunnel_carried(local::answer::Carried{true, std::exchange(says_, {})});
    }
    given = enrollee_->configurations().at(0);
    return door_.tunnel_closed(
        local::WifiCredentials{to_bytes("PlantFloor"), SecretBytes::copy_of(as_view(passphrase))},
        now_);
  }
  void carry_out(local::Actions actions, ApiResponse& answer) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
      local::Action action = std::move(actions[i]);
      local::Actions more;
      if (auto* reply = std::get_if<local::Reply>(&action)) {
        answer.status = 200;
        answer.body = as_text(reply->body);
      } else if (auto* refuse = std::get_if<local::Refuse>(&action)) {
        answer.status = refuse->refusal.kind == local::Refusal::Kind::wrong_code ? 403 : 400;
        answer.body = refuse->refusal.why;
      } else if (auto* make = std::get_if<local::MakeOffer>(&action)) {
        offer = make_offer(make->nonce);
        more = door_.offer_made(offer, now_);
      } else if (auto* check = std::get_if<local::CheckGrant>(&action)) {
        grant = check->grant;
        more = door_.grant_checked({}, now_);
      } else if (std::holds_alternative<local::ShowNetworks>(action)) {
        more = door_.networks_seen(
            {{to_bytes("PlantFloor"), 6, -40, Bytes(6), local::WifiAuth::wpa2_psk}});
      } else if (auto* join = std::get_if<local::JoinWifi>(&action)) {
        more = join_wifi(join->network);
      } else if (auto* tunnel = std::get_if<local::UseTunnel>(&action)) {
        more = use_tunnel(*tunnel);
      } else if (std::holds_alternative<local::Commit>(action)) {
        committed = true;
        more = door_.committed(now_);
      }
      std::ranges::move(more, std::back_inserter(actions));
    }
  }

  Time now_ = from_unix_seconds(1'000);
  Random& random_;
  local::Door door_;
  crypto::CurveKey label_key_ = test::must(generate_curve_key(crypto::Curve::p256, random_));
  std::optional<test::DppEnrollee> enrollee_;
  Bytes says_;
  std::unique_ptr<crypto::SoftwareKey> key_ =
      std::move(*crypto::SoftwareKey::generate(crypto::KeyType::p256));
  int polls_ = 0;
};

struct ProvisionTest : testing::Test {
  crypto::SystemRandom random;
  FakeDevice device{random};
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
