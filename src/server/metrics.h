// SPDX-License-Identifier: Apache-2.0
// What the server counts, in the text format that Prometheus reads (version 0.0.4).
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace fairlead::server {

// How long something took, by bounds. Lock-free: it sits on the way of every commit.
class LatencyHistogram {
 public:
  void add(std::chrono::nanoseconds took);
  // The lines of a histogram of this name, in seconds.
  std::string text(std::string_view name, std::string_view help) const;

 private:
  static constexpr std::array bounds_ms{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000};
  std::array<std::atomic<std::uint64_t>, bounds_ms.size() + 1> counts_{};  // the last: beyond
  std::atomic<std::uint64_t> total_us_ = 0;
};

// Stands before the log and counts what passes: a metric and a log line never disagree. Every event
// is counted, also those below the log's level. Thread-safe.
class Metrics final : public Log {
 public:
  explicit Metrics(Log& next) : next_(next) {}

  void write(const LogEvent& event, std::span<const Field> fields) override;

  // A value that is asked for whenever somebody reads; an error leaves its line out. Before
  // serving.
  void gauge(std::string name, std::string help, std::function<Result<double>()> value);
  void histogram(std::string name, std::string help, const LatencyHistogram& values);

  std::string text() const;  // may block

 private:
  struct Gauge {
    std::string name, help;
    std::function<Result<double>()> value;
  };
  struct Named {
    std::string name, help;
    const LatencyHistogram* values;
  };
  Log& next_;
  mutable std::mutex mutex_;
  std::map<std::string_view, std::uint64_t> events_;                       // by id
  std::map<std::pair<std::string, std::string>, std::uint64_t> refusals_;  // by message, code
  std::vector<Gauge> gauges_;
  std::vector<Named> histograms_;
};

}  // namespace fairlead::server
