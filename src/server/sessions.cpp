// SPDX-License-Identifier: Apache-2.0
#include "server/sessions.h"

#include "codec/base64.h"

namespace fairlead::server {

std::string Sessions::create(Bytes state) {
  std::string token = to_base64url(random_.bytes(32));
  std::lock_guard lock(mutex_);
  insert(token, std::move(state));
  return token;
}

void Sessions::put(const std::string& token, Bytes state) {
  std::lock_guard lock(mutex_);
  insert(token, std::move(state));
}

void Sessions::insert(std::string token, Bytes state) {
  Time now = clock_();
  while (!by_age_.empty() && (by_age_.size() >= max_ || by_age_.front().expires < now)) {
    by_token_.erase(by_age_.front().token);
    by_age_.pop_front();
  }
  if (by_token_.contains(token))
    return;  // tokens are 256 random bits: only our own put() twice could do this
  by_age_.push_back({std::move(token), std::move(state), now + lifetime_});
  by_token_.emplace(by_age_.back().token, std::prev(by_age_.end()));
}

std::optional<Bytes> Sessions::take(std::string_view token) {
  std::lock_guard lock(mutex_);
  auto found = by_token_.find(token);
  if (found == by_token_.end()) return std::nullopt;
  auto entry = found->second;
  by_token_.erase(found);
  std::optional<Bytes> state;
  if (entry->expires >= clock_()) state = std::move(entry->state);
  by_age_.erase(entry);
  return state;
}

std::size_t Sessions::size() const {
  std::lock_guard lock(mutex_);
  return by_age_.size();
}

}  // namespace fairlead::server
