// SPDX-License-Identifier: Apache-2.0
// The persistence port. SQLite now, PostgreSQL by the same contract suite (tests/contract) later.
//
// Reads are plain calls. Every change is a Transaction: a list of Changes with preconditions,
// applied whole or not at all. write() takes many transactions at once and makes all of them
// durable with one commit, so that a thousand onboardings share one fsync while each keeps its own
// outcome. Nothing here is kept in the memory of one process: several servers may use one registry.
//
// All calls are thread-safe and may block; programs call them from a worker, never from the loop.
//
// Rules that hold for every back end:
// - Text is UTF-8 without NUL; a transaction with other text is malformed (the fields of a timeline
// event are
//   mended instead: what happened is recorded in any case). Text and bytes are ordered byte by
//   byte.
// - A Put replaces the whole record of that key or makes it. Removing what is not there is no
// error. A change of
//   what is not there (UpdateDevice, ReplaceVoucher, SetVoucherState, SetCertificateState) is a
//   conflict.
// - Revisions are the registry's: 1 when a record is made, one more by every change; those given
// are ignored.
// - The registry compares times only with those it is given: it has no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "registry/records.h"

namespace fairlead::registry {

inline constexpr std::size_t timeline_entries_max = 1000;  // of one device

// What to find, and where to go on: results are ordered by key, `after` is the last key of the page
// before (in lower-case hexadecimal where keys are bytes; a query by another text is malformed).
struct Page {
  std::string after;
  std::size_t limit = 100;  // at most 1000
};

struct DeviceFilter {
  std::optional<AccountId> account;
  std::optional<DeviceState> state;
  std::optional<ProfileId> profile;
  std::string search;  // in name, serial, GUID, device info: matches a prefix of any of them; A-Z
                       // like a-z, and a GUID in hexadecimal, dashes or not
};

struct VoucherFilter {
  std::optional<AccountId> account;
  std::optional<VoucherState> state;
  std::string serial;  // exact
  std::optional<DeviceId> device;
};

struct OwnRegistrationFilter {
  std::optional<AccountId> account;
  std::string rendezvous;     // base URL, exact
  bool only_failing = false;  // whose last try failed
};

// One thing to do. Each is checked against the registry as it is inside the transaction.
struct PutAccount {
  Account account;
};
struct PutUser {
  User user;
};
struct ReplaceUser {
  User user, expect;
};  // conflict unless it is stored exactly as `expect`
struct PutToken {
  ApiToken token;
};
struct RemoveToken {
  std::string id;
};
// Conflict if the revision differs; 0 expects that there is none yet.
struct PutProfile {
  Profile profile;
  std::optional<std::uint64_t> expect_revision;
};
struct RemoveProfile {
  ProfileId id;
  std::optional<std::uint64_t> expect_revision{};  // conflict if it is at another one, or gone
};
struct PutTrustedKey {
  TrustedKey key;
};
struct RemoveTrustedKey {
  AccountId account;
  Bytes fingerprint;
};
struct InsertVoucher {
  Voucher voucher;
};  // conflict if the GUID is known
struct ReplaceVoucher {
  Voucher voucher;
  VoucherState expect;
};  // conflict unless it is in state `expect`
// Conflict unless it is in one of the states `expect`; nothing else of it changes.
struct SetVoucherState {
  Bytes guid;
  std::vector<VoucherState> expect;
  VoucherState state;
  Time at;
};
// Changes nothing: conflict unless it is in one of the states `expect` when the rest is done.
struct RequireVoucher {
  Bytes guid;
  std::vector<VoucherState> expect;
};
struct RemoveVoucher {
  Bytes guid;
};
struct InsertDevice {
  Device device;
};  // conflict if the id is known
struct UpdateDevice {
  Device device;
  std::uint64_t expect_revision;
};
struct PutKey {
  DeviceKey key;
};  // keyed by (device, fingerprint)
struct RemoveKey {
  DeviceId device;
  Bytes fingerprint;
};
struct InsertCertificate {
  Certificate certificate;
};  // conflict if the serial is known
struct SetCertificateState {
  Bytes serial;
  CertificateState state;
  Time at;
};
struct PutOneTimePassword {
  OneTimePassword password;
};  // one per device: the newest
// Conflict unless this password is there and unused, or used for the same key before.
struct UseOneTimePassword {
  DeviceId device;
  Bytes sha256, key_fingerprint;
};
struct CountWrongPassword {
  DeviceId device;
};
struct PutRegistration {
  Registration registration;
};  // rendezvous: what TO0 left
struct RemoveRegistration {
  Bytes guid;
};
struct PutTo0Job {
  To0Job job;
};
struct RemoveTo0Job {
  Bytes guid;
  std::string rendezvous;
};
struct PutSession {
  Session session;
};  // a protocol run, for any node to continue
struct RemoveSession {
  std::string id;
};
struct TakeSession {
  std::string id;
  Bytes state;
};  // conflict unless it is there with exactly this state: of many who read it, one gets it
// Its sequence number is given by the registry. The same as the device's newest one, by id and
// fields, is counted there instead. Beyond timeline_entries_max of a device the oldest goes of the
// kind that it has most of: what is repeated without end pushes out nothing but itself.
struct AppendEvent {
  TimelineEvent event;
};
struct AppendAudit {
  AuditEntry entry;
};  // its place and its link are given by the registry; malformed: too long
struct PutUploadPart {
  DeviceId device;
  UploadPart part;
};  // keyed by (device, offset): a device leaves one file at a time
struct RemoveUploadParts {
  DeviceId device;
};
struct PutUpload {
  Upload upload;
  Bytes content;
};  // keyed by (device, name)
struct RemoveUpload {
  DeviceId device;
  std::string name;
};
struct PutBootstrapKey {
  BootstrapKey key;
};  // conflict if another device has this key
struct RemoveBootstrapKey {
  DeviceId device;
};
struct PutWifiNetwork {
  WifiNetwork network;
};  // goes with its profile
struct RemoveWifiNetwork {
  ProfileId profile;
};
struct PutSetting {
  std::string name;
  Bytes value;
};
struct ReplaceSetting {
  std::string name;
  Bytes value, expect;
};  // conflict unless it is `expect`
struct InsertSetting {
  std::string name;
  Bytes value;
};  // conflict if it is there: "who is first"

using Change =
    std::variant<PutAccount, PutUser, ReplaceUser, PutToken, RemoveToken, PutProfile, RemoveProfile,
                 PutTrustedKey, RemoveTrustedKey, InsertVoucher, ReplaceVoucher, SetVoucherState,
                 RequireVoucher, RemoveVoucher, InsertDevice, UpdateDevice, PutKey, RemoveKey,
                 InsertCertificate, SetCertificateState, PutOneTimePassword, UseOneTimePassword,
                 CountWrongPassword, PutRegistration, RemoveRegistration, PutTo0Job, RemoveTo0Job,
                 PutSession, RemoveSession, TakeSession, AppendEvent, AppendAudit, PutUploadPart,
                 RemoveUploadParts, PutUpload, RemoveUpload, PutBootstrapKey, RemoveBootstrapKey,
                 PutWifiNetwork, RemoveWifiNetwork, PutSetting, ReplaceSetting, InsertSetting>;
using Transaction = std::vector<Change>;

class Registry {
 public:
  virtual ~Registry() = default;

