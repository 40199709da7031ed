// SPDX-License-Identifier: Apache-2.0
// line = {"at": RFC 3339, "row": text, "step": text, "device": text?, "serial": text?,
//         "product_uri": text?, "reason": text?, "advice": text?, "by": text?,
//         "before": {"known": bool, "name": text, "state": text}?}
#include "client/apply/history.h"

#include <array>
#include <boost/json.hpp>

namespace fairlead::client {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 7> step_names{"started", "claimed", "waiting", "done",
                                                     "failed",  "undone",  "replaced"};

struct TextMember {
  std::string_view name;
  std::string JournalLine::* member;
};
constexpr TextMember members[] = {
    {"row", &JournalLine::row},       {"device", &JournalLine::device},
    {"serial", &JournalLine::serial}, {"product_uri", &JournalLine::product_uri},
    {"reason", &JournalLine::reason}, {"advice", &JournalLine::advice},
    {"by", &JournalLine::by},
};

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<Before> before_of(const json::object& object) {
  const json::value* value = object.if_contains("before");
  if (!value || !value->is_object()) return std::nullopt;
  const json::object& in = value->get_object();
  const json::value* known = in.if_contains("known");
  return Before{known && known->is_bool() && known->get_bool(), text_of(in, "name"),
                text_of(in, "state")};
}

}  // namespace

std::string_view to_string(Step step) { return step_names[static_cast<std::size_t>(step)]; }

std::string to_line(const JournalLine& line) {
  json::object out{{"at", to_rfc3339(line.at)}, {"step", to_string(line.step)}};
  for (const auto& [name, member] : members)
    if (!(line.*member).empty()) out[name] = line.*member;
  if (line.before)
    out["before"] = {
        {"known", line.before->known}, {"name", line.before->name}, {"state", line.before->state}};
  return json::serialize(out);
}

Result<JournalLine> decode_journal_line(std::string_view text) {
  const auto bad = [](const char* what) {
    return fail(Errc::malformed, "a line of the journal " + std::string(what));
  };
  if (text.size() > journal_line_bytes_max) return bad("is too long");
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 4;
  json::value value = json::parse(text, error, {}, options);
  if (error || !value.is_object()) return bad("is not a JSON object");
  const json::object& object = value.get_object();
  JournalLine out;
  for (const auto& [name, member] : members) out.*member = text_of(object, name);
  auto at = from_rfc3339(text_of(object, "at"));
  auto step = std::ranges::find(step_names, text_of(object, "step"));
  if (!at || out.row.empty() || step == step_names.end()) return bad("has no time, row or step");
  out.at = *at;
  out.step = static_cast<Step>(step - step_names.begin());
  out.before = before_of(object);
  return out;
}

void History::add(const JournalLine& line) {
  RowHistory& row = rows_[line.row];
  if (line.step == Step::started) row.started = line.at;
  row.last = line.step;
  row.ended = line.at;
  row.reason = line.reason;
  row.advice = line.advice;
  if (!line.by.empty()) row.by = line.by;
  for (auto [to, from] : {std::pair{&row.device, &line.device},
                          {&row.serial, &line.serial},
                          {&row.product_uri, &line.product_uri}})
    if (!from->empty()) *to = *from;
  // Of several claims the first found the device as it was.
  if (line.before && !row.before) row.before = line.before;
  if (line.step == Step::undone || line.step == Step::replaced) row.before.reset();
  if (line.step == Step::done) row.replaces.clear();
  if (line.step == Step::replaced && !row.device.empty())
    row.replaces = std::exchange(row.device, {});
}

Result<History> History::read(std::string_view journal) {
  History out;
  std::size_t number = 0;
  while (!journal.empty()) {
    ++number;
    auto end = journal.find('\n');
    if (end == journal.npos) break;  // cut off
    auto line = decode_journal_line(journal.substr(0, end));
    if (!line)
      return fail(Errc::malformed, "line " + std::to_string(number) + ": " + line.error().context);
    out.add(*line);
    journal.remove_prefix(end + 1);
  }
  return out;
}

const RowHistory* History::find(std::string_view row) const {
  auto found = rows_.find(std::string(row));
  return found == rows_.end() ? nullptr : &found->second;
}

}  // namespace fairlead::client
