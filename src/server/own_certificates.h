// SPDX-License-Identifier: Apache-2.0
// Keeps the certificates that this server makes for itself (listeners.h) alive while it runs: each
// is made anew at two thirds of its life, by the same authority, and taken into use by connections
// that begin after it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "crypto/certificate.h"
#include "net/loop.h"

namespace fairlead::server {

// Two thirds of its life are over, or it has not begun, by a clock that was set back meanwhile.
bool is_due(const crypto::Certificate& leaf, Time now);

class OwnCertificates {
 public:
  struct Made {
    crypto::Certificate leaf;
    std::function<Result<void>()> use;  // on the loop's thread
  };
  using Make = std::function<Result<Made>(Time now)>;  // on a worker; may block

  // Both outlive it. All calls on the loop's thread, or before it runs.
  OwnCertificates(net::Loop& loop, Clock clock, Log& log)
      : loop_(loop), clock_(std::move(clock)), log_(log) {}

  // `leaf` is in use for `what`, which people read in the log. `make` outlives this.
  void keep(std::string what, const crypto::Certificate& leaf, Make make);
  // Looks at all of them once. One that can't be made anew is logged, and left alone for ten
  // minutes; the others are looked at all the same.
  net::Task<void> look();
  net::Task<void> run();  // looks every ten seconds until the loop stops

 private:
  struct Kept {
    std::string what;
    crypto::Certificate leaf;
    Make make;
    Time again_at = Time::min();  // where a try failed
  };
  net::Task<void> renew(Kept& kept, Time now);

  net::Loop& loop_;
  Clock clock_;
  Log& log_;
  std::vector<Kept> kept_;
};

}  // namespace fairlead::server
