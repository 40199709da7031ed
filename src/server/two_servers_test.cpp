// SPDX-License-Identifier: Apache-2.0
// DESIGN: no server-local state. Two servers on one registry and one keystore, and a device whose
// every message reaches the other one.
#include <gtest/gtest.h>

#include "server/registry_sessions.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;
using test::PlantDevice;
using test::ServerPlant;

struct Node {
  ServerPlant& plant;
  std::unique_ptr<registry::SqliteRegistry> registry =
      must(registry::SqliteRegistry::open(plant.directory.path() / "registry.db"));
  Store store{*registry};
  std::unique_ptr<keystore::FileKeystore> keys =
      must(keystore::FileKeystore::open(plant.directory.path() / "keys"));
  Identity identity =
      must(open_identity(*keys, store, crypto::KeyType::p256, plant.random, plant.now));
  Enroller enroller{store,
                    identity,
                    plant.access,
                    "mqtts://broker.example:8883",
                    identity.operational_ca.authority.chain(),
                    plant.random,
                    plant.log};
  Station station{store, identity, plant.random, plant.log};
  Rendezvous rendezvous{store, {}, plant.random, plant.log};
  Owner owner{store, identity, enroller, plant.random, plant.log};
  RegistrySessions sessions{store, *keys, plant.random, [this] { return plant.now; }};
  FdoService service{sessions, plant.random, plant.log, &station, &rendezvous, &owner};
};

struct TwoServers : testing::Test {
  ServerPlant plant;
  Node a{plant}, b{plant};
  int messages = 0;
  PlantDevice device{plant, "SN-1"};

  TwoServers() {
    plant.who = [this]() -> FdoService& { return messages++ % 2 ? a.service : b.service; };
  }
};

TEST_F(TwoServers, ADeviceIsMadeAndOnboardedByBothInTurn) {
  device.initialize();
  DeviceId id = device.hand_to_owner();
  auto run = device.onboard();
  ASSERT_TRUE(run.complete) << int{run.sent} << " " << plant.log.text();
  ASSERT_TRUE(device.grant);
  EXPECT_GT(messages, 7);
  auto again = device.onboard();  // the replacement, which the other one wrote
  ASSERT_TRUE(again.complete) << int{again.sent} << " " << plant.log.text();
  EXPECT_EQ(plant.device(id).guid, to_bytes(View(device.credential.guid)));
  EXPECT_EQ(must(plant.registry->certificates_of(id)).size(), 1u);
  EXPECT_EQ(must(plant.registry->counts()).sessions, 0u);  // runs that ended left nothing behind
}

TEST_F(TwoServers, AMessageThatReachesBothIsAnsweredByOne) {
  auto hello = plant.say(20, {}, fdo::encode_empty());
  auto first = plant.say(22, hello.token, {}), second = plant.say(22, hello.token, {});
  EXPECT_EQ(test::error_of(first).code, fdo::ErrorCode::body);
  EXPECT_EQ(test::error_of(second).code, fdo::ErrorCode::invalid_token);
}

}  // namespace
}  // namespace fairlead::server
