// SPDX-License-Identifier: Apache-2.0
// Who a device is: its FDO credential, the names of its keys, and its access to an upstream. One
// file, replaced as a whole, so that a credential never stands with another's keys or certificate.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "device/flow.h"
#include "device/state_directory.h"
#include "enroll/documents.h"
#include "fdo/di.h"
#include "keystore/keystore.h"

namespace fairlead::device {

// Access to an upstream, as a Grant (or fdo.csr with a configured endpoint) gave it.
struct Operational {
  keystore::KeyName key;
  DeviceId device;                           // the upstream's name of us
  std::vector<crypto::Certificate> chain;    // leaf first
  std::vector<enroll::Endpoint> endpoints;   // may be empty after fdo.csr
  std::vector<crypto::Certificate> anchors;  // who may vouch for the endpoints
  Time server_time{};                        // a lower bound for the clock; when it was given
  std::string renewal_url = {};              // EST server that renews the certificate; or ""
  bool key_proven = false;                   // to be in our TPM: its successor would not be
};

struct Identity {
  std::uint64_t generation = 0;  // counts commits; names of new keys end in it
  std::string serial, model;
  keystore::KeyName device_key, hmac_key;
  fdo::DeviceCredential credential;
  bool onboarded = false;               // by an owner whose Grant, if any, was accepted
  std::optional<crypto::Sha256> owner;  // fingerprint of the key of who took the device last
  std::optional<Operational> operational;
  bool decommissioned = false;  // its upstream took it out of use; a reset ends that

  // A device that never was at a factory station, and was provisioned from beside it, has none.
  bool has_credential() const { return !device_key.empty(); }
};

inline constexpr std::string_view identity_file = "identity";

// identity = [2, generation, serial, model, device-key, hmac-key, credential bstr / null,
//             onboarded, owner bstr / null, operational / null, decommissioned]
// operational = [key, device, [+ cert], [* [uri, client-id, prefix]], [* cert], server-time-ms,
//                renewal-url, key-proven]; without the last in files of earlier versions
Bytes encode_identity(const Identity& identity);
Result<Identity> decode_identity(View encoded);

Bytes encode_operational(const Operational& operational);
Result<Operational> decode_operational(View encoded);

// Empty where the device has none; an error where it can't be read (which never counts as "has
// none").
Result<std::optional<Identity>> load_identity(const StateDirectory& directory);
// The one commit. Points: those of the file `identity`.
Result<void> save_identity(const StateDirectory& directory, const Identity& identity);

keystore::KeyName hmac_key_name(std::uint64_t generation);  // "device-hmac", "device-hmac-1", ...
// "operational-1-0123456789abcdef": no two owners see the same key, even if a run with the first
// was never committed.
keystore::KeyName operational_key_name(std::uint64_t generation, const crypto::Sha256& owner);

// Of the successor to this certificate: the same for each attempt at it, and of no other.
keystore::KeyName renewal_key_name(const crypto::Certificate& renewed);

// Removes keys of earlier generations, and of runs that were never committed (except the next
// operational keys, which are kept so that a repeated run offers the same).
Result<void> sweep_keys(keystore::Keystore& keystore, const std::optional<Identity>& identity);

// Where the device stands by what it keeps.
State state_of(const std::optional<Identity>& identity);

}  // namespace fairlead::device
