// SPDX-License-Identifier: Apache-2.0
// Passwords are guessed slowly: after some failures each further one makes the next wait longer.
#pragma once

#include <mutex>
#include <string_view>

#include "base/time.h"
#include "server/recent_keys.h"

namespace fairlead::server {

// Thread-safe; bounded. Counts by the names that were given, whether there is such a user or not,
// so that a wait says nothing about that.
class LoginGuard {
 public:
  LoginGuard();

  // How long this user from this address has to wait before another password is looked at.
  Duration wait(std::string_view user, std::string_view peer, Time now);
  void failed(std::string_view user, std::string_view peer, Time now);
  // Forgets the failures of this user from this address.
  void succeeded(std::string_view user, std::string_view peer);

 private:
  struct Failures {
    unsigned count = 0;
    Time last{};
  };
  std::mutex mutex_;
  RecentKeys<Failures> pairs_, peers_, users_;
};

}  // namespace fairlead::server
