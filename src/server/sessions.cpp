// SPDX-License-Identifier: Apache-2.0
#include "server/sessions.h"

#include "codec/base64.h"

namespace fairlead::server {

Result<std::string> MemorySessions::create(Bytes state) {
  std::string token = to_base64url(random_.bytes(32));
  std::lock_guard lock(mutex_);
  insert(token, std::move(state), Standing::half_open);
  return token;
}

Result<void> MemorySessions::put(const std::string& token, Bytes state, Standing standing) {
  std::lock_guard lock(mutex_);
  insert(token, std::move(state), standing);
  return ok();
}

void MemorySessions::drop_oldest(Entries& entries) {
  by_token_.erase(entries.front().token);
  entries.pop_front();
}

void MemorySessions::drop_expired(Time now) {
  for (Entries* entries : {&half_open_, &proven_})
    while (!entries->empty() && entries->front().expires < now) drop_oldest(*entries);
}

void MemorySessions::insert(std::string token, Bytes state, Standing standing) {
  Time now = clock_();
  drop_expired(now);
  if (by_token_.size() >= limits_.max) drop_oldest(half_open_.empty() ? proven_ : half_open_);
  if (by_token_.contains(token))
    return;  // tokens are 256 random bits: only our own put() twice could do this
  Entries& entries = of(standing);
  entries.push_back(
      {std::move(token), std::move(state), now + limits_.lifetime(standing), standing});
  by_token_.emplace(entries.back().token, std::prev(entries.end()));
}

Result<std::optional<Bytes>> MemorySessions::take(std::string_view token) {
  std::lock_guard lock(mutex_);
  std::optional<Bytes> state;
  auto found = by_token_.find(token);
  if (found == by_token_.end()) return state;
  auto entry = found->second;
  by_token_.erase(found);
  if (entry->expires >= clock_()) state = std::move(entry->state);
  of(entry->standing).erase(entry);
  return state;
}

Result<void> MemorySessions::sweep() {
  std::lock_guard lock(mutex_);
  drop_expired(clock_());
  return ok();
}

std::size_t MemorySessions::size() const {
  std::lock_guard lock(mutex_);
  return by_token_.size();
}

}  // namespace fairlead::server
