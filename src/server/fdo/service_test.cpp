// SPDX-License-Identifier: Apache-2.0
// What FdoService refuses before any role sees it, and that one role's runs are none of another's.
#include <gtest/gtest.h>

#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using fdo::ErrorCode;
using test::error_of;
using test::PlantDevice;
using test::ServerPlant;

TEST(FdoService, RefusesAMissingOrUnknownTokenWithCode1) {
  ServerPlant plant;
  for (std::uint8_t type : std::initializer_list<std::uint8_t>{12, 22, 32, 62, 64, 66, 68, 70}) {
    EXPECT_EQ(error_of(plant.say(type, "", {})).code, ErrorCode::invalid_token) << int{type};
    auto error = error_of(plant.say(type, "made-up", {}));
    EXPECT_EQ(error.code, ErrorCode::invalid_token) << int{type};
    EXPECT_EQ(error.previous_message, type);
  }
}

TEST(FdoService, RefusesATokenOfAnotherProtocolWithCode101) {
  ServerPlant plant;
  auto hello = plant.say(20, {}, fdo::encode_empty());
  ASSERT_EQ(hello.type, 21);
  EXPECT_EQ(error_of(plant.say(32, hello.token, {})).code, ErrorCode::invalid_message);
  // That run is over: whoever mixes tokens up begins anew.
  EXPECT_EQ(error_of(plant.say(22, hello.token, {})).code, ErrorCode::invalid_token);
}

TEST(FdoService, RepeatsARunsTokenWithEachAnswerAndAStrangersNever) {
  ServerPlant plant;
  auto hello = plant.say(20, {}, fdo::encode_empty());
  ASSERT_FALSE(hello.token.empty());
  auto refused = plant.say(22, hello.token, {});
  EXPECT_EQ(refused.type, 255);
  EXPECT_EQ(refused.token, hello.token);
  EXPECT_EQ(plant.say(22, "made-up", {}).token, "");

  PlantDevice device{plant, "SN-1"};
  fdo::DeviceMfgInfo info{crypto::KeyType::p256, fdo::KeyEncoding::x509, "SN-1", "gateway",
                          test::must(crypto::create_csr(*device.key, {"SN-1", {}, {}}))};
  auto credentials = plant.say(10, {}, fdo::encode_app_start(info));
  ASSERT_EQ(credentials.type, 11) << plant.log.text();
  fdo::Hash hmac{crypto::HashAlg::sha256, Bytes(32, 1)};
  auto done = plant.say(12, credentials.token, fdo::encode_set_hmac(hmac));
  EXPECT_EQ(done.type, 13);
  EXPECT_EQ(done.token, credentials.token);
}

TEST(FdoService, RefusesMessagesOfARoleThatIsSwitchedOff) {
  ServerPlant plant;
  FdoService none(plant.sessions, plant.random, plant.log, nullptr, nullptr, nullptr);
  for (std::uint8_t type : std::initializer_list<std::uint8_t>{10, 20, 30, 60})
    EXPECT_EQ(error_of(none.handle(type, {}, {}, {"192.0.2.7", plant.now})).code,
              ErrorCode::invalid_message)
        << int{type};
  auto hello = plant.say(20, {}, fdo::encode_empty());
  EXPECT_EQ(error_of(none.handle(22, hello.token, {}, {"192.0.2.7", plant.now})).code,
            ErrorCode::invalid_message);
}

TEST(FdoService, RefusesNumbersThatAreNoRequests) {
  ServerPlant plant;
  for (int type = 0; type < 255; ++type) {
    auto reply = plant.say(static_cast<std::uint8_t>(type), {}, {});
    EXPECT_EQ(reply.type, 255) << type;
  }
}

TEST(FdoService, RefusesTo2OutOfOrderAndLeavesTheDevicesStoryAlone) {
  ServerPlant plant;
  PlantDevice device{plant, "SN-1"};
  device.initialize();
  DeviceId id = device.hand_to_owner();
  auto before = plant.timeline(id);
  // Anybody who knows the GUID can open a run; without a proof it must not end up in the device's
  // timeline.
  for (std::uint8_t type : std::initializer_list<std::uint8_t>{66, 68, 70, 75}) {
    fdo::HelloDevice hello{0, device.credential.guid, plant.random.draw<fdo::Nonce>(), "ECDH256", 1,
                           -7};
    auto opened = plant.say(60, {}, fdo::encode_hello_device(hello));
    ASSERT_EQ(opened.type, 61) << error_of(opened).text;
    EXPECT_EQ(error_of(plant.say(type, opened.token, {})).code, ErrorCode::invalid_message)
        << int{type};
  }
  EXPECT_EQ(plant.timeline(id), before);
}

