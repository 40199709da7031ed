// SPDX-License-Identifier: Apache-2.0
// What people decide about a device and its keys, and what locks it out.
#include "base/events.h"
#include "server/enroller.h"
#include "server/enroller_records.h"
#include "server/retirement.h"

namespace fairlead::server {

namespace {

// The one that asked last of those in such a state, or the one that is wanted; null if there is
// none.
const registry::DeviceKey* newest_key(const std::vector<registry::DeviceKey>& keys, View wanted,
                                      bool (*counts)(registry::KeyState)) {
  const registry::DeviceKey* newest = nullptr;
  for (const registry::DeviceKey& key : keys)
    if (counts(key.state) && (wanted.empty() || equal(key.fingerprint, wanted)) &&
        (!newest || key.changed > newest->changed))
      newest = &key;
  return newest;
}

}  // namespace

Result<void> Enroller::report_clone(const DeviceId& id, const ClonePair& pair, Time now) {
  TRY(auto device, require_device(store_.read(), id));
  TRY(auto profile, profile_of(device));
  const Actor actor{id.str(), "mqtt"};
  Fields fields{{"one", in_words(pair.one)}, {"other", in_words(pair.other)}};
  registry::Transaction changes{timeline(id, now, event::clone_seen, fields)};
  const bool locked_out = registry::is_locked_out(device.state);
  // Two that fight for one connection are seen again and again: no deed, unless something follows.
  if (locked_out || (profile && !profile->quarantine_clones)) {
    TRY_VOID(store_.commit(std::move(changes)));
    log_.write(event::clone_seen, fields);
    return ok();
  }
  changes.push_back(audited(actor, now, device.account, id.str(), event::clone_seen, fields));
  TRY(auto certificates, store_.read().certificates_of(id));
  std::erase_if(certificates, [](const auto& each) { return !is_usable(each); });
  for (const registry::Certificate& each : certificates)
    changes.push_back(
        registry::SetCertificateState{each.serial, registry::CertificateState::revoked, now});
  TRY(auto keys, store_.read().keys_of(id));
  for (registry::DeviceKey& key : keys) {
    if (!is_in_force(key.state)) continue;
    key.state = registry::KeyState::quarantined;
    key.changed = now;
    changes.push_back(registry::PutKey{std::move(key)});
  }
  append_deed(changes, actor, device, now, event::device_quarantined, {});
  changes.push_back(update(std::move(device), registry::DeviceState::waiting,
                           "two devices are alive under this identity", now));
  TRY_VOID(store_.commit(std::move(changes)));
  log_.write(event::clone_seen, fields);
  log_.write(event::device_quarantined, {});
  for (const registry::Certificate& each : certificates) TRY_VOID(access_.revoke(each));
  return ok();
}

Result<bool> is_quarantined(registry::Registry& registry, const DeviceId& id) {
  TRY(auto keys, registry.keys_of(id));
  return std::ranges::any_of(keys, [](const registry::DeviceKey& each) {
    return each.state == registry::KeyState::quarantined;
  });
}

Result<void> Enroller::approve(const DeviceId& id, const Actor& actor, Time now, View wanted) {
  TRY(auto device, require_device(store_.read(), id));
  if (device.state == registry::DeviceState::decommissioned)
    return fail(Errc::conflict, "device '" + id.str() + "' is out of use; readmit it first");
  TRY(auto keys, store_.read().keys_of(id));
  // Many keys may ask for one device, one is accepted. Where none waits, a rejection is taken back:
  // never by accident at the expense of a key in force, so that one has to be named then.
  const registry::DeviceKey* chosen = newest_key(keys, wanted, is_undecided);
  const bool in_use =
      std::ranges::any_of(keys, [](const auto& key) { return is_in_force(key.state); });
  if (!chosen && (!in_use || !wanted.empty())) chosen = newest_key(keys, wanted, is_rejected);
  if (!chosen)
    return fail(Errc::not_found, "no key of device '" + id.str() + "' waits for approval");
  registry::Transaction changes;
  for (registry::DeviceKey key : keys) {
    const bool is_chosen = key.fingerprint == chosen->fingerprint;
    if (!is_chosen && !is_undecided(key.state) && !is_in_force(key.state)) continue;
    key.state = is_chosen ? registry::KeyState::accepted : registry::KeyState::superseded;
    key.changed = now;
    changes.push_back(registry::PutKey{std::move(key)});
  }
  changes.push_back(update(device, registry::DeviceState::waiting,
                           "approved; the device has to come again", now));
  append_deed(changes, actor, device, now, event::device_approved, {{"who", actor.who}});
  TRY_VOID(store_.commit(std::move(changes)));
  log_(event::device_approved, {{"who", actor.who}});
  return ok();
}

Result<void> Enroller::reject(const DeviceId& id, const Actor& actor, const std::string& reason,
                              Time now, View wanted) {
  TRY(auto device, require_device(store_.read(), id));
  TRY(auto keys, store_.read().keys_of(id));
  registry::Transaction changes;
  bool others_wait = false;
  for (registry::DeviceKey& key : keys) {
    if (!is_undecided(key.state)) continue;
    if (!wanted.empty() && !equal(key.fingerprint, wanted)) {
      others_wait = true;
      continue;
    }
    key.state = key.state == registry::KeyState::quarantined
                    ? registry::KeyState::rejected_as_copied
                    : registry::KeyState::rejected;
    key.changed = now;
    changes.push_back(registry::PutKey{std::move(key)});
  }
  if (changes.empty())
    return fail(Errc::not_found, "no key of device '" + id.str() + "' waits for approval");
  if (!others_wait)
    changes.push_back(update(device, registry::DeviceState::failed, "rejected: " + reason, now));
  append_deed(changes, actor, device, now, event::device_rejected,
              {{"who", actor.who}, {"reason", reason}});
  TRY_VOID(store_.commit(std::move(changes)));
  log_(event::device_rejected, {{"who", actor.who}, {"reason", reason}});
  return ok();
}

Result<Enroller::Revocation> Enroller::revocation_of(const DeviceId& id, const Actor& actor,
                                                     const std::string& reason, Time now) {
  TRY(auto device, require_device(store_.read(), id));
  Revocation out;
  TRY(out.certificates, store_.read().certificates_of(id));
  for (const registry::Certificate& each : out.certificates)
    if (each.state != registry::CertificateState::revoked)
      out.changes.push_back(
          registry::SetCertificateState{each.serial, registry::CertificateState::revoked, now});
  if (registry::is_locked_out(device.state)) return out;
  out.changes.push_back(update(device, registry::DeviceState::revoked, reason, now));
  Fields fields{{"who", actor.who}, {"reason", reason}};
  append_deed(out.changes, actor, device, now, event::device_revoked, fields);
  out.told.emplace_back(&event::device_revoked, std::move(fields));
  return out;
}

void Enroller::tell(const Revocation& revocation) {
  for (const auto& [event, fields] : revocation.told) log_.write(*event, fields);
}

// Also on repetition: should the first call have died after the commit, this one closes the door.
Result<void> Enroller::lock_out(Revocation revocation) {
  if (!revocation.changes.empty()) TRY_VOID(store_.commit(std::move(revocation.changes)));
  tell(revocation);
  for (const registry::Certificate& each : revocation.certificates) TRY_VOID(access_.revoke(each));
  return ok();
}

Result<void> Enroller::revoke(const DeviceId& id, const Actor& actor, const std::string& reason,
                              Time now) {
  for (int tries = 1;; ++tries) {
    TRY(auto revocation, revocation_of(id, actor, reason, now));
    auto done = lock_out(std::move(revocation));
    if (done || done.error().code != Errc::conflict || tries == conflict_retries) return done;
  }
}

Result<void> Enroller::readmit(const DeviceId& id, const Actor& actor, Time now) {
  TRY(auto device, require_device(store_.read(), id));
  if (!registry::is_locked_out(device.state))
    return fail(Errc::conflict, "device '" + id.str() + "' is neither revoked nor out of use");
  registry::Transaction changes;
  if (device.state == registry::DeviceState::decommissioned)
    TRY_VOID(append_return(store_.read(), device, now, changes));
  append_deed(changes, actor, device, now, event::device_readmitted, {{"who", actor.who}});
  changes.push_back(
      update(device, registry::DeviceState::known, "re-admitted; it may onboard again", now));
  TRY_VOID(store_.commit(std::move(changes)));
  log_(event::device_readmitted, {{"who", actor.who}});
  return ok();
}

}  // namespace fairlead::server
