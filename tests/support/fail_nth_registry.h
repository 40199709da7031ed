// SPDX-License-Identifier: Apache-2.0
// The registry whose n-th call fails, so that a test executes every error return of the code that
// uses it:
//
//   for (int n = 0;; ++n) {
//     FailNth registry(real, n);
//     auto outcome = claim(registry, …);
//     if (!registry.fired()) { EXPECT_TRUE(outcome); break; }
//     …nothing may be half-written
//   }
#pragma once

#include <atomic>

#include "registry/registry.h"

namespace fairlead::test {

class FailNth : public registry::Registry {
 public:
  // Call number `nth` (from 0; every call of the port counts) does nothing and returns `code`; the
  // others pass.
  FailNth(registry::Registry& real, int nth, Errc code = Errc::io)
      : real_(real), nth_(nth), code_(code) {}

  bool fired() const { return calls_ > nth_; }
  int calls() const { return calls_; }

  using Registry::write;
  std::vector<Result<void>> write(std::span<const registry::Transaction> transactions) override {
    if (!fails()) return real_.write(transactions);
    return std::vector<Result<void>>(transactions.size(), Result<void>(why()));
  }

#define FAIRLEAD_PASS(returns, name, parameters, arguments) \
  returns name parameters override {                        \
    if (fails()) return why();                              \
    return real_.name arguments;                            \
  }
  template <class T>
  using Found = Result<std::optional<T>>;
  template <class T>
  using List = Result<std::vector<T>>;

  FAIRLEAD_PASS(Found<registry::Account>, find_account, (const AccountId& id), (id))
  FAIRLEAD_PASS(List<registry::Account>, accounts, (), ())
  FAIRLEAD_PASS(Found<registry::User>, find_user, (const UserId& id), (id))
  FAIRLEAD_PASS(List<registry::User>, users, (), ())
  FAIRLEAD_PASS(Found<registry::ApiToken>, find_token_by_hash, (View sha256), (sha256))
  FAIRLEAD_PASS(List<registry::ApiToken>, tokens, (), ())
  FAIRLEAD_PASS(Found<registry::Profile>, find_profile, (const ProfileId& id), (id))
  FAIRLEAD_PASS(List<registry::Profile>, profiles, (), ())
  FAIRLEAD_PASS(Found<registry::TrustedKey>, find_trusted_key,
                (const AccountId& account, View fingerprint), (account, fingerprint))
  FAIRLEAD_PASS(List<registry::TrustedKey>, trusted_keys, (), ())
  FAIRLEAD_PASS(Found<registry::Voucher>, find_voucher, (View guid), (guid))
  FAIRLEAD_PASS(List<registry::Voucher>, vouchers,
                (const registry::VoucherFilter& filter, const registry::Page& page), (filter, page))
  FAIRLEAD_PASS(Found<registry::Device>, find_device, (const DeviceId& id), (id))
  FAIRLEAD_PASS(Found<registry::Device>, find_device_by_guid, (View guid), (guid))
  FAIRLEAD_PASS(List<registry::Device>, devices,
                (const registry::DeviceFilter& filter, const registry::Page& page), (filter, page))
  FAIRLEAD_PASS(List<registry::DeviceKey>, keys_of, (const DeviceId& device), (device))
  FAIRLEAD_PASS(List<DeviceId>, holders_of, (View key_fingerprint), (key_fingerprint))
  FAIRLEAD_PASS(Found<registry::Certificate>, find_certificate, (View serial), (serial))
  FAIRLEAD_PASS(List<registry::Certificate>, certificates_of, (const DeviceId& device), (device))
  FAIRLEAD_PASS(List<registry::Certificate>, certificates_in,
                (registry::CertificateState state, const registry::Page& page), (state, page))
  FAIRLEAD_PASS(Found<registry::OneTimePassword>, find_one_time_password, (const DeviceId& device),
                (device))
  FAIRLEAD_PASS(Result<CertificateChanges>, certificates_changed,
                (std::uint64_t after, std::size_t limit), (after, limit))
  FAIRLEAD_PASS(Result<std::uint64_t>, last_certificate_change, (), ())
  FAIRLEAD_PASS(Found<registry::BootstrapKey>, find_bootstrap_key, (const DeviceId& device),
                (device))
  FAIRLEAD_PASS(Found<registry::BootstrapKey>, find_bootstrap_key_by_hash, (View hash), (hash))
  FAIRLEAD_PASS(Found<registry::WifiNetwork>, find_wifi_network, (const ProfileId& profile),
                (profile))
  FAIRLEAD_PASS(Found<registry::Registration>, find_registration, (View guid), (guid))
  FAIRLEAD_PASS(List<registry::Registration>, registrations, (const registry::Page& page), (page))
  FAIRLEAD_PASS(List<registry::Registration>, registrations_of, (View device_key), (device_key))
  FAIRLEAD_PASS(List<registry::To0Job>, to0_jobs_due,
                (Time until, std::size_t limit, const std::vector<std::string>& except),
                (until, limit, except))
  FAIRLEAD_PASS(List<registry::To0Job>, to0_jobs_of, (View guid), (guid))
  FAIRLEAD_PASS(List<registry::OwnRegistration>, own_registrations,
                (const registry::OwnRegistrationFilter& filter, const registry::Page& page),
                (filter, page))
  FAIRLEAD_PASS(Found<registry::Session>, find_session, (std::string_view id), (id))
  FAIRLEAD_PASS(Result<std::uint64_t>, remove_sessions_before, (Time expired), (expired))
  FAIRLEAD_PASS(Result<std::uint64_t>, remove_registrations_before, (Time expired), (expired))
  FAIRLEAD_PASS(List<registry::TimelineEvent>, events_of,
                (const DeviceId& device, std::size_t limit), (device, limit))
  FAIRLEAD_PASS(List<registry::AuditRecord>, audit_after,
                (std::uint64_t sequence, std::size_t limit), (sequence, limit))
  FAIRLEAD_PASS(Found<registry::AuditRecord>, last_audit, (), ())
  FAIRLEAD_PASS(List<registry::UploadPart>, upload_parts_of, (const DeviceId& device), (device))
  FAIRLEAD_PASS(List<registry::Upload>, uploads_of, (const DeviceId& device), (device))
  FAIRLEAD_PASS(Found<Bytes>, find_upload_content, (const DeviceId& device, std::string_view name),
                (device, name))
  FAIRLEAD_PASS(Found<Bytes>, find_setting, (std::string_view name), (name))
  FAIRLEAD_PASS(Result<Counts>, counts, (), ())
  FAIRLEAD_PASS(Result<Counts>, counts_of, (const AccountId& account), (account))
#undef FAIRLEAD_PASS

 private:
  bool fails() { return calls_++ == nth_; }
  std::unexpected<Error> why() const { return fail(code_, "failed on purpose, by the test"); }

  registry::Registry& real_;
  const int nth_;
  const Errc code_;
  std::atomic<int> calls_ = 0;
};

}  // namespace fairlead::test
