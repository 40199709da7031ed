// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "codec/dhcp/message.h"
#include "codec/dhcp/redirect.h"

namespace fairlead::dhcp {
namespace {

const std::string edge = "https://edge.local:8443";

Bytes hex(std::string_view text) { return *from_hex(text); }

TEST(DhcpRedirect, ReadsTheStandardsForm) {
  auto read = decode_redirect(hex("001768747470733a2f2f656467652e6c6f63616c3a38343433"));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->form, RedirectForm::standard);
  EXPECT_EQ(read->uris, std::vector{edge});
}

TEST(DhcpRedirect, ReadsTheTwoKnownWrongForms) {
  Bytes with_short_length{static_cast<std::uint8_t>(edge.size())};
  with_short_length.insert(with_short_length.end(), edge.begin(), edge.end());
  auto read = decode_redirect(with_short_length);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->form, RedirectForm::short_length);
  EXPECT_EQ(read->uris, std::vector{edge});
  read = decode_redirect(as_view(edge));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->form, RedirectForm::bare);
  EXPECT_EQ(read->uris, std::vector{edge});
}

TEST(DhcpRedirect, RefusesWhatDoesNotUseUpTheOption) {
  for (auto wrong : {"", "00", "0017", "0000", "001768747470733a2f2f656467652e6c6f63616c3a384343",
                     "001768747470733a2f2f656467652e6c6f63616c3a3834343300", "68747470"})
    EXPECT_FALSE(decode_redirect(hex(wrong)).has_value()) << wrong;
}

TEST(DhcpRedirect, TakesTenAndNoMore) {
  Bytes one{0, 11};
  for (char c : std::string("https://a.b")) one.push_back(static_cast<std::uint8_t>(c));
  Bytes many;
  for (int i = 0; i < 10; ++i) many.insert(many.end(), one.begin(), one.end());
  EXPECT_EQ(decode_redirect(many)->uris.size(), 10u);
  many.insert(many.end(), one.begin(), one.end());
  EXPECT_FALSE(decode_redirect(many).has_value());
}

TEST(DhcpRedirect, LeavesOutWhatIsNotForUs) {
  for (auto uri : {"http://edge", "https://", "https://user@edge", "ftp://edge", "https:///path",
                   "https://edge with space", "x"})
    EXPECT_FALSE(is_upstream_uri(uri)) << uri;
  EXPECT_FALSE(is_upstream_uri("https://" + std::string(505, 'a')));
  EXPECT_TRUE(is_upstream_uri("https://" + std::string(504, 'a')));
  EXPECT_TRUE(is_upstream_uri("fairlead://[fe80::1]:8443"));
  EXPECT_TRUE(is_upstream_uri("https://edge/a@b"));
}

TEST(DhcpVendor, IsReadWithAndWithoutAnEnd) {
  Bytes option{0, 7, 1, 9, 1, static_cast<std::uint8_t>(edge.size())};
  option.insert(option.end(), edge.begin(), edge.end());
  EXPECT_EQ(decode_vendor4(option), edge);
  option.insert(option.end(), {255, 1});
  EXPECT_EQ(decode_vendor4(option), edge);
  EXPECT_EQ(decode_vendor4(hex("01040a4d0001")), "");  // another maker's address
  EXPECT_EQ(decode_vendor4(hex("0105")), "");
}

TEST(DhcpVendor, OfAnotherEnterpriseIsNotForUs) {
  Bytes option{0, 0, 0x7E, 0xD9, 0, 1, 0, static_cast<std::uint8_t>(edge.size())};
  option.insert(option.end(), edge.begin(), edge.end());
  EXPECT_EQ(decode_vendor6(option, 32473), edge);
  EXPECT_EQ(decode_vendor6(option, 32474), "");
  option.pop_back();
  EXPECT_EQ(decode_vendor6(option, 32473), "");
}

v4::Inform question() { return {0x01020304, {10, 77, 0, 5}, {2, 0, 0, 0, 0, 9}, "FAIRLEAD", 224}; }

