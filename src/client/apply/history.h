// SPDX-License-Identifier: Apache-2.0
// What became of a plan's rows: lines of a journal that is only ever added to, and what they come
// to. Whoever was interrupted reads it again and goes on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/time.h"

namespace fairlead::client {

inline constexpr std::size_t journal_line_bytes_max = 16 * 1024;

enum class Step {
  started,
  claimed,  // the server had its Offer; `before` says how the device was on record until then
  waiting,  // for a person's decision
  done,     // online, as the device says
  failed,
  undone,
  replaced  // the row is free for another device; the one before is revoked
};
std::string_view to_string(Step step);

// How the server knew the device before a row was applied: what undoing goes back to.
struct Before {
  bool known = false;  // the server had a record of it
  std::string name, state;
  friend bool operator==(const Before&, const Before&) = default;
};

struct JournalLine {
  Time at{};
  std::string row;
  Step step = Step::started;
  std::string device;               // the server's id, once it is known
  std::string serial, product_uri;  // as the device's Offer says, once it is known
  std::string reason, advice;       // in words
  std::string by;                   // the user who ran it
  std::optional<Before> before{};
  friend bool operator==(const JournalLine&, const JournalLine&) = default;
};
std::string to_line(const JournalLine& line);
Result<JournalLine> decode_journal_line(std::string_view line);

struct RowHistory {
  Step last = Step::started;
  Time started{}, ended{};
  std::string device, serial, product_uri, reason, advice, by;
  std::optional<Before> before;
  std::string replaces;  // the device before, which the next one takes the place of
  bool can_be_undone() const { return before && !device.empty(); }
};

class History {
 public:
  void add(const JournalLine& line);
  // A whole journal. What was cut off at its end is passed over; malformed names another line that
  // can't be read.
  static Result<History> read(std::string_view journal);
  const RowHistory* find(std::string_view row) const;

 private:
  std::unordered_map<std::string, RowHistory> rows_;
};

}  // namespace fairlead::client
