// SPDX-License-Identifier: Apache-2.0
// The registry in one SQLite file (WAL): for an edge box, a factory station, a small cloud. Several
// processes on one machine may open the same file; a network file system is not fit for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "registry/registry.h"

namespace fairlead::registry {

namespace sqlite {
class Connection;
}

struct SqliteOptions {
  Duration lock_timeout = std::chrono::seconds(5);  // how long to wait for another writer; then io
  std::size_t readers_max = 4;  // connections for reading, opened when first needed
  std::int64_t pages_max =
      0;  // the file may not outgrow so many pages of 4 KiB; 0: as SQLite limits it
};

// One connection writes, behind a mutex; reads go through a few connections of their own and never
// wait for it.
class SqliteRegistry final : public Registry {
 public:
  // Opens the file, creates it if it is missing (readable by its owner only) and brings its schema
  // up to date in one transaction. Errors: unsupported (schema of a newer Fairlead, or a database
  // of another program); internal (not a database, damaged); io (no such folder, no permission,
  // locked).
  static Result<std::unique_ptr<SqliteRegistry>> open(const std::filesystem::path& file);
  static Result<std::unique_ptr<SqliteRegistry>> open(const std::filesystem::path& file,
                                                      const SqliteOptions& options);
  ~SqliteRegistry() override;
  SqliteRegistry(const SqliteRegistry&) = delete;
  SqliteRegistry& operator=(const SqliteRegistry&) = delete;

  // Reads the whole file and checks its structure: seconds for a million devices. internal: what is
  // damaged.
  Result<void> check();

  using Registry::write;
  std::vector<Result<void>> write(std::span<const Transaction> transactions) override;

  Result<std::optional<Account>> find_account(const AccountId& id) override;
  Result<std::vector<Account>> accounts() override;
  Result<std::optional<User>> find_user(const UserId& id) override;
  Result<std::vector<User>> users() override;
  Result<std::optional<ApiToken>> find_token_by_hash(View sha256) override;
  Result<std::vector<ApiToken>> tokens() override;
  Result<std::optional<Profile>> find_profile(const ProfileId& id) override;
  Result<std::vector<Profile>> profiles() override;
  Result<std::optional<TrustedKey>> find_trusted_key(const AccountId& account,
                                                     View fingerprint) override;
  Result<std::vector<TrustedKey>> trusted_keys() override;
  Result<std::optional<Voucher>> find_voucher(View guid) override;
  Result<std::vector<Voucher>> vouchers(const VoucherFilter& filter, const Page& page) override;
  Result<std::optional<Device>> find_device(const DeviceId& id) override;
  Result<std::optional<Device>> find_device_by_guid(View guid) override;
  Result<std::vector<Device>> devices(const DeviceFilter& filter, const Page& page) override;
  Result<std::vector<DeviceKey>> keys_of(const DeviceId& device) override;
  Result<std::vector<DeviceId>> holders_of(View key_fingerprint) override;
  Result<std::optional<Certificate>> find_certificate(View serial) override;
  Result<std::vector<Certificate>> certificates_of(const DeviceId& device) override;
  Result<std::vector<Certificate>> certificates_in(CertificateState state,
                                                   const Page& page) override;
  Result<std::optional<OneTimePassword>> find_one_time_password(const DeviceId& device) override;
  Result<CertificateChanges> certificates_changed(std::uint64_t after, std::size_t limit) override;
  Result<std::uint64_t> last_certificate_change() override;
  Result<std::optional<BootstrapKey>> find_bootstrap_key(const DeviceId& device) override;
  Result<std::optional<BootstrapKey>> find_bootstrap_key_by_hash(View hash) override;
  Result<std::optional<WifiNetwork>> find_wifi_network(const ProfileId& profile) override;
  Result<std::optional<Registration>> find_registration(View guid) override;
  Result<std::vector<Registration>> registrations(const Page& page) override;
  Result<std::vector<Registration>> registrations_of(View device_key) override;
  Result<std::vector<To0Job>> to0_jobs_due(Time until, std::size_t limit,
                                           const std::vector<std::string>& except) override;
  Result<std::vector<To0Job>> to0_jobs_of(View guid) override;
  Result<std::vector<OwnRegistration>> own_registrations(const OwnRegistrationFilter& filter,
                                                         const Page& page) override;
  Result<std::optional<Session>> find_session(std::string_view id) override;
  Result<std::uint64_t> remove_sessions_before(Time expired) override;
  Result<std::uint64_t> remove_registrations_before(Time expired) override;
  Result<std::vector<TimelineEvent>> events_of(const DeviceId& device, std::size_t limit) override;
  Result<std::vector<AuditRecord>> audit_after(std::uint64_t sequence, std::size_t limit) override;
  Result<std::optional<AuditRecord>> last_audit() override;
  Result<std::vector<UploadPart>> upload_parts_of(const DeviceId& device) override;
  Result<std::vector<Upload>> uploads_of(const DeviceId& device) override;
  Result<std::optional<Bytes>> find_upload_content(const DeviceId& device,
                                                   std::string_view name) override;
  Result<std::optional<Bytes>> find_setting(std::string_view name) override;
  Result<Counts> counts() override;
  Result<Counts> counts_of(const AccountId& account) override;

 private:
  SqliteRegistry(std::filesystem::path file, SqliteOptions options,
                 std::unique_ptr<sqlite::Connection> writer);
  template <class Query>
  auto read(Query query);  // lends the query a reading connection
  template <class Change>
  auto with_writer(Change change);  // lends it the writing one, once it is free
  Result<std::unique_ptr<sqlite::Connection>> take_reader();
  void give_back(std::unique_ptr<sqlite::Connection> reader);

  const std::filesystem::path file_;
  const SqliteOptions options_;

  std::timed_mutex writing_;
  std::unique_ptr<sqlite::Connection> writer_;  // guarded by writing_

  std::mutex lending_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<sqlite::Connection>> idle_readers_;  // guarded by lending_
  std::size_t readers_ = 0;                                        // open ones, lent or idle
};

}  // namespace fairlead::registry
