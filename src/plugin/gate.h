// SPDX-License-Identifier: Apache-2.0
// The broker's gate: decides about connections, subscriptions and messages by the access table.
// Knows nothing of the broker, so that it can be tested without one. One thread, no waiting: each
// call costs at most a few reads of a cached file.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "upstream/access/access_table.h"
#include "upstream/access/topics.h"

namespace fairlead::plugin {

class Gate {
 public:
  using Monotonic = std::chrono::steady_clock::time_point;
  struct Settings {
    std::string table;
    std::chrono::seconds table_age_max{0};    // 0: a table stays valid
    std::size_t absent_sessions_max = 65536;  // remembered after their connection ended
  };

  explicit Gate(Settings settings);

  // A connection of `certificate` under `client_id`. `connection` tells it from others under the
  // same id; it is never dereferenced. The user name to give it, which is the device id.
  Result<std::string> connect(const upstream::CertificateFingerprint& certificate,
                              std::string_view client_id, const void* connection, Time now);
  void disconnected(std::string_view client_id, const void* connection);
  Result<void> use(std::string_view client_id, upstream::TopicUse use, std::string_view topic);

  struct Note {
    Level level;
    std::string text;
  };
  struct Ordered {
    std::vector<std::string> kick;  // client ids that must go now
    std::vector<Note> notes;        // for the log
  };
  // To be called often: looks whether the table has changed, and who has to go.
  Ordered tick(Monotonic monotonic, Time now);

  bool usable() const { return problem_.empty(); }
  std::size_t live_sessions() const { return live_; }

 private:
  struct Session {
    upstream::CertificateFingerprint certificate;
    const void* connection = nullptr;  // null: absent
    upstream::AccessEntry entry;       // as of `epoch`
    std::uint64_t epoch = 0;
    std::uint64_t left = 0;   // which departure; 0 while connected
    bool last_words = false;  // was thrown off: its last will may still be told
  };

  struct IdHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>{}(id); }
  };
  using Sessions = std::unordered_map<std::string, Session, IdHash, std::equal_to<>>;

  void open_or_reload(Ordered& out);
  void refresh(Session& session);
  void check(const std::string& id, Session& session, Ordered& out);
  void check_holders(const upstream::CertificateFingerprint& certificate, Ordered& out);
  void sweep(Ordered& out);
  void hold(const std::string& id, const upstream::CertificateFingerprint& certificate);
  void release(const std::string& id, const upstream::CertificateFingerprint& certificate);

  Settings settings_;
  std::unique_ptr<upstream::AccessReader> reader_;
  std::string problem_ = "the access table has not been opened yet";
  bool stale_ = false;
  upstream::AccessStatus status_;
  std::uint64_t epoch_ = 1;
  Monotonic next_look_{};

  Sessions sessions_;  // by client id
  std::unordered_multimap<upstream::CertificateFingerprint, std::string, FixedBytesHash> holders_;
  // How far a check of everybody has come: a bucket of sessions_, and how many there were.
  std::optional<std::size_t> sweep_at_;
  std::size_t sweep_buckets_ = 0;
  std::deque<std::pair<std::string, std::uint64_t>> departures_;
  std::uint64_t departure_ = 0;
  std::size_t live_ = 0;
};

}  // namespace fairlead::plugin
