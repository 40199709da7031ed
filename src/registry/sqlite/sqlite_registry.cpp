// SPDX-License-Identifier: Apache-2.0
#include "registry/sqlite/sqlite_registry.h"

#include "registry/sqlite/connection.h"
#include "registry/sqlite/migrations.h"
#include "registry/sqlite/statements.h"

namespace fairlead::registry {

using sqlite::Connection;

namespace {

// What concerns one transaction only; anything else fails the batch.
bool is_its_own_fault(const Error& error) {
  return error.code == Errc::conflict || error.code == Errc::malformed;
}

Result<void> apply_changes(Connection& connection, const Transaction& transaction) {
  for (const Change& change : transaction)
    TRY_VOID(std::visit([&](const auto& c) { return sqlite::apply(connection, c); }, change));
  return ok();
}

// A batch without savepoints, which takes SQLite half as long: a savepoint copies each page before
// it is changed. False: a transaction is at fault, and what the others did is open with it.
Result<bool> apply_all(Connection& connection, std::span<const Transaction> transactions) {
  for (const Transaction& transaction : transactions) {
    auto outcome = apply_changes(connection, transaction);
    if (outcome) continue;
    if (!is_its_own_fault(outcome.error())) return fail(outcome.error());
    return false;
  }
  return true;
}

// The inner result is the transaction's outcome, the outer one the batch's.
Result<Result<void>> apply_whole(Connection& connection, const Transaction& transaction) {
  TRY_VOID(sqlite::change(connection, "SAVEPOINT one"));
  auto outcome = apply_changes(connection, transaction);
  if (!outcome) {
    if (!is_its_own_fault(outcome.error())) return fail(outcome.error());
    TRY_VOID(sqlite::change(connection, "ROLLBACK TO one"));
  }
  TRY_VOID(sqlite::change(connection, "RELEASE one"));
  return outcome;
}

// Faults are rare: only a batch that has one is done again, each transaction by itself.
Result<std::vector<Result<void>>> write_batch(Connection& connection,
                                              std::span<const Transaction> transactions) {
  std::vector<Result<void>> outcomes(transactions.size());
  TRY_VOID(sqlite::change(connection, "BEGIN IMMEDIATE"));
  TRY(const bool faultless, apply_all(connection, transactions));
  if (!faultless) {
    TRY_VOID(sqlite::change(connection, "ROLLBACK"));
    TRY_VOID(sqlite::change(connection, "BEGIN IMMEDIATE"));
    for (std::size_t i = 0; i < transactions.size(); ++i) {
      TRY(outcomes[i], apply_whole(connection, transactions[i]));
    }
  }
  TRY_VOID(sqlite::change(connection, "COMMIT"));
  return outcomes;
}

}  // namespace

SqliteRegistry::SqliteRegistry(std::filesystem::path file, SqliteOptions options,
                               std::unique_ptr<Connection> writer)
    : file_(std::move(file)), options_(options), writer_(std::move(writer)) {}

SqliteRegistry::~SqliteRegistry() = default;

Result<std::unique_ptr<SqliteRegistry>> SqliteRegistry::open(const std::filesystem::path& file) {
  return open(file, SqliteOptions{});
}

Result<std::unique_ptr<SqliteRegistry>> SqliteRegistry::open(const std::filesystem::path& file,
                                                             const SqliteOptions& options) {
  const std::string where = "registry " + file.string();
  TRY(auto writer, Connection::open(file, sqlite::Use::write, options).in(where));
  TRY_VOID(sqlite::migrate(*writer).in(where));
  return std::unique_ptr<SqliteRegistry>(new SqliteRegistry(file, options, std::move(writer)));
}

Result<std::unique_ptr<Connection>> SqliteRegistry::take_reader() {
  std::unique_lock lock(lending_);
  const bool in_time = returned_.wait_for(lock, options_.lock_timeout, [&] {
    return !idle_readers_.empty() || readers_ < options_.readers_max;
  });
  if (!in_time) return fail(Errc::io, "all connections of the registry are in use for too long");
  if (!idle_readers_.empty()) {
    auto reader = std::move(idle_readers_.back());
    idle_readers_.pop_back();
    return reader;
  }
  ++readers_;
  lock.unlock();
  auto reader =
      Connection::open(file_, sqlite::Use::read, options_).in("registry " + file_.string());
  if (!reader) give_back(nullptr);
  return reader;
}

void SqliteRegistry::give_back(std::unique_ptr<Connection> reader) {
  {
    const std::lock_guard lock(lending_);
    if (reader)
      idle_readers_.push_back(std::move(reader));
    else
      --readers_;
  }
  returned_.notify_one();
}

template <class Query>
auto SqliteRegistry::read(Query query) {
  using Answer = decltype(query(*writer_));
  auto reader = take_reader();
  if (!reader) return Answer(std::unexpected(std::move(reader).error()));
  Answer answer = query(**reader);
  give_back(std::move(*reader));
  return answer;
}

// Whatever the change leaves open is rolled back: an error in the middle must not keep the file
// locked.
template <class Change>
auto SqliteRegistry::with_writer(Change change) {
  using Answer = decltype(change(*writer_));
  const std::unique_lock lock(writing_, options_.lock_timeout);
  if (!lock.owns_lock())
    return Answer(fail(Errc::io, "registry is kept busy by other writers of this program"));
  Answer answer = change(*writer_);
  if (!answer) writer_->roll_back();
  return answer;
}

std::vector<Result<void>> SqliteRegistry::write(std::span<const Transaction> transactions) {
  if (transactions.empty()) return {};
  auto outcomes =
      with_writer([&](Connection& connection) { return write_batch(connection, transactions); });
  if (outcomes) return std::move(*outcomes);
  return std::vector<Result<void>>(transactions.size(), Result<void>(fail(outcomes.error())));
}

Result<void> SqliteRegistry::check() {
  return read([](Connection& connection) -> Result<void> {
    TRY(const auto found, sqlite::find_all<std::string>(connection, "PRAGMA integrity_check(1)"));
    if (found.size() == 1 && found.front() == "ok") return ok();
    return fail(Errc::internal,
                "registry file is damaged: " + (found.empty() ? "no answer" : found.front()));
  });
}

Result<std::uint64_t> SqliteRegistry::remove_sessions_before(Time expired) {
  std::uint64_t removed = 0;
  for (;;) {
    TRY(const auto some, with_writer([&](Connection& c) {
          return sqlite::remove_some_sessions_before(c, expired);
        }));
    if (some == 0) return removed;
    removed += some;
  }
}

Result<std::uint64_t> SqliteRegistry::remove_registrations_before(Time expired) {
  std::uint64_t removed = 0;
  for (;;) {
    TRY(const auto some, with_writer([&](Connection& c) {
          return sqlite::remove_some_registrations_before(c, expired);
        }));
    if (some == 0) return removed;
    removed += some;
  }
}

Result<std::optional<Account>> SqliteRegistry::find_account(const AccountId& id) {
  return read([&](Connection& c) { return sqlite::find_account(c, id); });
}

Result<std::vector<Account>> SqliteRegistry::accounts() {
  return read([](Connection& c) { return sqlite::accounts(c); });
}

Result<std::optional<User>> SqliteRegistry::find_user(const UserId& id) {
  return read([&](Connection& c) { return sqlite::find_user(c, id); });
}

Result<std::vector<User>> SqliteRegistry::users() {
  return read([](Connection& c) { return sqlite::users(c); });
}

Result<std::optional<ApiToken>> SqliteRegistry::find_token_by_hash(View sha256) {
  return read([&](Connection& c) { return sqlite::find_token_by_hash(c, sha256); });
}

Result<std::vector<ApiToken>> SqliteRegistry::tokens() {
  return read([](Connection& c) { return sqlite::tokens(c); });
}

Result<std::optional<Profile>> SqliteRegistry::find_profile(const ProfileId& id) {
  return read([&](Connection& c) { return sqlite::find_profile(c, id); });
}

Result<std::vector<Profile>> SqliteRegistry::profiles() {
  return read([](Connection& c) { return sqlite::profiles(c); });
}

Result<std::optional<TrustedKey>> SqliteRegistry::find_trusted_key(const AccountId& account,
                                                                   View fingerprint) {
  return read([&](Connection& c) { return sqlite::find_trusted_key(c, account, fingerprint); });
}

Result<std::vector<TrustedKey>> SqliteRegistry::trusted_keys() {
  return read([](Connection& c) { return sqlite::trusted_keys(c); });
}

Result<std::optional<Voucher>> SqliteRegistry::find_voucher(View guid) {
  return read([&](Connection& c) { return sqlite::find_voucher(c, guid); });
}

Result<std::vector<Voucher>> SqliteRegistry::vouchers(const VoucherFilter& filter,
                                                      const Page& page) {
  return read([&](Connection& c) { return sqlite::vouchers(c, filter, page); });
}

Result<std::optional<Device>> SqliteRegistry::find_device(const DeviceId& id) {
  return read([&](Connection& c) { return sqlite::find_device(c, id); });
}

Result<std::optional<Device>> SqliteRegistry::find_device_by_guid(View guid) {
  return read([&](Connection& c) { return sqlite::find_device_by_guid(c, guid); });
}

Result<std::vector<Device>> SqliteRegistry::devices(const DeviceFilter& filter, const Page& page) {
  return read([&](Connection& c) { return sqlite::devices(c, filter, page); });
}

Result<std::vector<DeviceKey>> SqliteRegistry::keys_of(const DeviceId& device) {
  return read([&](Connection& c) { return sqlite::keys_of(c, device); });
}
Result<std::vector<DeviceId>> SqliteRegistry::holders_of(View key_fingerprint) {
  return read([&](Connection& c) { return sqlite::holders_of(c, key_fingerprint); });
}

Result<std::optional<Certificate>> SqliteRegistry::find_certificate(View serial) {
  return read([&](Connection& c) { return sqlite::find_certificate(c, serial); });
}

Result<std::vector<Certificate>> SqliteRegistry::certificates_of(const DeviceId& device) {
  return read([&](Connection& c) { return sqlite::certificates_of(c, device); });
}

Result<std::vector<Certificate>> SqliteRegistry::certificates_in(CertificateState state,
                                                                 const Page& page) {
  return read([&](Connection& c) { return sqlite::certificates_in(c, state, page); });
}

Result<std::optional<OneTimePassword>> SqliteRegistry::find_one_time_password(
    const DeviceId& device) {
  return read([&](Connection& c) { return sqlite::find_one_time_password(c, device); });
}

Result<Registry::CertificateChanges> SqliteRegistry::certificates_changed(std::uint64_t after,
                                                                          std::size_t limit) {
  return read([&](Connection& c) { return sqlite::certificates_changed(c, after, limit); });
}

Result<std::uint64_t> SqliteRegistry::last_certificate_change() {
  return read([](Connection& c) { return sqlite::last_certificate_change(c); });
}

Result<std::optional<BootstrapKey>> SqliteRegistry::find_bootstrap_key(const DeviceId& device) {
  return read([&](Connection& c) { return sqlite::find_bootstrap_key(c, device); });
}

Result<std::optional<BootstrapKey>> SqliteRegistry::find_bootstrap_key_by_hash(View hash) {
  return read([&](Connection& c) { return sqlite::find_bootstrap_key_by_hash(c, hash); });
}

Result<std::optional<WifiNetwork>> SqliteRegistry::find_wifi_network(const ProfileId& profile) {
  return read([&](Connection& c) { return sqlite::find_wifi_network(c, profile); });
}

Result<std::optional<Registration>> SqliteRegistry::find_registration(View guid) {
  return read([&](Connection& c) { return sqlite::find_registration(c, guid); });
}

Result<std::vector<Registration>> SqliteRegistry::registrations(const Page& page) {
  return read([&](Connection& c) { return sqlite::registrations(c, page); });
}

Result<std::vector<Registration>> SqliteRegistry::registrations_of(View device_key) {
  return read([&](Connection& c) { return sqlite::registrations_of(c, device_key); });
}

Result<std::vector<To0Job>> SqliteRegistry::to0_jobs_due(Time until, std::size_t limit,
                                                         const std::vector<std::string>& except) {
  return read([&](Connection& c) { return sqlite::to0_jobs_due(c, until, limit, except); });
}

Result<std::vector<To0Job>> SqliteRegistry::to0_jobs_of(View guid) {
  return read([&](Connection& c) { return sqlite::to0_jobs_of(c, guid); });
}

Result<std::vector<OwnRegistration>> SqliteRegistry::own_registrations(
    const OwnRegistrationFilter& filter, const Page& page) {
  return read([&](Connection& c) { return sqlite::own_registrations(c, filter, page); });
}

Result<std::optional<Session>> SqliteRegistry::find_session(std::string_view id) {
  return read([&](Connection& c) { return sqlite::find_session(c, id); });
}

Result<std::vector<TimelineEvent>> SqliteRegistry::events_of(const DeviceId& device,
                                                             std::size_t limit) {
  return read([&](Connection& c) { return sqlite::events_of(c, device, limit); });
}

Result<std::vector<AuditRecord>> SqliteRegistry::audit_after(std::uint64_t sequence,
                                                             std::size_t limit) {
  return read([&](Connection& c) { return sqlite::audit_after(c, sequence, limit); });
}

Result<std::optional<AuditRecord>> SqliteRegistry::last_audit() {
  return read([](Connection& c) { return sqlite::last_audit(c); });
}

Result<std::vector<UploadPart>> SqliteRegistry::upload_parts_of(const DeviceId& device) {
  return read([&](Connection& c) { return sqlite::upload_parts_of(c, device); });
}

Result<std::vector<Upload>> SqliteRegistry::uploads_of(const DeviceId& device) {
  return read([&](Connection& c) { return sqlite::uploads_of(c, device); });
}

Result<std::optional<Bytes>> SqliteRegistry::find_upload_content(const DeviceId& device,
                                                                 std::string_view name) {
  return read([&](Connection& c) { return sqlite::find_upload_content(c, device, name); });
}

Result<std::optional<Bytes>> SqliteRegistry::find_setting(std::string_view name) {
  return read([&](Connection& c) { return sqlite::find_setting(c, name); });
}

Result<Registry::Counts> SqliteRegistry::counts() {
  return read([](Connection& c) { return sqlite::counts(c); });
}

Result<Registry::Counts> SqliteRegistry::counts_of(const AccountId& account) {
  return read([&](Connection& c) { return sqlite::counts_of(c, account); });
}

}  // namespace fairlead::registry
