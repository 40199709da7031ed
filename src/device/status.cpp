// SPDX-License-Identifier: Apache-2.0
#include "device/status.h"

#include <boost/json.hpp>

namespace fairlead::device {

namespace json = boost::json;

std::string status_text(const std::optional<Identity>& identity, const JournalRecord& journal,
                        Time now) {
  std::string out;
  auto line = [&](std::string_view label, std::string_view value) {
    out += std::string(label) + std::string(label.size() < 12 ? 12 - label.size() : 1, ' ') +
           std::string(value) + "\n";
  };
  bool known = !journal.entries.empty();
  State state = known ? journal.state : state_of(identity);
  line("State", std::string(to_string(state)) + ": " + std::string(in_words(state)));
  if (known) line("Since", to_rfc3339(journal.since));
  if (identity) {
    line("Serial", identity->serial);
    if (identity->has_credential()) line("GUID", fdo::to_text(identity->credential.guid));
  }
  if (identity && identity->operational) {
    const Operational& operational = *identity->operational;
    line("Device", operational.device.str());
    for (const auto& endpoint : operational.endpoints)
      line("Upstream", endpoint.uri + " as " + endpoint.client_id);
    if (!operational.chain.empty()) {
      Time end = operational.chain[0].not_after();
      line("Valid until", to_rfc3339(end) + (end < now ? " (past, by the device's clock)" : ""));
    }
  }
  if (journal.failure) {
    line("Obstacle", in_words(*journal.failure));
    if (auto advice = advice_for(*journal.failure); !advice.empty()) line("To do", advice);
    line("Attempts", std::to_string(journal.attempts));
  }
  if (journal.next_try != Time{}) line("Next try", to_rfc3339(journal.next_try));
  if (known) out += "\n";
  for (const JournalEntry& entry : journal.entries)
    out += to_rfc3339(entry.time) + "  " + std::string(to_string(entry.state)) + "  " + entry.text +
           "\n";
  return out;
}

std::string status_json(const std::optional<Identity>& identity, const JournalRecord& journal) {
  bool known = !journal.entries.empty();
  State state = known ? journal.state : state_of(identity);
  json::object out{{"state", to_string(state)}, {"words", in_words(state)}};
  if (known) out["since"] = to_rfc3339(journal.since);
  if (identity) {
    out["serial"] = identity->serial;
    out["model"] = identity->model;
    if (identity->has_credential()) out["guid"] = fdo::to_text(identity->credential.guid);
    out["generation"] = identity->generation;
    out["onboarded"] = identity->onboarded;
    if (identity->owner) out["owner"] = identity->owner->hex();
  }
  if (identity && identity->operational) {
    const Operational& operational = *identity->operational;
    json::array endpoints;
    for (const auto& each : operational.endpoints)
      endpoints.push_back(json::object{
          {"uri", each.uri}, {"client_id", each.client_id}, {"topic_prefix", each.topic_prefix}});
    json::object access{{"device", operational.device.str()}, {"endpoints", std::move(endpoints)}};
    if (!operational.chain.empty()) {
      access["not_after"] = to_rfc3339(operational.chain[0].not_after());
      access["certificate"] = operational.chain[0].fingerprint().hex();
    }
    out["operational"] = std::move(access);
  }
  if (journal.failure)
    out["obstacle"] = {{"reason", to_string(journal.failure->reason)},
                       {"text", in_words(*journal.failure)},
                       {"advice", advice_for(*journal.failure)},
                       {"attempts", journal.attempts}};
  if (journal.next_try != Time{}) out["next_try"] = to_rfc3339(journal.next_try);
  json::array entries;
  for (const JournalEntry& entry : journal.entries) {
    json::object each{
        {"time", to_rfc3339(entry.time)}, {"state", to_string(entry.state)}, {"text", entry.text}};
    if (entry.reason) each["reason"] = to_string(*entry.reason);
    entries.push_back(std::move(each));
  }
  out["timeline"] = std::move(entries);
  return json::serialize(out) + "\n";
}

}  // namespace fairlead::device
