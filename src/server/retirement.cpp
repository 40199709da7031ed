// SPDX-License-Identifier: Apache-2.0
// The end of a device's life here: Enroller's part of it, and the registry's.
#include "server/retirement.h"

#include "base/events.h"
#include "server/enroller.h"
#include "server/enroller_records.h"
#include "server/vouchers.h"

namespace fairlead::server {

namespace {

Result<std::vector<registry::Voucher>> live_vouchers(registry::Registry& registry,
                                                     const DeviceId& device) {
  std::vector<registry::Voucher> out;
  using enum registry::VoucherState;
  for (registry::VoucherState state : {owned, superseded, pending}) {
    TRY(auto some, registry.vouchers({{}, state, {}, device}, {}));
    std::ranges::move(some, std::back_inserter(out));
  }
  return out;
}

}  // namespace

Result<void> append_withdrawal(registry::Registry& registry, const registry::Device& device,
                               registry::Transaction& changes) {
  TRY(auto vouchers, live_vouchers(registry, device.id));
  for (const registry::Voucher& each : vouchers) {
    TRY(auto jobs, registry.to0_jobs_of(each.guid));
    for (const registry::To0Job& job : jobs)
      changes.push_back(registry::RemoveTo0Job{job.guid, job.rendezvous});
    changes.push_back(registry::RemoveRegistration{each.guid});
  }
  changes.push_back(registry::RemoveBootstrapKey{device.id});
  return ok();
}

Result<void> append_return(registry::Registry& registry, const registry::Device& device, Time now,
                           registry::Transaction& changes) {
  TRY(auto vouchers, live_vouchers(registry, device.id));
  for (const registry::Voucher& each : vouchers) {
    if (each.state != registry::VoucherState::owned) continue;
    TRY(auto voucher, fdo::decode_voucher(each.encoded).in("stored voucher"));
    for (registry::To0Job& job : to0_jobs_for(voucher, now))
      changes.push_back(registry::PutTo0Job{std::move(job)});
  }
  return ok();
}

// Before anything is written: cut off, it could not be told.
std::string Enroller::send_off(const registry::Device& device) {
  if (device.state == registry::DeviceState::decommissioned) return {};  // it was, or was away
  if (device.state != registry::DeviceState::online || !farewell_)
    return "It was not connected: its secrets are on it until somebody resets it.";
  if (farewell_->send_off(device.id, topic_prefix_of(device.account, device.id)))
    return "It was told to remove its secrets, and said that it has.";
  return "It was told to remove its secrets, and has not answered.";
}

Result<Enroller::Revocation> Enroller::retirement_of(const registry::Device& device,
                                                     const Actor& actor, const std::string& reason,
                                                     const std::string& secrets, Time now) {
  Revocation out;
  TRY(out.certificates, store_.read().certificates_of(device.id));
  for (const registry::Certificate& each : out.certificates)
    if (each.state != registry::CertificateState::revoked)
      out.changes.push_back(
          registry::SetCertificateState{each.serial, registry::CertificateState::revoked, now});
  if (device.state == registry::DeviceState::decommissioned) return out;
  // Its keys are gone or will never be asked for: should it come again, it comes with new ones.
  TRY(auto keys, store_.read().keys_of(device.id));
  for (registry::DeviceKey& key : keys) {
    if (!is_in_force(key.state) && !is_undecided(key.state)) continue;
    key.state = registry::KeyState::superseded;
    key.changed = now;
    out.changes.push_back(registry::PutKey{std::move(key)});
  }
  TRY_VOID(append_withdrawal(store_.read(), device, out.changes));
  Fields fields{
      {"who", actor.who}, {"reason", reason}, {"name", device.name}, {"secrets", secrets}};
  append_deed(out.changes, actor, device, now, event::device_decommissioned, fields);
  out.told.emplace_back(&event::device_decommissioned, std::move(fields));
  registry::Device nameless = device;
  nameless.name.clear();
  out.changes.push_back(update(std::move(nameless), registry::DeviceState::decommissioned,
                               reason + ". " + secrets, now));
  return out;
}

Result<void> Enroller::retire(const DeviceId& id, const DeviceId& successor, const Actor& actor,
                              const std::string& reason, Time now) {
  TRY(auto first, require_device(store_.read(), id));
  const std::string secrets = send_off(first);
  for (int tries = 1;; ++tries) {
    TRY(auto device, require_device(store_.read(), id));  // it has just gone offline
    TRY(auto retirement, retirement_of(device, actor, reason, secrets, now));
    if (!successor.empty()) {
      TRY(auto next, require_device(store_.read(), successor));
      next.name = device.name;
      next.groups = device.groups;
      Fields fields{{"who", actor.who}, {"old", id.str()}, {"name", next.name}};
      append_deed(retirement.changes, actor, next, now, event::device_took_place, fields);
      retirement.told.emplace_back(&event::device_took_place, std::move(fields));
      registry::DeviceState state = next.state;
      std::string why = next.state_reason;
      retirement.changes.push_back(update(std::move(next), state, std::move(why), now));
    }
    auto done = lock_out(std::move(retirement));
    if (done || done.error().code != Errc::conflict || tries == conflict_retries) return done;
  }
}

Result<void> Enroller::decommission(const DeviceId& id, const Actor& actor,
                                    const std::string& reason, Time now) {
  return retire(id, {}, actor, reason, now);
}

Result<void> Enroller::replace(const DeviceId& old, const DeviceId& successor, const Actor& actor,
                               Time now) {
  if (old == successor) return fail(Errc::conflict, "a device can't take its own place");
  TRY(auto before, require_device(store_.read(), old));
  TRY(auto next, require_device(store_.read(), successor));
  if (before.account != next.account)
    return fail(Errc::conflict, "the two devices are of different accounts");
  if (before.state == registry::DeviceState::decommissioned)
    return fail(Errc::conflict, "device '" + old.str() + "' is out of use, and its name is free");
  if (registry::is_locked_out(next.state))
    return fail(Errc::conflict, "device '" + successor.str() + "' is locked out itself");
  return retire(old, successor, actor, "replaced by " + successor.str(), now);
}

}  // namespace fairlead::server
