// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace fairlead::server {

// What is known of the callers that came last: a value by key, bounded in number. Beyond that the
// one that was longest not asked for is forgotten, so strangers can't make it grow. Not
// thread-safe.
template <class Value>
class RecentKeys {
 public:
  explicit RecentKeys(std::size_t max) : max_(max) {}

  Value* find(std::string_view key) {
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    by_age_.splice(by_age_.end(), by_age_, found->second);
    return &found->second->second;
  }
  Value& get(std::string_view key, const Value& otherwise) {
    if (Value* found = find(key)) return *found;
    if (by_age_.size() >= max_) {
      by_key_.erase(by_age_.front().first);
      by_age_.pop_front();
    }
    by_age_.emplace_back(std::string(key), otherwise);
    by_key_.emplace(by_age_.back().first, std::prev(by_age_.end()));
    return by_age_.back().second;
  }
  void erase(std::string_view key) {
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    auto entry = found->second;
    by_key_.erase(found);
    by_age_.erase(entry);
  }
  std::size_t size() const { return by_age_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;
  const std::size_t max_;
  Entries by_age_;  // longest unused first
  std::unordered_map<std::string_view, typename Entries::iterator>
      by_key_;  // views the entry's key
};

}  // namespace fairlead::server
