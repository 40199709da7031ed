// SPDX-License-Identifier: Apache-2.0
#include "fdo/service_info.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "fdo/device_modules.h"
#include "support/fdo_party.h"

namespace fairlead::fdo {
namespace {

using test::FunctionModule;
using test::must;

Bytes text_value(std::string_view text) { return cbor::Writer().text(text).take(); }

TEST(ServiceInfoMessages, AreRefusedWhereTheyAreNotOfTheirForm) {
  // [IsMore, ServiceInfo]; [IsMore, IsDone, ServiceInfo]
  for (auto hex : {"", "80", "81f4", "83f4f480", "82f600", "820080", "82f48180", "82f4818161613000",
                   "82f481820040", "82f48182616100", "82f4a0", "82f48000", "82f49fff"})
    EXPECT_FALSE(decode_device_info(*from_hex(hex))) << hex;
  for (auto hex : {"82f480", "83f4f4", "84f4f48080", "83f40080", "83f4f4818261613a"})
    EXPECT_FALSE(decode_owner_info(*from_hex(hex))) << hex;
}

TEST(ServiceInfoMessages, TakeNullForNothing) {
  EXPECT_TRUE(must(decode_device_info(*from_hex("82f4f6"))).info.empty());
  EXPECT_TRUE(must(decode_owner_info(*from_hex("83f4f5f6"))).done);
}

TEST(ServiceInfoKeys, HaveAModuleAndAMessage) {
  for (auto bad : {"", ":", "a", "a:", ":b"}) EXPECT_FALSE(split_key(bad)) << bad;
  auto key = must(split_key("fdo.csr:simpleenroll-req"));
  EXPECT_EQ(key.module, "fdo.csr");
  EXPECT_EQ(key.message, "simpleenroll-req");
}

class OutboxWithin : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(ServiceInfo, OutboxWithin, testing::Values(128, 256, 1300, 65'535));

TEST_P(OutboxWithin, NothingIsLostAndNoMessageIsLargerThanTheLimit) {
  std::vector<KeyValue> sent;
  Outbox out;
  for (std::size_t size : {0, 1, 23, 24, 255, 256, 1000, 5000, 60'000}) {
    Bytes content(size, static_cast<std::uint8_t>(size));
    sent.push_back({"mod:m" + std::to_string(size), cbor::Writer().bytes(content).take()});
    out.push(sent.back().key, sent.back().value);
  }
  ValueJoiner joiner;
  std::vector<KeyValue> received;
  for (int messages = 0; !out.empty(); ++messages) {
    ASSERT_LT(messages, 5000);
    cbor::Writer stored;
    out.write(stored);  // between any two messages
    joiner.write(stored);
    cbor::Reader in(stored.view());
    out = Outbox::read(in);
    joiner = ValueJoiner::read(in);
    ASSERT_TRUE(in.finish());
    OwnerInfoMessage message{true, false, out.take(GetParam())};
    ASSERT_FALSE(message.info.empty());
    EXPECT_LE(encode_owner_info(message).size(), GetParam());
    for (KeyValue& pair : message.info)
      for (KeyValue& whole : must(joiner.add(std::move(pair)))) received.push_back(whole);
  }
  EXPECT_TRUE(joiner.whole());
  ASSERT_EQ(received.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(received[i].key, sent[i].key);
    EXPECT_EQ(received[i].value, sent[i].value);
  }
}

TEST(Outbox, SaysNothingWhereNotEvenAKeyFits) {
  Outbox out;
  out.push("fdo.download:data", Bytes(100));
  EXPECT_TRUE(out.take(20).empty());
  EXPECT_FALSE(out.empty());
}

TEST(ValueJoiner, SplitsWhatSharesAPairAndJoinsWhatWasCut) {
  ValueJoiner joiner;
  auto two = must(joiner.add({"a:b", *from_hex("0102")}));
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[1].value, Bytes{2});
  EXPECT_TRUE(must(joiner.add({"a:b", *from_hex("44aabb")})).empty());
  EXPECT_FALSE(joiner.whole());
  EXPECT_EQ(must(joiner.add({"a:b", *from_hex("ccdd")})).at(0).value, *from_hex("44aabbccdd"));
  EXPECT_TRUE(joiner.whole());
}

TEST(ValueJoiner, RefusesAnotherKeyInsideAValue) {
  ValueJoiner joiner;
  ASSERT_TRUE(joiner.add({"a:b", *from_hex("44aabb")}));
  auto other = joiner.add({"a:c", *from_hex("00")});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::malformed);
}

TEST(ValueJoiner, TakesAValueOfTheLimitAndNoMore) {
  std::size_t content = limits::service_info_value_bytes_max - 5;  // head of five bytes
  Bytes good{0x5A, 0, 0, static_cast<std::uint8_t>(content >> 8),
             static_cast<std::uint8_t>(content)};
  good.resize(limits::service_info_value_bytes_max);
  ValueJoiner joiner;
  EXPECT_EQ(must(joiner.add({"a:b", good})).size(), 1u);
  good.push_back(0);
  EXPECT_FALSE(ValueJoiner().add({"a:b", good}));
}

TEST(ValueJoiner, TakesAValueInSoManyPartsAndNoMore) {
  for (std::size_t parts : {1024, 1025}) {
    ValueJoiner joiner;
    std::size_t content = parts - 3;  // one byte a part
    Bytes whole{0x59, static_cast<std::uint8_t>(content >> 8), static_cast<std::uint8_t>(content)};
    whole.resize(parts);
    for (std::size_t i = 0; i + 1 < parts; ++i) ASSERT_TRUE(joiner.add({"a:b", {whole[i]}}));
    EXPECT_EQ(joiner.add({"a:b", {0}}).has_value(), parts == 1024);
  }
}

TEST(ValueJoiner, CountsThePartsOfEachValueAnew) {
  ValueJoiner joiner;
  for (int i = 0; i < 3000; ++i) EXPECT_EQ(must(joiner.add({"a:b", {0x01}})).size(), 1u);
}

TEST(DevMod, TravelsWhole) {
  DevMod mine = test::test_devmod();
  mine.serial = "SN-1";
  mine.modules = {"fdo.csr", "fdo.download"};
  Outbox out;
  push_devmod(out, mine);
  DevMod theirs;
  for (const KeyValue& pair : out.take(5000)) {
    EXPECT_FALSE(theirs.complete());
    ASSERT_TRUE(apply_devmod(theirs, must(split_key(pair.key)).message, pair.value));
    cbor::Writer stored;
    write_devmod(stored, theirs);
    cbor::Reader in(stored.view());
    theirs = read_devmod(in);
    ASSERT_TRUE(in.finish());
  }
  EXPECT_TRUE(theirs.complete());
  EXPECT_EQ(theirs.serial, "SN-1");
  EXPECT_EQ(theirs.os, mine.os);
  EXPECT_EQ(theirs.modules, mine.modules);
}

TEST(DevMod, RefusesWrongTypesAndTooManyModules) {
  DevMod devmod;
  EXPECT_FALSE(apply_devmod(devmod, "os", Bytes{0x01}));
  EXPECT_FALSE(apply_devmod(devmod, "active", Bytes{0xF4}));
  EXPECT_FALSE(apply_devmod(devmod, "nummodules", *from_hex("1903e8")));
  EXPECT_FALSE(apply_devmod(devmod, "modules", *from_hex("8100")));
  EXPECT_FALSE(apply_devmod(devmod, "os", *from_hex("616100")));  // a byte too many
  EXPECT_TRUE(apply_devmod(devmod, "sn", *from_hex("42abcd")));   // bytes are taken too
  EXPECT_EQ(devmod.serial, "abcd");
  EXPECT_TRUE(apply_devmod(devmod, "nl", text_value("\n")));  // optional, not used here
  EXPECT_TRUE(apply_devmod(devmod, "of the future", *from_hex("a0")));
}

// The device's half.
class DeviceSide : public testing::Test {
 protected:
  DeviceSide() {
    std::vector<std::unique_ptr<DeviceModule>> modules;
    modules.push_back(std::make_unique<FunctionModule>(
        "mine", [this](std::string_view message, View, Outbox&) -> Result<void> {
          heard_.emplace_back(message);
          if (message == "fail") return fail(Errc::io, "disk full");
          return ok();
        }));
    dialogue_ = std::make_unique<DeviceDialogue>(std::move(modules), test::test_devmod());
    must(dialogue_->produce(5000));  // devmod
  }
  std::vector<std::string> heard_;
  std::unique_ptr<DeviceDialogue> dialogue_;
};

TEST_F(DeviceSide, SaysWhichModulesItHas) {
  ASSERT_TRUE(dialogue_->take(
      {false, false, {{"mine:active", {0xF5}}, {"yours:active", {0xF5}}, {"yours:data", {0x00}}}}));
  auto answer = must(dialogue_->produce(1300));
  ASSERT_EQ(answer.info.size(), 2u);
  EXPECT_EQ(answer.info[0].key, "mine:active");
  EXPECT_EQ(answer.info[0].value, Bytes{0xF5});
  EXPECT_EQ(answer.info[1].key, "yours:active");
  EXPECT_EQ(answer.info[1].value, Bytes{0xF4});
  EXPECT_EQ(heard_, std::vector<std::string>{"active"});
}

TEST_F(DeviceSide, AnswersNothingWhileTheOwnerHasMore) {
  ASSERT_TRUE(dialogue_->take({true, false, {{"mine:active", {0xF5}}}}));
  EXPECT_TRUE(must(dialogue_->produce(1300)).info.empty());
  ASSERT_TRUE(dialogue_->take({false, false, {}}));
  EXPECT_EQ(must(dialogue_->produce(1300)).info.size(), 1u);
}

TEST_F(DeviceSide, JoinsAValueAcrossMessagesLinkedByIsMore) {
  ASSERT_TRUE(dialogue_->take({true, false, {{"mine:data", *from_hex("43aa")}}}));
  EXPECT_TRUE(heard_.empty());
  ASSERT_TRUE(dialogue_->take({false, false, {{"mine:data", *from_hex("bbcc")}}}));
  EXPECT_EQ(heard_, std::vector<std::string>{"data"});
  auto cut = dialogue_->take({false, false, {{"mine:data", *from_hex("43aa")}}});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::body);
}

TEST_F(DeviceSide, RefusesMoreAndDoneAtOnce) {
  auto both = dialogue_->take({true, true, {}});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, ErrorCode::invalid_message);
}

TEST_F(DeviceSide, AModulesErrorEndsTheRun) {
  auto failed = dialogue_->take({false, false, {{"mine:fail", {0xF6}}}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::internal);
  EXPECT_NE(failed.error().why.find("disk full"), std::string::npos);
  EXPECT_FALSE(dialogue_->take({false, false, {{"no colon", {0xF6}}}}));
}

TEST_F(DeviceSide, LeavesAnOwnerThatNeverComesToAnEnd) {
  for (std::size_t i = 0; i < limits::service_info_rounds_idle_max; ++i)
    ASSERT_TRUE(dialogue_->take({false, false, {}}));
  EXPECT_FALSE(dialogue_->take({false, false, {}}));
}

// Says `pieces` values of 500 bytes by itself, then nothing.
class Speaker final : public DeviceModule {
 public:
  explicit Speaker(std::size_t& pieces) : pieces_(pieces) {}
  std::string_view name() const override { return "speaker"; }
  Result<void> receive(std::string_view, View, Outbox&) override { return ok(); }
  Result<bool> speak(Outbox& out) override {
    if (pieces_ == 13) return fail(Errc::io, "the file became shorter");
    if (pieces_ == 0) return false;
    out.push("speaker:data", cbor::Writer().bytes(Bytes(500)).take());
    return --pieces_ > 0;
  }

 private:
  std::size_t& pieces_;
};

class SpeakingDevice : public testing::Test {
 protected:
  SpeakingDevice() {
    std::vector<std::unique_ptr<DeviceModule>> modules;
    modules.push_back(std::make_unique<Speaker>(pieces_));
    dialogue_ = std::make_unique<DeviceDialogue>(std::move(modules), test::test_devmod());
    must(dialogue_->produce(5000));
  }
  std::size_t pieces_ = 0;
  std::unique_ptr<DeviceDialogue> dialogue_;
};

TEST_F(SpeakingDevice, AModuleIsAskedForNoMoreThanAMessageTakes) {
  pieces_ = 10;
  auto first = must(dialogue_->produce(1300));
  EXPECT_EQ(first.info.size(), 2u);
  EXPECT_TRUE(first.more);
  EXPECT_GE(pieces_, 7u);
  std::size_t said = first.info.size();
  for (bool more = true; more;) {
    ASSERT_TRUE(dialogue_->take({false, false, {}}));
    auto next = must(dialogue_->produce(1300));
    said += next.info.size();
    more = next.more;
  }
  EXPECT_EQ(said, 10u);
}

TEST_F(SpeakingDevice, AFileOfAnyLengthIsProgress) {
  pieces_ = 3 * limits::service_info_rounds_idle_max;
  for (bool more = true; more;) {
    ASSERT_TRUE(dialogue_->take({false, false, {}}));
    more = must(dialogue_->produce(600)).more;
    if (pieces_ == 13) --pieces_;
  }
  EXPECT_EQ(pieces_, 0u);
}

TEST_F(SpeakingDevice, IsSilentWhileTheOwnerHasMore) {
  pieces_ = 3;
  ASSERT_TRUE(dialogue_->take({true, false, {}}));
  auto answer = must(dialogue_->produce(1300));
  EXPECT_TRUE(answer.info.empty());
  EXPECT_FALSE(answer.more);
  EXPECT_EQ(pieces_, 3u);
}

TEST_F(SpeakingDevice, AModuleThatCanNotGoOnEndsTheRun) {
  pieces_ = 13;
  auto failed = dialogue_->produce(1300);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::internal);
  EXPECT_EQ(failed.error().why, "speaker: the file became shorter");
}

}  // namespace
}  // namespace fairlead::fdo