  // Applies each transaction whole or not at all, in order, and makes all of them durable before it
  // returns. One outcome per transaction: ok; conflict (a precondition failed: nothing of it was
  // done); malformed (text that can't be stored: likewise); io (disk full, locked for too long) or
  // internal (damaged): none of the batch was done; after io it is safe to try again.
  virtual std::vector<Result<void>> write(std::span<const Transaction> transactions) = 0;
  Result<void> write(Transaction transaction) {
    return std::move(write(std::span<const Transaction>(&transaction, 1)).front());
  }

  virtual Result<std::optional<Account>> find_account(const AccountId& id) = 0;
  virtual Result<std::vector<Account>> accounts() = 0;
  virtual Result<std::optional<User>> find_user(const UserId& id) = 0;
  virtual Result<std::vector<User>> users() = 0;
  virtual Result<std::optional<ApiToken>> find_token_by_hash(View sha256) = 0;
  virtual Result<std::vector<ApiToken>> tokens() = 0;

  virtual Result<std::optional<Profile>> find_profile(const ProfileId& id) = 0;
  virtual Result<std::vector<Profile>>
  profiles() = 0;  // ordered by priority (highest first), then id
  // Of exactly this account; empty: the server-wide one.
  virtual Result<std::optional<TrustedKey>> find_trusted_key(const AccountId& account,
                                                             View fingerprint) = 0;
  virtual Result<std::vector<TrustedKey>> trusted_keys() = 0;  // by account, then fingerprint

  virtual Result<std::optional<Voucher>> find_voucher(View guid) = 0;
  virtual Result<std::vector<Voucher>> vouchers(const VoucherFilter& filter,
                                                const Page& page) = 0;  // by GUID

