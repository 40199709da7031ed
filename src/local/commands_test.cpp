// SPDX-License-Identifier: Apache-2.0
#include "local/commands.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "local/parts.h"

namespace fairlead::local {
namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

command::UseWifi wifi(std::size_t ssid_size, std::size_t passphrase_size) {
  return {{Bytes(ssid_size, 0xFF), SecretBytes(passphrase_size)}};
}

TEST(Commands, ComeBackAsTheyWere) {
  NetworkSettings fixed{"eth0",
                        NetworkSettings::Address{"10.77.0.5", 24, "10.77.0.1"},
                        {"10.77.0.1"},
                        {"ntp.local", "10.77.0.2"}};
  const Command all[] = {command::AskStatus{},
                         command::MakeOffer{{}},
                         command::TakeGrant{hex("01"), hex("02")},
                         command::Identify{60},
                         command::SetNetwork{fixed},
                         command::SetNetwork{},
                         command::Cancel{},
                         command::AskUpstreams{},
                         wifi(1, 8),
                         wifi(32, 63),
                         wifi(32, 0),
                         command::AskNetworks{},
                         command::ChooseUpstream{"https://edge", Bytes(32, 1)},
                         command::ChooseUpstream{},
                         command::OpenTunnel{"DPP:K:1;;"},
                         command::Carry{hex("0102")},
                         command::Carry{},
                         command::CloseTunnel{}};
  for (const Command& each : all) {
    auto back = decode_command(encode_command(each));
    ASSERT_TRUE(back) << each.index() << back.error().context;
    EXPECT_EQ(back->index(), each.index());
    EXPECT_EQ(encode_command(*back), encode_command(each));
  }
}

TEST(Commands, RefusesWhatIsNotOne) {
  for (std::string_view bad : {"", "80", "8109", "8309604100", "810a", "820b60", "820c00", "810d",
                               "820960", "8100ff", "820040", "8201",
                               "82014f"
                               "00",
                               "8203183d",            // 61 seconds
                               "820485026000f68080",  // another version
                               "8204850160f68580"
                               "80"})
    EXPECT_FALSE(decode_command(hex(bad))) << bad;
}

TEST(Commands, BoundsTheNetwork) {
  auto accepted = [](std::size_t ssid_size, std::size_t passphrase_size) {
    return decode_command(encode_command(wifi(ssid_size, passphrase_size))).has_value();
  };
  EXPECT_FALSE(accepted(0, 8));
  EXPECT_FALSE(accepted(33, 8));
  EXPECT_FALSE(accepted(1, 7));
  EXPECT_FALSE(accepted(1, 64));
}

TEST(Commands, BoundsTheGrant) {
  auto accepted = [](std::size_t size) {
    return decode_command(encode_command(command::TakeGrant{Bytes(size), {}})).has_value();
  };
  EXPECT_TRUE(accepted(limits::grant_bytes_max));
  EXPECT_FALSE(accepted(limits::grant_bytes_max + 1));
}

TEST(Commands, BoundsWhatATunnelCarries) {
  auto accepted = [](std::size_t size) {
    return decode_command(encode_command(command::Carry{Bytes(size)})).has_value() &&
           decode_answer(encode_answer(answer::Carried{true, Bytes(size)})).has_value();
  };
  EXPECT_TRUE(accepted(limits::dpp_message_bytes_max));
  EXPECT_FALSE(accepted(limits::dpp_message_bytes_max + 1));
  EXPECT_FALSE(decode_command(
      encode_command(command::OpenTunnel{std::string(limits::dpp_uri_bytes_max + 1, 'x')})));
}

TEST(Answers, ComeBackAsTheyWere) {
  const Answer all[] = {
      answer::Done{},
      Report{Progress::failed, {"no_route", "no way"}, "code"},
      answer::Offer{hex("0102")},
      answer::No{{"busy", "later"}},
      answer::Upstreams{},
      answer::Networks{},
      answer::TunnelOpen{"DPP:K:1;;"},
      answer::Carried{false, hex("03")},
      answer::Carried{},
      answer::Networks{{{hex("ff00"), WifiAuth::wpa3_psk, -127, 165, "no"},
                        {hex(""), WifiAuth::open, 0, 0, ""}}},
      answer::Upstreams{{{"dhcp4-143", "eth0", "https://edge", "Edge", "fe80::2%eth0", Bytes(32, 1),
                          Bytes(32, 2), 3, "answers", 12},
                         {}}}};
  for (const Answer& each : all) {
    auto back = decode_answer(encode_answer(each));
    ASSERT_TRUE(back);
    EXPECT_EQ(encode_answer(*back), encode_answer(each));
  }
}

TEST(Answers, NoMoreThanTenUpstreamsAreTold) {
  answer::Upstreams many{std::vector<Upstream>(11)};
  auto back = decode_answer(encode_answer(many));
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<answer::Upstreams>(*back).found.size(), 10u);
  Bytes one_more = encode_answer(many);
  one_more[2] = 0x8B;  // an array of eleven
  for (auto byte : hex("8a60606060604040006000")) one_more.push_back(byte);
  EXPECT_FALSE(decode_answer(one_more));
}

