// SPDX-License-Identifier: Apache-2.0
#include "server/asking.h"

#include <gtest/gtest.h>

#include "local/commands.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;
using test::PlantDevice;
using test::ServerPlant;

struct AskingTest : testing::Test {
  ServerPlant plant;
  FdoLimits limits{fdo_rates, plant.log};
  Asking asking{AccountId("acme"), Claims(plant.store, plant.enroller, plant.log), plant.store,
                plant.identity, limits};

  net::HttpResponse ask(Bytes offer) {
    net::HttpRequest request;
    request.method = "POST";
    request.target = asking_path;
    request.peer = "192.0.2.7";
    request.body = std::move(offer);
    return asking.handle(request, plant.now);
  }
  DeviceId waiting() {
    registry::DeviceFilter filter;
    filter.state = registry::DeviceState::waiting;
    auto found = must(plant.registry->devices(filter, {"", 10}));
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? DeviceId() : found.front().id;
  }
};

TEST_F(AskingTest, ADeviceThatAsksWaitsUntilAnOperatorSaysYesToItsKey) {
  PlantDevice device{plant, "SN-1"};
  auto first = ask(device.offer());
  EXPECT_EQ(first.status, 202u);
  EXPECT_TRUE(net::find_header(first.headers, "Retry-After"));
  EXPECT_NE(as_text(first.body).find("nobody has vouched"), std::string::npos);
  EXPECT_EQ(ask(device.offer()).status, 202u);
  auto id = waiting();
  EXPECT_EQ(plant.timeline(id), (std::vector<std::string>{"DEVICE_ASKED", "GRANT_PENDING"}))
      << "once, however often it asks";
  EXPECT_TRUE(plant.access.admitted.empty());
  must(plant.enroller.approve(id, {"olga"}, plant.now));
  Bytes offer = device.offer();
  auto granted = ask(offer);
  ASSERT_EQ(granted.status, 200u) << as_text(granted.body);
  auto answer = std::get<local::command::TakeGrant>(must(local::decode_command(granted.body)));
  auto owner = must(crypto::PublicKey::from_spki(answer.owner));
  EXPECT_EQ(must(enroll::decode_grant(answer.grant, owner, crypto::sha256(offer))).device, id);
}

TEST_F(AskingTest, AStrangerWithTheSameSerialPilesUpNoKeys) {
  PlantDevice device{plant, "SN-1"}, stranger{plant, "SN-1"};
  EXPECT_EQ(ask(device.offer()).status, 202u);
  auto refused = ask(stranger.offer());
  EXPECT_EQ(refused.status, 403u);
  EXPECT_NE(as_text(refused.body).find("another key"), std::string::npos);
  auto id = waiting();
  EXPECT_EQ(must(plant.registry->keys_of(id)).size(), 1u);
  must(plant.enroller.approve(id, {"olga"}, plant.now));
  EXPECT_EQ(ask(device.offer()).status, 200u);
  EXPECT_EQ(ask(stranger.offer()).status, 403u) << "and takes nothing from one that is in";
}

TEST_F(AskingTest, ARejectedKeyIsRefusedAndAnotherMayAsk) {
  PlantDevice device{plant, "SN-1"}, right{plant, "SN-1"};
  ask(device.offer());
  must(plant.enroller.reject(waiting(), {"olga"}, "not ours", plant.now));
  EXPECT_EQ(ask(device.offer()).status, 403u);
  EXPECT_EQ(ask(right.offer()).status, 202u);
}

TEST_F(AskingTest, AFullQueueKeepsNewcomersOutAndNobodyWhoWasApproved) {
  PlantDevice device{plant, "SN-1"}, newcomer{plant, "SN-2"};
  EXPECT_EQ(ask(device.offer()).status, 202u);
  auto id = waiting();
  registry::Device stranger = plant.device(id);
  registry::Transaction queue;
  for (std::size_t i = 0; i < asking_waiting_max; ++i) {
    stranger.id = DeviceId("stranger-" + std::to_string(i));
    stranger.serial = stranger.id.str();
    queue.push_back(registry::InsertDevice{stranger});
  }
  plant.commit(std::move(queue));
  EXPECT_EQ(ask(newcomer.offer()).status, 429u);
  EXPECT_EQ(ask(device.offer()).status, 202u);
  must(plant.enroller.approve(id, {"olga"}, plant.now));
  EXPECT_EQ(ask(device.offer()).status, 200u);
}

TEST_F(AskingTest, RefusesWhatIsNoOfferAndWhereNobodyMayAsk) {
  EXPECT_EQ(ask({}).status, 400u);
  EXPECT_EQ(ask(Bytes(100, 0xFF)).status, 400u);
  net::HttpRequest read;
  read.method = "GET";
  EXPECT_EQ(asking.handle(read, plant.now).status, 405u);
  Asking closed(AccountId(""), Claims(plant.store, plant.enroller, plant.log), plant.store,
                plant.identity, limits);
  EXPECT_EQ(closed.handle({}, plant.now).status, 404u);
}

TEST_F(AskingTest, OneAddressMayAskOnlySoOften) {
  CallerRates rates = fdo_rates;
  rates.per_address = {1, 2};
  FdoLimits few(rates, plant.log);
  Asking limited(AccountId("acme"), Claims(plant.store, plant.enroller, plant.log), plant.store,
                 plant.identity, few);
  net::HttpRequest request;
  request.method = "POST";
  request.peer = "192.0.2.7";
  unsigned last = 0;
  for (int i = 0; i < 3; ++i) last = limited.handle(request, plant.now).status;
  EXPECT_EQ(last, 429u);
}

}  // namespace
}  // namespace fairlead::server
