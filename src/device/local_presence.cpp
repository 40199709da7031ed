// SPDX-License-Identifier: Apache-2.0
#include "device/local_presence.h"

#include <algorithm>

#include "codec/base64.h"
#include "crypto/hash.h"

namespace fairlead::device {

namespace {

// Most sessions are over before anybody could act on seeing them.
constexpr auto busy_shown_after = std::chrono::seconds(3);
constexpr std::string_view service_type = "_fairlead-dev._tcp";
constexpr std::size_t label_bytes_max = 63;  // RFC 1035 §2.3.4
constexpr std::size_t id_bytes_max = 120;    // longer ones are told by their hash
constexpr std::size_t text_bytes_max = 400;  // of all entries: one packet (RFC 6763 §6.2)
constexpr std::size_t entry_bytes_max = 255;
constexpr std::size_t hashed_name_characters = 26;

std::string base32(View bytes, std::size_t characters) {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";  // RFC 4648 §6
  std::string out;
  unsigned bits = 0, held = 0;
  for (std::uint8_t byte : bytes) {
    held = held << 8 | byte;
    for (bits += 8; bits >= 5 && out.size() < characters; bits -= 5)
      out += alphabet[held >> (bits - 5) & 31];
  }
  return out;
}

std::string name_for_hash(const Config& config, const LocalFacts& facts) {
  return facts.product_uri.empty() ? config.vendor + "\n" + facts.model + "\n" + facts.serial
                                   : facts.product_uri;
}

using Text = std::vector<std::pair<std::string, std::string>>;

std::size_t entry_bytes(std::string_view key, std::string_view value) {
  return key.size() + 1 + value.size();
}

// Whole or not at all, since a serial cut short is another one. The important ones come first.
void add(Text& to, std::string_view key, const std::string& value) {
  std::size_t all = 0;
  for (const auto& each : to) all += 1 + entry_bytes(each.first, each.second);
  std::size_t more = entry_bytes(key, value);
  if (!value.empty() && more <= entry_bytes_max && all + 1 + more <= text_bytes_max)
    to.emplace_back(key, value);
}

void add_id(Text& to, const std::string& product_uri) {
  if (product_uri.size() > id_bytes_max) {
    add(to, "idh", to_base64url(crypto::sha256(as_view(product_uri))));
  } else {
    add(to, "id", product_uri);
  }
}

std::string state_of(Presence presence) {
  switch (presence) {
    case Presence::fresh:
      return "new";
    case Presence::button:
      return "button";
    case Presence::busy:
      return "busy";
    case Presence::owned:
      break;
  }
  return "owned";
}

Text text_of(const Config& config, const LocalFacts& facts, Presence presence,
             const std::string& link_local) {
  Text out;
  add(out, "txtvers", "1");
  add_id(out, facts.product_uri);
  add(out, "st", state_of(presence));
  if (presence == Presence::owned) return out;
  add(out, "api", "1.0");
  add(out, "ll", link_local);  // Avahi withdraws the address where there is a global one
  if (config.announce_serial) add(out, "sn", facts.serial);
  add(out, "fp", facts.fingerprint.substr(0, 16));
  add(out, "md", facts.model);
  add(out, "vn", config.vendor);
  add(out, "fw", facts.firmware);
  add(out, "tag", config.tag);
  return out;
}

std::vector<ListenAddress> without_listeners(const Config& config) {
  std::vector<ListenAddress> out;
  for (const auto& each : config.local_listen) out.push_back({each.address, 0});
  return out;
}

}  // namespace

std::string instance_name(const Config& config, const LocalFacts& facts) {
  std::string domain = config.vendor_domain.empty() ? "" : "." + config.vendor_domain;
  std::string plain = facts.serial + domain;
  if (config.announce_serial && !facts.serial.empty() && plain.size() <= label_bytes_max)
    return plain;
  auto hash = crypto::sha256(as_view(name_for_hash(config, facts)));
  std::string hashed = "h-" + base32(hash, hashed_name_characters);
  return hashed.size() + domain.size() <= label_bytes_max ? hashed + domain : hashed;
}

link::Announcement announcement_of(const Config& config, const LocalFacts& facts, Presence presence,
                                   const std::vector<ListenAddress>& listening,
                                   const std::vector<link::Interface>& interfaces) {
  link::Announcement out;
  out.instance = instance_name(config, facts);
  out.type = service_type;
  out.browsable = presence != Presence::owned;
  if (out.browsable) {
    out.subtypes.emplace_back("_new");
    if (!config.device_type.empty()) out.subtypes.push_back("_t-" + config.device_type);
  }
  for (const auto& each : out.browsable ? listening : without_listeners(config)) {
    for (const auto& interface : link::interfaces_of(each.address, interfaces)) {
      if (interface.loopback ||
          std::ranges::count(out.places, interface.name, &link::Announcement::Place::interface) > 0)
        continue;
      out.places.push_back(
          {interface.name, each.port, text_of(config, facts, presence, interface.link_local)});
    }
  }
  return out;
}

LocalPresence::LocalPresence(const Config& config, LocalFacts facts, const LocalDoor& door,
                             std::vector<const LocalHttp*> ways, link::Announcer& announcer)
    : config_(config),
      facts_(std::move(facts)),
      door_(door),
      ways_(std::move(ways)),
      announcer_(announcer) {}

Result<void> LocalPresence::offer(bool open) {
  if (!door_.is_needed()) return ok();
  auto now = std::chrono::steady_clock::now();
  if (!door_.has_session()) session_since_.reset();
  if (door_.has_session() && !session_since_) session_since_ = now;
  auto presence = door_.button_pressed() ? Presence::button : Presence::fresh;
  if (session_since_ && now - *session_since_ >= busy_shown_after) presence = Presence::busy;
  if (!open) {
    if (*door_.is_needed()) {  // closed after too many wrong codes
      announcer_.withdraw();
      return ok();
    }
    presence = Presence::owned;
  }
  std::vector<ListenAddress> listening;
  for (const LocalHttp* way : ways_)
    if (auto at = way->listening()) listening.push_back(std::move(*at));
  TRY(auto interfaces, link::interfaces());
  announcer_.announce(announcement_of(config_, facts_, presence, listening, interfaces));
  return ok();
}

}  // namespace fairlead::device
