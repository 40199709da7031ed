// SPDX-License-Identifier: Apache-2.0
#include "upstream/access/topics.h"

namespace fairlead::upstream {
namespace {

constexpr std::size_t level_bytes_max = 64;

bool starts_below(std::string_view topic, std::string_view prefix) {
  return topic.size() > prefix.size() && topic.starts_with(prefix);
}

// MQTT 5 §4.8.2: "$share/{ShareName}/{filter}". The filter is what counts; "" if there is none.
std::string_view without_share(std::string_view filter) {
  constexpr std::string_view mark = "$share/";
  if (!filter.starts_with(mark)) return filter;
  filter.remove_prefix(mark.size());
  auto slash = filter.find('/');
  if (slash == std::string_view::npos || slash == 0) return {};
  return filter.substr(slash + 1);
}

// MQTT 5 §4.7.1: "The multi-level wildcard character MUST be ... the last character"; both must
// occupy a whole level. The broker checks that too; it is checked here so that the prefix alone
// never decides about a filter that is read in two ways.
bool is_well_formed_filter(std::string_view filter) {
  std::size_t from = 0;
  while (true) {
    auto slash = filter.find('/', from);
    auto level = filter.substr(from, slash == std::string_view::npos ? slash : slash - from);
    bool wild = level.find_first_of("+#") != std::string_view::npos;
    if (wild && level.size() != 1) return false;
    if (level == "#" && slash != std::string_view::npos) return false;
    if (slash == std::string_view::npos) return true;
    from = slash + 1;
  }
}

// A client id's device part: all before the first separator.
std::string_view device_part(std::string_view client_id) {
  return client_id.substr(0, client_id.find_first_of("/:"));
}

bool service_may_read(std::string_view topic) {
  return starts_below(topic, "fairlead/") || starts_below(topic, "$SYS/");
}

std::string quoted(std::string_view topic) { return "'" + std::string(topic.substr(0, 200)) + "'"; }

}  // namespace

bool is_topic_level(std::string_view text) {
  if (text.empty() || text.size() > level_bytes_max) return false;
  for (char c : text)
    if (c <= ' ' || c >= 0x7F || c == '/' || c == '+' || c == '#' || c == '$') return false;
  return true;
}

Result<std::string> device_topic_prefix(const AccountId& account, const DeviceId& device) {
  if (!is_topic_level(account.str()))
    return fail(Errc::refused, "account '" + account.str() + "' can't be part of a topic");
  if (!is_topic_level(device.str()) || device.str().contains(':'))
    return fail(Errc::refused, "device '" + device.str() + "' can't be part of a topic and id");
  auto prefix = std::string(topic_root) + account.str() + "/" + device.str() + "/";
  if (prefix.size() > limits::access_topic_prefix_bytes_max)
    return fail(Errc::refused, "account and device '" + device.str() + "' together are too long");
  return prefix;
}

std::optional<DeviceTopic> parse_device_topic(std::string_view topic) {
  if (!starts_below(topic, topic_root)) return std::nullopt;
  topic.remove_prefix(topic_root.size());
  auto first = topic.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  auto second = topic.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  auto account = topic.substr(0, first);
  auto device = topic.substr(first + 1, second - first - 1);
  auto rest = topic.substr(second + 1);
  if (!is_topic_level(account) || !is_topic_level(device) || rest.empty()) return std::nullopt;
  return DeviceTopic{std::string(account), std::string(device), std::string(rest)};
}

Result<void> may_connect(const AccessEntry& entry, std::string_view client_id) {
  if (entry.state != AccessState::active)
    return fail(Errc::refused, "the certificate of " + entry.device_id +
                                   " is revoked (generation " + std::to_string(entry.generation) +
                                   ")");
  if (device_part(client_id) != entry.device_id)
    return fail(Errc::refused, "client id " + quoted(client_id) + " does not belong to " +
                                   entry.device_id + ", whose certificate this is");
  return ok();
}

Result<void> may_use(const AccessEntry& entry, TopicUse use, std::string_view topic) {
  if (entry.state != AccessState::active)
    return fail(Errc::refused, "the certificate of " + entry.device_id + " is revoked");
  auto named = topic;
  if (use == TopicUse::subscribe) {
    named = without_share(topic);
    if (!is_well_formed_filter(named))
      return fail(Errc::refused, quoted(topic) + " is not a well-formed filter");
  } else if (topic.find_first_of("+#") != std::string_view::npos) {
    return fail(Errc::refused, quoted(topic) + ": wildcards name no topic");
  }
  // The prefix has no wildcard, so a filter that begins with it stays below it.
  if (starts_below(named, entry.topic_prefix)) return ok();
  if (entry.role == AccessRole::service && use != TopicUse::write && service_may_read(named))
    return ok();
  return fail(Errc::refused, quoted(topic) + " is not below '" + entry.topic_prefix + "', where " +
                                 entry.device_id + " belongs");
}

bool names_own_device(std::string_view client_id, std::string_view topic) {
  auto parts = parse_device_topic(topic);
  return parts && parts->device == device_part(client_id);
}

}  // namespace fairlead::upstream
