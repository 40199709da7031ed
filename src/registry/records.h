// SPDX-License-Identifier: Apache-2.0
// What the registry keeps, as plain records. Enumerations are stored by number: numbers never
// change meaning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "base/strong_id.h"
#include "base/time.h"

namespace fairlead::registry {

struct Account {
  AccountId id;
  std::string name;
  Time created{};

  friend bool operator==(const Account&, const Account&) = default;
};

enum class Role : int {
  admin = 1,
  factory = 2,
  operator_ = 3,
  engineer = 4,
  installer = 5,
  auditor = 6
};

struct User {
  UserId id;          // the login name
  AccountId account;  // empty: every account (admin)
  Role role = Role::auditor;
  std::string password_hash;  // "scrypt$…", empty: no password login
  bool disabled = false;
  Time created{};

  friend bool operator==(const User&, const User&) = default;
};

struct ApiToken {
  std::string id;  // public part, for listing and removal
  UserId user;
  Bytes sha256;  // of the secret; the secret itself is shown once and never stored
  std::vector<std::string> scopes;  // "devices:read"
  std::string label;
  Time created{}, expires{};

  friend bool operator==(const ApiToken&, const ApiToken&) = default;
};

struct Profile {
  ProfileId id;
  std::int64_t priority = 0;   // the highest that matches a device decides
  std::uint64_t revision = 0;  // raised by every change
  std::string document;        // JSON, as docs/api/openapi.yaml describes it

  friend bool operator==(const Profile&, const Profile&) = default;
};

// A manufacturer or owner key whose vouchers are accepted, or an authority whose certificates are
// (of devices: device_ca; of TPMs: tpm_ca): by one account, or by the whole server and its
// rendezvous service. Keyed by (account, fingerprint).
struct TrustedKey {
  enum class Kind : int { manufacturer = 1, owner = 2, device_ca = 3, tpm_ca = 4 };
  AccountId account;  // empty: server-wide
  Bytes fingerprint;  // SHA-256 of the SubjectPublicKeyInfo
  Kind kind = Kind::manufacturer;
  std::string name;
  Bytes spki;  // DER
  Time created{};

  friend bool operator==(const TrustedKey&, const TrustedKey&) = default;
};

enum class VoucherState : int {
  made = 1,     // by our factory; not extended to an owner yet
  owned = 2,    // ours to onboard
  pending = 3,  // replacement, written before TO2 message 67; not confirmed by the device yet
  superseded =
      4,  // the device is expected under its replacement, but may still come back under this one
  handed_over = 5,  // extended to another owner
  replaced = 6  // the device holds the replacement: of no more use, and known so that an old copy
                // is not taken for a new voucher; `encoded` is empty
};

struct Voucher {
  Bytes guid;
  AccountId account;
  VoucherState state = VoucherState::owned;
  std::string serial, device_info;
  DeviceId device;  // empty until it has one
  Bytes replaces;   // GUID that this one is the replacement of; else empty
  Bytes encoded;    // the Ownership Voucher (CBOR); empty when replaced
  Time created{}, changed{};

  friend bool operator==(const Voucher&, const Voucher&) = default;
};

enum class DeviceState : int {
  known = 1,       // a voucher says that it exists; never seen
  onboarding = 2,  // in TO2
  waiting = 3,     // someone has to approve
  granted = 4,     // has its certificate; not seen online yet
  online = 5,
  offline = 6,
  revoked = 7,
  failed = 8,          // last attempt failed; see the timeline
  onboarded = 9,       // TO2 is done; it asked for no access to the upstream
  decommissioned = 10  // out of use for good: as revoked, and its name is free
};

constexpr bool is_locked_out(DeviceState state) {
  return state == DeviceState::revoked || state == DeviceState::decommissioned;
}

struct Device {
  DeviceId id;
  AccountId account;
  std::string name;  // people's name for it; unique only by habit
  std::string serial, model, product_uri, device_info;
  std::vector<std::string> groups;
  Bytes guid;         // present FDO identity
  ProfileId profile;  // as decided; empty: not decided yet
  DeviceState state = DeviceState::known;
  std::string state_reason;  // in words, for the last change of state
  Time created{}, changed{}, last_seen{};
  std::uint64_t revision = 0;  // raised by every change

  friend bool operator==(const Device&, const Device&) = default;
};

enum class KeyState : int {
  pending = 1,
  accepted = 2,
  rejected = 3,
  superseded = 4,
  quarantined = 5,
  renewing = 6,           // named by the accepted key as its successor; not used yet
  rejected_as_copied = 7  // rejected when it was quarantined: the next key waits for a person, too
};

// Identity, key and name are three things: many keys may claim one device, one is accepted.
struct DeviceKey {
  DeviceId device;
  Bytes fingerprint;  // SHA-256 of SPKI
  KeyState state = KeyState::pending;
  std::string evidence;  // what vouches for it: "fdo-voucher"
  Time created{}, changed{};
  Bytes tpm = {};  // SHA-256 of the endorsement certificate of the TPM that it is proven to be in;
                   // or empty

