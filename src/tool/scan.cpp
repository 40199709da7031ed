// SPDX-License-Identifier: Apache-2.0
#include "tool/scan.h"

#include <array>
#include <mutex>
#include <thread>

#include "base/time.h"
#include "client/scan/browser.h"
#include "tool/address_probe.h"
#include "tool/mdns_sockets.h"

namespace fairlead::tool {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::array<Duration, 3> first_questions{Duration(0), std::chrono::seconds(1),
                                                  std::chrono::seconds(3)};
constexpr Duration question_pause = std::chrono::seconds(20);
constexpr Duration probe_pause = std::chrono::seconds(60);
// So few are no load, and a button that is pressed at one of them shows soon.
constexpr std::size_t few_addresses = 64;
constexpr Duration few_probe_pause = std::chrono::seconds(3);
constexpr Duration tick = std::chrono::milliseconds(100);

Duration since(Steady::time_point begin) {
  return std::chrono::duration_cast<Duration>(Steady::now() - begin);
}

// When the n-th question is due.
Duration question_time(std::size_t n) {
  if (n < first_questions.size()) return first_questions[n];
  return first_questions.back() + question_pause * (n - first_questions.size() + 1);
}

class Scan {
 public:
  Scan(const ScanOptions& options, const ScanWatch& watch) : options_(options), watch_(watch) {}

  void run() {
    std::thread probing([this] { probe(); });
    if (options_.announcements) browse();
    while (going_on() && !probed_) std::this_thread::sleep_for(tick);
    // Without announcements, or with a time: the addresses that were asked are all there is.
    while (going_on() && !options_.duration) std::this_thread::sleep_for(tick);
    stop_ = true;
    probing.join();
  }

 private:
  // A scan with a time asks its addresses to the end.
  bool going_on() const { return watch_.go_on() && !stop_; }

  void tell_of(const client::Sighting& sighting) {
    std::lock_guard lock(mutex_);
    watch_.seen(sighting);
  }

  void probe() {
    while (!options_.addresses.empty() && !stop_) {
      probe_addresses(options_.addresses, stop_, [this](const auto& each) { tell_of(each); });
      if (options_.duration) break;
      const Duration pause =
          options_.addresses.size() > few_addresses ? probe_pause : few_probe_pause;
      for (Duration waited{}; waited < pause && !stop_; waited += tick)
        std::this_thread::sleep_for(tick);
    }
    probed_ = true;
  }

  void follow_interfaces(MdnsSockets& sockets) {
    auto complaints =
        sockets.use(options_.interfaces.empty() ? multicast_interfaces() : options_.interfaces);
    for (const std::string& each : complaints)
      if (std::ranges::find(told_, each) == told_.end()) {
        told_.push_back(each);
        watch_.tell(each);
      }
    if (sockets.sockets() == 0 && !std::exchange(told_of_none_, true))
      watch_.tell("no interface is there to browse on");
  }

  void browse() {
    auto question = client::browse_query(false);
    if (!question) return;
    MdnsSockets sockets;
    client::Browser browser;
    auto begin = Steady::now();
    std::size_t asked = 0, known_sockets = 0;
    Duration looked{};
    follow_interfaces(sockets);
    while (going_on() && (!options_.duration || since(begin) < *options_.duration)) {
      Duration now = since(begin);
      if (now - looked >= std::chrono::seconds(1)) {
        looked = now;
        follow_interfaces(sockets);
      }
      // An interface that came up just now is asked at once.
      bool more = sockets.sockets() > known_sockets;
      known_sockets = sockets.sockets();
      if (more || now >= question_time(asked)) {
        if (now >= question_time(asked)) ++asked;
        sockets.ask(*question);
      }
      Time stamp = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
      sockets.hear(tick, [&](View message, const std::string& interface, const std::string& from) {
        for (const auto& each : browser.on_message(message, interface, from, stamp)) tell_of(each);
      });
    }
    if (browser.passed_over() > 0)
      watch_.tell(std::to_string(browser.passed_over()) +
                  " messages were passed over: somebody sends too many");
  }

  const ScanOptions& options_;
  const ScanWatch& watch_;
  std::mutex mutex_;
  std::atomic<bool> stop_ = false, probed_ = false;
  std::vector<std::string> told_;
  bool told_of_none_ = false;
};

}  // namespace

void look_at_rows(ScanOptions& options, const std::vector<client::Row>& rows) {
  for (const client::Row& row : rows) {
    if (row.removed || row[client::Field::address].empty()) continue;
    if (options.addresses.size() >= client::range_addresses_max) return;
    auto address = client::parse_host_port(row[client::Field::address]);
    if (address) options.addresses.push_back(std::move(*address));
  }
}

void scan(const ScanOptions& options, const ScanWatch& watch) { Scan(options, watch).run(); }

}  // namespace fairlead::tool
