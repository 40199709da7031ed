// SPDX-License-Identifier: Apache-2.0
// When the owner registers again, and that one rendezvous server which is away holds up nobody
// else's devices.
#include "server/to0_registrar.h"

#include <gtest/gtest.h>

#include "net/test_loop.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using test::must;

TEST(To0Schedule, RefreshesBetweenHalfAndFourFifthsOfWhatWasGranted) {
  EXPECT_EQ(refresh_after(3600, 0), std::chrono::seconds(1800));
  EXPECT_EQ(refresh_after(3600, 255), std::chrono::seconds(2880));
  for (int dice = 0; dice < 255; ++dice)
    EXPECT_LE(refresh_after(3600, static_cast<std::uint8_t>(dice)),
              refresh_after(3600, static_cast<std::uint8_t>(dice + 1)));
  EXPECT_GT(refresh_after(1, 0), Duration(0));
  EXPECT_EQ(refresh_after(UINT32_MAX, 0), Duration(std::int64_t{UINT32_MAX} * 500));  // no overflow
}

TEST(To0Schedule, RetriesFromASecondDoublingToTenMinutesWithAQuarterOfJitter) {
  EXPECT_EQ(retry_after(1, 0), Duration(750));
  EXPECT_EQ(retry_after(1, 255), Duration(1250));
  EXPECT_EQ(retry_after(2, 0), Duration(1500));
  EXPECT_EQ(retry_after(10, 0), Duration(512'000 * 3 / 4));
  EXPECT_EQ(retry_after(11, 0), Duration(450'000));
  EXPECT_EQ(retry_after(1'000'000, 255), Duration(750'000));
  EXPECT_EQ(retry_after(0, 0), Duration(750));  // never at once, whatever was stored
  EXPECT_EQ(retry_after(-5, 0), Duration(750));
}

struct To0TurnsTest : testing::Test {
  To0Turns turns;
  Time now = from_unix_seconds(1'800'000'000);
  const std::string away = "http://away", there = "http://there";

  registry::To0Job job(std::uint8_t number, const std::string& server) {
    return {Bytes(16, number), server, now, 0, "", {}};
  }
};

TEST_F(To0TurnsTest, OneServerHasFewOfTheTurnsAndAJobOneOnly) {
  for (std::uint8_t i = 0; i < To0Turns::at_one_server; ++i)
    EXPECT_TRUE(turns.begin(job(i, there), now));
  EXPECT_EQ(turns.closed(now), std::vector{there});
  EXPECT_FALSE(turns.begin(job(99, there), now));
  EXPECT_TRUE(turns.begin(job(1, away), now));
  EXPECT_FALSE(turns.begin(job(1, away), now));
  turns.end(job(0, there), true, now, 0);
  EXPECT_TRUE(turns.closed(now).empty());
  EXPECT_TRUE(turns.begin(job(99, there), now));
}

TEST_F(To0TurnsTest, InAllThereAreSoManyTurns) {
  for (std::uint8_t i = 0; i < To0Turns::at_once; ++i)
    EXPECT_TRUE(turns.begin(job(i, "http://" + std::to_string(i)), now));
  EXPECT_FALSE(turns.any_free());
  EXPECT_FALSE(turns.begin(job(200, there), now));
}

TEST_F(To0TurnsTest, AServerThatFailsIsLeftAloneEverLongerAndThenTriedOnce) {
  for (std::uint8_t i = 0; i < 3; ++i) ASSERT_TRUE(turns.begin(job(i, away), now));
  for (std::uint8_t i = 0; i < 3; ++i) turns.end(job(i, away), false, now, 0);  // one failure
  EXPECT_EQ(turns.closed(now), std::vector{away});
  now += retry_after(1, 0);
  EXPECT_TRUE(turns.closed(now).empty());
  EXPECT_TRUE(turns.begin(job(1, away), now));
  EXPECT_FALSE(turns.begin(job(2, away), now)) << "one is enough to see whether it is back";
  turns.end(job(1, away), false, now, 0);
  EXPECT_FALSE(turns.begin(job(2, away), now + retry_after(1, 0)));
  now += retry_after(2, 0);
  ASSERT_TRUE(turns.begin(job(2, away), now));
  turns.end(job(2, away), true, now, 0);
  for (std::uint8_t i = 0; i < 3; ++i) EXPECT_TRUE(turns.begin(job(i, away), now)) << "it is back";
}

// One rendezvous server that never answers, with many jobs that are due first, and one that
// answers at once.
TEST(To0Registrar, AServerThatNeverAnswersHoldsUpNobodyElse) {
  test::ServerPlant plant;
  net::LoopThread thread;
  auto silent = [&](net::HttpRequest) -> net::Task<net::HttpResponse> {
    auto slept = co_await thread.loop.sleep(std::chrono::minutes(10));
    ignore(slept, "the loop stops first");
    co_return net::HttpResponse{};
  };
  auto answering = [&](net::HttpRequest) -> net::Task<net::HttpResponse> {
    co_return net::HttpResponse{500, {}, to_bytes(std::string_view("answered"))};
  };
  auto dead = must(net::HttpServer::listen(thread.loop, thread.log, {}, silent));
  auto alive = must(net::HttpServer::listen(thread.loop, thread.log, {}, answering));
  auto url = [](net::HttpServer& server) {
    return "http://127.0.0.1:" + std::to_string(server.port());
  };
  test::PlantDevice device{plant, "SN-1"};
  device.initialize();
  device.hand_to_owner();
  registry::Transaction jobs;
  for (std::uint8_t i = 0; i < 200; ++i)
    jobs.push_back(
        registry::PutTo0Job{{Bytes(16, i), url(*dead), from_unix_seconds(1), 0, "", {}}});
  jobs.push_back(registry::PutTo0Job{
      {to_bytes(View(device.credential.guid)), url(*alive), plant.now, 0, "", {}}});
  plant.commit(std::move(jobs));
  To0Registrar registrar(
      thread.loop, plant.store, plant.identity, {}, 3600, plant.random, [&] { return plant.now; },
      thread.log);
  thread.loop.spawn("TO0", registrar.run());
  thread.start();
  // Its voucher names another one, which has a say about itself in the log, too.
  EXPECT_NE(thread.log
                .await("TO0_FAILED Registering " + fdo::to_text(device.credential.guid) +
                       " at rendezvous server " + url(*alive) + " failed:")
                .find("HTTP 500"),
            std::string::npos);
  thread.stop();
}

}  // namespace
}  // namespace fairlead::server
