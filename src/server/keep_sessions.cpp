// SPDX-License-Identifier: Apache-2.0
#include "server/keep_sessions.h"

#include "base/events.h"

namespace fairlead::server {

namespace {
constexpr Duration between_sweeps = std::chrono::seconds(10);
}

std::unique_ptr<Sessions> open_sessions(SessionsIn where, Store& store, keystore::Keystore& keys,
                                        Random& random, Clock clock) {
  if (where == SessionsIn::registry)
    return std::make_unique<RegistrySessions>(store, keys, random, std::move(clock));
  return std::make_unique<MemorySessions>(random, std::move(clock));
}

net::Task<void> sweep(net::Loop& loop, Sessions& sessions, Log& log) {
  while (!loop.stopping()) {
    auto work = [&] { return sessions.sweep(); };
    auto swept = co_await loop.on_worker(work);
    if (!swept) log(event::sessions_not_swept, {{"why", swept.error().context}});
    auto slept = co_await loop.sleep(between_sweeps);
    if (!slept) co_return ok();
  }
  co_return ok();
}

}  // namespace fairlead::server
