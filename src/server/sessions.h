// SPDX-License-Identifier: Apache-2.0
// Protocol runs between two messages, under the bearer token that the device repeats.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace fairlead::server {

// A store of its own, so that many servers can share one (the registry has the records); this is
// the one of a single process. A run is taken out, worked on and put back: two messages of one run
// can't be worked on at once.
class Sessions {
 public:
  // max: runs kept at most; the oldest goes for a new one, so that unauthenticated callers can't
  // fill memory.
  Sessions(Random& random, Clock clock, std::size_t max, Duration lifetime)
      : random_(random), clock_(std::move(clock)), max_(max), lifetime_(lifetime) {}

  std::string create(Bytes state);                    // the token: 32 random bytes, base64url
  std::optional<Bytes> take(std::string_view token);  // gone until put() back
  void put(const std::string& token, Bytes state);
  std::size_t size() const;

 private:
  struct Entry {
    std::string token;
    Bytes state;
    Time expires;
  };
  void insert(std::string token, Bytes state);  // under the lock

  Random& random_;
  Clock clock_;
  const std::size_t max_;
  const Duration lifetime_;
  mutable std::mutex mutex_;
  std::list<Entry> by_age_;  // oldest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator>
      by_token_;  // views the entry's token
};

}  // namespace fairlead::server
