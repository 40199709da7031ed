// SPDX-License-Identifier: Apache-2.0
#include "client/plan/compare.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "client/scan/address_range.h"
#include "codec/base64.h"
#include "crypto/hash.h"

namespace fairlead::client {

namespace {

constexpr std::array<std::string_view, 13> state_names{
    "planned",         "found",     "matched", "differs",     "wrong type",
    "unverified",      "duplicate", "waiting", "in progress", "provisioned",
    "owned elsewhere", "ignored",   "failed"};

constexpr std::string_view pressed = "its button was just pressed";

// By what a row may be found, strongest first; each of one thing only.
std::string uri_key(const std::string& hash) { return "u" + hash; }
std::string vendor_key(std::string_view vendor, std::string_view serial) {
  return "v" + std::string(vendor) + "\n" + std::string(serial);
}
std::string serial_key(const std::string& serial) { return "s" + serial; }

std::string hash_of(const std::string& uri) { return to_base64url(crypto::sha256(as_view(uri))); }

// Index entries that two have count for none.
class Index {
 public:
  void add(const std::string& key, const SeenDevice* device) {
    auto [entry, is_new] = devices_.emplace(key, device);
    if (!is_new && entry->second != device) entry->second = nullptr;
  }
  const SeenDevice* find(const std::string& key) const {
    auto found = devices_.find(key);
    return found == devices_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<std::string, const SeenDevice*> devices_;
};

Index index_of(const std::vector<const SeenDevice*>& seen) {
  Index out;
  for (const SeenDevice* device : seen) {
    const Said& said = device->said;
    if (!said.product_uri.empty()) out.add(uri_key(hash_of(said.product_uri)), device);
    if (!said.product_hash.empty()) out.add(uri_key(said.product_hash), device);
    if (!said.serial.empty()) {
      if (!said.vendor.empty()) out.add(vendor_key(said.vendor, said.serial), device);
      out.add(serial_key(said.serial), device);
    }
    for (const Place& place : device->places) out.add("a" + place.url(), device);
  }
  return out;
}

class Comparison {
 public:
  Comparison(const Plan& plan, const std::vector<const SeenDevice*>& seen, const History& history)
      : plan_(plan), seen_(seen), history_(history), index_(index_of(seen)) {
    for (const Row& row : plan.rows)
      if (!row.removed && !row[Field::serial].empty()) ++serials_[row[Field::serial]];
    ignored_.insert(plan.ignored.begin(), plan.ignored.end());
  }

  std::vector<Line> lines() {
    std::vector<Line> out;
    for (const Row& row : plan_.rows)
      if (!row.removed) out.push_back(line_of(row));
    for (const SeenDevice* device : seen_)
      if (device->present && !taken_.contains(device)) out.push_back(unplanned(*device));
    return out;
  }

 private:
  const SeenDevice* device_of(const Row& row) const {
    const std::string& serial = row[Field::serial];
    // A replaced or late-bound row says the serial that it has now; the product URI came with it.
    if (const std::string& uri = row[Field::product_uri]; !uri.empty()) {
      if (const SeenDevice* device = index_.find(uri_key(hash_of(uri)))) return device;
    }
    if (!serial.empty()) {
      if (const SeenDevice* device = index_.find(vendor_key(row[Field::vendor], serial)))
        return device;
      const SeenDevice* device = index_.find(serial_key(serial));
      bool vendors_agree = device && (row[Field::vendor].empty() || device->said.vendor.empty());
      return vendors_agree && serials_.at(serial) == 1 ? device : nullptr;
    }
    if (!row[Field::product_uri].empty() || row[Field::address].empty()) return nullptr;
    auto address = parse_host_port(row[Field::address]);
    return address ? index_.find("a" + address->url()) : nullptr;
  }

  Line line_of(const Row& row) {
    Line out;
    out.row = &row;
    out.device = device_of(row);
    if (out.device) taken_.insert(out.device);
    const RowHistory* before = history_.find(row.id);
    out.undoable = before && before->can_be_undone();
    if (out.device && out.device->present)
      judge_seen(out, before);
    else
      judge_unseen(out, before);
    return out;
  }

  static void judge_unseen(Line& out, const RowHistory* before) {
    bool unfinished = !before || before->last == Step::undone || before->last == Step::replaced;
    if (unfinished) {
      out.state = RowState::planned;
      out.reason = "not seen on the network";
      out.next =
          out.row->values[static_cast<std::size_t>(Field::serial)].empty() &&
                  out.row->values[static_cast<std::size_t>(Field::product_uri)].empty()
              ? "Give the row a serial or a product URI, or bind it to a device that is found."
              : "Power it up; check interface and cable; or name its address.";
      return;
    }
    from_history(out, *before);
  }

