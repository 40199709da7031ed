// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <cstdio>

#include "base/events.h"

namespace fairlead::server {

namespace {

// Message and code are one byte and a table's, so that nobody makes this grow.
constexpr std::size_t refusal_kinds_max = 1000;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string head(std::string_view name, std::string_view help, std::string_view type) {
  return "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " + std::string(name) +
         " " + std::string(type) + "\n";
}

std::string value_of(std::span<const Field> fields, std::string_view name) {
  for (const Field& field : fields)
    if (field.name == name) return field.value;
  return {};
}

}  // namespace

void LatencyHistogram::add(std::chrono::nanoseconds took) {
  std::size_t i = 0;
  while (i < bounds_ms.size() && took > std::chrono::milliseconds(bounds_ms[i])) ++i;
  counts_[i].fetch_add(1, std::memory_order_relaxed);
  auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  total_us_.fetch_add(static_cast<std::uint64_t>(us), std::memory_order_relaxed);
}

std::string LatencyHistogram::text(std::string_view name, std::string_view help) const {
  std::string out = head(name, help, "histogram");
  std::uint64_t so_far = 0;
  auto line = [&](std::string_view bound) {
    out += std::string(name) + "_bucket{le=\"" + std::string(bound) + "\"} " +
           std::to_string(so_far) + "\n";
  };
  for (std::size_t i = 0; i < bounds_ms.size(); ++i) {
    so_far += counts_[i].load(std::memory_order_relaxed);
    line(number(bounds_ms[i] / 1000.0));
  }
  so_far += counts_.back().load(std::memory_order_relaxed);
  line("+Inf");
  out += std::string(name) + "_sum " +
         number(static_cast<double>(total_us_.load(std::memory_order_relaxed)) / 1e6) + "\n";
  out += std::string(name) + "_count " + std::to_string(so_far) + "\n";
  return out;
}

void Metrics::write(const LogEvent& event, std::span<const Field> fields) {
  {
    std::lock_guard lock(mutex_);
    ++events_[event.id];
    if (event.id == event::fdo_refused.id) {
      auto kind = std::pair(value_of(fields, "message"), value_of(fields, "code"));
      if (refusals_.size() < refusal_kinds_max || refusals_.contains(kind)) ++refusals_[kind];
    }
  }
  next_.write(event, fields);
}

void Metrics::gauge(std::string name, std::string help, std::function<Result<double>()> value) {
  gauges_.push_back({std::move(name), std::move(help), std::move(value)});
}

void Metrics::histogram(std::string name, std::string help, const LatencyHistogram& values) {
  histograms_.push_back({std::move(name), std::move(help), &values});
}

std::string Metrics::text() const {
  std::string out =
      head("fairlead_events_total", "Log events by id, docs/log-events explains them", "counter");
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, count] : events_)
      out +=
          "fairlead_events_total{id=\"" + std::string(id) + "\"} " + std::to_string(count) + "\n";
    out += head("fairlead_fdo_refusals_total",
                "Refused FDO messages by their number and the error code", "counter");
    for (const auto& [kind, count] : refusals_)
      out += "fairlead_fdo_refusals_total{message=\"" + kind.first + "\",code=\"" + kind.second +
             "\"} " + std::to_string(count) + "\n";
  }
  for (const Gauge& each : gauges_) {
    auto value = each.value();
    if (value) out += head(each.name, each.help, "gauge") + each.name + " " + number(*value) + "\n";
  }
  for (const Named& each : histograms_) out += each.values->text(each.name, each.help);
  return out;
}

}  // namespace fairlead::server
