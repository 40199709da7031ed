// SPDX-License-Identifier: Apache-2.0
// What the negative tests of the conformance tool leave behind at a whole server: the code, one
// line in the log, and nothing else. What each message holds that is refused, field by field,
// stands in fdo/negative_test.cpp and fdo/to01_test.cpp; docs/negative-tests.md has the whole
// table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using fdo::ErrorCode;
using test::Change;
using test::error_of;
using test::must;
using test::PlantDevice;
using test::ServerPlant;
using testing::HasSubstr;

const auto body = ErrorCode::body, invalid = ErrorCode::invalid_message,
           voucher = ErrorCode::invalid_voucher, signature = ErrorCode::invalid_owner_signature;

struct Row {
  const char* name;
  std::uint8_t type;  // the message that is changed
  std::vector<int> path;
  Change change;
  ErrorCode code;
};

Change to_integer(std::int64_t number) {
  return [number](View) { return cbor::Writer().integer(number).take(); };
}

Bytes as_mac0(View encrypt0) {  // RFC 9052 §2: tag 17 instead of 16
  Bytes out = to_bytes(encrypt0);
  out.front() = 0xD1;
  return out;
}

class Refusals : public testing::Test {
 protected:
  ServerPlant plant_;
  PlantDevice device_{plant_, "SN-1"};
  DeviceId id_;

  void SetUp() override {
    device_.initialize();
    id_ = device_.hand_to_owner();
    plant_.trust(plant_.identity.manufacturer->public_key());
    ASSERT_EQ(register_owner().type, 23) << plant_.log.text();
  }

  FdoReply register_owner() {
    auto stored = must(plant_.registry->find_voucher(device_.credential.guid)).value();
    auto hello = plant_.say(20, {}, fdo::encode_empty());
    if (hello.type == 255) return hello;
    fdo::To2Address here{{}, "owner.example", 8040, fdo::TransportProtocol::http};
    return plant_.say(22, hello.token,
                      must(fdo::encode_owner_sign(must(fdo::decode_voucher(stored.encoded)), 3600,
                                                  must(fdo::decode_nonce(hello.body)), {here},
                                                  *plant_.identity.owner)));
  }
  FdoReply ask_rendezvous() {
    auto hello = fdo::start_to1(device_.credential, *device_.key);
    auto ack = plant_.say(hello.type, {}, hello.body);
    if (ack.type == 255) return ack;
    auto prove = must(fdo::on_hello_rv_ack(device_.credential, *device_.key, ack.body));
    return plant_.say(prove.type, ack.token, prove.body);
  }
  fdo::ErrorMessage run_to(std::uint8_t type) {
    if (type < 30) return error_of(register_owner());
    if (type < 60) return error_of(ask_rendezvous());
    auto run = device_.onboard();
    if (!run.error) throw std::runtime_error("not refused");
    return *run.error;
  }

  // Everything that is kept, as text; `with_timelines` or without what is told of devices.
  std::string kept(bool with_timelines) {
    std::string tables = with_timelines ? ""
                                        : " accounts devices device_keys vouchers certificates"
                                          " registrations to0_jobs settings uploads";
    std::string out, command = "sqlite3 -readonly " +
                               (plant_.directory.path() / "registry.db").string() + " '.dump" +
                               tables + "'";
    FILE* pipe = ::popen(command.c_str(), "r");
    char line[4096];
    while (pipe && std::fgets(line, sizeof line, pipe)) out += line;
    EXPECT_EQ(pipe ? ::pclose(pipe) : -1, 0) << command;
    EXPECT_THAT(out, HasSubstr("SN-1"));
    return out;
  }

  void check(const Row& row) {
    bool proven = row.type > 64;
    std::string before;
    plant_.tamper = [&](std::uint8_t type, Bytes& message) {
      if (type != row.type || !before.empty()) return;
      message = test::edit(message, row.path, row.change);
      before = kept(!proven);
    };
    auto error = run_to(row.type);
    plant_.tamper = nullptr;
    ASSERT_FALSE(before.empty()) << row.name << ": the message never came";
    EXPECT_EQ(int(error.code), int(row.code)) << row.name << ": " << error.text;
    EXPECT_EQ(int(error.previous_message), int(row.type)) << row.name;
    EXPECT_THAT(plant_.log.text(), HasSubstr("FDO_REFUSED: Message " + std::to_string(row.type) +
                                             " from 192.0.2.7 was refused with FDO error " +
                                             std::to_string(static_cast<int>(row.code)) + ": "))
        << row.name;
    EXPECT_EQ(kept(!proven), before) << row.name;
    if (proven) EXPECT_EQ(plant_.timeline(id_).back(), "TO2_FAILED") << row.name;
  }
};