  static void from_history(Line& out, const RowHistory& before) {
    switch (before.last) {
      case Step::done:
        out.state = RowState::provisioned;
        out.reason = "provisioned as " + before.device;
        break;
      case Step::waiting:
        out.state = RowState::waiting;
        out.reason = before.reason;
        out.next = before.advice;
        break;
      case Step::failed:
        out.state = RowState::failed;
        out.reason = before.reason;
        out.next = before.advice;
        break;
      default:
        out.state = RowState::in_progress;
        out.reason = "a run was interrupted after it " + std::string(to_string(before.last));
        out.next = "Apply again: it goes on from here.";
    }
  }

  static void judge_seen(Line& out, const RowHistory* before) {
    const SeenDevice& device = *out.device;
    const Said& said = device.said;
    // What was seen before it was provisioned says nothing about it now.
    if (before && before->last == Step::done && device.last <= before->ended)
      return from_history(out, *before);
    if (device.oddity == Oddity::duplicate) {
      out.state = RowState::duplicate;
      out.reason = device.why_odd;
      out.next = "Find out which is the right one; take the other off the network.";
    } else if (device.oddity == Oddity::foreign) {
      out.state = RowState::unverified;
      out.reason = device.why_odd;
      out.next = "Look who announces it; name the device's address yourself.";
    } else if (!(*out.row)[Field::type].empty() && !said.model.empty() &&
               (*out.row)[Field::type] != said.model) {
      out.state = RowState::wrong_type;
      out.reason = "planned is " + (*out.row)[Field::type] + ", found is " + said.model;
      out.next = "Mount the right device, or change the plan.";
    } else if (said.state == "owned") {
      bool ours = before && !before->device.empty();
      out.state = ours ? RowState::provisioned : RowState::owned_elsewhere;
      out.reason = ours ? "provisioned as " + before->device : "it has an owner already";
      out.next = ours ? "" : "Reset it at the device, or ask its owner to let go of it.";
    } else {
      judge_waiting(out, before);
    }
  }

  static void judge_waiting(Line& out, const RowHistory* before) {
    const Said& said = out.device->said;
    const std::string& planned = (*out.row)[Field::firmware];
    if (!planned.empty() && !said.firmware.empty() && planned != said.firmware)
      out.differences.push_back({Field::firmware, planned, said.firmware});
    if (before && (before->last == Step::waiting || before->last == Step::failed))
      from_history(out, *before);
    else
      out.state = out.differences.empty() ? RowState::matched : RowState::differs;
    if (before && before->last == Step::done) {
      out.reason = "it was provisioned as " + before->device + ", and offers itself again";
      out.next = "It was reset; look why before you apply again.";
    }
    out.ready = !said.provisioning.empty();
    if (!out.ready) {
      out.reason = "it announces no provisioning service";
      out.next = "Its firmware is too old, or provisioning is switched off on it.";
    } else if (said.state == "busy" || said.state == "fault") {
      out.reason = "it says that it is " + said.state;
    } else if (out.device->button_pressed()) {
      out.reason = std::string(pressed) + (out.reason.empty() ? "" : "; ") + out.reason;
    }
    for (const Difference& each : out.differences)
      out.reason += (out.reason.empty() ? "" : "; ") + std::string(info_of(each.field).key) +
                    ": planned " + each.planned + ", found " + each.found;
  }

  Line unplanned(const SeenDevice& device) const {
    Line out;
    out.device = &device;
    out.reason = std::string(device.button_pressed() ? pressed : "") +
                 (device.button_pressed() ? "; " : "") + "in no row of the plan";
    out.state = RowState::found;
    out.next = "Add a row, bind it to one, or ignore it.";
    if (ignored_.contains(device.key)) {
      out.state = RowState::ignored;
      out.reason = "somebody said so";
      out.next.clear();
    } else if (device.oddity != Oddity::none) {
      out.state = device.oddity == Oddity::duplicate ? RowState::duplicate : RowState::unverified;
      out.reason = device.why_odd;
    } else if (device.said.state == "owned") {
      out.state = RowState::owned_elsewhere;
      out.reason = "in no row of the plan, and it has an owner";
    }
    return out;
  }

  const Plan& plan_;
  const std::vector<const SeenDevice*>& seen_;
  const History& history_;
  Index index_;
  std::unordered_map<std::string, std::size_t> serials_;
  std::unordered_set<std::string> ignored_;
  std::unordered_set<const SeenDevice*> taken_;
};

}  // namespace

std::string_view to_string(RowState state) { return state_names[static_cast<std::size_t>(state)]; }

std::vector<Line> compare(const Plan& plan, const std::vector<const SeenDevice*>& seen,
                          const History& history) {
  return Comparison(plan, seen, history).lines();
}

}  // namespace fairlead::client
