// SPDX-License-Identifier: Apache-2.0
// Each change and each query of the port as SQL on one connection, a file per kind of record.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/registry.h"
#include "registry/sqlite/connection.h"

namespace fairlead::registry::sqlite {

inline constexpr std::size_t page_max = 1000;

// The columns of a record in the order in which each file selects them. Not in unnamed namespaces,
// for find_one() and find_all() look for them here.
Result<void> read(Statement& row, Account&);
Result<void> read(Statement& row, User&);
Result<void> read(Statement& row, ApiToken&);
Result<void> read(Statement& row, Profile&);
Result<void> read(Statement& row, TrustedKey&);
Result<void> read(Statement& row, Voucher&);
Result<void> read(Statement& row, Device&);
Result<void> read(Statement& row, DeviceKey&);
Result<void> read(Statement& row, Certificate&);
Result<void> read(Statement& row, OneTimePassword&);
Result<void> read(Statement& row, Registration&);
Result<void> read(Statement& row, To0Job&);
Result<void> read(Statement& row, OwnRegistration&);
Result<void> read(Statement& row, Session&);
Result<void> read(Statement& row, TimelineEvent&);
Result<void> read(Statement& row, AuditRecord&);
Result<void> read(Statement& row, BootstrapKey&);
Result<void> read(Statement& row, WifiNetwork&);
Result<void> read(Statement& row, Upload&);
Result<void> read(Statement& row, UploadPart&);

// people.cpp
Result<void> apply(Connection&, const PutAccount&);
Result<void> apply(Connection&, const PutUser&);
Result<void> apply(Connection&, const ReplaceUser&);
Result<void> apply(Connection&, const PutToken&);
Result<void> apply(Connection&, const RemoveToken&);
Result<void> apply(Connection&, const PutSetting&);
Result<void> apply(Connection&, const ReplaceSetting&);
Result<void> apply(Connection&, const InsertSetting&);
Result<std::optional<Account>> find_account(Connection&, const AccountId& id);
Result<std::vector<Account>> accounts(Connection&);
Result<std::optional<User>> find_user(Connection&, const UserId& id);
Result<std::vector<User>> users(Connection&);
Result<std::optional<ApiToken>> find_token_by_hash(Connection&, View sha256);
Result<std::vector<ApiToken>> tokens(Connection&);
Result<std::optional<Bytes>> find_setting(Connection&, std::string_view name);

// policy.cpp
Result<void> apply(Connection&, const PutProfile&);
Result<void> apply(Connection&, const RemoveProfile&);
Result<void> apply(Connection&, const PutTrustedKey&);
Result<void> apply(Connection&, const RemoveTrustedKey&);
Result<std::optional<Profile>> find_profile(Connection&, const ProfileId& id);
Result<std::vector<Profile>> profiles(Connection&);
Result<std::optional<TrustedKey>> find_trusted_key(Connection&, const AccountId& account,
                                                   View fingerprint);
Result<std::vector<TrustedKey>> trusted_keys(Connection&);

// vouchers.cpp
Result<void> apply(Connection&, const InsertVoucher&);
Result<void> apply(Connection&, const ReplaceVoucher&);
Result<void> apply(Connection&, const SetVoucherState&);
Result<void> apply(Connection&, const RequireVoucher&);
Result<void> apply(Connection&, const RemoveVoucher&);
Result<std::optional<Voucher>> find_voucher(Connection&, View guid);
Result<std::vector<Voucher>> vouchers(Connection&, const VoucherFilter& filter, const Page& page);

// devices.cpp
Result<void> apply(Connection&, const InsertDevice&);
Result<void> apply(Connection&, const UpdateDevice&);
extern const std::string device_columns;
Result<std::optional<Device>> find_device(Connection&, const DeviceId& id);
Result<std::optional<Device>> find_device_by_guid(Connection&, View guid);
Result<Registry::Counts> counts(Connection&);
Result<Registry::Counts> counts_of(Connection&, const AccountId& account);

// device_search.cpp
Result<std::vector<Device>> devices(Connection&, const DeviceFilter& filter, const Page& page);

// credentials.cpp
Result<void> apply(Connection&, const PutKey&);
Result<void> apply(Connection&, const RemoveKey&);
Result<void> apply(Connection&, const InsertCertificate&);
Result<void> apply(Connection&, const SetCertificateState&);
Result<std::vector<DeviceKey>> keys_of(Connection&, const DeviceId& device);
Result<std::vector<DeviceId>> holders_of(Connection&, View key_fingerprint);
Result<std::optional<Certificate>> find_certificate(Connection&, View serial);
Result<std::vector<Certificate>> certificates_of(Connection&, const DeviceId& device);
Result<std::vector<Certificate>> certificates_in(Connection&, CertificateState state,
                                                 const Page& page);
Result<Registry::CertificateChanges> certificates_changed(Connection&, std::uint64_t after,
                                                          std::size_t limit);
Result<std::uint64_t> last_certificate_change(Connection&);

// one_time_passwords.cpp
Result<void> apply(Connection&, const PutOneTimePassword&);
Result<void> apply(Connection&, const UseOneTimePassword&);
Result<void> apply(Connection&, const CountWrongPassword&);
Result<std::optional<OneTimePassword>> find_one_time_password(Connection&, const DeviceId& device);

// wifi.cpp
Result<void> apply(Connection&, const PutBootstrapKey&);
Result<void> apply(Connection&, const RemoveBootstrapKey&);
Result<void> apply(Connection&, const PutWifiNetwork&);
Result<void> apply(Connection&, const RemoveWifiNetwork&);
Result<std::optional<BootstrapKey>> find_bootstrap_key(Connection&, const DeviceId& device);
Result<std::optional<BootstrapKey>> find_bootstrap_key_by_hash(Connection&, View hash);
Result<std::optional<WifiNetwork>> find_wifi_network(Connection&, const ProfileId& profile);

// rendezvous.cpp
Result<void> apply(Connection&, const PutRegistration&);
Result<void> apply(Connection&, const RemoveRegistration&);
Result<void> apply(Connection&, const PutTo0Job&);
Result<void> apply(Connection&, const RemoveTo0Job&);
Result<std::optional<Registration>> find_registration(Connection&, View guid);
Result<std::vector<Registration>> registrations(Connection&, const Page& page);
Result<std::vector<Registration>> registrations_of(Connection&, View device_key);
Result<std::vector<To0Job>> to0_jobs_due(Connection&, Time until, std::size_t limit,
                                         const std::vector<std::string>& except);
Result<std::vector<To0Job>> to0_jobs_of(Connection&, View guid);
Result<std::vector<OwnRegistration>> own_registrations(Connection&,
                                                       const OwnRegistrationFilter& filter,
                                                       const Page& page);
// At most a thousand at once; how many it were.
Result<std::uint64_t> remove_some_registrations_before(Connection&, Time expired);

// runs.cpp
Result<void> apply(Connection&, const PutSession&);
Result<void> apply(Connection&, const RemoveSession&);
Result<void> apply(Connection&, const TakeSession&);
Result<void> apply(Connection&, const AppendEvent&);
Result<std::optional<Session>> find_session(Connection&, std::string_view id);
Result<std::uint64_t> remove_some_sessions_before(Connection&, Time expired);
Result<std::vector<TimelineEvent>> events_of(Connection&, const DeviceId& device,
                                             std::size_t limit);

// audit.cpp
Result<void> apply(Connection&, const AppendAudit&);
Result<std::vector<AuditRecord>> audit_after(Connection&, std::uint64_t sequence,
                                             std::size_t limit);
Result<std::optional<AuditRecord>> last_audit(Connection&);

// uploads.cpp
Result<void> apply(Connection&, const PutUploadPart&);
Result<void> apply(Connection&, const RemoveUploadParts&);
Result<void> apply(Connection&, const PutUpload&);
Result<void> apply(Connection&, const RemoveUpload&);
Result<std::vector<UploadPart>> upload_parts_of(Connection&, const DeviceId& device);
Result<std::vector<Upload>> uploads_of(Connection&, const DeviceId& device);
Result<std::optional<Bytes>> find_upload_content(Connection&, const DeviceId& device,
                                                 std::string_view name);

// Where a page of records keyed by bytes goes on. malformed: `after` is no hexadecimal.
Result<Bytes> after_key(const Page& page);
inline std::int64_t rows_of(std::size_t limit) {
  return static_cast<std::int64_t>(limit < page_max ? limit : page_max);
}

}  // namespace fairlead::registry::sqlite