TEST(FdoService, AnswersAnErrorMessageWithNothingAndEndsTheRun) {
  ServerPlant plant;
  auto hello = plant.say(20, {}, fdo::encode_empty());
  Bytes error = fdo::encode_error({ErrorCode::internal, 21, "out of memory", 0, 0});
  auto reply = plant.say(255, hello.token, error);
  EXPECT_EQ(reply.type, 0);
  EXPECT_TRUE(plant.log.has("FDO_PEER_ERROR"));
  EXPECT_EQ(error_of(plant.say(22, hello.token, {})).code, ErrorCode::invalid_token);
  EXPECT_EQ(plant.say(255, {}, to_bytes("garbage")).type, 0);
}

TEST(FdoService, AnErrorMessageOfNoRunLeavesNoTrace) {
  ServerPlant plant;
  Bytes error = fdo::encode_error({ErrorCode::internal, 21, "flood", 0, 0});
  EXPECT_EQ(plant.say(255, "made-up", error).type, 0);
  EXPECT_FALSE(plant.log.has("FDO_PEER_ERROR"));
}

struct LimitedService : testing::Test {
  ServerPlant plant;
  FdoLimits limits{{{1, 3}, {1, 2}, {1, 2}, false}, plant.log};
  FdoService service{plant.sessions,    plant.random, plant.log, &plant.station,
                     &plant.rendezvous, &plant.owner, &limits};
  FdoReply say(std::uint8_t type, std::string_view token, View body, std::string peer) {
    return service.handle(type, token, body, {peer, plant.now});
  }
};

TEST_F(LimitedService, WhoOpensTooOftenIsToldToComeAgainAndDoesSo) {
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(say(20, {}, fdo::encode_empty(), "192.0.2.1").type, 21) << i;
  auto held_up = say(20, {}, fdo::encode_empty(), "192.0.2.1");
  EXPECT_EQ(error_of(held_up).code, ErrorCode::internal);
  EXPECT_NE(error_of(held_up).text.find("come again in 1 s"), std::string::npos);
  EXPECT_EQ(held_up.come_again, std::chrono::seconds(1));
  EXPECT_TRUE(plant.log.has("FDO_HELD_UP"));
  EXPECT_EQ(say(20, {}, fdo::encode_empty(), "192.0.2.2").type, 21);
  plant.now += std::chrono::seconds(1);
  EXPECT_EQ(say(20, {}, fdo::encode_empty(), "192.0.2.1").type, 21);
}

TEST_F(LimitedService, ARunGoesOnWhileItsAddressMayOpenNoMore) {
  auto opened = say(20, {}, fdo::encode_empty(), "192.0.2.1");
  for (int i = 0; i < 5; ++i) say(20, {}, fdo::encode_empty(), "192.0.2.1");
  // Refused for what it says, not for the rate.
  EXPECT_EQ(say(22, opened.token, {}, "192.0.2.1").come_again, Duration(0));
}

TEST_F(LimitedService, MadeUpTokensAreAnsweredSoOftenAndLoggedLessOften) {
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(error_of(say(62, "made-up", {}, "192.0.2.1")).code, ErrorCode::invalid_token);
  EXPECT_GT(say(62, "made-up", {}, "192.0.2.1").come_again, Duration(0));
  std::string text = plant.log.text();
  std::size_t lines = 0;
  for (auto at = text.find("FDO_REFUSED"); at != text.npos; at = text.find("FDO_REFUSED", at + 1))
    ++lines;
  EXPECT_EQ(lines, 2u);
}

TEST_F(LimitedService, AGuidIsOpenedSoOftenFromHoweverManyAddresses) {
  PlantDevice device{plant, "SN-1"};
  device.initialize();
  device.hand_to_owner();
  fdo::HelloDevice hello{0, device.credential.guid, plant.random.draw<fdo::Nonce>(), "ECDH256", 1,
                         -7};
  Bytes message = fdo::encode_hello_device(hello);
  EXPECT_EQ(say(60, {}, message, "192.0.2.1").type, 61);
  EXPECT_EQ(say(60, {}, message, "192.0.2.2").type, 61);
  EXPECT_GT(say(60, {}, message, "192.0.2.3").come_again, Duration(0));
}

TEST(FdoService, TellsAStrangerNothingAboutVouchersAndItsOwnFaults) {
  ServerPlant plant;
  plant.commit(
      {registry::PutSetting{"factory.rendezvous", {}}});  // a damaged setting is our own fault
  fdo::DeviceMfgInfo info{crypto::KeyType::p256, fdo::KeyEncoding::x509, "SN", "gateway", {}};
  PlantDevice device{plant, "SN"};
  info.csr = test::must(crypto::create_csr(*device.key, {"SN", {}, {}}));
  auto error = error_of(plant.say(10, {}, fdo::encode_app_start(info)));
  EXPECT_EQ(error.code, ErrorCode::internal);
  EXPECT_EQ(error.text, "refused; the server's log says why");
}

}  // namespace
}  // namespace fairlead::server
