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
}  // namespace

Result<void> BrokerAccess::admit(const registry::Certificate& certificate) {
  TRY(auto entry, entry_of(certificate));
  std::lock_guard lock(mutex_);
  return table_->put(entry);
}

Result<void> BrokerAccess::revoke(const registry::Certificate& certificate) {
  TRY(auto entry, entry_of(certificate));
  std::lock_guard lock(mutex_);
  auto revoked = table_->revoke(entry.fingerprint);
  if (!revoked && revoked.error().code == Errc::not_found)
    return ok();  // not let in, so not let in
  return revoked;
}

Result<void> BrokerAccess::rebuild(registry::Registry& registry,
                                   const upstream::AccessEntry& service) {
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
  return table_->rebuild(entries);
}

Result<void> BrokerAccess::heartbeat(Time now) {
  std::lock_guard lock(mutex_);
  return table_->heartbeat(now);
}

}  // namespace fairlead::server
