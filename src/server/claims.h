// SPDX-License-Identifier: Apache-2.0
// The second way in: somebody beside a device sends its Offer with a Claim. Finds or makes the
// device of the Offer, and lets the Enroller decide.
#pragma once

#include "server/enroller.h"

namespace fairlead::server {

// By what the person at the device showed that they may provision it. The device checked it.
enum class LocalProof {
  code,
  button,
  stick,  // the device gave its Offer by a stick: somebody stood there, who may not be who claims
  none    // nobody is there: the device asks by itself (Right::asked)
};
std::optional<LocalProof> local_proof_from(std::string_view text);

struct LocalClaim {
  enroll::Right right = enroll::Right::user;
  LocalProof proof = LocalProof::code;
  AccountId account;
  std::string name;     // people's name for the device; may be empty
  Actor actor;          // who does it, from where
  DeviceId replaces{};  // a device of the account that this one takes the place of; "": none
};

struct ClaimAnswer {
  DeviceId device;
  std::optional<Bytes> grant;  // none: it waits for a decision
  std::string why;             // it waits
};

class Claims {
 public:
  Claims(Store& store, Enroller& enroller, Log& log)
      : store_(store), enroller_(enroller), log_(log) {}

  // Durable before it returns. malformed: no Offer. conflict: several devices of the account have
  // this serial. not_found: the one to be replaced is none of the account. refused: with why. The
  // same Offer, or another of the same key, gets the same.
  Result<ClaimAnswer> claim(View offer, const LocalClaim& claim, Time now);

 private:
  Result<void> record(const DeviceId& id, View key, const LocalClaim& claim, Time now);
  Result<DeviceId> device_of(const enroll::Offer& offer, const LocalClaim& claim, Time now);
  Result<bool> has_asked(const DeviceId& id, View key) const;

  Store& store_;
  Enroller& enroller_;
  Log& log_;
};

// A device that no voucher tells of is named by account, model and serial (ADR 35).
DeviceId device_id_of(const AccountId& account, const enroll::Offer& offer);

}  // namespace fairlead::server
