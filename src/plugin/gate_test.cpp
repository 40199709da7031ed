// SPDX-License-Identifier: Apache-2.0
#include "plugin/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_directory.h"

namespace fairlead::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using upstream::AccessEntry;
using upstream::AccessRole;
using upstream::AccessWriter;
using upstream::CertificateFingerprint;
using upstream::TopicUse;

class GateTest : public ::testing::Test {
 protected:
  GateTest() { writer_ = AccessWriter::create_or_open(path(), 16).value(); }

  std::string path() const { return (folder_.path() / "access").string(); }
  static CertificateFingerprint certificate(std::uint8_t n) {
    CertificateFingerprint out;
    out.value.fill(n);
    return out;
  }
  static AccessEntry device(std::uint8_t n) {
    auto id = "d-" + std::to_string(n);
    return {.fingerprint = certificate(n),
            .device_id = id,
            .topic_prefix = "fairlead/v1/acme/" + id + "/"};
  }
  Gate::Ordered tick(Duration later = Duration(1000)) {
    monotonic_ += later;
    now_ += later;
    return gate_.tick(monotonic_, now_);
  }
  auto connect(std::uint8_t n, std::string_view id, const void* connection) {
    return gate_.connect(certificate(n), id, connection, now_);
  }

  test::TemporaryDirectory folder_;
  std::unique_ptr<AccessWriter> writer_;
  Gate gate_{{.table = path(), .absent_sessions_max = 3}};
  Gate::Monotonic monotonic_{};
  Time now_ = from_unix_seconds(1'800'000'000);
  int first_ = 0, second_ = 0;  // connections are told apart by address
};

TEST_F(GateTest, BeforeTheFirstTickNoOneComesIn) {
  writer_->put(device(1)).value();
  EXPECT_FALSE(connect(1, "d-1", &first_));
}

TEST_F(GateTest, UnknownRevokedAndForeignNamesAreRefusedWithWords) {
  writer_->put(device(1)).value();
  tick();
  auto unknown = connect(2, "d-2", &first_);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().context.find("not in the access table"), std::string::npos);
  auto foreign = connect(1, "d-2", &first_);
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().context.find("does not belong"), std::string::npos);
  writer_->revoke(certificate(1)).value();
  auto revoked = connect(1, "d-1", &first_);
  ASSERT_FALSE(revoked) << "without waiting for a tick";
  EXPECT_NE(revoked.error().context.find("revoked"), std::string::npos);
}

TEST_F(GateTest, RevokedClientIsOrderedOutAndLosesItsTopicsAtOnce) {
  writer_->put(device(1)).value();
  writer_->put(device(2)).value();
  tick();
  EXPECT_EQ(connect(1, "d-1", &first_).value(), "d-1");
  EXPECT_EQ(connect(2, "d-2", &second_).value(), "d-2");
  EXPECT_TRUE(gate_.use("d-1", TopicUse::write, "fairlead/v1/acme/d-1/x"));
  EXPECT_THAT(tick().kick, IsEmpty());
  writer_->revoke(certificate(1)).value();
  EXPECT_THAT(tick(Duration(1)).kick, ElementsAre("d-1"));
  EXPECT_FALSE(gate_.use("d-1", TopicUse::write, "fairlead/v1/acme/d-1/x"));
  EXPECT_TRUE(gate_.use("d-2", TopicUse::write, "fairlead/v1/acme/d-2/x"));
}

TEST_F(GateTest, MoreRevocationsThanTheTableNamesReachEveryConnection) {
  for (std::uint8_t n = 1; n <= 200; ++n) writer_->put(device(n)).value();
  tick();
  for (std::uint8_t n = 1; n <= 200; ++n) connect(n, "d-" + std::to_string(n), &first_).value();
  for (std::uint8_t n = 1; n <= 150; ++n) writer_->revoke(certificate(n)).value();
  std::size_t kicked = 0;
  for (int turn = 0; turn < 200 && kicked < 150; ++turn) kicked += tick(Duration(1)).kick.size();
  EXPECT_EQ(kicked, 150u);
  EXPECT_THAT(tick().kick, IsEmpty()) << "each is ordered out once";
}