TEST(Answers, LongWordsAreCutAtACharacter) {
  std::string words;
  for (int i = 0; i < 400; ++i) words += "\xC3\xBC";
  auto back = decode_answer(encode_answer(answer::No{{"busy", words}}));
  ASSERT_TRUE(back);
  EXPECT_LE(std::get<answer::No>(*back).obstacle.words.size(), 512u);
}

TEST(Answers, RefusesWhatIsNotOne) {
  for (std::string_view bad :
       {"", "8104", "8200", "83070040", "8207f5", "850107606060", "8500000000", "8301",
        "820581854000010160",  // a signal of 1 dBm
        "8205818540083880"     // security 8
        "0160"})
    EXPECT_FALSE(decode_answer(hex(bad))) << bad;
}

TEST(Frames, RefusesPartsThatDoNotFit) {
  EXPECT_FALSE(decode_frame({}));
  EXPECT_FALSE(decode_frame(hex("83010203")));
  EXPECT_FALSE(
      decode_frame(hex("8401010141"
                       "00")));                   // 1 + 1 > 1
  EXPECT_FALSE(decode_frame(hex("8401000140")));  // empty, of a total of 1
  EXPECT_FALSE(decode_frame(encode_frame(Part{1, 0, 451, Bytes(451)})));
  EXPECT_TRUE(decode_frame(encode_frame(Part{1, 0, 450, Bytes(450)})));
  EXPECT_FALSE(
      decode_frame(encode_frame(Part{1, 0, limits::local_request_bytes_max + 1, Bytes(1)})));
}

TEST(Frames, WholesOfEverySizeComeThrough) {
  for (std::size_t size : {0u, 1u, 450u, 451u, 900u, 5'000u}) {
    Bytes whole(size);
    for (std::size_t i = 0; i < size; ++i) whole[i] = static_cast<std::uint8_t>(i * 7);
    Joiner joiner;
    std::optional<Bytes> joined;
    while (!joined) {
      auto part = part_of(5, whole, joiner.ask().offset);
      ASSERT_TRUE(part);
      EXPECT_LE(encode_frame(*part).size() + 16, limits::local_value_bytes_max);
      auto added = joiner.add(*part);
      ASSERT_TRUE(added);
      joined = std::move(*added);
    }
    EXPECT_EQ(*joined, whole);
  }
}

TEST(Frames, GapsAndChangedTotalsAreRefused) {
  Joiner joiner;
  EXPECT_FALSE(joiner.add({1, 10, 20, Bytes(5)}));
  EXPECT_TRUE(joiner.add({1, 0, 20, Bytes(5)}));
  EXPECT_TRUE(joiner.add({1, 0, 20, Bytes(5)}));  // again
  EXPECT_EQ(joiner.ask().offset, 5u);
  EXPECT_FALSE(joiner.add({1, 5, 21, Bytes(5)}));
  EXPECT_TRUE(joiner.add({2, 0, 9, Bytes(5)}));  // another command
  EXPECT_EQ(joiner.ask().offset, 5u);
  EXPECT_FALSE(part_of(1, Bytes(3), 3));
}

}  // namespace
}  // namespace fairlead::local
