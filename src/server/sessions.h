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

// Whether the device has proven itself in this run: until a good message 64 it may be anybody.
enum class Standing { half_open, proven };

struct SessionLimits {
  std::size_t max = 100'000;
  Duration half_open = std::chrono::minutes(2);  // from one message to the next
  Duration proven = std::chrono::minutes(10);

  Duration lifetime(Standing standing) const {
    return standing == Standing::proven ? proven : half_open;
  }
};

// A run is taken out, worked on and put back: two messages of one run are never worked on at once,
// on however many servers. Thread-safe; may block.
class Sessions {
 public:
  virtual ~Sessions() = default;

  // A run that begins, half open. Its token: 32 random bytes, base64url. busy: there are too many.
  virtual Result<std::string> create(Bytes state) = 0;
  // Gone until put() back; nothing if the token is none, expired, or worked on elsewhere.
  virtual Result<std::optional<Bytes>> take(std::string_view token) = 0;
  virtual Result<void> put(const std::string& token, Bytes state, Standing standing) = 0;
  // Drops what has expired. Called every few seconds.
  virtual Result<void> sweep() = 0;
  virtual std::size_t size() const = 0;  // runs kept, for metrics
};

// In the memory of one process: a restart ends the runs under way, and their devices begin again.
// When there are too many the oldest half-open one goes for a new one, and a proven one only when
// there are no others: strangers can open runs, but push nobody out who has proven something.
class MemorySessions final : public Sessions {
 public:
  MemorySessions(Random& random, Clock clock, SessionLimits limits = {})
      : random_(random), clock_(std::move(clock)), limits_(limits) {}

  Result<std::string> create(Bytes state) override;
  Result<std::optional<Bytes>> take(std::string_view token) override;
  Result<void> put(const std::string& token, Bytes state, Standing standing) override;
  Result<void> sweep() override;
  std::size_t size() const override;

 private:
  struct Entry {
    std::string token;
    Bytes state;
    Time expires;
    Standing standing;
  };
  using Entries = std::list<Entry>;
  Entries& of(Standing standing) { return standing == Standing::proven ? proven_ : half_open_; }
  void insert(std::string token, Bytes state, Standing standing);  // under the lock, as below
  void drop_oldest(Entries& entries);
  void drop_expired(Time now);

  Random& random_;
  Clock clock_;
  const SessionLimits limits_;
  mutable std::mutex mutex_;
  Entries half_open_, proven_;                                        // oldest first
  std::unordered_map<std::string_view, Entries::iterator> by_token_;  // views the entry's token
};

}  // namespace fairlead::server
