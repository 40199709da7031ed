// SPDX-License-Identifier: Apache-2.0
#include "server/claims.h"

#include "base/events.h"
#include "codec/cbor/writer.h"
#include "server/enroller_records.h"

namespace fairlead::server {

namespace {

constexpr std::size_t same_serial_looked_at = 50;

registry::Device new_device(const DeviceId& id, const enroll::Offer& offer, const LocalClaim& claim,
                            Time now) {
  registry::Device device;
  device.id = id;
  device.account = claim.account;
  device.name = claim.name.empty() ? offer.serial : claim.name;
  device.serial = offer.serial;
  device.model = offer.model;
  device.product_uri = offer.product_uri;
  device.state = registry::DeviceState::known;
  device.state_reason = claim.proof == LocalProof::none
                            ? "it asked by itself"
                            : "claimed by " + claim.actor.who + " beside the device";
  device.created = device.changed = now;
  return device;
}

std::string_view to_string(LocalProof proof) {
  switch (proof) {
    case LocalProof::code:
      return "code";
    case LocalProof::button:
      return "button";
    case LocalProof::stick:
      return "stick";
    case LocalProof::none:
      return "nothing";
  }
  std::unreachable();
}

// Whether the last deed on the device is this same claim, and all that came of it since is that it
// waits or was refused: the audit log must not grow with each further try.
bool says_so_already(const std::vector<registry::TimelineEvent>& story, const LogEvent& what,
                     const Fields& claimed) {
  for (auto each = story.rbegin(); each != story.rend(); ++each) {
    bool came_to_nothing = each->id == event::grant_pending.id ||
                           each->id == event::grant_refused.id || each->id == event::key_dropped.id;
    if (!came_to_nothing)
      return each->id == what.id &&
             std::ranges::equal(each->fields, claimed, {}, &Field::value, &Field::value);
  }
  return false;
}

}  // namespace

std::optional<LocalProof> local_proof_from(std::string_view text) {
  for (LocalProof each : {LocalProof::code, LocalProof::button, LocalProof::stick})
    if (text == to_string(each)) return each;
  return std::nullopt;
}

DeviceId device_id_of(const AccountId& account, const enroll::Offer& offer) {
  cbor::Writer name;
  name.array(4).text("local").text(account.str()).text(offer.model).text(offer.serial);
  return DeviceId("d-" + crypto::sha256(name.view()).hex().substr(0, 16));
}

// One record for one device, however it comes: a device of the account with this serial, which a
// voucher may have told of, is the one.
Result<DeviceId> Claims::device_of(const enroll::Offer& offer, const LocalClaim& claim, Time now) {
  registry::DeviceFilter filter;
  filter.account = claim.account;
  filter.search = offer.serial;
  TRY(auto devices, store_.read().devices(filter, {"", same_serial_looked_at}));
  std::erase_if(devices, [&](const registry::Device& each) {
    bool other_model = !each.model.empty() && each.model != offer.model;
    return each.serial != offer.serial || other_model;
  });
  if (devices.size() > 1)
    return fail(Errc::conflict, "several devices of account '" + claim.account.str() +
                                    "' have serial '" + offer.serial + "'");
  if (!devices.empty()) return devices.front().id;
  DeviceId id = device_id_of(claim.account, offer);
  TRY(auto known, store_.read().find_device(id));
  if (known) return id;  // its serial was changed by hand since
  TRY_VOID(store_.commit({registry::InsertDevice{new_device(id, offer, claim, now)}}));
  return id;
}

Result<ClaimAnswer> Claims::claim(View document, const LocalClaim& claim, Time now) {
  TRY(auto offer, enroll::decode_offer(document));
  if (offer.offer.serial.empty())
    return fail(Errc::refused, "the device says no serial number; set one on it");
  if (!claim.replaces.empty()) {
    TRY(auto old, store_.read().find_device(claim.replaces));
    if (!old || old->account != claim.account)
      return fail(Errc::not_found, "there is no device '" + claim.replaces.str() + "' to replace");
  }
  TRY(auto id, device_of(offer.offer, claim, now));
  TRY_VOID(record(id, offer.request.key.fingerprint(), claim, now));
  WayIn way{claim.actor, claim.right};
  way.replaces = claim.replaces;
  auto grant = enroller_.grant(document, id, way, now);
  if (grant) return ClaimAnswer{id, std::move(grant->document), {}};
  if (grant.error().code != Errc::busy) return fail(grant.error());
  return ClaimAnswer{id, {}, grant.error().context};
}

// Whether its key is known; once is enough, for a device that waits asks again and again.
Result<bool> Claims::has_asked(const DeviceId& id, View key) const {
  TRY(auto keys, store_.read().keys_of(id));
  for (const registry::DeviceKey& each : keys) {
    if (equal(each.fingerprint, key)) return true;
    // Else a stranger could pile up keys beside the right one, or ask last before the operator
    // looks.
    if (is_undecided(each.state) || is_in_force(each.state))
      return fail(Errc::conflict,
                  "another key of this device waits or is in use; an operator has to decide about "
                  "that one first");
  }
  return false;
}

Result<void> Claims::record(const DeviceId& id, View key, const LocalClaim& claim, Time now) {
  const bool asked = claim.proof == LocalProof::none;
  Fields fields{{"who", claim.actor.who}, {"account", claim.account.str()}};
  if (asked) {
    TRY(bool before, has_asked(id, key));
    if (before) return ok();
  } else {
    fields.push_back({"right", std::string(to_string(claim.right))});
    fields.push_back({"proof", std::string(to_string(claim.proof))});
  }
  const LogEvent& what = asked ? event::device_asked : event::device_claimed;
  TRY(auto story, store_.read().events_of(id, registry::timeline_entries_max));
  if (says_so_already(story, what, fields)) return ok();
  TRY_VOID(store_.commit({timeline(id, now, what, fields),
                          audited(claim.actor, now, claim.account, id.str(), what, fields)}));
  log_.write(what, fields);
  return ok();
}

}  // namespace fairlead::server
