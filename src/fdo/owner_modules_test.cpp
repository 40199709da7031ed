// SPDX-License-Identifier: Apache-2.0
// The FSIMs of an owner against devices that answer as the FSIM texts say, within small limits.
#include "fdo/owner_modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/base64.h"
#include "support/fdo_party.h"

namespace fairlead::fdo {
namespace {

using crypto::KeyType;
using test::FdoParty;
using test::FunctionModule;
using test::Loopback;
using test::must;
using test::Verdict;

Bytes value(cbor::Writer writer) { return writer.take(); }
Bytes uint_value(std::uint64_t number) { return cbor::Writer().uint(number).take(); }
Bytes integer_value(std::int64_t number) { return cbor::Writer().integer(number).take(); }
Bytes bytes_value(View bytes) { return cbor::Writer().bytes(bytes).take(); }

Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(7 * i + i / 251);
  return out;
}

struct Received {
  std::string name, url, command;
  std::uint64_t length = 0;
  Bytes sha384, content, args, execute;
  std::size_t parts = 0;
};

std::unique_ptr<DeviceModule> download_module(Received& got) {
  return std::make_unique<FunctionModule>(
      "fdo.download", [&](std::string_view message, View in, Outbox& out) -> Result<void> {
        cbor::Reader r(in);
        if (message == "name") {
          got.name = r.text(100);
          got.content.clear();
        }
        if (message == "length") got.length = r.uint();
        if (message == "sha-384") got.sha384 = to_bytes(r.bytes(48));
        if (message != "data") return ok();
        append(got.content, r.bytes(1014));
        TRY_VOID(r.finish());
        ++got.parts;
        bool good = equal(got.sha384, crypto::hash(crypto::HashAlg::sha384, {got.content}));
        if (got.content.size() == got.length)
          out.push("fdo.download:done",
                   integer_value(good ? static_cast<std::int64_t>(got.length) : -1));
        return ok();
      });
}

class WithinLimit : public testing::TestWithParam<std::uint16_t> {
 protected:
  WithinLimit() : run_(party_) {
    run_.device_options.max_service_info_bytes = GetParam();
    // The owner takes as little in 68 as the device does in 69.
    run_.tamper_plain = [](std::uint8_t type, Bytes& plain) {
      if (type == 67) plain = encode_owner_ready(GetParam());
    };
  }
  void expect_complete(std::vector<std::string> log) {
    Verdict verdict = run_.run();
    EXPECT_TRUE(verdict.complete) << int(verdict.at) << ": " << verdict.why;
    EXPECT_EQ(run_.events.log, log);
    EXPECT_LE(run_.largest_plain[69], GetParam());
    EXPECT_LE(run_.largest_plain[68], GetParam());
  }
  FdoParty party_ = FdoParty::make(KeyType::p256, 1);
  Loopback run_;
  Received got_;
};
INSTANTIATE_TEST_SUITE_P(ServiceInfo, WithinLimit, testing::Values(256, 1300, 65'535),
                         testing::PrintToStringParamName());

TEST_P(WithinLimit, DownloadsAFile) {
  auto content = std::make_shared<const FileInMemory>(pattern(5000));
  run_.plan = {action::Download{"config.json", content}};
  run_.modules.push_back(download_module(got_));
  expect_complete({"done: download of config.json"});
  EXPECT_EQ(got_.name, "config.json");
  EXPECT_EQ(got_.content, content->content());
}

// A pause before each chunk would make minutes of a large file.
TEST_P(WithinLimit, NoChunkOfAFileWaitsForTheDevicesPolling) {
  run_.plan = {action::Download{"large", std::make_shared<const FileInMemory>(pattern(20'000))}};
  run_.modules.push_back(download_module(got_));
  expect_complete({"done: download of large"});
  EXPECT_LE(run_.idle_rounds, 1u);
}

// A device that takes 65,535 bytes of service info takes no larger message for that.
TEST_P(WithinLimit, AFullMessageIsNoLargerThanAMessageMayBe) {
  std::size_t largest = 0, messages = 0;
  run_.tamper = [&](std::uint8_t type, Bytes& message) {
    largest = std::max(largest, message.size());
    messages += type == 69;
  };
  run_.plan = {action::Download{"large", std::make_shared<const FileInMemory>(pattern(200'000))}};
  run_.modules.push_back(download_module(got_));
  expect_complete({"done: download of large"});
  EXPECT_LE(largest, limits::fdo_message_bytes_max);
  if (GetParam() == 65'535) EXPECT_LE(messages, 8u);
}

// A file that changes under the owner's hand, or was never there.
class BrokenFile final : public FileSource {
 public:
  explicit BrokenFile(bool is_there) : is_there_(is_there) {}
  Result<Description> describe() const override {
    if (!is_there_) return fail(Errc::not_found, "it is not there");
    return Description{5000, Bytes(48)};
  }
  Result<Bytes> read(std::uint64_t offset, std::size_t most) const override {
    if (offset > 0) return fail(Errc::io, "it became shorter");
    return Bytes(std::min<std::size_t>(most, 2000));
  }

 private:
  bool is_there_;
};

TEST_P(WithinLimit, AFileThatCanNotBeReadFailsItsDownloadAndNotTheNext) {
  run_.plan = {action::Download{"none", std::make_shared<const BrokenFile>(false)},
               action::Download{"torn", std::make_shared<const BrokenFile>(true)},
               action::Download{"good", std::make_shared<const FileInMemory>(pattern(3000))}};
  run_.modules.push_back(download_module(got_));
  expect_complete({"failed: download of none: it is not there",
                   "failed: download of torn: it became shorter", "done: download of good"});
  EXPECT_EQ(got_.content, pattern(3000));
}

// As many messages as a run may have, and no more.
TEST(OwnerModules, AFileThatFillsTheRunComesThrough) {
  constexpr std::uint64_t size = 860'000;
  FdoParty party = FdoParty::make(KeyType::p256, 1);
  Loopback run(party);
  run.device_options.max_service_info_bytes = 256;
  run.plan = {action::Download{"large", std::make_shared<const FileInMemory>(pattern(size))}};
  std::uint64_t come = 0;
  run.modules.push_back(std::make_unique<FunctionModule>(
      "fdo.download", [&](std::string_view message, View in, Outbox& out) -> Result<void> {
        if (message == "data") come += cbor::Reader(in).bytes(1014).size();
        if (message == "data" && come == size)
          out.push("fdo.download:done", integer_value(static_cast<std::int64_t>(size)));
        return ok();
      }));
  Verdict verdict = run.run();
  EXPECT_TRUE(verdict.complete) << int(verdict.at) << ": " << verdict.why;
  EXPECT_EQ(run.events.log, std::vector<std::string>{"done: download of large"});
}

// One owner in the field hangs on files of no bytes.
TEST_P(WithinLimit, DownloadsAnEmptyFile) {
  run_.plan = {action::Download{"empty", std::make_shared<const FileInMemory>(Bytes{})}};
  run_.modules.push_back(download_module(got_));
  expect_complete({"done: download of empty"});
  EXPECT_EQ(got_.parts, 1u);
}

TEST_P(WithinLimit, ReportsADownloadThatTheDeviceCouldNotStore) {
  run_.plan = {action::Download{"a", std::make_shared<const FileInMemory>(pattern(100))},
               action::Download{"b", std::make_shared<const FileInMemory>(pattern(100))}};
  run_.modules.push_back(std::make_unique<FunctionModule>(
      "fdo.download", [](std::string_view message, View, Outbox& out) -> Result<void> {
        if (message == "data") out.push("fdo.download:done", integer_value(-1));
        return ok();
      }));
  expect_complete({"failed: download of a: the device could not store a",
                   "failed: download of b: the device could not store b"});
}

TEST_P(WithinLimit, UploadsAFile) {
  Bytes file = pattern(4000);
  run_.plan = {action::Upload{"log.txt"}};
  run_.modules.push_back(std::make_unique<FunctionModule>(
      "fdo.upload", [&](std::string_view message, View in, Outbox& out) -> Result<void> {
        if (message != "name") return ok();
        got_.name = cbor::Reader(in).text(100);
        out.push("fdo.upload:length", uint_value(file.size()));
        for (std::size_t at = 0; at < file.size(); at += 1000)
          out.push("fdo.upload:data", bytes_value(View(file).subspan(at, 1000)));
        out.push("fdo.upload:sha-384", bytes_value(crypto::hash(crypto::HashAlg::sha384, {file})));
        return ok();
      }));
  expect_complete({"done: upload of log.txt"});
  EXPECT_EQ(run_.events.uploads["log.txt"], file);
}

TEST_P(WithinLimit, RunsACommandByTheFsimsText) {
  run_.plan = {action::Command{"sh", {"-c", "printf 'a\nb'; exit 3"}, true}};
  run_.modules.push_back(std::make_unique<FunctionModule>(
      "fdo.command", [&](std::string_view message, View in, Outbox& out) -> Result<void> {
        if (message == "command") got_.command = cbor::Reader(in).text(100);
        if (message == "args") got_.args = to_bytes(in);
        if (message != "execute") return ok();
        got_.execute = to_bytes(in);
        out.push("fdo.command:stdout", bytes_value(as_view("a\nb")));
        out.push("fdo.command:exitcode", integer_value(3));
        return ok();
      }));
  expect_complete({"done: command sh"});  // may_fail
  EXPECT_EQ(run_.events.output["stdout"], "a\nb");
  EXPECT_EQ(run_.events.output["exit code"], "3");
  EXPECT_EQ(cbor::Reader(got_.args).peek(), cbor::Kind::bytes);  // a bstr that holds the array
  EXPECT_EQ(got_.execute, value(std::move(cbor::Writer().null())));
}

TEST_P(WithinLimit, ReportsACommandThatFailed) {
  run_.plan = {action::Command{"false", {}}};
  run_.modules.push_back(std::make_unique<FunctionModule>(
      "fdo.command", [](std::string_view message, View, Outbox& out) -> Result<void> {
        if (message == "execute") out.push("fdo.command:exitcode", integer_value(1));
        return ok();
      }));
  expect_complete({"failed: command false: exit code 1"});
}

TEST_P(WithinLimit, SpeaksIntelsDialectToADeviceWithFdoSys) {
  run_.plan = {action::Command{"sh", {"-c", "true"}}};
  run_.modules.push_back(std::make_unique<FunctionModule>(
      "fdo_sys", [](std::string_view, View, Outbox&) -> Result<void> { return ok(); }));
  run_.modules.push_back(std::make_unique<FunctionModule>(
      "fdo.command", [&](std::string_view message, View in, Outbox& out) -> Result<void> {
        if (message == "args") got_.args = to_bytes(in);
        if (message == "execute") got_.execute = to_bytes(in);
        if (message == "execute") out.push("fdo.command:exitcode", integer_value(0));
        return ok();
      }));
  expect_complete({"done: command sh"});
  Bytes array = value(std::move(cbor::Writer().array(2).text("-c").text("true")));
  EXPECT_EQ(got_.args, array);
  EXPECT_EQ(got_.execute, array);
}

TEST_P(WithinLimit, FetchesByWget) {
  run_.plan = {action::Wget{"big.img", "https://files.example/big.img", Bytes(48, 7)},
               action::Wget{"none.img", "https://files.example/none.img", {}}};
  run_.modules.push_back(std::make_unique<FunctionModule>(
      "fdo.wget", [&](std::string_view message, View in, Outbox& out) -> Result<void> {
        if (message != "url") return ok();
        got_.url = cbor::Reader(in).text(100);
        if (got_.url.ends_with("big.img"))
          out.push("fdo.wget:done", integer_value(12));
        else
          out.push("fdo.wget:error", value(std::move(cbor::Writer().text("404"))));
        return ok();
      }));
  expect_complete(
      {"done: fetching https://files.example/big.img",
       "failed: fetching https://files.example/none.img: the device could not fetch it: 404"});
}

TEST_P(WithinLimit, HandsOutACertificateByFdoCsr) {
  run_.events.issue_answer = pattern(1500);
  run_.plan = {action::Csr{}};
  Bytes csr = pattern(400), issued, anchors;
  run_.modules.push_back(std::make_unique<FunctionModule>(
      "fdo.csr", [&](std::string_view message, View in, Outbox& out) -> Result<void> {
        cbor::Reader r(in);
        if (message == "active") {  // both at once: the first answer waits while the second arrives
          out.push("fdo.csr:cacerts-req", uint_value(281));
          out.push("fdo.csr:simpleenroll-req",
                   value(std::move(cbor::Writer().text(to_base64(csr)))));
        }
        if (message == "cacerts-res") anchors = from_base64(r.text(10'000)).value_or(Bytes{});
        if (message == "simpleenroll-res") issued = from_base64(r.text(10'000)).value_or(Bytes{});
        return ok();
      }));
  expect_complete({"csr of 400", "done: certificate by fdo.csr"});
  EXPECT_EQ(issued, pattern(1500));
  EXPECT_EQ(anchors, must(run_.events.ca_certificates()));
}

TEST_P(WithinLimit, AnswersWhatFdoCsrDoesNotServeWithItsErrors) {
  run_.plan = {action::Csr{}};
  run_.events.issue_answer = fail(Errc::refused, "not this one");
  std::vector<std::uint64_t> errors;
  run_.modules.push_back(std::make_unique<FunctionModule>(
      "fdo.csr", [&](std::string_view message, View in, Outbox& out) -> Result<void> {
        if (message == "active") {
          out.push("fdo.csr:cacerts-req", uint_value(287));
          out.push("fdo.csr:serverkeygen-req",
                   value(std::move(cbor::Writer().text(to_base64(pattern(300))))));
          out.push("fdo.csr:simpleenroll-req", value(std::move(cbor::Writer().text("%%%"))));
          out.push("fdo.csr:simpleenroll-req",
                   bytes_value(as_view(to_base64(pattern(300)) + "\r\n")));
        }
        if (message == "error") errors.push_back(cbor::Reader(in).uint());
        return ok();
      }));
  expect_complete({"refused: certificate by fdo.csr: keys are made by the device that keeps them",
                   "csr of 300", "failed: certificate by fdo.csr: not this one"});
  EXPECT_EQ(errors, (std::vector<std::uint64_t>{5, 3, 1, 2}));
}

TEST_P(WithinLimit, SaysWhatARequestShouldHaveWhateverValueAsksForIt) {
  run_.plan = {action::Csr{}};
  std::vector<Bytes> attributes;
  run_.modules.push_back(std::make_unique<FunctionModule>(
      "fdo.csr", [&](std::string_view message, View in, Outbox& out) -> Result<void> {
        cbor::Reader r(in);
        if (message == "active") {
          out.push("fdo.csr:csrattrs-req", uint_value(285));
          out.push("fdo.csr:csrattrs-req", value(std::move(cbor::Writer().text("please"))));
        }
        if (message == "csrattrs-res")
          attributes.push_back(from_base64(r.text(10'000)).value_or(Bytes{}));
        if (attributes.size() == 2 && message == "csrattrs-res")
          out.push("fdo.csr:simpleenroll-req",
                   value(std::move(cbor::Writer().text(to_base64(pattern(300))))));
        return ok();
      }));
  expect_complete({"csr of 300", "done: certificate by fdo.csr"});
  EXPECT_EQ(attributes, (std::vector<Bytes>(2, run_.events.csr_attributes())));
}

TEST_P(WithinLimit, CarriesOfferAndGrant) {
  run_.plan = {action::Grant{}};
  run_.events.grant_answer = pattern(3000);
  Bytes grant;
  run_.modules.push_back(std::make_unique<FunctionModule>(
      std::string(enroll_module),
      [&](std::string_view message, View in, Outbox& out) -> Result<void> {
        if (message == "active") out.push("fairlead.enroll:offer", bytes_value(pattern(2000)));
        if (message == "grant") {
          grant = to_bytes(cbor::Reader(in).bytes(10'000));
          out.push("fairlead.enroll:result",
                   value(std::move(cbor::Writer().array(2).boolean(true).text(""))));
        }
        return ok();
      }));
  expect_complete({"offer of 2000", "done: grant"});
  EXPECT_EQ(grant, pattern(3000));
}

TEST_P(WithinLimit, PassesOverModulesThatTheDeviceHasNot) {
  run_.plan = {action::Csr{},
               action::Download{"x", std::make_shared<const FileInMemory>(pattern(10))}};
  run_.modules.push_back(download_module(got_));
  expect_complete(
      {"failed: certificate by fdo.csr: the device has no module fdo.csr", "done: download of x"});
}

TEST(OwnerDialogue, ARefusedGrantEndsTheRunWithItsWords) {
  auto party = FdoParty::make(KeyType::p256, 1);
  Loopback run(party);
  run.plan = {action::Grant{}};
  run.events.grant_answer = fail(Errc::refused, "this product is not on your list");
  run.modules.push_back(std::make_unique<FunctionModule>(
      std::string(enroll_module), [](std::string_view message, View, Outbox& out) -> Result<void> {
        if (message == "active") out.push("fairlead.enroll:offer", bytes_value(pattern(20)));
        return ok();
      }));
  Verdict verdict = run.run();
  EXPECT_EQ(verdict.code, ErrorCode::invalid_message);
  EXPECT_NE(verdict.why.find("this product is not on your list"), std::string::npos);
}

// Function-level dialogue: what the owner answers to each 68.
struct Dialogue {
  OwnerDialogue state;
  OwnerPlan plan;
  test::RecordingEvents events;
  std::size_t rounds_left = 4000;
  Outcome<OwnerInfoMessage> say(bool more, std::vector<KeyValue> info, std::size_t limit = 1300) {
    cbor::Writer out;
    write_dialogue(out, state);
    cbor::Reader in(out.view());
    state = read_dialogue(in);
    EXPECT_TRUE(in.finish());
    return next_round(state, plan, events, {more, std::move(info)}, {limit, rounds_left});
  }
  std::vector<KeyValue> devmod(std::vector<std::string> names) {
    Outbox out;
    DevMod mine = test::test_devmod();
    mine.modules = std::move(names);
    push_devmod(out, mine);
    return out.take(60'000);
  }
};

TEST(OwnerDialogue, WithoutAPlanIsDoneAtOnce) {
  Dialogue d;
  auto answer = must(d.say(false, d.devmod({})));
  EXPECT_TRUE(answer.done);
  EXPECT_FALSE(answer.more);
}

TEST(OwnerDialogue, EveryMandatoryDevmodMessageIsMissed) {
  Dialogue whole;
  auto all = whole.devmod({"fdo.download"});
  for (std::size_t left_out = 0; left_out < all.size(); ++left_out) {
    auto some = all;
    some.erase(some.begin() + static_cast<std::ptrdiff_t>(left_out));
    Dialogue d;
    auto answer = d.say(false, some);
    ASSERT_FALSE(answer) << all[left_out].key;
    EXPECT_EQ(answer.error().code, ErrorCode::body) << all[left_out].key;
  }
}

TEST(OwnerDialogue, NothingComesBeforeDevmodIsComplete) {
  Dialogue d;
  auto answer = d.say(true, {{"fdo.csr:cacerts-req", uint_value(281)}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::body);
}

TEST(OwnerDialogue, DevmodMayComeInParts) {
  Dialogue d;
  auto all = d.devmod({"fdo.download"});
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    auto answer = must(d.say(true, {all[i]}));
    EXPECT_TRUE(answer.info.empty());
    EXPECT_FALSE(answer.done);
  }
  EXPECT_TRUE(must(d.say(false, {all.back()})).done);
  EXPECT_TRUE(d.events.devmod.has("fdo.download"));
}

TEST(OwnerDialogue, AfterIsDoneOnlyInactivityIsHeard) {
  for (auto [key, good] : {std::pair{"x:active", true}, std::pair{"x:data", false}}) {
    Dialogue d;
    ASSERT_TRUE(must(d.say(false, d.devmod({}))).done);
    auto answer = d.say(false, {{key, Bytes{0xF4}}});
    EXPECT_EQ(answer.has_value(), good);
    if (!good) EXPECT_EQ(answer.error().code, ErrorCode::invalid_message);
  }
  Dialogue d;
  ASSERT_TRUE(must(d.say(false, d.devmod({}))).done);
  EXPECT_EQ(d.say(true, {}).error().code, ErrorCode::invalid_message);
}

TEST(OwnerDialogue, ADeviceThatNeverFinishesIsLeftInTheEnd) {
  Dialogue d;
  d.plan = {action::Upload{"never"}};
  ASSERT_TRUE(d.say(false, d.devmod({"fdo.upload"})));
  for (std::size_t i = 0; i < limits::service_info_rounds_idle_max; ++i)
    ASSERT_TRUE(d.say(false, {})) << i;
  EXPECT_EQ(d.say(false, {}).error().code, ErrorCode::invalid_message);
}

TEST(OwnerDialogue, ADeviceThatOnlyAnnouncesMoreIsLeftToo) {
  Dialogue d;
  d.plan = {action::Upload{"never"}};
  ASSERT_TRUE(d.say(false, d.devmod({"fdo.upload"})));
  for (std::size_t i = 0; i < limits::service_info_rounds_idle_max; ++i)
    ASSERT_TRUE(d.say(true, {})) << i;
  EXPECT_EQ(d.say(true, {}).error().code, ErrorCode::invalid_message);
}

TEST(OwnerDialogue, AFileThatIsTooLargeForTheRestOfTheRunIsNotBegun) {
  const std::size_t most = 100 * 1014;
  for (std::size_t size : {most, most + 1}) {
    Dialogue d;
    d.rounds_left = 300;  // 200 are for what comes behind
    d.plan = {action::Download{"x", std::make_shared<const FileInMemory>(Bytes(size))}};
    auto answer = must(d.say(false, d.devmod({"fdo.download"})));
    const bool begun =
        std::ranges::find(answer.info, "fdo.download:length", &KeyValue::key) != answer.info.end();
    EXPECT_EQ(begun, size == most);
    ASSERT_EQ(d.events.log.size(), begun ? 0u : 1u);
    if (!begun) EXPECT_THAT(d.events.log[0], testing::HasSubstr("no more than 101400 in this run"));
  }
}

TEST(OwnerDialogue, InactiveModulesAreRememberedOnlyWhereThePlanNeedsThem) {
  Dialogue d;
  d.plan = {action::Download{"x", std::make_shared<const FileInMemory>(pattern(10))}};
  ASSERT_TRUE(d.say(false, d.devmod({"fdo.download"})));
  std::vector<KeyValue> many;
  for (int i = 0; i < 500; ++i) many.push_back({"m" + std::to_string(i) + ":active", {0xF4}});
  many.push_back({"fdo.download:active", {0xF4}});
  auto answer = must(d.say(false, many, 60'000));
  EXPECT_EQ(d.state.inactive, std::vector<std::string>{"fdo.download"});
  EXPECT_TRUE(answer.done);
  EXPECT_EQ(d.events.log, std::vector<std::string>{
                              "failed: download of x: the device has no module fdo.download"});
}

TEST(OwnerDialogue, OnlyItsOwnIsMoreForbidsTheDeviceToGoOn) {
  Dialogue d;
  d.plan = {action::Csr{}};
  ASSERT_TRUE(d.say(false, d.devmod({"fdo.csr"})));
  // The answer to the first part waits while the device has more to say.
  EXPECT_TRUE(must(d.say(true, {{"fdo.csr:cacerts-req", uint_value(281)}})).info.empty());
  EXPECT_TRUE(must(d.say(true, {})).info.empty());
  EXPECT_EQ(must(d.say(false, {})).info.at(0).key, "fdo.csr:cacerts-res");

  Dialogue both;
  both.plan = {action::Download{"x", std::make_shared<const FileInMemory>(pattern(10))}};
  auto answer = must(both.say(false, both.devmod({"fdo.download"}), 100));
  ASSERT_TRUE(answer.more);
  EXPECT_EQ(both.say(true, {}).error().code, ErrorCode::invalid_message);
}

}  // namespace
}  // namespace fairlead::fdo
