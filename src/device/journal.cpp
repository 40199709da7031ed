// SPDX-License-Identifier: Apache-2.0
#include "device/journal.h"

#include <boost/json.hpp>

namespace fairlead::device {

namespace json = boost::json;

namespace {

constexpr std::int64_t journal_version = 1;

Result<std::string> text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (!value || !value->is_string())
    return fail(Errc::malformed, "journal lacks the text '" + std::string(key) + "'");
  return std::string(std::string_view(value->get_string()));
}

Result<Time> time_of(const json::object& object, std::string_view key) {
  TRY(auto text, text_of(object, key));
  auto time = from_rfc3339(text);
  if (!time) return fail(Errc::malformed, "journal has no time in '" + std::string(key) + "'");
  return *time;
}

Result<State> state_of(const json::object& object) {
  TRY(auto text, text_of(object, "state"));
  auto state = parse_state(text);
  if (!state) return fail(Errc::malformed, "journal has no state '" + text + "'");
  return *state;
}

Result<JournalEntry> read_entry(const json::value& value) {
  const json::object* object = value.if_object();
  if (!object) return fail(Errc::malformed, "journal entry is no object");
  JournalEntry out;
  TRY(out.time, time_of(*object, "time"));
  TRY(out.state, state_of(*object));
  TRY(out.text, text_of(*object, "text"));
  if (object->contains("reason")) {
    TRY(auto reason, text_of(*object, "reason"));
    out.reason = parse_reason(reason);
  }
  return out;
}

}  // namespace

std::string encode_journal(const JournalRecord& record) {
  json::object out{{"version", journal_version},
                   {"state", to_string(record.state)},
                   {"since", to_rfc3339(record.since)},
                   {"attempts", record.attempts}};
  if (record.failure)
    out["failure"] = {{"reason", to_string(record.failure->reason)},
                      {"detail", record.failure->detail}};
  if (record.next_try != Time{}) out["next_try"] = to_rfc3339(record.next_try);
  json::array entries;
  for (const JournalEntry& entry : record.entries) {
    json::object each{
        {"time", to_rfc3339(entry.time)}, {"state", to_string(entry.state)}, {"text", entry.text}};
    if (entry.reason) each["reason"] = to_string(*entry.reason);
    entries.push_back(std::move(each));
  }
  out["entries"] = std::move(entries);
  return json::serialize(out) + "\n";
}

Result<JournalRecord> decode_journal(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  const json::object* object = error ? nullptr : value.if_object();
  if (!object) return fail(Errc::malformed, "journal is not JSON");
  const json::value* version = object->if_contains("version");
  if (!version || *version != json::value(journal_version))
    return fail(Errc::malformed, "journal is of another version");
  JournalRecord out;
  TRY(out.state, state_of(*object));
  TRY(out.since, time_of(*object, "since"));
  if (const json::value* attempts = object->if_contains("attempts");
      attempts && attempts->is_int64())
    out.attempts =
        static_cast<unsigned>(std::clamp<std::int64_t>(attempts->get_int64(), 0, 1'000'000));
  if (const json::value* failure = object->if_contains("failure");
      failure && failure->is_object()) {
    TRY(auto name, text_of(failure->get_object(), "reason"));
    TRY(auto detail, text_of(failure->get_object(), "detail"));
    if (auto reason = parse_reason(name)) out.failure = Failure{*reason, std::move(detail)};
  }
  if (object->contains("next_try")) {
    TRY(out.next_try, time_of(*object, "next_try"));
  }
  const json::value* entries = object->if_contains("entries");
  if (!entries || !entries->is_array() || entries->get_array().size() > journal_entries_max)
    return fail(Errc::malformed, "journal has no entries, or too many");
  for (const json::value& each : entries->get_array()) {
    TRY(auto entry, read_entry(each));
    out.entries.push_back(std::move(entry));
  }
  return out;
}

Journal Journal::open(const StateDirectory& directory, Clock clock, std::optional<Error>& lost) {
  Journal out(directory, std::move(clock));
  auto bytes = directory.read(std::string(journal_file));
  if (!bytes) {
    lost = bytes.error();
  } else if (*bytes) {
    auto record = decode_journal(as_text(**bytes));
    if (record)
      out.record_ = std::move(*record);
    else
      lost = record.error();
  }
  return out;
}

// A step of another try at what failed before: nothing has shown yet that the obstacle is gone.
static bool tries_again(State from, State to) {
  return (to == State::initializing && from == State::uninitialized) ||
         (to == State::seeking &&
          (from == State::initialized || from == State::seeking || from == State::displaced)) ||
         (to == State::onboarding && from == State::seeking) ||
         (to == State::connecting && (from == State::provisioned || from == State::seeking));
}

Result<void> Journal::step(State to, const std::optional<Failure>& failure, std::string text) {
  Time now = clock_();
  if (to != record_.state || record_.since == Time{}) record_.since = now;
  bool repeated = failure && record_.failure && failure->reason == record_.failure->reason &&
                  failure->detail == record_.failure->detail;
  if (failure) {
    ++record_.attempts;
    record_.failure = failure;
  } else if (!tries_again(record_.state, to)) {
    record_.attempts = 0;
    record_.failure.reset();
  }
  record_.state = to;
  record_.next_try = Time{};
  std::optional<Reason> reason;
  if (failure) reason = failure->reason;
  // The same obstacle for days is one line, with the time of the last meeting: it must not push out
  // what came before. The steps of the tries between go with it.
  if (repeated)
    while (!record_.entries.empty() && !record_.entries.back().reason) record_.entries.pop_back();
  if (repeated && !record_.entries.empty() && record_.entries.back().reason == reason)
    record_.entries.back().time = now;
  else
    record_.entries.push_back({now, to, reason, std::move(text)});
  while (record_.entries.size() > journal_entries_max) record_.entries.pop_front();
  return save();
}

Result<void> Journal::rests(State in) {
  if (record_.entries.empty()) return ok();  // nothing ever happened
  if (in != record_.state) record_.since = clock_();
  record_.state = in;
  record_.next_try = Time{};
  return save();
}

Result<void> Journal::waits_until(Time next_try) {
  record_.next_try = next_try;
  return save();
}

Result<void> Journal::save() const {
  return directory_->write(std::string(journal_file), as_view(encode_journal(record_)));
}

}  // namespace fairlead::device
