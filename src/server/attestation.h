// SPDX-License-Identifier: Apache-2.0
// Whether an Offer proves that its key lives in a TPM whose maker is trusted (ADR 55).
#pragma once

#include <string>
#include <variant>

#include "enroll/attestation.h"
#include "registry/registry.h"

namespace fairlead::server {

struct ProvenTpm {
  Bytes certificate;  // SHA-256 of the endorsement key's
  std::string maker;  // the authority's name on the list
  crypto::PublicKey endorsement_key;
  Bytes attestation_key_name;
};
struct Unproven {
  std::string why;
};

// By the authorities of TPM makers (tpm_ca) that are listed for the account or the whole server.
// Whether the attestation key is in that TPM shows only when it opens what is sealed to both.
// Whether the maker has revoked the certificate is not asked. `offer.attestation` has to be there.
Result<std::variant<ProvenTpm, Unproven>> check_attestation(registry::Registry& registry,
                                                            const AccountId& account,
                                                            const enroll::AttestedOffer& offer,
                                                            Time now);

}  // namespace fairlead::server