  friend bool operator==(const DeviceKey&, const DeviceKey&) = default;
};

// An operator's word that whoever shows this password is the device: for one key, for a while.
struct OneTimePassword {
  DeviceId device;
  Bytes sha256;               // of the password, which is shown once and never stored
  Bytes key_fingerprint;      // of the key that it was used for; empty: not used yet
  std::int64_t failures = 0;  // wrong passwords shown for this device since it was made
  Time created{}, expires{};

  friend bool operator==(const OneTimePassword&, const OneTimePassword&) = default;
};

enum class CertificateState : int { issued = 1, active = 2, superseded = 3, revoked = 4 };

struct Certificate {
  Bytes serial;
  DeviceId device;
  AccountId account;
  Bytes key_fingerprint;
  Bytes fingerprint;  // SHA-256 of the DER: what the broker looks up
  CertificateState state = CertificateState::issued;
  Time not_before{}, not_after{}, changed{};
  std::string topic_prefix;  // what the Grant allows on the broker: everything below this
  Bytes der;

  friend bool operator==(const Certificate&, const Certificate&) = default;
};

// Rendezvous: a device that may ask for its owner.
struct Registration {
  Bytes guid;
  Bytes to1d;           // handed out unchanged in TO1 message 33
  Bytes device_key;     // SPKI of the voucher's leaf: who may ask
  Bytes voucher_chain;  // hashes of header and entries, to tell an extension from a truncation;
                        // kept after expiry
  Time expires{};       // not handed out after this
  Time changed{};

  friend bool operator==(const Registration&, const Registration&) = default;
};

// Owner: keep this voucher registered at this rendezvous server.
struct To0Job {
  Bytes guid;
  std::string rendezvous;  // base URL
  Time due{};
  std::int64_t failures = 0;
  std::string last_error;
  Time registered_until{};

  friend bool operator==(const To0Job&, const To0Job&) = default;
};

// The same with whose voucher it is, for people who look for devices that nobody could find.
struct OwnRegistration {
  To0Job job;
  AccountId account;
  std::string serial;

  friend bool operator==(const OwnRegistration&, const OwnRegistration&) = default;
};

// A protocol run between two messages, sealed by nobody: the registry is trusted, the peer is not.
struct Session {
  std::string id;  // the bearer token
  Bytes state;
  Time expires{};

  friend bool operator==(const Session&, const Session&) = default;
};

// A file that a device left in service info, whole, with the hash that the device named for it.
struct Upload {
  DeviceId device;
  std::string name;
  std::uint64_t size = 0;  // bytes; the registry's: of the content
  Bytes sha384;
  Time at{};

  friend bool operator==(const Upload&, const Upload&) = default;
};

// A stretch of what a device is leaving at present.
struct UploadPart {
  std::uint64_t offset = 0;
  Bytes content;

  friend bool operator==(const UploadPart&, const UploadPart&) = default;
};

// The key on a device's label, by which Wi-Fi Easy Connect knows it. One per device: the newest.
struct BootstrapKey {
  DeviceId device;
  Bytes hash, chirp_hash;  // what the device calls itself by
  std::string uri;         // as on the label: "DPP:..."

  friend bool operator==(const BootstrapKey&, const BootstrapKey&) = default;
};

// The Wi-Fi network of the devices that a profile decides for.
struct WifiNetwork {
  ProfileId profile;
  Bytes sealed;  // by the keystore: the passphrase is in it
  Time changed{};

  friend bool operator==(const WifiNetwork&, const WifiNetwork&) = default;
};

struct TimelineEvent {
  std::uint64_t sequence = 0;
  DeviceId device;
  Time at{};
  std::string id;  // a log event's ID
  Fields fields;
  std::uint64_t times = 1;  // the registry's: how often in a row, from `at` to `last`
  Time last{};
};

// A deed, for the audit log.
struct AuditEntry {
  Time at{};
  std::string who;      // a user's or a device's id, "server"
  std::string from;     // the way in and the address there: "api 192.0.2.7"
  AccountId account;    // whom it concerns; empty: the whole server
  std::string event;    // a log event's ID
  std::string subject;  // what it was done to: id of a device, a user, a profile...
  Fields fields;
};

// An entry in its place: see registry/audit.h.
struct AuditRecord {
  std::uint64_t sequence = 0;  // 1, 2, 3...: none is missing
  AccountId account;
  std::string entry;  // JSON, the very text that was hashed
  Bytes link;         // crypto/hash_chain.h

  friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};

}  // namespace fairlead::registry