TEST_F(Refusals, OfARendezvousServerHaveTheirCodeALogLineAndNoOtherEffect) {
  for (const Row& row : std::initializer_list<Row>{
           {"RVT_20_BAD_ENCODING", 20, {}, test::garbage, body},
           {"RVT_22_BAD_TO0D_ENCODING", 22, {0}, test::garbage_string, body},
           {"RVT_22_BAD_OWNERSIGN_ENCODING", 22, {1}, test::garbage, body},
           {"RVT_22_BAD_SIGNATURE", 22, {1, 3}, test::last_bit, signature},
           {"RVT_22_BAD_TO0D_HASH", 22, {1, 2, test::inside, 1, 1}, test::last_bit, invalid},
           {"RVT_22_BAD_TO0SIGN_NONCE", 22, {0, test::inside, 2}, test::last_bit, invalid},
           {"DEVT_30_BAD_ENCODING", 30, {}, test::garbage, body},
           {"DEVT_30_BAD_UNKNOWN_GUID", 30, {0}, test::last_bit, ErrorCode::not_found},
           {"DEVT_30_BAD_SIGINFO", 30, {1, 0}, to_integer(-35), invalid},
           {"DEVT_30_BAD_SIGINFO: EPID", 30, {1, 0}, to_integer(90), invalid},
           {"DEVT_30_BAD_SIGINFO: no type at all", 30, {1, 0}, to_integer(1'234'567), invalid},
           {"DEVT_32_BAD_ENCODING", 32, {}, test::garbage, body},
           {"…_BAD_PROVE_TO_RV_PAYLOAD_ENCODING", 32, {2}, test::garbage_string, body},
           {"DEVT_32_BAD_SIGNATURE", 32, {3}, test::last_bit, invalid},
       })
    check(row);
}

TEST_F(Refusals, OfAnOwnerHaveTheirCodeALogLineAndNoOtherEffect) {
  for (const Row& row : std::initializer_list<Row>{
           {"DOT_60_BAD_ENCODING", 60, {}, test::garbage, body},
           {"60 of an unknown GUID", 60, {1}, test::last_bit, ErrorCode::not_found},
           {"DOT_62_BAD_ENCODING", 62, {}, test::garbage, body},
           {"DOT_62_GETOVNEXT_BAD_INDEX", 62, {0}, to_integer(1), invalid},
           {"DOT_64_BAD_ENCODING", 64, {}, test::garbage, body},
           {"DOT_64_BAD_EAT_PAYLOAD", 64, {2}, test::garbage_string, body},
           {"DOT_64_BAD_SIGNATURE", 64, {3}, test::last_bit, invalid},
           {"66 garbage as a whole", 66, {}, test::garbage, body},
           {"DOT_66_BAD_ENCRYPTION", 66, {2}, test::last_bit, body},
           {"66 in a Mac0", 66, {}, as_mac0, body},
           {"DOT_68_BAD_ENCRYPTION", 68, {2}, test::last_bit, body},
           {"DOT_70_BAD_ENCRYPTION", 70, {2}, test::last_bit, body},
       })
    check(row);
  EXPECT_TRUE(device_.onboard().complete) << plant_.log.text();  // and it still can
}

// A voucher's fault is told to the log; the stranger hears that there is one.
TEST_F(Refusals, OfAVoucherAreToldInTheLogAlone) {
  auto stored = must(plant_.registry->find_voucher(device_.credential.guid)).value();
  auto forged = must(fdo::decode_voucher(test::edit(stored.encoded, {2, 1}, test::last_bit)));
  std::string before = kept(true);
  auto hello = plant_.say(20, {}, fdo::encode_empty());
  fdo::To2Address here{{}, "owner.example", 8040, fdo::TransportProtocol::http};
  auto refused =
      plant_.say(22, hello.token,
                 must(fdo::encode_owner_sign(forged, 3600, must(fdo::decode_nonce(hello.body)),
                                             {here}, *plant_.identity.owner)));
  EXPECT_EQ(error_of(refused).code, voucher);
  EXPECT_EQ(error_of(refused).text, "refused; the server's log says why");
  EXPECT_THAT(plant_.log.text(), HasSubstr("was refused with FDO error 2: "));
  EXPECT_EQ(kept(true), before);
}

// FDO 1.1 §5.1: the timestamp as seconds, and a correlation id that the log could name.
TEST_F(Refusals, CarryATimestampAndACorrelationAsUnsignedNumbers) {
  auto reply = plant_.say(62, "made-up", {});
  cbor::Reader in(reply.body);
  in.array(5);
  EXPECT_EQ(in.uint(), 1u);
  EXPECT_EQ(in.uint(), 62u);
  EXPECT_FALSE(in.text(500).empty());
  EXPECT_EQ(in.uint(), static_cast<std::uint64_t>(to_unix_seconds(plant_.now)));
  in.uint();
  EXPECT_TRUE(in.finish());
}

}  // namespace
}  // namespace fairlead::server
