// SPDX-License-Identifier: Apache-2.0
#include "server/login_guard.h"

#include <algorithm>

namespace fairlead::server {

namespace {

constexpr std::size_t keys_max = 10'000, user_bytes_max = 64;
constexpr Duration forgotten_after = std::chrono::hours(24);

// So many failures are free; then 1 s, twice as long each time, up to `longest`.
struct Patience {
  unsigned free;
  Duration longest;
};
constexpr Patience for_pair{4, std::chrono::minutes(15)};
constexpr Patience for_peer{20, std::chrono::minutes(15)};
// Short: else whoever guesses at a name from everywhere locks its owner out.
constexpr Patience for_user{50, std::chrono::seconds(10)};

std::string pair_of(std::string_view user, std::string_view peer) {
  return std::string(peer) + " " + std::string(user);
}

template <class Failures>
Duration left(const Failures* failures, const Patience& patience, Time now) {
  if (!failures || failures->count <= patience.free) return {};
  unsigned doublings = std::min(failures->count - patience.free - 1, 20u);
  Duration whole = std::min(Duration(std::chrono::seconds(1) * (1 << doublings)), patience.longest);
  return std::clamp(whole - (now - failures->last), Duration(0), whole);
}

}  // namespace

LoginGuard::LoginGuard() : pairs_(keys_max), peers_(keys_max), users_(keys_max) {}

Duration LoginGuard::wait(std::string_view user, std::string_view peer, Time now) {
  user = user.substr(0, user_bytes_max);
  std::lock_guard lock(mutex_);
  return std::max({left(pairs_.find(pair_of(user, peer)), for_pair, now),
                   left(peers_.find(peer), for_peer, now), left(users_.find(user), for_user, now)});
}

void LoginGuard::failed(std::string_view user, std::string_view peer, Time now) {
  user = user.substr(0, user_bytes_max);
  std::lock_guard lock(mutex_);
  for (Failures* each :
       {&pairs_.get(pair_of(user, peer), {}), &peers_.get(peer, {}), &users_.get(user, {})}) {
    if (now - each->last > forgotten_after) each->count = 0;
    ++each->count;
    each->last = now;
  }
}

void LoginGuard::succeeded(std::string_view user, std::string_view peer) {
  std::lock_guard lock(mutex_);
  pairs_.erase(pair_of(user.substr(0, user_bytes_max), peer));
}

}  // namespace fairlead::server
