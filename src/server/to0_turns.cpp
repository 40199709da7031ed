// SPDX-License-Identifier: Apache-2.0
#include "server/to0_turns.h"

#include <algorithm>

namespace fairlead::server {

namespace {
constexpr Duration forgotten_after = std::chrono::hours(1);  // a server that nobody names any more
}

Duration retry_after(std::int64_t failures, std::uint8_t random_byte) {
  std::int64_t ms = std::min<std::int64_t>(
      600'000, std::int64_t{1000} << std::clamp<std::int64_t>(failures - 1, 0, 20));
  return Duration(ms * 3 / 4 + ms / 2 * random_byte / 255);
}

std::vector<std::string> To0Turns::closed(Time now) const {
  std::vector<std::string> out;
  for (const auto& [url, server] : servers_)
    if (!server.open(now)) out.push_back(url);
  return out;
}

bool To0Turns::begin(const registry::To0Job& job, Time now) {
  if (!any_free() || running_.contains({job.guid, job.rendezvous})) return false;
  Server& server = servers_[job.rendezvous];
  if (!server.open(now)) return false;
  ++server.running;
  running_.emplace(job.guid, job.rendezvous);
  return true;
}

void To0Turns::end(const registry::To0Job& job, bool served, Time now, std::uint8_t random_byte) {
  running_.erase({job.guid, job.rendezvous});
  Server& server = servers_[job.rendezvous];
  if (server.running > 0) --server.running;
  // Of several that ran at once when the server went away, only the first says anything new.
  if (served)
    server.failures = 0;
  else if (now >= server.closed_until)
    server.closed_until = now + retry_after(++server.failures, random_byte);
  std::erase_if(servers_, [&](const auto& each) {
    const Server& of = each.second;
    return of.running == 0 && (of.failures == 0 || now - of.closed_until > forgotten_after);
  });
}

}  // namespace fairlead::server
