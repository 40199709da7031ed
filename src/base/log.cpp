// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <unistd.h>

#include <algorithm>

#include <cstdio>

#include "base/events.h"

namespace fairlead {

std::string_view to_string(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::notice:
      return "notice";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

std::string describe(const LogEvent& event, std::span<const Field> fields) {
  std::string out;
  std::string_view rest = event.what;
  while (!rest.empty()) {
    auto open = rest.find('{');
    out += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    rest.remove_prefix(open);
    auto close = rest.find('}');
    if (close == std::string_view::npos) break;
    std::string_view name = rest.substr(1, close - 1);
    auto field = std::ranges::find(fields, name, &Field::name);
    out += field != fields.end() ? std::string_view(field->value) : rest.substr(0, close + 1);
    rest.remove_prefix(close + 1);
  }
  return out;
}

const LogEvent* find_event(std::string_view id) {
  for (const LogEvent* event : event::all)
    if (event->id == id) return event;
  return nullptr;
}

std::size_t utf8_sequence(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  std::size_t length = first < 0x80   ? 1
                       : first < 0xC2 ? 0
                       : first < 0xE0 ? 2
                       : first < 0xF0 ? 3
                       : first < 0xF5 ? 4
                                      : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

namespace {
bool is_plain(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }
}  // namespace

std::string json_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    // Nearly all of nearly every text.
    auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    char c = text.front();
    std::size_t length = utf8_sequence(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      length = 1;
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

void JsonLog::write(const LogEvent& event, std::span<const Field> fields) {
  if (event.level < threshold_) return;
  std::string line;
  line.reserve(512);
  line.append("{\"time\":\"").append(to_rfc3339(clock_()));
  line.append("\",\"level\":\"").append(to_string(event.level));
  line.append("\",\"id\":\"").append(event.id);
  line.append("\",\"text\":\"").append(json_escaped(describe(event, fields))).append("\"");
  for (const Field& field : fields) {
    line.append(",\"").append(json_escaped(field.name));
    line.append("\":\"").append(json_escaped(field.value)).append("\"");
  }
  line += "}\n";
  // One write per line keeps lines of several threads whole; a log that can't be written has no
  // better place to complain to.
  [[maybe_unused]] auto written = ::write(fd_, line.data(), line.size());
}

}  // namespace fairlead
