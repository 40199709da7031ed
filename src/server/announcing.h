// SPDX-License-Identifier: Apache-2.0
// Makes this server known to devices that look for an upstream: `_fairlead._tcp` by DNS-SD.
#pragma once

#include "link/announcer.h"
#include "link/interfaces.h"
#include "net/http.h"
#include "server/config.h"

namespace fairlead::server {

// What is announced where the FDO listener is reached, link-local addresses included.
link::Announcement announcement_of(const Config& config, std::uint16_t port,
                                   const std::vector<link::Interface>& interfaces);

class Announcing {
 public:
  // All outlive it. `port`: of the FDO listener, which has TLS.
  Announcing(net::Loop& loop, const Config& config, std::uint16_t port, link::Announcer& announcer)
      : loop_(loop), config_(config), port_(port), announcer_(announcer) {}

  // Follows interfaces as they come and go. Looks at its own listener every 30 s, and withdraws
  // when that has not answered for two minutes: devices are better sent to another one.
  net::Task<void> run();

 private:
  net::Task<void> look_at_itself(const std::vector<link::Interface>& interfaces);

  net::Loop& loop_;
  const Config& config_;
  const std::uint16_t port_;
  link::Announcer& announcer_;
  std::chrono::steady_clock::time_point answered_{};
};

}  // namespace fairlead::server
