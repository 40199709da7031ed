// SPDX-License-Identifier: Apache-2.0
#include "server/vouchers.h"

#include "base/events.h"
#include "server/trust.h"

namespace fairlead::server {

namespace {

std::string url_of(const fdo::Candidate& candidate) {
  std::string host =
      candidate.host.find(':') == std::string::npos ? candidate.host : "[" + candidate.host + "]";
  return (candidate.tls ? "https://" : "http://") + host + ":" + std::to_string(candidate.port);
}

std::string serial_of(const fdo::Voucher& voucher) {
  std::string name = voucher.device_chain.front().common_name();
  return name.empty() ? voucher.header.device_info : name;
}

registry::Device new_device(const fdo::Voucher& voucher, const AccountId& account, Time now) {
  registry::Device device;
  device.id = device_id_of(voucher);
  device.account = account;
  device.serial = device.name = serial_of(voucher);
  device.device_info = voucher.header.device_info;
  device.guid = to_bytes(View(voucher.header.guid));
  device.state = registry::DeviceState::known;
  device.state_reason = "voucher imported; the device has not been seen yet";
  device.created = device.changed = now;
  return device;
}

// Revoked because it went to another owner, and for no other reason.
Result<bool> was_sold(registry::Registry& registry, const registry::Device& device) {
  if (device.state != registry::DeviceState::revoked) return false;
  TRY(auto last, registry.find_voucher(device.guid));
  return last && last->state == registry::VoucherState::handed_over &&
         last->changed == device.changed;
}

}  // namespace

DeviceId device_id_of(const crypto::PublicKey& device_key) {
  return DeviceId("d-" + device_key.fingerprint().hex().substr(0, 16));
}

DeviceId device_id_of(const fdo::Voucher& voucher) {
  return device_id_of(voucher.device_chain.front().public_key());
}

std::vector<registry::To0Job> to0_jobs_for(const fdo::Voucher& voucher, Time due) {
  std::vector<registry::To0Job> jobs;
  for (const fdo::Directive& directive : voucher.header.rendezvous.directives) {
    if (directive.bypass) continue;
    for (const fdo::Candidate& candidate : fdo::candidates(directive, fdo::RvSide::owner)) {
      registry::To0Job job{to_bytes(View(voucher.header.guid)), url_of(candidate), due, 0, {}, {}};
      if (std::ranges::find(jobs, job.rendezvous, &registry::To0Job::rendezvous) == jobs.end())
        jobs.push_back(std::move(job));
    }
  }
  return jobs;
}

Result<void> Vouchers::check(const fdo::Voucher& voucher, const AccountId& account) {
  TRY_VOID(fdo::verify_voucher(voucher));
  if (voucher.entries.empty())
    return fail(Errc::untrusted,
                "voucher has no entry: its maker has to extend it to this owner's key first");
  if (!(voucher.owner_key().key == identity_.owner->public_key()))
    return fail(
        Errc::untrusted,
        "voucher belongs to another owner: its last entry does not name this server's owner key "
        "(`fairlead factory keys` shows it)");
  const crypto::PublicKey& maker = voucher.header.manufacturer_key.key;
  if (maker == identity_.manufacturer->public_key()) return ok();
  TRY(bool trusted,
      is_trusted(store_.read(), account, maker, registry::TrustedKey::Kind::manufacturer));
  if (!trusted)
    return fail(Errc::untrusted,
                "its manufacturer's key " + maker.fingerprint().hex().substr(0, 16) +
                    "… is not on the list of account '" + account.str() +
                    "'; add it with `fairlead trust add` or ask who sent the voucher");
  return ok();
}

Result<Vouchers::Prepared> Vouchers::prepare(const fdo::Voucher& voucher, const AccountId& account,
                                             bool dry, const Actor& actor, Time now) {
  const fdo::Guid& guid = voucher.header.guid;
  auto checked = check(voucher, account);
  if (!checked) {
    log_(event::voucher_refused, {{"guid", fdo::to_text(guid)}, {"why", checked.error().context}});
    return std::unexpected(checked.error());
  }
  Bytes encoded = voucher.encode();
  TRY(auto known, store_.read().find_voucher(guid));
  TRY(auto device, store_.read().find_device(device_id_of(voucher)));
  // One owner key serves every account here, so an old copy of a voucher must not move a device
  // between them.
  if (device && device->account != account)
    return fail(Errc::conflict, "the device is here already, in another account");
  if (known && known->state == registry::VoucherState::replaced)
    return Prepared{Import::outlived, {}, {}};
  bool ours_made = known && (known->state == registry::VoucherState::made ||
                             known->state == registry::VoucherState::handed_over);
  if (known && !ours_made && known->encoded == encoded) return Prepared{Import::unchanged, {}, {}};
  if (known && !ours_made)
    return fail(Errc::conflict, "another voucher for this device is here already");
  if (device && device->state == registry::DeviceState::decommissioned)
    return fail(Errc::refused, "the device was taken out of use here; `fairlead readmit " +
                                   device->id.str() + "` lets it come again");
  TRY(auto accounts, store_.read().find_account(account));
  if (!accounts) return fail(Errc::not_found, "there is no account '" + account.str() + "'");
  if (dry) return Prepared{Import::imported, {}, {}};

  registry::Voucher record;
  record.guid = to_bytes(View(guid));
  record.account = account;
  record.state = registry::VoucherState::owned;
  record.serial = serial_of(voucher);
  record.device_info = voucher.header.device_info;
  record.device = device_id_of(voucher);
  record.encoded = std::move(encoded);
  record.created = known ? known->created : now;
  record.changed = now;

  registry::Transaction changes;
  if (!device) {
    changes.push_back(registry::InsertDevice{new_device(voucher, account, now)});
  } else {
    TRY(bool comes_back, was_sold(store_.read(), *device));
    if (comes_back) {
      device->state = registry::DeviceState::known;
      device->state_reason = "bought back; the device has not been seen yet";
    }
    std::uint64_t revision = device->revision;
    device->guid = record.guid;
    device->changed = now;
    changes.push_back(registry::UpdateDevice{std::move(*device), revision});
  }
  Fields fields{{"guid", fdo::to_text(guid)}, {"serial", record.serial}};
  changes.push_back(timeline(record.device, now, event::voucher_imported, fields));
  changes.push_back(
      audited(actor, now, account, record.device.str(), event::voucher_imported, fields));
  for (auto& job : to0_jobs_for(voucher, now))
    changes.push_back(registry::PutTo0Job{std::move(job)});
  if (known)
    changes.push_back(registry::ReplaceVoucher{std::move(record), known->state});
  else
    changes.push_back(registry::InsertVoucher{std::move(record)});
  return Prepared{Import::imported, std::move(changes), std::move(fields)};
}

std::vector<Result<Import>> Vouchers::import_all(std::span<const fdo::Voucher> vouchers,
                                                 const AccountId& account, bool dry,
                                                 const Actor& actor, Time now) {
  std::vector<Result<Prepared>> prepared;
  std::vector<registry::Transaction> transactions;
  for (const fdo::Voucher& voucher : vouchers) {
    prepared.push_back(prepare(voucher, account, dry, actor, now));
    if (prepared.back() && !prepared.back()->changes.empty())
      transactions.push_back(std::move(prepared.back()->changes));
  }
  auto stored = store_.commit_all(std::move(transactions));
  std::vector<Result<Import>> outcomes;
  auto next = stored.begin();
  for (std::size_t i = 0; i < vouchers.size(); ++i) {
    if (!prepared[i]) {
      outcomes.emplace_back(fail(prepared[i].error()));
    } else if (prepared[i]->told.empty()) {
      outcomes.emplace_back(prepared[i]->outcome);
    } else if (auto written = std::move(*next++); written) {
      log_.write(event::voucher_imported, prepared[i]->told);
      outcomes.emplace_back(prepared[i]->outcome);
    } else if (written.error().code == Errc::conflict && vouchers.size() > 1) {
      // Its device came twice in this request: seen by itself, it is told what it is.
      outcomes.push_back(import(vouchers[i], account, dry, actor, now));
    } else {
      outcomes.emplace_back(fail(written.error()));
    }
  }
  return outcomes;
}

Result<Import> Vouchers::import(const fdo::Voucher& voucher, const AccountId& account, bool dry,
                                const Actor& actor, Time now) {
  return std::move(import_all({&voucher, 1}, account, dry, actor, now).front());
}

Result<fdo::Voucher> Vouchers::extend(const fdo::Guid& guid, const fdo::ShownKey& next_owner,
                                      const Actor& actor, Time now, Sale sale) {
  // The device's record may change meanwhile: it comes online, or goes.
  for (int tries = 1;; ++tries) {
    auto extended = extend_once(guid, next_owner, actor, now, sale);
    bool again = !extended && extended.error().code == Errc::conflict && tries < 3;
    if (!again) return extended;
  }
}

Result<fdo::Voucher> Vouchers::extend_once(const fdo::Guid& guid, const fdo::ShownKey& next_owner,
                                           const Actor& actor, Time now, Sale sale) {
  TRY(auto record, store_.read().find_voucher(guid));
  if (!record) return fail(Errc::not_found, "there is no voucher " + fdo::to_text(guid));
  if (record->state != registry::VoucherState::made &&
      record->state != registry::VoucherState::owned)
    return fail(Errc::conflict, "voucher " + fdo::to_text(guid) +
                                    " can't be extended: it was handed over or replaced");
  TRY(auto voucher, fdo::decode_stored_voucher(record->encoded));
  crypto::Signer& signer = voucher.owner_key().key == identity_.owner->public_key()
                               ? *identity_.owner
                               : *identity_.manufacturer;
  // FDO 1.1 §3.4: all keys of a voucher have type and encoding of the manufacturer's.
  bool to_us = next_owner.chain.empty() && next_owner.key == identity_.owner->public_key();
  TRY(auto key,
      fdo::make_public_key_in(voucher.header.manufacturer_key.encoding,
                              to_us ? fdo::ShownKey({identity_.owner_certificate}) : next_owner));
  TRY(auto extended, fdo::extend_voucher(voucher, signer, key));
  registry::VoucherState before = record->state;
  registry::Transaction changes;
  TRY_VOID(append_leave(*record, sale, now, changes));
  record->state = registry::VoucherState::handed_over;
  record->encoded = extended.encode();
  record->changed = now;
  Fields fields{{"guid", fdo::to_text(guid)},
                {"to", next_owner.key.fingerprint().hex().substr(0, 16)}};
  if (!record->device.empty())
    changes.push_back(timeline(record->device, now, event::voucher_handed_over, fields));
  changes.push_back(
      audited(actor, now, record->account, fdo::to_text(guid), event::voucher_handed_over, fields));
  changes.push_back(registry::ReplaceVoucher{std::move(*record), before});
  TRY_VOID(store_.commit(std::move(changes)));
  log_.write(event::voucher_handed_over, fields);
  return extended;
}

// What ends here with the sale: registrations, other vouchers of the device, its access.
Result<void> Vouchers::append_leave(const registry::Voucher& sold, Sale sale, Time now,
                                    registry::Transaction& changes) {
  TRY(auto jobs, store_.read().to0_jobs_of(sold.guid));
  for (const auto& job : jobs) changes.push_back(registry::RemoveTo0Job{job.guid, job.rendezvous});
  if (sold.state == registry::VoucherState::made) return ok();  // never was in service here
  using enum registry::VoucherState;
  for (registry::VoucherState state : {owned, superseded, pending}) {
    TRY(auto others, store_.read().vouchers({{}, state, {}, sold.device}, {}));
    for (registry::Voucher& each : others) {
      if (each.guid == sold.guid) continue;
      if (state != pending && sale == Sale::confirmed)
        return fail(Errc::conflict,
                    "the device has not been seen under this GUID yet, and may still hold " +
                        fdo::to_text(*fdo::Guid::from(each.guid)) +
                        "; the next owner could not onboard it. Wait until it has connected");
      TRY_VOID(append_retirement(store_.read(), std::move(each), now, changes));
    }
  }
  TRY(auto certificates, store_.read().certificates_of(sold.device));
  for (const registry::Certificate& each : certificates)
    if (each.state != registry::CertificateState::revoked)
      changes.push_back(
          registry::SetCertificateState{each.serial, registry::CertificateState::revoked, now});
  TRY(auto device, store_.read().find_device(sold.device));
  if (!device || registry::is_locked_out(device->state)) return ok();
  std::uint64_t revision = device->revision;
  device->state = registry::DeviceState::revoked;
  device->state_reason = "handed over to another owner";
  device->changed = now;
  changes.push_back(registry::UpdateDevice{std::move(*device), revision});
  return ok();
}

Result<void> append_retirement(registry::Registry& registry, registry::Voucher voucher, Time now,
                               registry::Transaction& changes) {
  TRY(auto jobs, registry.to0_jobs_of(voucher.guid));
  for (const auto& job : jobs) changes.push_back(registry::RemoveTo0Job{job.guid, job.rendezvous});
  registry::VoucherState before = voucher.state;
  if (before == registry::VoucherState::pending) {
    changes.push_back(registry::RemoveVoucher{voucher.guid});
    return ok();
  }
  voucher.state = registry::VoucherState::replaced;
  voucher.encoded.clear();
  voucher.changed = now;
  changes.push_back(registry::ReplaceVoucher{std::move(voucher), before});
  return ok();
}

Result<registry::Transaction> drop_superseded(registry::Registry& registry,
                                              const registry::Voucher& present, Time now) {
  registry::Transaction changes;
  if (present.replaces.empty()) return changes;
  // Also owned ones: when 71 is lost twice, two replacements look finished, and the device has one
  // of them.
  using enum registry::VoucherState;
  for (registry::VoucherState state : {owned, pending, superseded}) {
    TRY(auto vouchers, registry.vouchers({{}, state, {}, present.device}, {}));
    for (registry::Voucher& each : vouchers)
      if (each.guid != present.guid)
        TRY_VOID(append_retirement(registry, std::move(each), now, changes));
  }
  if (changes.empty()) return changes;
  changes.push_back(timeline(present.device, now, event::to2_credential_confirmed,
                             {{"guid", fdo::to_text(*fdo::Guid::from(present.guid))},
                              {"old_guid", fdo::to_text(*fdo::Guid::from(present.replaces))}}));
  return changes;
}

}  // namespace fairlead::server
