// SPDX-License-Identifier: Apache-2.0
#include "local/setup_label.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace fairlead::local {
namespace {

SetupLabel full() {
  SetupLabel out;
  out.name = "PROV_01b1e8";
  out.transport = LabelTransport::softap;
  out.username = "wifiprov";
  out.code = "abcd\"2345";
  out.security = 1;
  out.network_password = "12345678";
  out.thread = true;
  out.dpp = "DPP:K:x;;";
  out.product_uri = "https://pumps.example/P7/SN-0017";
  return out;
}

TEST(SetupLabel, IsWhatEspressifsAppsRead) {
  SetupLabel label;
  label.name = "SN-1";
  label.transport = LabelTransport::softap;
  label.username = "wifiprov";
  label.code = "abcd1234";
  EXPECT_EQ(encode_setup_label(label),
            R"({"ver":"v1","name":"SN-1","username":"wifiprov","pop":"abcd1234",)"
            R"("transport":"softap","security":2})");
}

TEST(SetupLabel, ComesBackWithEveryMember) {
  auto back = decode_setup_label(encode_setup_label(full()));
  ASSERT_TRUE(back) << back.error().context;
  EXPECT_EQ(*back, full());
}

TEST(SetupLabel, WithoutSecurityIsSecurity2AsEspressifsAppsTakeIt) {
  auto label = decode_setup_label(R"({"name":"PROV_1","transport":"ble"})");
  ASSERT_TRUE(label);
  EXPECT_EQ(label->security, 2);
  EXPECT_EQ(label->code, "");
}

TEST(SetupLabel, LongerTextsThanTheLimitAreRefused) {
  SetupLabel label = full();
  label.product_uri.resize(limits::label_member_bytes_max, 'x');
  EXPECT_TRUE(decode_setup_label(encode_setup_label(label)));
  label.product_uri += 'x';
  EXPECT_FALSE(decode_setup_label(encode_setup_label(label)));
  std::string text = R"({"name":"PROV_1","transport":"ble"})";
  text.resize(limits::label_text_bytes_max, ' ');
  EXPECT_TRUE(decode_setup_label(text));
  EXPECT_FALSE(decode_setup_label(text + ' '));
}

TEST(SetupLabel, TheNameFollowsFromTheSerial) {
  EXPECT_EQ(setup_name("SN-1"), setup_name("SN-1"));
  EXPECT_NE(setup_name("SN-1"), setup_name("SN-2"));
  EXPECT_EQ(setup_name("SN-1").size(), std::string_view("PROV_01b1e8").size());
}

TEST(LabelFacts, ComeBackWithEveryMember) {
  LabelFacts facts{"SN-1",      "Pump 7", "Pump \"Works\"", "https://pumps.example/1",
                   "DPP:K:x;;", full()};
  auto back = decode_label_facts(encode_label_facts(facts));
  ASSERT_TRUE(back) << back.error().context;
  EXPECT_EQ(*back, facts);
}

TEST(LabelFacts, WhatIsMissingOrWrongIsNamed) {
  auto why = [](std::string_view line) {
    auto facts = decode_label_facts(line);
    return facts ? "accepted" : facts.error().context;
  };
  EXPECT_EQ(why(R"({"serial":"SN-1","other":7})"), "accepted");
  EXPECT_EQ(why(R"({"model":"Pump 7"})"), "the device's serial is missing");
  EXPECT_EQ(why(R"({"serial":7})"), "the label's \"serial\" is no text, or too long");
  EXPECT_EQ(why(R"({"serial":"SN-1","qr":"{}"})"), "qr: the label does not say the device's name");
  EXPECT_EQ(why("[]"), "this is no label: its JSON can't be read");
  EXPECT_EQ(why(std::string(20'000, ' ')), "this is too long for a label");
}

}  // namespace
}  // namespace fairlead::local
