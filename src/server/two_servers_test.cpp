// SPDX-License-Identifier: Apache-2.0
// DESIGN: no server-local state. Two servers on one registry and one keystore, and a device whose
// every message reaches the other one.
#include <gtest/gtest.h>

#include "server/broker_access.h"
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
  Owner owner{store, identity, enroller, plant.files, plant.random, plant.log};
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

// The doors of two brokers, each filled by its own server.
struct TwoDoors : TwoServers {
  upstream::AccessEntry service{*upstream::CertificateFingerprint::from(Bytes(32, 1)),
                                upstream::AccessState::active,
                                upstream::AccessRole::service,
                                1,
                                "service",
                                "fairlead/v1/"};
  struct Door {
    std::string path;
    BrokerAccess access;
    Door(const ServerPlant& plant, const char* name)
        : path((plant.directory.path() / name).string()),
          access(must(upstream::AccessWriter::create_or_open(path, 16))) {}
    std::optional<upstream::AccessState> state_of(const crypto::Certificate& certificate) {
      auto reader = must(upstream::AccessReader::open(path));
      auto found =
          must(reader->find(*upstream::CertificateFingerprint::from(certificate.fingerprint())));
      return found ? std::optional(found->state) : std::nullopt;
    }
  };
  Door mine{plant, "a.table"}, theirs{plant, "b.table"};
  Enroller enroller{a.store, a.identity,   mine.access, "mqtts://a.example:8883",
                    {},      plant.random, plant.log};
};

TEST_F(TwoDoors, WhatOneServerGrantsAndTakesTheOtherFollows) {
  must(theirs.access.rebuild(b.store.read(), service));
  device.initialize();
  DeviceId id = device.hand_to_owner();
  ASSERT_TRUE(device.onboard().complete) << plant.log.text();
  const crypto::Certificate& certificate = device.grant->chain.front();
  EXPECT_EQ(theirs.state_of(certificate), std::nullopt);
  must(theirs.access.follow(b.store.read()));
  EXPECT_EQ(theirs.state_of(certificate), upstream::AccessState::active);
  must(enroller.revoke(id, {"anna"}, "stolen", plant.now));
  must(theirs.access.follow(b.store.read()));
  EXPECT_EQ(theirs.state_of(certificate), upstream::AccessState::revoked);
  must(theirs.access.follow(b.store.read()));  // nothing new
  EXPECT_EQ(theirs.state_of(certificate), upstream::AccessState::revoked);
}

TEST_F(TwoDoors, AKeyThatWasReplacedLosesItsAccessAtTheOtherToo) {
  device.initialize();
  device.hand_to_owner();
  ASSERT_TRUE(device.onboard().complete);
  must(theirs.access.rebuild(b.store.read(), service));
  crypto::Certificate first = device.grant->chain.front();
  EXPECT_EQ(theirs.state_of(first), upstream::AccessState::active);
  device.operational = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  ASSERT_TRUE(device.onboard().complete);
  must(theirs.access.follow(b.store.read()));
  EXPECT_EQ(theirs.state_of(first), upstream::AccessState::revoked);
  EXPECT_EQ(theirs.state_of(device.grant->chain.front()), upstream::AccessState::active);
}

}  // namespace
}  // namespace fairlead::server
