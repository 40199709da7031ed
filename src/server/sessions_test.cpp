// SPDX-License-Identifier: Apache-2.0
// What FdoService relies on, over both forms of Sessions, and what is each one's own.
#include "server/sessions.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "server/registry_sessions.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using std::chrono::minutes;
using test::must;
using test::ServerPlant;

constexpr SessionLimits limits{.max = 3, .half_open = minutes(2), .proven = minutes(10)};

std::unique_ptr<Sessions> in_memory(ServerPlant& plant) {
  return std::make_unique<MemorySessions>(plant.random, [&plant] { return plant.now; }, limits);
}
std::unique_ptr<Sessions> in_registry(ServerPlant& plant) {
  return std::make_unique<RegistrySessions>(
      plant.store, *plant.keys, plant.random, [&plant] { return plant.now; }, limits);
}

struct SessionsContract
    : testing::TestWithParam<std::pair<std::string, std::unique_ptr<Sessions> (*)(ServerPlant&)>> {
  ServerPlant plant;
  std::unique_ptr<Sessions> sessions = GetParam().second(plant);
  std::optional<Bytes> take(std::string_view token) { return must(sessions->take(token)); }
};
INSTANTIATE_TEST_SUITE_P(Both, SessionsContract,
                         testing::Values(std::pair{"Memory", &in_memory},
                                         std::pair{"Registry", &in_registry}),
                         [](const auto& info) { return info.param.first; });

TEST_P(SessionsContract, AnUnknownTokenHasNoRun) {
  EXPECT_FALSE(take(""));
  EXPECT_FALSE(take("made-up"));
}

TEST_P(SessionsContract, ARunThatIsTakenIsGoneUntilItIsPutBack) {
  std::string token = must(sessions->create({1, 2}));
  EXPECT_EQ(token.size(), 43u);  // 32 bytes in base64url
  EXPECT_EQ(take(token), (Bytes{1, 2}));
  EXPECT_FALSE(take(token));
  must(sessions->put(token, {3}, Standing::proven));
  EXPECT_EQ(take(token), Bytes{3});
}

TEST_P(SessionsContract, ARunExpiresAndEachMessageGivesItNewTime) {
  std::string token = must(sessions->create({1}));
  plant.now += limits.half_open;
  ASSERT_TRUE(take(token));  // the last moment counts
  must(sessions->put(token, {1}, Standing::proven));
  plant.now += limits.proven;
  ASSERT_TRUE(take(token));
  must(sessions->put(token, {1}, Standing::half_open));
  plant.now += limits.half_open + Duration(1);
  EXPECT_FALSE(take(token));
}

TEST_P(SessionsContract, SweepingDropsWhatHasExpiredAndNothingElse) {
  must(sessions->create({1}));
  std::string proven = must(sessions->create({2}));
  ASSERT_TRUE(take(proven));
  must(sessions->put(proven, {2}, Standing::proven));
  plant.now += limits.half_open + Duration(1);
  must(sessions->sweep());
  EXPECT_EQ(sessions->size(), 1u);
  EXPECT_TRUE(take(proven));
}

struct MemorySessionsTest : testing::Test {
  ServerPlant plant;
  std::unique_ptr<Sessions> sessions = in_memory(plant);
  std::string open() { return must(sessions->create({1})); }
  bool there(const std::string& token) { return must(sessions->take(token)).has_value(); }
};

TEST_F(MemorySessionsTest, TheOldestHalfOpenRunGoesForANewOneWhenThereAreTooMany) {
  std::string first = open(), second = open(), third = open(), fourth = open();
  EXPECT_EQ(sessions->size(), 3u);
  EXPECT_FALSE(there(first));
  EXPECT_TRUE(there(second) && there(third) && there(fourth));
}

TEST_F(MemorySessionsTest, StrangersPushOutNobodyWhoHasProvenSomething) {
  std::string honest = open();
  ASSERT_TRUE(there(honest));
  must(sessions->put(honest, {2}, Standing::proven));
  for (int i = 0; i < 100; ++i) open();
  EXPECT_EQ(sessions->size(), 3u);
  EXPECT_TRUE(there(honest));
}

struct RegistrySessionsTest : testing::Test {
  ServerPlant plant;
  std::unique_ptr<Sessions> here = in_registry(plant), there = in_registry(plant);
};

TEST_F(RegistrySessionsTest, AnotherServerGoesOnWithTheRun) {
  std::string token = must(here->create({1}));
  EXPECT_EQ(must(there->take(token)), Bytes{1});
  EXPECT_FALSE(must(here->take(token)));
  must(there->put(token, {2}, Standing::proven));
  EXPECT_EQ(must(here->take(token)), Bytes{2});
}

TEST_F(RegistrySessionsTest, NewRunsWaitWhenThereAreTooManyAndOldOnesGoOn) {
  std::string first = must(here->create({1}));
  must(here->create({1}));
  must(here->create({1}));
  auto fourth = here->create({1});
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().code, Errc::busy);
  EXPECT_TRUE(must(here->take(first)));
  must(here->put(first, {2}, Standing::proven));
  plant.now += limits.half_open + Duration(1);
  must(here->sweep());
  EXPECT_TRUE(here->create({1}));
}

TEST_F(RegistrySessionsTest, TheDatabaseShowsNeitherTokenNorState) {
  Bytes state = to_bytes(std::string_view("session key, session key"));
  std::string token = must(here->create(state));
  EXPECT_FALSE(must(plant.registry->find_session(token)));
  std::string id = to_base64url(View(crypto::sha256(as_view(token))));
  Bytes kept = must(plant.registry->find_session(id)).value().state;
  EXPECT_EQ(std::ranges::search(kept, state).begin(), kept.end());
}

TEST_F(RegistrySessionsTest, AStateThatSomebodyMovedOrChangedOpensAsNone) {
  std::string mine = must(here->create({1})), theirs = must(here->create({2}));
  auto id = [](const std::string& token) {
    return to_base64url(View(crypto::sha256(as_view(token))));
  };
  auto moved = must(plant.registry->find_session(id(mine))).value();
  moved.id = id(theirs);
  plant.commit({registry::PutSession{moved}});
  EXPECT_FALSE(here->take(theirs));
  auto changed = must(plant.registry->find_session(id(mine))).value();
  changed.state.back() ^= 1;
  plant.commit({registry::PutSession{changed}});
  EXPECT_FALSE(here->take(mine));
}

}  // namespace
}  // namespace fairlead::server
