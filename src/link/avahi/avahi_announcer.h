// SPDX-License-Identifier: Apache-2.0
// Announces by avahi-daemon, through libavahi-client and the system bus. Neither has to be there:
// it is waited for, told in the log, and found again after a restart. One that hangs holds up
// nobody but its announcer.
#pragma once

#include <memory>
#include <optional>
#include <thread>

#include "base/log.h"
#include "link/announcer.h"
#include "net/loop.h"

namespace fairlead::link::avahi {

class AvahiAnnouncer final : public Announcer {
 public:
  explicit AvahiAnnouncer(Log& log);  // outlives it
  ~AvahiAnnouncer() override;

  // Where another on this network has the name, the next free one is taken ("SN101 #2") and the
  // log warns: two devices with one serial.
  void announce(const Announcement& announcement) override;
  void withdraw() override;

  struct Impl;

 private:
  net::Loop loop_;  // of its own thread: libavahi-client waits for answers of the daemon
  std::shared_ptr<Impl> impl_;                // shared with what it has posted to the loop
  std::optional<Announcement> announcement_;  // the last one that was asked for
  std::thread thread_;
};

}  // namespace fairlead::link::avahi
