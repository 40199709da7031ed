// SPDX-License-Identifier: Apache-2.0
#include "server/broker_access.h"

namespace fairlead::server {

namespace {
Result<upstream::AccessEntry> entry_of(const registry::Certificate& certificate) {
  auto fingerprint = upstream::CertificateFingerprint::from(certificate.fingerprint);
  if (!fingerprint) return fail(Errc::internal, "certificate with a strange fingerprint");
  bool revoked = certificate.state == registry::CertificateState::revoked;
  return upstream::AccessEntry{
      *fingerprint,
      revoked ? upstream::AccessState::revoked : upstream::AccessState::active,
      upstream::AccessRole::device,
      1,
      certificate.device.str(),
      certificate.topic_prefix};
}

Result<void> revoke_entry(upstream::AccessWriter& table, const upstream::AccessEntry& entry) {
  auto revoked = table.revoke(entry.fingerprint);
  if (!revoked && revoked.error().code == Errc::not_found)
    return ok();  // not let in, so not let in
  return revoked;
}
}  // namespace

Result<void> BrokerAccess::admit(const registry::Certificate& certificate) {
  TRY(auto entry, entry_of(certificate));
  std::lock_guard lock(mutex_);
  return table_->put(entry);
}

Result<void> BrokerAccess::revoke(const registry::Certificate& certificate) {
  TRY(auto entry, entry_of(certificate));
  std::lock_guard lock(mutex_);
  return revoke_entry(*table_, entry);
}

Result<void> BrokerAccess::admit_service(const upstream::AccessEntry& service) {
  std::lock_guard lock(mutex_);
  return table_->put(service);
}

Result<void> BrokerAccess::rebuild(registry::Registry& registry,
                                   const upstream::AccessEntry& service) {
  TRY(std::uint64_t before, registry.last_certificate_change());
  std::vector<upstream::AccessEntry> entries{service};
  for (auto state : {registry::CertificateState::issued, registry::CertificateState::active,
                     registry::CertificateState::revoked}) {
    registry::Page page{"", 1000};
    for (;;) {
      TRY(auto certificates, registry.certificates_in(state, page));
      for (const registry::Certificate& each : certificates) {
        TRY(auto entry, entry_of(each));
        entries.push_back(std::move(entry));
      }
      if (certificates.size() < page.limit) break;
      page.after = to_hex(certificates.back().serial);
    }
  }
  std::lock_guard lock(mutex_);
  followed_ = before;
  return table_->rebuild(entries);
}

// A certificate that another took its place has no access either, and revoked it stays.
Result<void> BrokerAccess::carry_over(const registry::Certificate& certificate) {
  TRY(auto entry, entry_of(certificate));
  using enum registry::CertificateState;
  if (certificate.state == issued || certificate.state == active) return table_->put(entry);
  return revoke_entry(*table_, entry);
}

// The registry is read with the table locked: what this server itself takes away meanwhile waits,
// and so is not given back by what was read before.
Result<void> BrokerAccess::follow(registry::Registry& registry) {
  constexpr std::size_t at_once = 1000;
  std::lock_guard lock(mutex_);
  for (;;) {
    TRY(auto changes, registry.certificates_changed(followed_, at_once));
    for (const registry::Certificate& each : changes.certificates) TRY_VOID(carry_over(each));
    followed_ = changes.upto;
    if (changes.certificates.size() < at_once) return ok();
  }
}

Result<void> BrokerAccess::heartbeat(Time now) {
  std::lock_guard lock(mutex_);
  return table_->heartbeat(now);
}

}  // namespace fairlead::server
