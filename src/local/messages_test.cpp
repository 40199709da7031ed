// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/limits.h"
#include "local/network_messages.h"
#include "local/session_messages.h"
#include "local/version.h"

namespace fairlead::local {
namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

TEST(SessionMessages, RefusesWhatIsNotOne) {
  EXPECT_FALSE(decode_session({}));
  EXPECT_FALSE(decode_session(hex("1002")));                // no content
  EXPECT_FALSE(decode_session(hex("10025a00")));            // Security 2 with the content of 1
  EXPECT_FALSE(decode_session(hex("10036a00")));            // Security 3
  EXPECT_FALSE(decode_session(hex("1002620208ff")));        // msg does not end
  EXPECT_FALSE(decode_session(hex("100262050802a20100")));  // msg 2, content of Cmd0
  EXPECT_FALSE(decode_session(Bytes(limits::local_message_bytes_max + 1)));
}

TEST(SessionMessages, GoesByTheContentWhereMsgIsLeftOut) {
  auto cmd = decode_session(hex("10026208b201050a03010203"));
  ASSERT_TRUE(cmd) << cmd.error().context;
  EXPECT_EQ(to_hex(std::get<sec2::Cmd1>(*cmd).client_proof), "010203");
}

TEST(SessionMessages, BoundsItsValues) {
  auto length_accepted = [](std::size_t key, std::size_t name) {
    return decode_session(encode_session(sec2::Cmd0{std::string(name, 'u'), Bytes(key, 1)}))
        .has_value();
  };
  EXPECT_TRUE(length_accepted(384, limits::local_username_bytes_max));
  EXPECT_FALSE(length_accepted(385, 1));
  EXPECT_FALSE(length_accepted(1, limits::local_username_bytes_max + 1));
}

TEST(SessionMessages, AllComeBackAsTheyWere) {
  const SessionMessage all[] = {sec0::Cmd{},
                                sec0::Resp{Status::invalid_scheme},
                                sec1::Cmd0{hex("01")},
                                sec1::Resp0{Status::success, hex("02"), hex("03")},
                                sec1::Cmd1{hex("04")},
                                sec1::Resp1{Status::crypto_error, hex("05")},
                                sec2::Cmd0{"u", hex("06")},
                                sec2::Resp0{Status::success, hex("07"), hex("08")},
                                sec2::Cmd1{hex("09")},
                                sec2::Resp1{Status::success, hex("0a"), hex("0b")}};
  for (const SessionMessage& each : all) {
    auto back = decode_session(encode_session(each));
    ASSERT_TRUE(back) << each.index();
    EXPECT_EQ(back->index(), each.index());
    EXPECT_EQ(encode_session(*back), encode_session(each));
  }
}

TEST(ScanMessages, RefusesWhatIsNotACommand) {
  EXPECT_FALSE(scan::decode_scan_command(hex("0801")));             // an answer
  EXPECT_FALSE(scan::decode_scan_command(hex("080c")));             // message 12
  EXPECT_FALSE(scan::decode_scan_command(hex("08026a00")));         // 2 with the content of 3
  EXPECT_FALSE(scan::decode_scan_command(hex("52020802")));         // blocking is neither 0 nor 1
  EXPECT_FALSE(scan::decode_scan_answer(hex("0802")));              // a command
  EXPECT_FALSE(scan::decode_scan_answer(hex("08055a040a022808")));  // security 8
}

TEST(ScanMessages, CommandsAboutThreadAreOfAnotherNetwork) {
  auto command = scan::decode_scan_command(hex("0806"));
  ASSERT_TRUE(command);
  EXPECT_EQ(std::get<OtherNetwork>(*command).step, 6u);
  EXPECT_EQ(to_hex(scan::encode_answer(scan::OtherAnswer{6, Status::invalid_argument})),
            "080710048a0100");
}

TEST(ScanMessages, BoundsTheListOfNetworks) {
  auto accepted = [](std::size_t count) {
    scan::TellResult many;
    many.entries.resize(count);
    return scan::decode_scan_answer(scan::encode_answer(many)).has_value();
  };
  EXPECT_TRUE(accepted(limits::scan_entries_taken_max));
  EXPECT_FALSE(accepted(limits::scan_entries_taken_max + 1));
  scan::TellResult one;
  one.entries.emplace_back().ssid = Bytes(33, 'x');
  EXPECT_FALSE(scan::decode_scan_answer(scan::encode_answer(one)));
}

TEST(ScanMessages, TakesNamesWithTheirBufferAndLeavesOutKindsThatCameLater) {
  auto entry = [](Bytes ssid, std::uint32_t auth) {
    scan::TellResult page;
    page.entries.push_back({std::move(ssid), 1, -40, Bytes(6), static_cast<WifiAuth>(auth)});
    return scan::decode_scan_answer(scan::encode_answer(page));
  };
  Bytes buffer = to_bytes("Floor");
  buffer.resize(33);
  auto padded = entry(buffer, 3);
  ASSERT_TRUE(padded) << padded.error().context;
  EXPECT_EQ(std::get<scan::TellResult>(*padded).entries.at(0).ssid, to_bytes("Floor"));
  auto later = entry(to_bytes("Floor"), 8);
  ASSERT_TRUE(later) << later.error().context;
  EXPECT_TRUE(std::get<scan::TellResult>(*later).entries.empty());
  EXPECT_FALSE(entry(Bytes(33, 'x'), 3));
  EXPECT_FALSE(entry(Bytes(34), 3));
}

TEST(ScanMessages, CommandsComeBackAsTheyWere) {
  auto start = scan::decode_scan_command(scan::encode_command(scan::Start{true, false, 5, 120}));
  ASSERT_TRUE(start);
  EXPECT_EQ(std::get<scan::Start>(*start).period_ms, 120u);
  auto ask = scan::decode_scan_command(scan::encode_command(scan::AskResult{4, 3}));
  ASSERT_TRUE(ask);
  EXPECT_EQ(std::get<scan::AskResult>(*ask).start_index, 4u);
  auto status = scan::decode_scan_command(scan::encode_command(scan::AskStatus{}));
  EXPECT_TRUE(status && std::holds_alternative<scan::AskStatus>(*status));
}

TEST(ConfigMessages, RefusesWhatIsNotOne) {
  EXPECT_FALSE(config::decode_config_command(hex("0803")));
  EXPECT_FALSE(config::decode_config_command(hex("080c")));
  EXPECT_FALSE(config::decode_config_answer(hex("0802")));
  EXPECT_FALSE(config::decode_config_answer(hex("08015a021004")));      // state 4
  EXPECT_FALSE(config::decode_config_answer(hex("08015a0410035002")));  // reason 2
  EXPECT_FALSE(config::decode_config_answer(hex("08036a020808")));      // status 8
}

TEST(ConfigMessages, TellsPlausibleSettingsFromOthers) {
  auto good = [](std::size_t ssid, std::size_t pass, std::size_t bssid, std::int32_t channel = 0) {
    return config::plausible(
        {Bytes(ssid, 'a'), SecretBytes(Bytes(pass, 'b')), Bytes(bssid, 1), channel});
  };
  EXPECT_TRUE(good(1, 0, 0));
  EXPECT_TRUE(good(32, 63, 6, 11));
  EXPECT_FALSE(good(0, 8, 0));
  EXPECT_FALSE(good(33, 8, 0));
  EXPECT_FALSE(good(8, 64, 0));
  EXPECT_FALSE(good(8, 8, 5));
  EXPECT_FALSE(good(8, 8, 0, -1));
}

TEST(ConfigMessages, EveryStateComesBackAsItWas) {
  using namespace config;
  const TellStatus all[] = {
      {Status::success,
       Connected{"10.0.0.2", WifiAuth::wpa2_psk, hex("0102"), hex("060504030201"), 6}},
      {Status::success, Connecting{}},
      {Status::success, Connecting{2}},
      {Status::success, Disconnected{}},
      {Status::internal_error, ConnectionFailed{FailReason::network_not_found}}};
  for (const TellStatus& each : all) {
    auto back = decode_config_answer(encode_answer(each));
    ASSERT_TRUE(back);
    EXPECT_EQ(std::get<TellStatus>(*back).state.index(), each.state.index());
    EXPECT_EQ(encode_answer(*back), encode_answer(each));
  }
}

TEST(ControlMessages, KnowsResetAndReprovision) {
  EXPECT_EQ(*ctrl::decode_ctrl_command(ctrl::encode_command(ctrl::Command::reset)),
            ctrl::Command::reset);
  EXPECT_EQ(*ctrl::decode_ctrl_command(ctrl::encode_command(ctrl::Command::reprovision)),
            ctrl::Command::reprovision);
  EXPECT_EQ(*ctrl::decode_ctrl_command(hex("0807")), ctrl::Command::other);
  EXPECT_FALSE(ctrl::decode_ctrl_command(hex("0802")));
  EXPECT_FALSE(ctrl::decode_ctrl_command({}));
  EXPECT_EQ(*ctrl::decode_ctrl_answer(ctrl::encode_answer(ctrl::Command::reset, Status::success)),
            Status::success);
  EXPECT_FALSE(ctrl::decode_ctrl_answer(hex("0801")));
}

TEST(Version, ComesBackAsItWas) {
  Version ours{Security::srp, NonceRule::counting, {"wifi_prov", "wifi_scan"}, {"offer"}, {}};
  auto back = decode_version(as_view(encode_version(ours)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->security, Security::srp);
  EXPECT_EQ(back->rule, NonceRule::counting);
  EXPECT_TRUE(back->has("wifi_scan"));
  EXPECT_FALSE(back->has("no_pop"));
  EXPECT_EQ(back->fairlead_capabilities, std::vector<std::string>{"offer"});
}

TEST(Version, SaysWhoTheDeviceIsAsFarAsThatIsShort) {
  Version ours;
  ours.fairlead_capabilities = {"offer"};
  ours.about = {"https://a.example/1", "Acme", {}, "SN-1", {}, {}};
  auto back = decode_version(as_view(encode_version(ours)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->about.product_uri, "https://a.example/1");
  EXPECT_EQ(back->about.serial, "SN-1");
  EXPECT_EQ(back->about.model, "");
  const std::string fits(120, 'a'), does_not(121, 'a');
  ours.about = {fits, fits, fits, does_not, fits, fits};
  std::string text = encode_version(ours);
  EXPECT_LE(text.size(), limits::local_version_bytes_max);
  back = decode_version(as_view(text));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->about.firmware, fits);
  EXPECT_EQ(back->about.serial, "");
}

TEST(Version, TakesWhatOldFirmwareSays) {
  auto bare = decode_version(as_view("v1.1"));
  ASSERT_TRUE(bare);
  EXPECT_TRUE(decode_version(as_view("V0.1")));
  EXPECT_EQ(bare->security, Security::x25519);
  auto no_patch = decode_version(as_view(R"({"prov":{"sec_ver":2,"cap":[]}})"));
  ASSERT_TRUE(no_patch);
  EXPECT_EQ(no_patch->rule, NonceRule::fixed);
  auto no_security = decode_version(as_view(R"({"prov":{"cap":["no_sec"]}})"));
  ASSERT_TRUE(no_security);
  EXPECT_EQ(no_security->security, Security::none);
}

TEST(Version, RefusesWhatIsNotOne) {
  for (std::string_view bad :
       {"", "{", "v", "vest", "[]", "{}", R"({"prov":1})", R"({"prov":{"sec_ver":3}})",
        R"({"prov":{"sec_ver":-1}})", R"({"prov":{"sec_patch_ver":2}})", "[[[[[[[[[[1]]]]]]]]]]"})
    EXPECT_FALSE(decode_version(as_view(bad))) << bad;
  EXPECT_FALSE(decode_version(Bytes(limits::local_version_bytes_max + 1, 'v')));
}

}  // namespace
}  // namespace fairlead::local
