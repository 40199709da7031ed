// SPDX-License-Identifier: Apache-2.0
// Log events: each has an ID, named fields and a paragraph for the operator. The events themselves
// are written in docs/log-events/*.md and generated into "base/events.h" as
// fairlead::event::voucher_refused.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace fairlead {

enum class Level { debug, info, notice, warning, error };

std::string_view to_string(Level level);

struct LogEvent {
  std::string_view id;  // VOUCHER_REFUSED_UNTRUSTED
  Level level;
  std::string_view what;    // one or two sentences, with {field} where a field's value goes
  std::string_view advice;  // what a person can do; empty if nothing needs doing
};

struct Field {
  std::string name;
  std::string value;
};
using Fields = std::vector<Field>;

// The sentence of an event with its fields filled in; a field that is missing stays "{name}".
std::string describe(const LogEvent& event, std::span<const Field> fields);

// nullptr when no event has this ID (a record of a newer version, for instance).
const LogEvent* find_event(std::string_view id);

// Where events go. Thread-safe in every implementation. Never given a secret.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(const LogEvent& event, std::span<const Field> fields) = 0;

  void operator()(const LogEvent& event, std::initializer_list<Field> fields = {}) {
    write(event, std::span<const Field>(fields.begin(), fields.size()));
  }
};

// One line of JSON per event on a file descriptor: {"time":…,"level":…,"id":…,"text":…,fields…}.
class JsonLog final : public Log {
 public:
  JsonLog(int fd, Clock clock, Level threshold)
      : fd_(fd), clock_(std::move(clock)), threshold_(threshold) {}
  void write(const LogEvent& event, std::span<const Field> fields) override;

 private:
  int fd_;  // not owned
  Clock clock_;
  Level threshold_;
};

// Length of the valid UTF-8 sequence at the front of a text that is not empty; 0 if there is none
// (RFC 3629 §4).
std::size_t utf8_sequence(std::string_view text);

// A text as the inside of a JSON string, without the quotes. Invalid UTF-8 becomes U+FFFD.
std::string json_escaped(std::string_view text);

}  // namespace fairlead
