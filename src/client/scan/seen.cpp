// SPDX-License-Identifier: Apache-2.0
#include "client/scan/seen.h"

#include <algorithm>

namespace fairlead::client {

namespace {

bool is_link_local(std::string_view address) { return address.starts_with("fe80:"); }

// An instance name that a responder changed because another had it already: "SN102.acme #2".
std::string without_alternative(const std::string& instance) {
  auto mark = instance.rfind(" #");
  bool numbered = mark != instance.npos && mark + 2 < instance.size() &&
                  instance.find_first_not_of("0123456789", mark + 2) == instance.npos;
  return numbered ? instance.substr(0, mark) : instance;
}

// Several places are one device's as long as nothing tells two devices apart: another key, another
// name of the announcement, another link-local address on the same wire.
void judge(SeenDevice& device) {
  device.oddity = Oddity::none;
  device.why_odd.clear();
  for (const Place& a : device.places) {
    for (const Place& b : device.places) {
      std::string what;
      if (!a.fingerprint.empty() && !b.fingerprint.empty() && a.fingerprint != b.fingerprint)
        what = "with different keys (" + a.fingerprint + ", " + b.fingerprint + ")";
      else if (!a.instance.empty() && !b.instance.empty() && a.instance != b.instance)
        what = "as '" + a.instance + "' and '" + b.instance + "'";
      else if (a.interface == b.interface && is_link_local(a.address) && is_link_local(b.address) &&
               a.address != b.address)
        what = "at " + a.address + " and " + b.address + " on " + a.interface;
      if (what.empty()) continue;
      device.oddity = Oddity::duplicate;
      device.why_odd = "two devices say that they are this one, " + what;
      return;
    }
  }
}

// On this wire first, then IPv4, then the rest: what worked last within each.
int rank(const Place& place) {
  if (is_link_local(place.address)) return 0;
  return place.address.find(':') == std::string::npos ? 1 : 2;
}

bool same_place(const Place& a, const Place& b) {
  return a.interface == b.interface && a.address == b.address && a.port == b.port &&
         a.instance == b.instance && a.fingerprint == b.fingerprint;
}

// What is new overrides; what isn't said any more stays known.
bool take_over(Said& known, const Said& said) {
  Said before = known;
  for (auto member :
       {&Said::product_uri, &Said::product_hash, &Said::vendor, &Said::model, &Said::serial,
        &Said::firmware, &Said::state, &Said::provisioning, &Said::fingerprint, &Said::tag})
    if (!(said.*member).empty()) known.*member = said.*member;
  return known != before;
}

bool keep_places(SeenDevice& device, const Sighting& sighting, Time now) {
  bool changed = false;
  for (const std::string& address : sighting.addresses) {
    Place place{sighting.by,
                is_link_local(address) || !sighting.interface.empty() ? sighting.interface : "",
                address,
                sighting.port,
                sighting.instance,
                sighting.said.fingerprint,
                now};
    auto known = std::ranges::find_if(device.places,
                                      [&](const Place& each) { return same_place(each, place); });
    if (known != device.places.end()) {
      known->last = now;
    } else if (device.places.size() < places_of_device_max) {
      auto at = std::ranges::upper_bound(device.places, rank(place), {}, rank);
      device.places.insert(at, std::move(place));
      changed = true;
    }
  }
  return changed;
}

}  // namespace

std::string Place::url() const {
  std::string host = address;
  if (address.find(':') != address.npos)
    host = "[" + address + (is_link_local(address) ? "%" + interface : "") + "]";
  return "http://" + host + ":" + std::to_string(port);
}

std::string key_of(const Sighting& sighting) {
  const Said& said = sighting.said;
  if (!said.product_uri.empty()) return "uri:" + said.product_uri;
  if (!said.product_hash.empty()) return "uri-hash:" + said.product_hash;
  if (!said.serial.empty())
    return "serial:" + (said.vendor.empty() ? said.model : said.vendor) + "/" + said.serial;
  if (!sighting.instance.empty()) return "name:" + without_alternative(sighting.instance);
  std::string address = sighting.addresses.empty() ? "" : sighting.addresses.front();
  return "address:" + address + "/" + std::to_string(sighting.port);
}

const SeenDevice* Seen::on(const Sighting& sighting, Time now) {
  std::string key = key_of(sighting);
  auto found = devices_.find(key);
  if (sighting.gone) {
    if (found == devices_.end()) return nullptr;
    std::erase_if(found->second.places, [&](const Place& each) {
      return each.interface == sighting.interface && each.instance == sighting.instance;
    });
    found->second.present = !found->second.places.empty();
    judge(found->second);
    return &found->second;
  }
  if (found == devices_.end()) {
    if (devices_.size() >= seen_devices_max) return ++passed_over_, nullptr;
    found = devices_.emplace(key, SeenDevice{}).first;
    found->second.key = key;
    found->second.first = now;
  }
  SeenDevice& device = found->second;
  bool changed = device.last == Time{} || !device.present;
  changed |= take_over(device.said, sighting.said);
  changed |= keep_places(device, sighting, now);
  device.last = now;
  device.present = true;
  Oddity before = device.oddity;
  judge(device);
  if (device.oddity == Oddity::none && sighting.foreign_source) {
    device.oddity = Oddity::foreign;
    device.why_odd = "announced by " + sighting.addresses.front() +
                     ", which is none of the addresses that the announcement names";
  }
  return changed || before != device.oddity ? &device : nullptr;
}

std::vector<const SeenDevice*> Seen::expire(Time now) {
  std::vector<const SeenDevice*> out;
  for (auto& [key, device] : devices_) {
    const auto stale = [&](const Place& each) { return now - each.last > seen_lifetime; };
    if (!std::ranges::all_of(device.places, stale)) {
      if (std::erase_if(device.places, stale) > 0) judge(device);
    }
    if (!device.present || now - device.last <= seen_lifetime) continue;
    device.present = false;
    out.push_back(&device);
  }
  return out;
}

std::vector<const SeenDevice*> Seen::devices() const {
  std::vector<const SeenDevice*> out;
  for (const auto& [key, device] : devices_) out.push_back(&device);
  return out;
}

const SeenDevice* Seen::find(const std::string& key) const {
  auto found = devices_.find(key);
  return found == devices_.end() ? nullptr : &found->second;
}

}  // namespace fairlead::client
