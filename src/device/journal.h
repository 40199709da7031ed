// SPDX-License-Identifier: Apache-2.0
// What a person wants to know of the device's way: where it stands, since when, why it is not
// further, and the newest steps. Written whole at each step. Nothing depends on it: what the device
// is stands in the identity.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "base/time.h"
#include "device/flow.h"
#include "device/state_directory.h"

namespace fairlead::device {

inline constexpr std::string_view journal_file = "journal";
inline constexpr std::size_t journal_entries_max = 64;

struct JournalEntry {
  Time time{};
  State state{};
  std::optional<Reason> reason;  // set where something failed
  std::string text;
};

struct JournalRecord {
  State state = State::uninitialized;
  Time since{};
  std::optional<Failure> failure;  // the present obstacle; stands while it is tried again
  unsigned attempts = 0;           // failures since the last success
  Time next_try{};
  std::deque<JournalEntry> entries;  // oldest first
};
std::string encode_journal(const JournalRecord& record);  // JSON
Result<JournalRecord> decode_journal(std::string_view text);

class Journal {
 public:
  // A journal that can't be read is replaced: `lost` says why.
  static Journal open(const StateDirectory& directory, Clock clock, std::optional<Error>& lost);

  // A step by the table. The same failure again is counted in one entry, and takes the steps of the
  // tries between with it.
  Result<void> step(State to, const std::optional<Failure>& failure, std::string text);
  Result<void> waits_until(Time next_try);
  // The program ends in an orderly way; the present obstacle stands.
  Result<void> rests(State in);
  const JournalRecord& record() const { return record_; }

 private:
  Journal(const StateDirectory& directory, Clock clock)
      : directory_(&directory), clock_(std::move(clock)) {}
  Result<void> save() const;

  const StateDirectory* directory_;
  Clock clock_;
  JournalRecord record_;
};

}  // namespace fairlead::device