TEST_F(GateTest, AllConnectionsOfOneCertificateGoTogether) {
  writer_->put(device(1)).value();
  tick();
  connect(1, "d-1", &first_).value();
  connect(1, "d-1/app", &second_).value();
  writer_->revoke(certificate(1)).value();
  EXPECT_THAT(tick(Duration(1)).kick, ::testing::UnorderedElementsAre("d-1", "d-1/app"));
}

TEST_F(GateTest, RenewedCertificateOfTheSameDeviceIsJudgedByItself) {
  writer_->put(device(1)).value();
  auto renewed = device(1);
  renewed.fingerprint = certificate(9);
  writer_->put(renewed).value();
  tick();
  connect(1, "d-1", &first_).value();
  connect(9, "d-1", &second_).value();  // takes over
  writer_->revoke(certificate(1)).value();
  EXPECT_THAT(tick(Duration(1)).kick, IsEmpty());
  EXPECT_TRUE(gate_.use("d-1", TopicUse::write, "fairlead/v1/acme/d-1/x"));
  writer_->revoke(certificate(9)).value();
  EXPECT_THAT(tick(Duration(1)).kick, ElementsAre("d-1"));
}

TEST_F(GateTest, ThrownOffClientsLastWillIsToldOnceAndStaysBelowItsPrefix) {
  writer_->put(device(1)).value();
  tick();
  connect(1, "d-1", &first_).value();
  writer_->revoke(certificate(1)).value();
  tick();
  gate_.disconnected("d-1", &first_);
  EXPECT_TRUE(gate_.use("d-1", TopicUse::write, "fairlead/v1/acme/d-1/state"));
  EXPECT_FALSE(gate_.use("d-1", TopicUse::write, "fairlead/v1/acme/d-1/state"));
}

TEST_F(GateTest, EntryThatLeavesTheTableOrMovesIsFollowed) {
  writer_->put(device(1)).value();
  writer_->put(device(2)).value();
  tick();
  connect(1, "d-1", &first_).value();
  connect(2, "d-2", &second_).value();
  auto moved = device(2);
  moved.topic_prefix = "fairlead/v1/other/d-2/";
  writer_->rebuild(std::vector{moved}).value();
  EXPECT_THAT(tick(Duration(1)).kick, ElementsAre("d-1"));
  EXPECT_FALSE(gate_.use("d-2", TopicUse::read, "fairlead/v1/acme/d-2/cmd"));
  EXPECT_TRUE(gate_.use("d-2", TopicUse::read, "fairlead/v1/other/d-2/cmd"));
}

TEST_F(GateTest, TakeoverByTheSameDeviceKeepsTheNewConnection) {
  writer_->put(device(1)).value();
  tick();
  connect(1, "d-1", &first_).value();
  connect(1, "d-1", &second_).value();
  EXPECT_EQ(gate_.live_sessions(), 1u);
  gate_.disconnected("d-1", &first_);
  EXPECT_EQ(gate_.live_sessions(), 1u);
  writer_->revoke(certificate(1)).value();
  EXPECT_THAT(tick().kick, ElementsAre("d-1"));
}

TEST_F(GateTest, RefusedThiefChangesNothingForTheOwner) {
  writer_->put(device(1)).value();
  writer_->put(device(2)).value();
  tick();
  connect(1, "d-1", &first_).value();
  EXPECT_FALSE(connect(2, "d-1", &second_));
  gate_.disconnected("d-1", &second_);
  EXPECT_EQ(gate_.live_sessions(), 1u);
  EXPECT_TRUE(gate_.use("d-1", TopicUse::read, "fairlead/v1/acme/d-1/cmd"));
}

TEST_F(GateTest, AbsentSessionIsRememberedWithinABoundAndThenJudgedByName) {
  tick();
  for (std::uint8_t n = 1; n <= 5; ++n) {
    writer_->put(device(n)).value();
    auto id = "d-" + std::to_string(n);
    connect(n, id, &first_).value();
    gate_.disconnected(id, &first_);
  }
  EXPECT_EQ(gate_.live_sessions(), 0u);
  // Remembered: its will is its own to tell. Forgotten: only what is queued for it by name.
  EXPECT_TRUE(gate_.use("d-5", TopicUse::write, "fairlead/v1/acme/d-5/state"));
  EXPECT_FALSE(gate_.use("d-1", TopicUse::write, "fairlead/v1/acme/d-1/state"));
  EXPECT_TRUE(gate_.use("d-1", TopicUse::read, "fairlead/v1/acme/d-1/cmd"));
  EXPECT_FALSE(gate_.use("d-1", TopicUse::read, "fairlead/v1/acme/d-2/cmd"));
  EXPECT_FALSE(gate_.use("d-1", TopicUse::subscribe, "fairlead/v1/acme/d-1/cmd"));
}