  virtual Result<std::optional<Device>> find_device(const DeviceId& id) = 0;
  // By its present GUID, else by that of a voucher which names the device (a replacement, an old
  // one).
  virtual Result<std::optional<Device>> find_device_by_guid(View guid) = 0;
  virtual Result<std::vector<Device>> devices(const DeviceFilter& filter,
                                              const Page& page) = 0;  // by id
  virtual Result<std::vector<DeviceKey>> keys_of(const DeviceId& device) = 0;
  // Every device that this key is or was on record for, by id: more than one means a copy.
  virtual Result<std::vector<DeviceId>> holders_of(View key_fingerprint) = 0;
  virtual Result<std::optional<Certificate>> find_certificate(View serial) = 0;
  virtual Result<std::vector<Certificate>> certificates_of(
      const DeviceId& device) = 0;  // newest first
  // Every certificate that may connect now or was revoked while it could have: what the broker
  // needs.
  virtual Result<std::vector<Certificate>> certificates_in(CertificateState state,
                                                           const Page& page) = 0;
  // What other servers on this registry did since: certificates that were inserted or changed their
  // state after change number `after`, as they are now, in the order of their last change. Numbers
  // only grow, and none appears below one that was seen; `upto` is that of the last one given, else
  // `after`.
  struct CertificateChanges {
    std::vector<Certificate> certificates;
    std::uint64_t upto = 0;
  };
  virtual Result<CertificateChanges> certificates_changed(std::uint64_t after,
                                                          std::size_t limit) = 0;
  virtual Result<std::uint64_t> last_certificate_change() = 0;  // 0: there was none

  virtual Result<std::optional<OneTimePassword>> find_one_time_password(const DeviceId& device) = 0;

  virtual Result<std::optional<Registration>> find_registration(View guid) = 0;
  virtual Result<std::vector<Registration>> registrations(const Page& page) = 0;  // by GUID
  // All that one device ever left, whatever its GUID was then; by GUID, at most 1000.
  virtual Result<std::vector<Registration>> registrations_of(View device_key) = 0;
  // Soonest first; none at the servers `except`.
  virtual Result<std::vector<To0Job>> to0_jobs_due(Time until, std::size_t limit,
                                                   const std::vector<std::string>& except) = 0;
  virtual Result<std::vector<To0Job>> to0_jobs_of(View guid) = 0;
  // Jobs of vouchers that are here, by GUID, then URL; `after` is "GUID URL" of the last one, the
  // GUID in hexadecimal.
  virtual Result<std::vector<OwnRegistration>> own_registrations(
      const OwnRegistrationFilter& filter, const Page& page) = 0;
  virtual Result<std::optional<Session>> find_session(std::string_view id) = 0;
  // Removes what expired before this; returns how many. Done in portions, so that other writers get
  // their turn.
  virtual Result<std::uint64_t> remove_sessions_before(Time expired) = 0;
  virtual Result<std::uint64_t> remove_registrations_before(Time expired) = 0;

  // Newest last, at most `limit` of the newest. By device id.
  virtual Result<std::vector<TimelineEvent>> events_of(const DeviceId& device,
                                                       std::size_t limit) = 0;

  // What was ever appended, by sequence: nothing in the port takes any of it back. At most 1000.
  virtual Result<std::vector<AuditRecord>> audit_after(std::uint64_t sequence,
                                                       std::size_t limit) = 0;
  virtual Result<std::optional<AuditRecord>> last_audit() = 0;

  virtual Result<std::vector<UploadPart>> upload_parts_of(const DeviceId& device) = 0;  // by offset
  virtual Result<std::vector<Upload>> uploads_of(const DeviceId& device) = 0;           // by name
  virtual Result<std::optional<Bytes>> find_upload_content(const DeviceId& device,
                                                           std::string_view name) = 0;

  virtual Result<std::optional<BootstrapKey>> find_bootstrap_key(const DeviceId& device) = 0;
  // By either of its hashes.
  virtual Result<std::optional<BootstrapKey>> find_bootstrap_key_by_hash(View hash) = 0;
  virtual Result<std::optional<WifiNetwork>> find_wifi_network(const ProfileId& profile) = 0;

  virtual Result<std::optional<Bytes>> find_setting(std::string_view name) = 0;

  struct Counts {  // vouchers: those of use, not the replaced ones
    std::uint64_t devices = 0, vouchers = 0, certificates_active = 0, registrations = 0,
                  sessions = 0, devices_online = 0;
  };
  virtual Result<Counts> counts() = 0;
  virtual Result<Counts> counts_of(
      const AccountId& account) = 0;  // registrations and sessions are nobody's: 0
};

}  // namespace fairlead::registry
