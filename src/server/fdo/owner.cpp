// SPDX-License-Identifier: Apache-2.0
#include "server/fdo/owner.h"

#include "base/events.h"
#include "server/fdo/news.h"
#include "server/vouchers.h"

namespace fairlead::server {

namespace {

constexpr std::size_t cached_runs_max = 16'384;

// Of a voucher that devices can be onboarded with.
const std::vector<registry::VoucherState> in_service{registry::VoucherState::owned,
                                                     registry::VoucherState::pending,
                                                     registry::VoucherState::superseded};

const fdo::Nonce& run_of(const fdo::To2OwnerState& state) {
  return std::visit([](const auto& s) -> const fdo::Nonce& { return s.nonce_prove_dv; }, state);
}

// Our own devices get a Grant; others ask for their certificate by fdo.csr; then what the profile
// wants done.
std::shared_ptr<const fdo::OwnerPlan> plan_by(
    const std::shared_ptr<const EnrolmentProfile>& profile, const FileShelf& shelf) {
  auto plan = std::make_shared<fdo::OwnerPlan>();
  *plan = {fdo::action::Grant{}, fdo::action::Csr{}};
  if (!profile) return plan;
  std::size_t before = plan->size();
  plan->insert(plan->end(), profile->actions.begin(), profile->actions.end());
  for (const auto& [place, file] : profile->files)
    std::get<fdo::action::Download>((*plan)[before + place]).source = shelf.find(file);
  return plan;
}

}  // namespace

std::optional<ServedRun> RunCache::find(const fdo::Guid& guid, const fdo::Nonce& run) const {
  std::lock_guard lock(mutex_);
  auto found = entries_.find(guid);
  if (found == entries_.end() || found->second.run != run) return std::nullopt;
  return found->second.served;
}

void RunCache::keep(const fdo::Guid& guid, const fdo::Nonce& run, ServedRun served) {
  std::lock_guard lock(mutex_);
  if (entries_.size() >= cached_runs_max) entries_.clear();
  entries_.insert_or_assign(guid, Entry{run, std::move(served)});
}

void RunCache::forget(const fdo::Guid& guid) {
  std::lock_guard lock(mutex_);
  entries_.erase(guid);
}

Result<registry::Voucher> Owner::find_record(const fdo::Guid& guid) {
  TRY(auto record, store_.read().find_voucher(guid));
  if (!record || std::ranges::find(in_service, record->state) == in_service.end())
    return fail(Errc::not_found, "this owner has no voucher for device " + fdo::to_text(guid));
  return std::move(*record);
}

Result<ServedRun> Owner::find(const fdo::Guid& guid) {
  TRY(auto record, find_record(guid));
  TRY(auto voucher, fdo::decode_stored_voucher(record.encoded).in("stored voucher"));
  return ServedRun{std::make_shared<const registry::Voucher>(std::move(record)),
                   std::make_shared<const fdo::Voucher>(std::move(voucher)), nullptr};
}

Result<ServedRun> Owner::resume(const fdo::To2OwnerState& state) {
  const fdo::Guid& guid = fdo::guid_of(state);
  if (auto known = runs_.find(guid, run_of(state))) return std::move(*known);
  TRY(auto served, find(guid));
  runs_.keep(guid, run_of(state), served);
  return served;
}

void Owner::record(const DeviceId& device, const LogEvent& event, Fields fields, Time now) {
  log_.write(event, fields);
  ignore(store_.commit({timeline(device, now, event, std::move(fields))}),
         "what happened was logged; the run goes on");
}

fdo::Outcome<Answer> Owner::on_hello_device(View body, const Caller& caller) {
  TRY(auto hello, fdo::decode_hello_device(body));
  TRY(auto served, find(hello.guid));  // before any signature is made
  fdo::To2OwnerContext context{*served.voucher, *identity_.owner, random_, false,
                               served.voucher->header.rendezvous};
  TRY(auto started, fdo::on_hello_device(context, body));
  runs_.keep(hello.guid, run_of(started.state), std::move(served));
  log_(event::to2_started, {{"guid", fdo::to_text(hello.guid)}, {"peer", caller.peer}});
  return Answer{61, std::move(started.message61), fdo::encode_state(started.state)};
}

fdo::Outcome<Answer> Owner::on_message(std::uint8_t type, View stored, View body,
                                       const Caller& caller) {
  auto state = fdo::decode_state(stored);
  if (!state) return fdo::refuse(fdo::ErrorCode::internal, state.error().context);
  TRY(auto served, resume(*state));
  DeviceId device = served.record->device;
  bool proven = !std::holds_alternative<fdo::to2::ProvingDevice>(*state);
  auto answer = step(type, std::move(*state), served, body, caller);
  // Before a good 64 nobody has proven anything, and what a stranger does is no part of the
  // device's story.
  if (!answer && proven)
    record(device, event::to2_failed,
           {{"guid", fdo::to_text(*fdo::Guid::from(served.record->guid))},
            {"message", std::to_string(type)},
            {"why", answer.error().why}},
           caller.now);
  return answer;
}

fdo::Outcome<Answer> Owner::step(std::uint8_t type, fdo::To2OwnerState state, ServedRun served,
                                 View body, const Caller& caller) {
  if (auto* proving = std::get_if<fdo::to2::ProvingDevice>(&state)) {
    if (type == 62) {
      fdo::To2OwnerContext context{*served.voucher, *identity_.owner, random_, false,
                                   served.voucher->header.rendezvous};
      auto message63 = fdo::on_get_next_entry(context, *proving, body);
      if (!message63) return std::unexpected(message63.error());
      return Answer{63, std::move(*message63), fdo::encode_state(state)};
    }
    if (type == 64) return prove(std::move(*proving), std::move(served), body, caller);
  }
  if (auto* setting_up = std::get_if<fdo::to2::SettingUp>(&state); setting_up && type == 66)
    return ready(std::move(*setting_up), served, body, caller);
  if (auto* exchanging = std::get_if<fdo::to2::Exchanging>(&state)) {
    if (type == 68) return exchange(std::move(*exchanging), std::move(served), body, caller);
    if (type == 70) return finish(std::move(*exchanging), served, body, caller);
  }
  return fdo::refuse(fdo::ErrorCode::invalid_message,
                     "message " + std::to_string(type) + " is out of order");
}

fdo::Outcome<Answer> Owner::prove(fdo::to2::ProvingDevice state, ServedRun served, View body,
                                  const Caller& caller) {
  const fdo::Nonce run = state.nonce_prove_dv;
  TRY(auto device, require_device(served.record->device));
  TRY(auto profile, enroller_.profile_of(device));
  bool reuse = profile && profile->allow_credential_reuse;
  fdo::To2OwnerContext context{*served.voucher, *identity_.owner, random_, reuse,
                               served.voucher->header.rendezvous};
  TRY(auto proven, fdo::on_prove_device(context, std::move(state), body));
  // A device with nothing but standard modules asks for no Grant that could be refused, and would
  // get the profile's files and commands.
  if (registry::is_locked_out(device.state)) {
    const std::string why = device.state == registry::DeviceState::revoked
                                ? "device is revoked"
                                : "device was taken out of use";
    record(device.id, event::to2_failed,
           {{"guid", fdo::to_text(served.voucher->header.guid)},
            {"message", "64"},
            {"why", "the " + why}},
           caller.now);
    return fdo::refuse(fdo::ErrorCode::invalid_message, "this " + why);
  }
  // A valid 64 under the new GUID proves that the device holds the replacement.
  if (!served.record->replaces.empty()) {
    TRY_VOID(confirm(*served.record, caller.now));
    auto owned = std::make_shared<registry::Voucher>(*served.record);
    owned->state = registry::VoucherState::owned;
    served.record = std::move(owned);
  }
  Fields fields{{"guid", fdo::to_text(served.voucher->header.guid)}};
  log_.write(event::to2_device_proven, fields);
  store_.commit_soon(
      {timeline(served.record->device, caller.now, event::to2_device_proven, std::move(fields))});
  served.plan = plan_by(profile, files_);
  runs_.keep(fdo::guid_of(proven.state), run, std::move(served));
  return Answer{65, std::move(proven.message65), fdo::encode_state(proven.state)};
}

fdo::Outcome<Answer> Owner::ready(fdo::to2::SettingUp state, const ServedRun& served, View body,
                                  const Caller& caller) {
  fdo::To2OwnerContext context{*served.voucher, *identity_.owner, random_, false,
                               served.voucher->header.rendezvous};
  TRY(auto ready, fdo::on_service_info_ready(context, std::move(state), body));
  if (ready.replacement) {
    TRY_VOID(stage(served, *ready.replacement, caller.now));
  }
  return Answer{67, std::move(ready.message67), fdo::encode_state(ready.state)};
}

// Durable before 67. Extended to our own key, so that it can be served at once: a lost 71 may bring
// the device back under either GUID.
Result<void> Owner::stage(const ServedRun& served, const fdo::Voucher& replacement, Time now) {
  TRY(auto extended,
      fdo::extend_voucher(replacement, *identity_.owner, served.voucher->owner_key()));
  registry::Voucher record = *served.record;
  record.guid = to_bytes(View(replacement.header.guid));
  record.state = registry::VoucherState::pending;
  record.replaces = served.record->guid;
  record.encoded = extended.encode();
  record.created = record.changed = now;
  registry::Transaction changes;
  TRY(auto earlier,
      store_.read().vouchers({{}, registry::VoucherState::pending, {}, record.device}, {}));
  for (const registry::Voucher& each : earlier) {
    // The device has just proven itself under what both are to replace: that run came to nothing.
    if (each.replaces != record.replaces) continue;
    TRY_VOID(append_retirement(store_.read(), each, now, changes));
  }
  changes.push_back(registry::InsertVoucher{record});
  for (auto& job : to0_jobs_for(extended, now))
    changes.push_back(registry::PutTo0Job{std::move(job)});
  changes.push_back(timeline(record.device, now, event::to2_credential_staged,
                             {{"guid", fdo::to_text(served.voucher->header.guid)},
                              {"new_guid", fdo::to_text(replacement.header.guid)}}));
  changes.push_back(registry::RequireVoucher{served.record->guid, in_service});
  auto staged = store_.commit(std::move(changes));
  // It may have been sold meanwhile, and then this says so.
  if (!staged && staged.error().code == Errc::conflict)
    TRY_VOID(find_record(served.voucher->header.guid));
  return staged;
}

fdo::Outcome<Answer> Owner::exchange(fdo::to2::Exchanging state, ServedRun served, View body,
                                     const Caller& caller) {
  if (!served.plan) {
    TRY(auto device, require_device(served.record->device));
    TRY(auto profile, enroller_.profile_of(device));
    served.plan = plan_by(profile, files_);
  }
  News news(store_, enroller_, log_, served.record->device, caller);
  TRY(auto exchanged,
      fdo::on_device_service_info(random_, std::move(state), *served.plan, news, body));
  TRY_VOID(news.store());
  // An Offer names the device's model, by which another profile may match than at message 64.
  if (news.granted_by()) served.plan = plan_by(news.granted_by(), files_);
  runs_.keep(fdo::guid_of(exchanged.state), run_of(exchanged.state), std::move(served));
  return Answer{69, std::move(exchanged.message69), fdo::encode_state(exchanged.state)};
}

Result<registry::Device> Owner::require_device(const DeviceId& id) {
  TRY(auto device, store_.read().find_device(id));
  if (!device) return fail(Errc::internal, "voucher without its device");
  return std::move(*device);
}

fdo::Outcome<Answer> Owner::finish(fdo::to2::Exchanging state, const ServedRun& served, View body,
                                   const Caller& caller) {
  TRY(auto finished, fdo::on_done(random_, std::move(state), body));
  registry::Transaction changes;
  const DeviceId& id = served.record->device;
  TRY(auto device, store_.read().find_device(id));
  if (!device) return fdo::refuse(fdo::ErrorCode::internal, "voucher without its device");
  std::uint64_t revision = device->revision;
  device->changed = device->last_seen = caller.now;
  // A device that asked for no access has nothing that would move it on from here.
  if (device->state == registry::DeviceState::known) {
    device->state = registry::DeviceState::onboarded;
    device->state_reason = "onboarded; it asked for no access to the upstream";
  }
  if (finished.guid != finished.new_guid) {
    using enum registry::VoucherState;
    device->guid = to_bytes(View(finished.new_guid));
    changes.push_back(registry::SetVoucherState{device->guid, {pending}, owned, caller.now});
    changes.push_back(registry::SetVoucherState{to_bytes(View(finished.guid)), in_service,
                                                superseded, caller.now});
  }
  changes.push_back(registry::UpdateDevice{std::move(*device), revision});
  Fields fields{{"guid", fdo::to_text(finished.guid)},
                {"new_guid", fdo::to_text(finished.new_guid)}};
  changes.push_back(timeline(id, caller.now, event::to2_finished, fields));
  TRY_VOID(store_.commit(std::move(changes)));
  log_.write(event::to2_finished, fields);
  runs_.forget(finished.guid);
  return Answer{71, std::move(finished.message71), {}};
}

Result<void> Owner::confirm(const registry::Voucher& present, Time now) {
  TRY(auto changes, drop_superseded(store_.read(), present, now));
  // Also one that was superseded too early: the answer to 70 was lost, and the device came back
  // under this.
  if (present.state != registry::VoucherState::owned) {
    TRY(auto device, require_device(present.device));
    registry::Voucher owned = present;
    owned.state = registry::VoucherState::owned;
    owned.changed = now;
    std::uint64_t revision = device.revision;
    device.guid = present.guid;
    changes.push_back(registry::ReplaceVoucher{std::move(owned), present.state});
    changes.push_back(registry::UpdateDevice{std::move(device), revision});
  }
  return changes.empty() ? ok() : store_.commit(std::move(changes));
}

}  // namespace fairlead::server