TEST_F(GateTest, VanishedTableDeniesTheNewAndKeepsTheOld) {
  writer_->put(device(1)).value();
  tick();
  connect(1, "d-1", &first_).value();
  std::filesystem::remove(path());
  auto orders = tick();
  EXPECT_THAT(orders.kick, IsEmpty());
  ASSERT_EQ(orders.notes.size(), 1u);
  EXPECT_EQ(orders.notes[0].level, Level::error);
  EXPECT_FALSE(connect(1, "d-1/2", &second_));
  EXPECT_TRUE(gate_.use("d-1", TopicUse::write, "fairlead/v1/acme/d-1/x"));
  EXPECT_THAT(tick().notes, IsEmpty()) << "said once";
}

TEST_F(GateTest, CorruptTableDeniesUntilANewOneSaysWhoMayStay) {
  writer_->put(device(1)).value();
  writer_->put(device(2)).value();
  tick();
  connect(1, "d-1", &first_).value();
  connect(2, "d-2", &second_).value();
  {
    std::fstream file(path());
    file.write("garbage", 7);
  }
  EXPECT_THAT(tick(Duration(1)).kick, IsEmpty());
  EXPECT_FALSE(gate_.usable());
  EXPECT_FALSE(connect(1, "d-1/2", &first_));
  writer_.reset();
  writer_ = AccessWriter::create_anew(path(), 16).value();
  writer_->put(device(2)).value();
  EXPECT_THAT(tick().kick, ElementsAre("d-1"));
  EXPECT_TRUE(connect(2, "d-2/2", &first_));
}

TEST_F(GateTest, TableThatAppearsLaterIsTakenUp) {
  Gate gate({.table = path() + "-later"});
  EXPECT_EQ(gate.tick(monotonic_, now_).notes.size(), 1u);
  EXPECT_FALSE(gate.usable());
  auto later = AccessWriter::create_or_open(path() + "-later", 4).value();
  later->put(device(1)).value();
  gate.tick(monotonic_ + std::chrono::seconds(1), now_);
  EXPECT_TRUE(gate.connect(certificate(1), "d-1", &first_, now_));
}

TEST_F(GateTest, OldHeartbeatDeniesTheNewWhereSoConfigured) {
  Gate gate({.table = path(), .table_age_max = std::chrono::seconds(60)});
  writer_->put(device(1)).value();
  writer_->heartbeat(now_).value();
  gate.tick(monotonic_, now_);
  EXPECT_TRUE(gate.connect(certificate(1), "d-1", &first_, now_ + std::chrono::seconds(60)));
  EXPECT_FALSE(gate.connect(certificate(1), "d-1", &first_, now_ + std::chrono::seconds(61)));
  EXPECT_EQ(gate.tick(monotonic_, now_ + std::chrono::seconds(61)).notes.size(), 1u);
  writer_->heartbeat(now_ + std::chrono::seconds(61)).value();
  EXPECT_EQ(gate.tick(monotonic_, now_ + std::chrono::seconds(62)).notes.size(), 1u);
  EXPECT_TRUE(gate.connect(certificate(1), "d-1", &first_, now_ + std::chrono::seconds(62)));
}

TEST_F(GateTest, GrowthIsFollowedWithoutThrowingAnyoneOff) {
  writer_->put(device(1)).value();
  tick();
  connect(1, "d-1", &first_).value();
  for (std::uint8_t n = 2; n < 200; ++n) writer_->put(device(n)).value();
  EXPECT_THAT(tick(Duration(1)).kick, IsEmpty());
  EXPECT_TRUE(connect(199, "d-199", &second_));
}

}  // namespace
}  // namespace fairlead::plugin
