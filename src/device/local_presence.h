// SPDX-License-Identifier: Apache-2.0
// What a device says of itself on the network by DNS-SD: everything while it waits for somebody to
// provision it, next to nothing afterwards.
#pragma once

#include "device/config.h"
#include "device/local_http.h"
#include "device/local_offer.h"
#include "link/announcer.h"
#include "link/interfaces.h"

namespace fairlead::device {

enum class Presence {
  fresh,   // can be provisioned
  button,  // the same, and its button was just pressed
  busy,    // somebody is about it
  owned    // has an upstream: who knows its name can find it, and nobody else
};

// At most 63 bytes: the serial and the vendor's domain; or, where they are too long or not to be
// told, 26 characters (base32) of the hash of what the device is called.
std::string instance_name(const Config& config, const LocalFacts& facts);

// On the interfaces that the listeners are on; of an owned device, which has none, on those that
// they would be on.
link::Announcement announcement_of(const Config& config, const LocalFacts& facts, Presence presence,
                                   const std::vector<ListenAddress>& listening,
                                   const std::vector<link::Interface>& interfaces);

// Keeps the announcement as it should be. Not a way to the door, and yet a part of each: without it
// nobody finds them.
class LocalPresence final : public LocalCarrier {
 public:
  // All outlive it.
  LocalPresence(const Config& config, LocalFacts facts, const LocalDoor& door,
                std::vector<const LocalHttp*> ways, link::Announcer& announcer);
  Result<void> offer(bool open) override;

 private:
  const Config& config_;
  LocalFacts facts_;
  const LocalDoor& door_;
  std::vector<const LocalHttp*> ways_;
  link::Announcer& announcer_;
  std::optional<std::chrono::steady_clock::time_point> session_since_;
};

}  // namespace fairlead::device
