// SPDX-License-Identifier: Apache-2.0
// The one decision in which every way of provisioning ends. Pure: no I/O, no clock, and the same
// answer for the same key every time.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/strong_id.h"
#include "base/time.h"
#include "enroll/documents.h"

namespace fairlead::enroll {

// By what right somebody wants the device for an account.
enum class Right {
  voucher,            // an Ownership Voucher, proven in FDO TO2
  user,               // a signed-in person who proved possession of the device's code
  plan_row,           // an engineer's plan
  approval,           // an operator's word
  one_time_password,  // the same, given before the device came
  idevid,             // a device certificate by a maker who is on the list, proven in TLS
  renewal,            // the accepted certificate itself, proven in TLS
  asked               // none: the device itself sent its Offer, and nobody vouches for it
};
std::string_view to_string(Right right);  // "fdo-voucher"

struct Claim {
  Right right = Right::voucher;
  AccountId account;
  bool key_in_tpm = false;  // proven, by a TPM whose maker is trusted
};

// Which devices a profile is for. Each list that is not empty must match; patterns hold * and ?.
struct Match {
  std::vector<std::string> devices, serials, models, device_infos, groups;  // devices: by id
  std::vector<AccountId> accounts;
};

enum class NewKey { replace, wait };  // a new key for a known device, claimed by an equal right

// What an enrolment profile says about the decision; the rest of it concerns the way in.
struct Profile {
  ProfileId id;
  Match match;
  AccountId account;  // where its devices belong; empty: where the claim says
  std::chrono::seconds certificate_lifetime = std::chrono::days(90);
  bool approval = false;  // a person has to say yes, once per key
  NewKey new_key = NewKey::replace;
  bool key_in_tpm = false;  // only a key that is proven to live in a TPM
};

struct Subject {
  std::string serial, model, device_info;
  std::vector<std::string> groups;
  AccountId account;
  DeviceId device;
};
bool matches(const Match& match, const Subject& subject);
// Why a device that matches does: "groups pumps*; accounts acme", or "every device".
std::string in_words(const Match& match);
bool glob_matches(std::string_view pattern, std::string_view text);

// What the registry knows of the device and of the key in the Offer.
struct Known {
  bool revoked = false, decommissioned = false;
  std::optional<crypto::Sha256> accepted_key;  // fingerprint
  bool this_key_approved = false, this_key_rejected = false;
  bool this_key_in_tpm = false;  // it was proven, when it was accepted
  bool quarantined = false;      // two devices were seen alive under this identity
};

struct Granted {
  AccountId account;
  std::chrono::seconds lifetime;
  bool supersedes = false;  // another key was accepted before
};
struct Pending {
  std::string why, who;  // in words: what is missing, and who can decide
};
struct Refused {
  std::string why;
};
using Decision = std::variant<Granted, Pending, Refused>;

Decision decide(const crypto::PublicKey& key, const Claim& claim, const Profile& profile,
                const Known& known);

}  // namespace fairlead::enroll
