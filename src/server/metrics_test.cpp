// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/events.h"
#include "support/server_plant.h"

namespace fairlead::server {
namespace {

using testing::HasSubstr;
using testing::Not;

struct MetricsTest : testing::Test {
  test::RecordingLog log;
  Metrics metrics{log};
};

TEST_F(MetricsTest, CountsEventsByIdAndHandsThemOn) {
  metrics(event::to2_finished, {{"guid", "g"}, {"new_guid", "h"}});
  metrics(event::to2_finished, {{"guid", "g"}, {"new_guid", "h"}});
  metrics(event::device_online);
  EXPECT_THAT(metrics.text(), HasSubstr("fairlead_events_total{id=\"TO2_FINISHED\"} 2\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("fairlead_events_total{id=\"DEVICE_ONLINE\"} 1\n"));
  EXPECT_TRUE(log.has("TO2_FINISHED") && log.has("DEVICE_ONLINE"));
}

TEST_F(MetricsTest, TellsRefusalsApartByMessageAndCode) {
  auto refuse = [&](std::string message, std::string code) {
    metrics(event::fdo_refused,
            {{"message", message}, {"code", code}, {"why", "x"}, {"peer", "192.0.2.1"}});
  };
  refuse("60", "6");
  refuse("60", "6");
  refuse("64", "101");
  auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("fairlead_fdo_refusals_total{message=\"60\",code=\"6\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("fairlead_fdo_refusals_total{message=\"64\",code=\"101\"} 1\n"));
}

TEST_F(MetricsTest, LeavesOutAGaugeThatCantBeReadNow) {
  metrics.gauge("fairlead_a", "one", [] { return Result<double>(1500000.0); });
  metrics.gauge("fairlead_b", "two", [] { return Result<double>(fail(Errc::io, "locked")); });
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE fairlead_a gauge\nfairlead_a 1500000\n"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("fairlead_b")));
}

TEST_F(MetricsTest, AHistogramCountsUpToEachBound) {
  LatencyHistogram values;
  metrics.histogram("fairlead_wait_seconds", "waits", values);
  values.add(std::chrono::milliseconds(1));  // the bound belongs to its bucket
  values.add(std::chrono::microseconds(1001));
  values.add(std::chrono::seconds(9));
  auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("fairlead_wait_seconds_bucket{le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("fairlead_wait_seconds_bucket{le=\"0.002\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("fairlead_wait_seconds_bucket{le=\"5\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("fairlead_wait_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("fairlead_wait_seconds_sum 9.002001\n"));
  EXPECT_THAT(text, HasSubstr("fairlead_wait_seconds_count 3\n"));
}

}  // namespace
}  // namespace fairlead::server
