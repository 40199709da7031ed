// SPDX-License-Identifier: Apache-2.0
// What the log says of decisions, when the registry fails at any call.
#include "server/enroller.h"

#include <gtest/gtest.h>

#include "server/claims.h"
#include "support/fail_nth_registry.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;

// `deed` on a plant of its own for each call that may fail; `is_so`: whether the registry holds
// what a line with `event` claims.
template <class Deed, class IsSo>
void expect_no_line_before_its_commit(std::string_view event, Deed deed, IsSo is_so) {
  for (int n = 0;; ++n) {
    test::ServerPlant plant;
    test::PlantDevice device{plant, "SN-1"};
    Claims claims(plant.store, plant.enroller, plant.log);
    LocalClaim claim;
    claim.account = AccountId("acme");
    claim.actor = {"ines", "api 192.0.2.7"};
    DeviceId id = must(claims.claim(device.offer(), claim, plant.now)).device;
    test::FailNth failing(*plant.registry, n);
    Store store(failing);
    test::RecordingLog log;
    Enroller enroller(store, plant.identity, plant.access, "mqtts://b:8883", {}, plant.random, log);
    auto done = deed(enroller, id, plant.now);
    EXPECT_EQ(log.has(event), is_so(plant, id)) << n;
    if (failing.fired()) continue;
    EXPECT_TRUE(done);
    EXPECT_TRUE(log.has(event));
    return;
  }
}

TEST(Enroller, SaysThatADeviceIsRevokedWhenItIs) {
  expect_no_line_before_its_commit(
      "DEVICE_REVOKED",
      [](Enroller& enroller, const DeviceId& id, Time now) {
        return enroller.revoke(id, {"olga"}, "stolen", now);
      },
      [](test::ServerPlant& plant, const DeviceId& id) {
        return plant.device(id).state == registry::DeviceState::revoked;
      });
}

TEST(Enroller, SaysThatADeviceGotASuccessorWhenItIsOnRecord) {
  expect_no_line_before_its_commit(
      "RENEWED",
      [](Enroller& enroller, const DeviceId& id, Time now) {
        auto key = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
        WayIn way{{id.str(), "est 192.0.2.9"}, enroll::Right::renewal};
        return enroller.enroll(key->public_key(), id, way, now);
      },
      [](test::ServerPlant& plant, const DeviceId& id) {
        return must(plant.registry->certificates_of(id)).size() == 2;
      });
}

}  // namespace
}  // namespace fairlead::server
