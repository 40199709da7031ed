// SPDX-License-Identifier: Apache-2.0
// Wi-Fi at the device's door: by our own client with a Grant, and by stock clients without.
#include "local/test_door.h"

namespace fairlead::local {
namespace {

class DoorWithWifi : public DoorTest {
 protected:
  DoorWithWifi() : DoorTest(true) { door_.open(Opening::unprovisioned, now_); }

  static command::UseWifi plant_floor(std::string_view passphrase = "correct horse") {
    return {{to_bytes("PlantFloor"), SecretBytes::copy_of(as_view(passphrase))}};
  }
  // A network and a Grant are given; what follows once the Grant is found good.
  Actions give(Conversation& client, std::string_view passphrase = "correct horse") {
    say(client, 1, plant_floor(passphrase));
    EXPECT_TRUE(std::holds_alternative<answer::Done>(last_));
    say(client, 1, command::TakeGrant{Bytes(3'000, 8), Bytes(91, 9)});
    Actions checked = door_.grant_checked({}, now_);
    finish(client, 1, checked);
    return checked;
  }
};

// The secured session of a stock client, which knows no endpoint of ours.
class StockClient : public DoorWithWifi {
 protected:
  StockClient() {
    auto started = start_session(secret(), random_);
    Actions first = send(1, {"prov-session", std::move(started.request)});
    auto next = on_session_answer(std::move(started.next), find<Reply>(first)->body);
    auto& sends = std::get<ClientSends>(*next);
    opened_ = send(1, {"prov-session", std::move(sends.request)});
    auto done = on_session_answer(std::move(sends.next), find<Reply>(opened_)->body);
    channel_ = std::move(std::get<Channel>(*done));
  }
  Actions ask(std::string_view endpoint, View plain) {
    return send(1, {std::string(endpoint), *channel_->seal(plain)});
  }
  Bytes answer_in(const Actions& actions) {
    auto* reply = find<Reply>(actions);
    EXPECT_TRUE(reply);
    return reply ? *channel_->open(reply->body) : Bytes();
  }
  scan::Answer scan(const scan::Command& command) {
    return *scan::decode_scan_answer(answer_in(ask("prov-scan", scan::encode_command(command))));
  }
  config::Answer config(const config::Command& command) {
    return *config::decode_config_answer(
        answer_in(ask("prov-config", config::encode_command(command))));
  }
  config::TellStatus wifi_status() {
    return std::get<config::TellStatus>(config(config::AskStatus{}));
  }
  void set(std::string_view passphrase) {
    config::Set out;
    out.ssid = to_bytes("PlantFloor");
    out.passphrase = SecretBytes::copy_of(as_view(passphrase));
    config(std::move(out));
  }
  static scan::Entry entry(std::string_view ssid, int rssi, WifiAuth auth = WifiAuth::wpa2_psk) {
    return {to_bytes(ssid), 6, rssi, Bytes(6, 1), auth};
  }

  Actions opened_;
  std::optional<Channel> channel_;
};

TEST_F(DoorWithWifi, TheNetworkIsJoinedBeforeTheUpstreamIsTriedAndBothBeforeTheCommit) {
  auto client = session(1);
  Actions checked = give(*client);
  auto* join = find<JoinWifi>(checked);
  ASSERT_TRUE(join);
  EXPECT_EQ(as_text(join->network.ssid), "PlantFloor");
  EXPECT_EQ(as_text(join->network.passphrase.reveal()), "correct horse");
  EXPECT_FALSE(find<GoOnline>(checked));
  EXPECT_EQ(status(*client, 1).progress, Progress::joining);
  Actions joined = door_.wifi_joined({}, now_);
  EXPECT_TRUE(find<GoOnline>(joined));
  EXPECT_FALSE(find<KeepWifi>(joined));  // that comes with the commit
  Actions online = door_.online(now_);
  EXPECT_TRUE(find<Commit>(online));
}

TEST_F(DoorWithWifi, AWrongPassphraseRollsBackAndTheRightOneGoesOnInTheSameSession) {
  auto client = session(1);
  give(*client, "wrong horse");
  Actions failed = door_.wifi_failed({"wifi_wrong_passphrase", "does not take this passphrase"},
                                     config::FailReason::auth_error, now_);
  EXPECT_TRUE(find<RollBack>(failed));
  Report report = status(*client, 1);
  EXPECT_EQ(report.progress, Progress::failed);
  EXPECT_EQ(report.obstacle.reason, "wifi_wrong_passphrase");
  Actions again = give(*client, "correct horse");
  ASSERT_TRUE(find<JoinWifi>(again));
  EXPECT_EQ(as_text(find<JoinWifi>(again)->network.passphrase.reveal()), "correct horse");
}

TEST_F(DoorWithWifi, AnUpstreamThatRefusesTakesTheNetworkBackToo) {
  auto client = session(1);
  give(*client);
  door_.wifi_joined({}, now_);
  Actions refused = door_.offline({"broker_refused", "no"}, now_);
  EXPECT_TRUE(find<RollBack>(refused));
}

TEST_F(DoorWithWifi, ANetworkWithoutAGrantIsForgottenByTheFailSafe) {
  auto client = session(1);
  say(*client, 1, plant_floor());
  now_ += limits::fail_safe;
  Actions late = door_.on_deadline(now_);
  EXPECT_TRUE(find<RollBack>(late));
  client = session(1);
  say(*client, 1, command::TakeGrant{Bytes(10, 8), Bytes(91, 9)});
  Actions checked = door_.grant_checked({}, now_);
  EXPECT_FALSE(find<JoinWifi>(checked));
}

TEST_F(DoorWithWifi, AJoinThatNobodyWaitsForAnyMoreChangesNothing) {
  auto client = session(1);
  give(*client);
  say(*client, 1, command::Cancel{});
  Actions joined = door_.wifi_joined({}, now_);
  EXPECT_TRUE(joined.empty());
}

TEST_F(DoorWithWifi, OurClientSeesWhatIsInReachAndWhatItCanNotUse) {
  auto client = session(1);
  Actions asked = say(*client, 1, command::AskNetworks{});
  EXPECT_TRUE(find<ShowNetworks>(asked));
  finish(*client, 1,
         door_.networks_seen({{to_bytes("Office"), 36, -70, Bytes(6), WifiAuth::wpa2_enterprise},
                              {to_bytes("Caf\xC3\xA9"), 6, -40, Bytes(6), WifiAuth::open}}));
  auto& heard = std::get<answer::Networks>(last_).heard;
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(as_text(heard[0].ssid), "Caf\xC3\xA9");
  EXPECT_TRUE(heard[0].why_not.empty());
  EXPECT_FALSE(heard[1].why_not.empty());
}

TEST_F(DoorWithWifi, WhatComesOutOfATunnelIsJoinedWithTheNextGrant) {
  auto client = session(1);
  Actions opening = say(*client, 1, command::OpenTunnel{"DPP:K:1;;"});
  ASSERT_TRUE(find<UseTunnel>(opening));
  EXPECT_EQ(std::get<command::OpenTunnel>(find<UseTunnel>(opening)->how).uri, "DPP:K:1;;");
  finish(*client, 1, door_.tunnel_opened(std::string("DPP:K:2;;")));
  EXPECT_EQ(std::get<answer::TunnelOpen>(last_).uri, "DPP:K:2;;");
  Actions carrying = say(*client, 1, command::Carry{Bytes(700, 1)});  // in two parts
  ASSERT_TRUE(find<UseTunnel>(carrying));
  EXPECT_EQ(std::get<command::Carry>(find<UseTunnel>(carrying)->how).content, Bytes(700, 1));
  finish(*client, 1, door_.tunnel_carried(answer::Carried{true, Bytes(800, 2)}));
  EXPECT_EQ(std::get<answer::Carried>(last_).content, Bytes(800, 2));
  say(*client, 1, command::CloseTunnel{});
  finish(*client, 1, door_.tunnel_closed(std::move(plant_floor().network), now_));
  EXPECT_TRUE(std::holds_alternative<answer::Done>(last_));
  say(*client, 1, command::TakeGrant{Bytes(10, 8), Bytes(91, 9)});
  Actions checked = door_.grant_checked({}, now_);
  ASSERT_TRUE(find<JoinWifi>(checked));
  EXPECT_EQ(as_text(find<JoinWifi>(checked)->network.ssid), "PlantFloor");
}

TEST_F(DoorWithWifi, ATunnelThatCameToNothingLeavesNoNetwork) {
  auto client = session(1);
  say(*client, 1, command::CloseTunnel{});
  auto none = fail(Errc::refused, "no network came through it");
  finish(*client, 1, door_.tunnel_closed(Result<WifiCredentials>(none), now_));
  EXPECT_EQ(std::get<answer::No>(last_).obstacle.words, "no network came through it");
  say(*client, 1, command::TakeGrant{Bytes(10, 8), Bytes(91, 9)});
  Actions checked = door_.grant_checked({}, now_);
  EXPECT_FALSE(find<JoinWifi>(checked));
  EXPECT_TRUE(find<GoOnline>(checked));
}

TEST_F(DoorWithWifi, ATunnelThatNobodyClosesEndsWithTheRollBack) {
  auto client = session(1);
  say(*client, 1, command::OpenTunnel{"DPP:K:1;;"});
  finish(*client, 1, door_.tunnel_opened(std::string("DPP:K:2;;")));
  door_.left(1, now_);
  now_ += return_window;
  EXPECT_TRUE(find<RollBack>(door_.on_deadline(now_)));
  Actions late = door_.tunnel_closed(std::move(plant_floor().network), now_);
  EXPECT_TRUE(late.empty());
}

TEST_F(DoorWithWifi, NoTunnelIsOpenedWhileADeviceJoins) {
  auto client = session(1);
  give(*client);
  Actions opening = say(*client, 1, command::OpenTunnel{"DPP:K:1;;"});
  EXPECT_FALSE(find<UseTunnel>(opening));
  EXPECT_EQ(std::get<answer::No>(last_).obstacle.reason, "busy");
}

TEST_F(DoorTest, ADeviceWithoutWifiSaysSo) {
  door_.open(Opening::unprovisioned, now_);
  auto client = session(1);
  say(*client, 1, command::AskNetworks{});
  EXPECT_EQ(std::get<answer::No>(last_).obstacle.reason, "unsupported");
  say(*client, 1, command::UseWifi{{to_bytes("PlantFloor"), {}}});
  EXPECT_EQ(std::get<answer::No>(last_).obstacle.reason, "unsupported");
  say(*client, 1, command::OpenTunnel{"DPP:K:1;;"});
  EXPECT_EQ(std::get<answer::No>(last_).obstacle.reason, "unsupported");
}

TEST_F(StockClient, ASessionMakesTheDeviceLookAroundAndTheStartWaitsForTheList) {
  EXPECT_TRUE(find<LookAround>(opened_));
  Actions start = ask("prov-scan", scan::encode_command(scan::Start{true, false, 0, 120}));
  EXPECT_TRUE(find<ShowNetworks>(start));
  EXPECT_FALSE(find<Reply>(start));
  Actions seen = door_.networks_seen({entry("weak", -80), entry("", -20), entry("strong", -30),
                                      entry("strong", -50), entry("strong", -60, WifiAuth::open)});
  auto started = scan::decode_scan_answer(answer_in(seen));
  EXPECT_EQ(std::get<scan::Started>(*started).status, Status::success);
  auto told = std::get<scan::TellStatus>(scan(scan::AskStatus{}));
  EXPECT_TRUE(told.finished);
  EXPECT_EQ(told.count, 3u);  // one per name and security, none without a name
  auto page = std::get<scan::TellResult>(scan(scan::AskResult{0, 2}));
  ASSERT_EQ(page.entries.size(), 2u);
  EXPECT_EQ(as_text(page.entries[0].ssid), "strong");
  EXPECT_EQ(page.entries[0].rssi, -30);
  auto last = std::get<scan::TellResult>(scan(scan::AskResult{2, 4}));
  ASSERT_EQ(last.entries.size(), 1u);
  EXPECT_EQ(as_text(last.entries[0].ssid), "weak");
}

TEST_F(StockClient, APageBeyondTheEndIsRefusedInsteadOfEmpty) {
  auto page = std::get<scan::TellResult>(scan(scan::AskResult{0, 4}));
  EXPECT_EQ(page.status, Status::invalid_argument);
}

TEST_F(StockClient, NoMoreNetworksAreShownThanAPhoneTakes) {
  std::vector<scan::Entry> many;
  for (int i = 0; i < 40; ++i) many.push_back(entry("net-" + std::to_string(i), -30 - i));
  door_.networks_seen(std::move(many));
  EXPECT_EQ(std::get<scan::TellStatus>(scan(scan::AskStatus{})).count, limits::scan_entries_max);
}

TEST_F(StockClient, AJoinIsKeptOnceItIsThereAndItsAddressShown) {
  set("correct horse");
  Actions apply = ask("prov-config", config::encode_command(config::Apply{}));
  EXPECT_TRUE(find<JoinWifi>(apply));
  answer_in(apply);
  EXPECT_TRUE(std::holds_alternative<config::Connecting>(wifi_status().state));
  config::Connected connected;
  connected.ip4_address = "10.99.0.10";
  Actions joined = door_.wifi_joined(std::move(connected), now_);
  EXPECT_TRUE(find<KeepWifi>(joined));
  EXPECT_EQ(std::get<config::Connected>(wifi_status().state).ip4_address, "10.99.0.10");
}

TEST_F(StockClient, AfterAWrongPassphraseAnotherIsTakenWithoutAReset) {
  set("wrong horse");
  answer_in(ask("prov-config", config::encode_command(config::Apply{})));
  door_.wifi_failed({"wifi_wrong_passphrase", ""}, config::FailReason::auth_error, now_);
  EXPECT_EQ(std::get<config::ConnectionFailed>(wifi_status().state).reason,
            config::FailReason::auth_error);
  set("correct horse");
  Actions apply = ask("prov-config", config::encode_command(config::Apply{}));
  ASSERT_TRUE(find<JoinWifi>(apply));
  EXPECT_EQ(as_text(find<JoinWifi>(apply)->network.passphrase.reveal()), "correct horse");
}

TEST_F(StockClient, NothingIsAppliedWithoutASetOrWhileAnotherJoinIsUnderWay) {
  auto none = std::get<config::ApplyDone>(config(config::Apply{}));
  EXPECT_EQ(none.status, Status::invalid_argument);
  set("correct horse");
  answer_in(ask("prov-config", config::encode_command(config::Apply{})));
  set("another horse");
  auto busy = std::get<config::ApplyDone>(config(config::Apply{}));
  EXPECT_EQ(busy.status, Status::invalid_argument);
}

}  // namespace
}  // namespace fairlead::local
