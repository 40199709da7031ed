// SPDX-License-Identifier: Apache-2.0
#include "client/operator/explain.h"

#include <algorithm>
#include <limits>

namespace fairlead::client {

namespace {

struct StateWords {
  std::string_view state, next;
  bool decides;  // this sentence, whatever the last event advises
};
constexpr StateWords state_words[] = {
    {"known", "Connect the device to its network and switch it on; it finds its way by itself.",
     false},
    {"onboarding",
     "Nothing yet: it is onboarding at this moment. If that lasts longer than a minute, "
     "`fairlead-device status` on the device says where it is.",
     false},
    {"onboarded",
     "Nothing, if the device is not meant to come to the broker: it asked for no certificate. A "
     "device with `fairlead.enroll` or fdo.csr gets one when it onboards again.",
     true},
    {"waiting",
     "Somebody has to decide: `fairlead device approve DEVICE` or `fairlead device reject DEVICE "
     "--reason TEXT`.",
     true},
    {"granted",
     "It has its certificate but was not seen on the broker yet. Check that the device reaches the "
     "broker's address; it tries again by itself.",
     false},
    {"online", "Nothing: the device is connected.", true},
    {"offline",
     "Check the device's power and network; it connects again by itself as soon as it can.", false},
    {"revoked", "It is locked out. `fairlead readmit DEVICE` lets it come again.", true},
    {"decommissioned",
     "Nothing: it is out of use for good, and its name is free. Where its secrets are still on it, "
     "`fairlead-device reset --yes` there removes them. `fairlead readmit DEVICE` would let it "
     "come "
     "again.",
     true},
    {"failed",
     "Mend what the last lines say; the device tries again by itself. `fairlead-device status` on "
     "the device has its side of the story.",
     false},
};

constexpr std::string_view broker_is_away =
    "The server itself does not reach the broker, so no device can: look for BROKER_ and WATCH_ "
    "events in the server's log. Devices connect again by themselves as soon as it runs.";

constexpr std::string_view comes_again =
    "Nothing: the device gets its certificate when it asks again, which it does by itself, within "
    "an hour at most. Switching it off and on makes it ask at once.";

// {field} by the event's fields, and the word DEVICE by what the person calls it.
std::string filled(std::string text, const json::value& event, const std::string& as) {
  const json::object* members = event.if_object();
  const json::value* fields = members ? members->if_contains("fields") : nullptr;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    auto end = text[at] == '{' ? text.find('}', at) : text.npos;
    if (end != text.npos && fields) {
      std::string value = plain_text(text_at(*fields, text.substr(at + 1, end - at - 1)));
      out += value.empty() ? text.substr(at, end - at + 1) : value;
      at = end + 1;
    } else if (text.compare(at, 7, " DEVICE") == 0 &&
               (at + 7 == text.size() || text[at + 7] == ' ' || text[at + 7] == '`')) {
      out += " " + as;
      at += 7;
    } else {
      out += text[at++];
    }
  }
  return out;
}

// How often the server saw it in a row.
unsigned times_of(const json::value& event) {
  const json::object* members = event.if_object();
  const json::value* times = members ? members->if_contains("times") : nullptr;
  const bool fits = times && times->is_int64() && times->get_int64() > 0 &&
                    times->get_int64() <= std::numeric_limits<int>::max();
  return fits ? static_cast<unsigned>(times->get_int64()) : 1;
}

std::string title_of(const json::value& device) {
  std::string id = plain_text(text_at(device, "id"));
  std::string name = plain_text(text_at(device, "name"));
  std::string serial = plain_text(text_at(device, "serial"));
  std::string out = !name.empty() ? name : !serial.empty() ? serial : id;
  std::string inside;
  auto say = [&](std::string_view what, const std::string& value) {
    if (value.empty() || value == out) return;
    inside += (inside.empty() ? "" : ", ") + std::string(what) + " " + value;
  };
  say("id", id);
  say("serial", serial);
  say("GUID", plain_text(text_at(device, "guid")));
  say("model", plain_text(text_at(device, "model")));
  say("account", plain_text(text_at(device, "account")));
  return inside.empty() ? out : out + " (" + inside + ")";
}

// "pumps, which is for groups pumps*"; both profiles where another one would decide now.
std::string profile_of(const json::value& device) {
  std::string decided = plain_text(text_at(device, "profile"));
  std::string next = plain_text(text_at(device, "next_profile"));
  std::string is_for = plain_text(text_at(device, "next_profile_is_for"));
  const json::object* members = device.if_object();
  if (!members || !members->contains("next_profile")) return decided;
  std::string will = next.empty() ? "none matches" : next + ", which is for " + is_for;
  if (decided.empty() || decided == next) return will;
  return decided + "; next time: " + will;
}

// Whether the key in force is proven to live in hardware; "" where there is none, or the server
// doesn't tell.
std::string key_of(const json::value& device, const std::string& state) {
  const json::object* members = device.if_object();
  if (!members || !members->contains("tpm")) return {};
  bool in_force = state == "granted" || state == "online" || state == "offline";
  std::string tpm = plain_text(text_at(device, "tpm"));
  if (tpm.empty()) return in_force ? "where it lives is not proven" : "";
  return "proven to live in the TPM with the certificate " + tpm.substr(0, 16) +
         (state == "granted" ? ", once the device has connected" : "");
}

// The newest event of these; null if there is none.
const json::value* newest_of(const json::array& events,
                             std::initializer_list<std::string_view> ids) {
  for (auto event = events.rbegin(); event != events.rend(); ++event)
    if (std::ranges::find(ids, text_at(*event, "id")) != ids.end()) return &*event;
  return nullptr;
}

// A person's word explains a state better than its last event, which may be a try of the device
// that came to nothing because of it. Null where nobody said anything.
const json::value* decision_behind(const std::string& state, const json::array& events) {
  const json::value* event = nullptr;
  std::string_view decisive;
  if (state == "failed") {
    event = newest_of(events, {"DEVICE_REJECTED", "DEVICE_APPROVED", "GRANT_PENDING"});
    decisive = "DEVICE_REJECTED";
  } else if (state == "revoked") {
    event = newest_of(events, {"VOUCHER_HANDED_OVER", "DEVICE_REVOKED", "DEVICE_READMITTED"});
    decisive = "VOUCHER_HANDED_OVER";
  } else if (state == "waiting") {
    event = newest_of(events, {"DEVICE_QUARANTINED", "DEVICE_APPROVED"});
    decisive = "DEVICE_QUARANTINED";
  }
  return event && text_at(*event, "id") == decisive ? event : nullptr;
}

// By a profile or for what it asks: what the device says after that follows from it. Null where
// that is not what stands in its way.
const json::value* refusal_behind(const std::string& state, const json::array& events) {
  if (state == "online" || state == "waiting" || state == "revoked") return nullptr;
  const json::value* event =
      newest_of(events, {"GRANT_REFUSED", "GRANTED", "GRANT_PENDING", "DEVICE_APPROVED",
                         "DEVICE_READMITTED", "VOUCHER_IMPORTED"});
  return event && text_at(*event, "id") == "GRANT_REFUSED" ? event : nullptr;
}

// Of a device that nobody has seen: what keeps it from being told of its owner. Empty: nothing that
// is known here.
std::string why_not_found(const json::value& device, const json::array& events,
                          const std::string& as) {
  const json::object* members = device.if_object();
  const json::value* list = members ? members->if_contains("rendezvous") : nullptr;
  if (!list || !list->is_array() || text_at(device, "guid").empty()) return {};
  if (list->get_array().empty())
    return "Its voucher names no rendezvous server where owners register. A device that was made "
           "for this server (rendezvous bypass) comes by itself when it is switched on; any other "
           "finds no owner until its maker initialises it again.";
  for (const json::value& each : list->get_array()) {
    std::string server = plain_text(text_at(each, "server")),
                error = plain_text(text_at(each, "last_error"));
    std::string until = plain_text(text_at(each, "registered_until"));
    if (!error.empty()) {
      const json::value* failed = newest_of(events, {"TO0_FAILED"});
      std::string advice =
          failed ? " " + filled(plain_text(text_at(*failed, "advice")), *failed, as) : "";
      std::string knows =
          until.empty()
              ? " does not know the device, so that it is not told where to go when it asks: "
              : " knows the device until " + until + " only: ";
      return "The rendezvous server " + server + knows + error + "." + advice;
    }
    if (until.empty())
      return "The device is not registered at the rendezvous server " + server +
             " yet. That is tried by itself; `fairlead voucher registrations --failing` shows "
             "what does not go through.";
  }
  return {};
}

// Somebody has decided, and the device has not come again since.
bool is_approved(const json::array& events) {
  const json::value* event = newest_of(events, {"DEVICE_APPROVED", "GRANT_PENDING"});
  return event && text_at(*event, "id") == "DEVICE_APPROVED";
}

std::string next_step(const std::string& state, const json::value& device,
                      const json::array& events, const std::string& as) {
  if (state == "waiting" && is_approved(events)) return std::string(comes_again);
  const json::value* decision = decision_behind(state, events);
  if (!decision) decision = refusal_behind(state, events);
  if (decision) {
    std::string words = filled(plain_text(text_at(*decision, "advice")), *decision, as);
    if (!words.empty()) return words;
  }
  if (state == "known")
    if (std::string why = why_not_found(device, events, as); !why.empty()) return why;
  const StateWords* words = nullptr;
  for (const auto& row : state_words)
    if (row.state == state) words = &row;
  std::string advice;
  if (!words || !words->decides) {
    // A failed attempt may be followed by lines that advise nothing.
    for (auto event = events.rbegin(); event != events.rend() && advice.empty(); ++event) {
      advice = filled(plain_text(text_at(*event, "advice")), *event, as);
      if (state != "failed") break;
    }
  }
  if (!advice.empty()) return advice;
  if (words) return filled(std::string(words->next), nullptr, as);
  return "This program does not know the state '" + state +
         "'; compare its version with the server's.";
}

}  // namespace

