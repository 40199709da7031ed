// SPDX-License-Identifier: Apache-2.0
// Our door answers at Espressif's endpoints as stock firmware does; what it says of itself is here
// said otherwise.
#include "client/provision/stock.h"

#include <gtest/gtest.h>

#include "crypto/system_random.h"
#include "local/door.h"

namespace fairlead::client {
namespace {

class StockDevice final : public DeviceCarrier {
 public:
  explicit StockDevice(Random& random) : door_(options(random), random) {
    door_.open(local::Opening::command, now_);
  }
  Answer<Bytes> exchange(const std::string& endpoint, View body) override {
    if (endpoint == "proto-ver") return to_bytes(version);
    if (endpoint == silent_at) return problem(ProblemKind::failed, "the connection was closed");
    Bytes out;
    for (auto& action : door_.on_request({7, "10.0.0.9", endpoint, to_bytes(body)}, now_)) {
      if (auto* reply = std::get_if<local::Reply>(&action)) out = std::move(reply->body);
      if (std::holds_alternative<local::Refuse>(action))
        return problem(ProblemKind::failed, "the connection was closed");
      if (std::holds_alternative<local::ShowNetworks>(action))
        for (auto& shown : door_.networks_seen(hears))
          if (auto* reply = std::get_if<local::Reply>(&shown)) out = std::move(reply->body);
      if (auto* join = std::get_if<local::JoinWifi>(&action)) on_join(join->network);
    }
    return out;
  }

  std::string version =
      R"({"prov":{"ver":"v1.1","sec_ver":2,"sec_patch_ver":1,"cap":["wifi_scan"]}})";
  std::string silent_at;
  std::vector<local::scan::Entry> hears;
  local::config::FailReason reason = local::config::FailReason::auth_error;

 private:
  static local::DoorOptions options(Random& random) {
    local::DoorOptions out;
    out.wifi = true;
    auto verifier = crypto::srp::make_verifier("wifiprov", as_view("abcd1234"), random);
    out.secrets.srp.push_back({std::move(*verifier), local::Proof::code});
    return out;
  }
  void on_join(const local::WifiCredentials& network) {
    if (as_text(network.passphrase.reveal()) == "right horse")
      door_.wifi_joined({"10.0.0.7", local::WifiAuth::wpa2_psk, network.ssid, Bytes(6), 6}, now_);
    else
      door_.wifi_failed({"wifi", "words"}, reason, now_);
  }

  Time now_ = from_unix_seconds(1'000);
  local::Door door_;
};

class StockTest : public testing::Test {
 protected:
  Answer<std::string> give() {
    TRY(auto version, ask_version(device));
    WifiWish wish;
    wish.choose = [&](const std::vector<local::NearbyNetwork>& heard) {
      seen = heard;
      return Answer<local::WifiCredentials>({to_bytes("Floor"), next_passphrase()});
    };
    wish.choose_passphrase = [&] { return Answer<SecretBytes>(next_passphrase()); };
    return give_wifi(device, version, access, wish, random, bystander);
  }
  SecretBytes next_passphrase() {
    auto out = SecretBytes::copy_of(as_view(passphrases.front()));
    passphrases.erase(passphrases.begin());
    return out;
  }
  void refused(ProblemKind kind, std::string_view words) {
    auto given = give();
    ASSERT_FALSE(given);
    EXPECT_EQ(given.error().kind, kind);
    EXPECT_NE(given.error().message.find(words), std::string::npos) << given.error().message;
  }

  crypto::SystemRandom random;
  StockDevice device{random};
  Access access{"abcd1234"};
  std::vector<std::string> passphrases{"right horse"};
  std::vector<local::NearbyNetwork> seen;
  std::string told;
  Bystander bystander{[this](std::string_view text) { told += text; }, [](Duration) {}};
};

TEST_F(StockTest, JoinsWithTheSecondPassphraseWhatIsListedInPages) {
  for (int i = 0; i < 9; ++i)
    device.hears.push_back({to_bytes("N" + std::to_string(i)), 6, -90 + i, Bytes(6)});
  passphrases = {"wrong horse", "right horse"};
  auto given = give();
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(*given, "10.0.0.7");
  ASSERT_EQ(seen.size(), 9u);
  EXPECT_EQ(seen.front().ssid, to_bytes("N8"));
  EXPECT_NE(told.find("does not take this passphrase"), std::string::npos);
}

TEST_F(StockTest, ACodeThatWasGivenHasToCount) {
  device.version = R"({"prov":{"sec_ver":1,"cap":["no_pop"]}})";
  refused(ProblemKind::forbidden, "asks for no code");
}

TEST_F(StockTest, PlainTextNeedsLeave) {
  device.version = R"({"prov":{"sec_ver":0,"cap":["no_sec"]}})";
  access.code.clear();
  refused(ProblemKind::forbidden, "without encryption");
}

TEST_F(StockTest, SilenceAfterTheCodeMeansAWrongCode) {
  access.code = "abcd1235";
  refused(ProblemKind::forbidden, "so that is wrong, most likely");
}

TEST_F(StockTest, AThreadDeviceGetsNoWifi) {
  device.version = R"({"prov":{"sec_ver":2,"sec_patch_ver":1,"cap":["thread_prov"]}})";
  refused(ProblemKind::conflict, "Thread");
}

TEST_F(StockTest, ANetworkThatIsNotThereIsNamed) {
  device.reason = local::config::FailReason::network_not_found;
  passphrases = {"wrong horse"};
  refused(ProblemKind::not_found, "does not find this network");
}

TEST_F(StockTest, ADeviceThatBreaksOffIsSaid) {
  device.silent_at = "prov-config";
  refused(ProblemKind::failed, "closed");
}

}  // namespace
}  // namespace fairlead::client