// An acknowledgement with these options, 240 bytes before them.
Bytes acknowledgement(const v4::Inform& asked, std::string_view options) {
  Bytes out = v4::encode_inform(asked);
  out[0] = 2;
  out.resize(240);
  Bytes more = hex(options);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

TEST(DhcpInform, IsWhatServersAnswer) {
  Bytes out = v4::encode_inform(question());
  EXPECT_EQ(out.size(), 300u);  // RFC 1542 §2.1
  EXPECT_EQ(to_hex(View(out).first(16)), "0101060001020304000000000a4d0005");
  EXPECT_EQ(to_hex(View(out).subspan(236, 7)), "63825363350108");
}

TEST(DhcpInform, AnswersAreRead) {
  auto read = v4::decode_answer(acknowledgement(question(), "35010500008f0161ff33"), question());
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at(1).code, 143);
  EXPECT_EQ(read->at(1).value, Bytes{0x61});
}

TEST(DhcpInform, OptionsInSeveralPartsAndPlacesAreJoined) {
  Bytes in = acknowledgement(question(), "3501053401038f0161");
  std::ranges::copy(hex("8f0162ff"), in.begin() + 108);  // the field `file`
  std::ranges::copy(hex("8f0163ff"), in.begin() + 44);   // then `sname`
  auto read = v4::decode_answer(in, question());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(std::ranges::find(*read, 143, &Option::code)->value, (Bytes{0x61, 0x62, 0x63}));
}

TEST(DhcpInform, WhatAnswersNoQuestionOfOursIsRefused) {
  auto asked = question();
  EXPECT_FALSE(v4::decode_answer(acknowledgement(asked, "350106"), asked).has_value());
  EXPECT_FALSE(v4::decode_answer(acknowledgement(asked, ""), asked).has_value());
  EXPECT_FALSE(v4::decode_answer(acknowledgement(asked, "3501058f05"), asked).has_value());
  EXPECT_FALSE(v4::decode_answer(acknowledgement(asked, "350105340104"), asked).has_value());
  auto good = acknowledgement(asked, "350105");
  EXPECT_TRUE(v4::decode_answer(good, asked).has_value());
  for (std::size_t at : {0u, 4u, 28u, 236u}) {
    Bytes changed = good;
    changed[at] ^= 0x40;
    EXPECT_FALSE(v4::decode_answer(changed, asked).has_value()) << at;
  }
  for (std::size_t size = 0; size < 240; size += 17)
    EXPECT_FALSE(v4::decode_answer(View(good).first(size), asked).has_value()) << size;
  good.resize(1'501);
  EXPECT_FALSE(v4::decode_answer(good, asked).has_value());
}

v6::InformationRequest question6() { return {0xABCDEF, {2, 0, 0, 0, 0, 9}, 0, 32473, "FAIRLEAD"}; }

TEST(DhcpInformationRequest, IsWhatServersAnswer) {
  EXPECT_EQ(to_hex(v6::encode_information_request(question6())),
            "0babcdef"
            "0001000a00030001020000000009"
            "000800020000"
            "0006000c008800110020005300170018"
            "0010000e00007ed900084641"
            "49524c454144");
}

TEST(DhcpInformationRequest, RepliesAreRead) {
  Bytes in = hex("07abcdef0001000a000300010200000000090088000161");
  auto read = v6::decode_reply(in, question6());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->at(1).code, v6::redirect);
  EXPECT_EQ(read->at(1).value, Bytes{0x61});
  for (std::size_t size : {0u, 3u, 4u, 9u, 17u, 22u})
    EXPECT_FALSE(v6::decode_reply(View(in).first(size), question6()).has_value()) << size;
  for (std::size_t at : {0u, 3u, 17u}) {
    Bytes changed = in;
    changed[at] ^= 1;
    EXPECT_FALSE(v6::decode_reply(changed, question6()).has_value()) << at;
  }
}

}  // namespace
}  // namespace fairlead::dhcp