std::string in_words(Duration time) {
  using namespace std::chrono;
  auto whole = [](auto count, std::string_view unit) {
    return std::to_string(count) + " " + std::string(unit);
  };
  auto two = [&](auto large, std::string_view unit, auto small, std::string_view small_unit) {
    return small ? whole(large, unit) + " " + whole(small, small_unit) : whole(large, unit);
  };
  if (time < Duration(0)) return "-" + in_words(-time);
  if (time < seconds(1)) return whole(time.count(), "ms");
  auto s = floor<seconds>(time).count();
  if (s < 60) return whole(s, "s");
  if (s < 3600) return two(s / 60, "min", s % 60, "s");
  if (s < 86'400) return two(s / 3600, "h", s % 3600 / 60, "min");
  return two(s / 86'400, "d", s % 86'400 / 3600, "h");
}

Explanation explain(const json::value& device, const json::value& timeline, const std::string& as,
                    std::string_view broker) {
  Explanation out;
  out.title = title_of(device);
  out.state = plain_text(text_at(device, "state"));
  out.reason = plain_text(text_at(device, "state_reason"));
  const auto& events = items_of(timeline);
  for (const auto& event : events) {
    ExplainedEvent line;
    line.at = from_rfc3339(text_at(event, "at")).value_or(Time{});
    line.until = from_rfc3339(text_at(event, "last")).value_or(line.at);
    const unsigned times = line.times = times_of(event);
    line.level = plain_text(text_at(event, "level"));
    line.text = plain_text(text_at(event, "text"));
    if (line.text.empty()) line.text = plain_text(text_at(event, "id"));
    if (!out.events.empty() && out.events.back().text == line.text) {
      out.events.back().times += times;
      out.events.back().until = line.until;
      continue;
    }
    if (!out.events.empty()) line.since_previous = line.at - out.events.back().until;
    out.events.push_back(std::move(line));
  }
  out.profile = profile_of(device);
  out.key = key_of(device, out.state);
  bool needs_broker = out.state == "granted" || out.state == "online" || out.state == "offline";
  out.next = needs_broker && broker == "not connected" ? std::string(broker_is_away)
                                                       : next_step(out.state, device, events, as);
  return out;
}

}  // namespace fairlead::client
