// SPDX-License-Identifier: Apache-2.0
// Finds two devices that live under one identity: a copied disk, a copied file keystore. Each run
// of a device's program draws an instance and tells it at birth. A run that has ended never comes
// back, so one that comes back after another was seen means that both live. A restart, a reset, a
// bad link look different: with them no instance returns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/strong_id.h"
#include "base/time.h"
#include "server/recent_keys.h"

namespace fairlead::server {

// Both sides of it, as they were last seen.
struct ClonePair {
  struct Side {
    std::string instance, address;
    Time seen{};
  };
  Side one, other;
};
std::string in_words(const ClonePair::Side& side);  // "9f3c… from 192.0.2.7 at 2026-…"

// For one thread. Forgets the devices that were longest silent beyond 100,000.
class CloneWatch {
 public:
  // A device was let in from there; its birth follows.
  void connected(const DeviceId& device, const std::string& address);
  // A device told its instance. A pair where it came back after another one; of one device at most
  // one an hour, since both go on for as long as nobody stops them.
  std::optional<ClonePair> born(const DeviceId& device, const std::string& instance, Time now);

 private:
  struct Known {
    std::string address;                 // of the last connection
    std::vector<ClonePair::Side> sides;  // newest first, at most 4
    std::optional<Time> told;
  };
  RecentKeys<Known> known_{100'000};
};

}  // namespace fairlead::server
