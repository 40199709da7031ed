// SPDX-License-Identifier: Apache-2.0
#include "server/attestation.h"

#include "base/assert.h"

namespace fairlead::server {

namespace {

using Chain = std::vector<crypto::Certificate>;

// Of the first listed authority that signed one of the chain. Up to that one the chain has to hold.
Result<std::optional<std::string>> maker_of(registry::Registry& registry, const AccountId& account,
                                            const Chain& chain) {
  TRY(auto keys, registry.trusted_keys());
  std::erase_if(keys, [&](const registry::TrustedKey& each) {
    return each.kind != registry::TrustedKey::Kind::tpm_ca ||
           (!each.account.empty() && each.account != account);
  });
  for (const registry::TrustedKey& each : keys) {
    TRY(auto authority, crypto::PublicKey::from_spki(each.spki).in("trusted key"));
    for (const crypto::Certificate& certificate : chain)
      if (certificate.signed_by(authority)) return std::optional(each.name);
  }
  return std::optional<std::string>();
}

Result<void> check_chain(const Chain& chain, Time now) {
  TRY_VOID(crypto::check_endorsement_certificate(chain.front(), now));
  TRY_VOID(crypto::validate_links(chain));
  for (const crypto::Certificate& each : chain)
    if (now > each.not_after())
      return fail(Errc::expired,
                  "that of '" + each.subject() + "' expired at " + to_rfc3339(each.not_after()));
  return ok();
}

}  // namespace

Result<std::variant<ProvenTpm, Unproven>> check_attestation(registry::Registry& registry,
                                                            const AccountId& account,
                                                            const enroll::AttestedOffer& offer,
                                                            Time now) {
  ASSERT(offer.attestation);
  const crypto::TpmAttestation& proof = *offer.attestation;
  if (auto good = check_chain(proof.endorsement, now); !good)
    return Unproven{"endorsement certificate: " + good.error().context};
  if (auto good =
          crypto::check_tpm_statement(proof, offer.signed_offer.request.key, offer.body_hash);
      !good)
    return Unproven{good.error().context};
  TRY(auto maker, maker_of(registry, account, proof.endorsement));
  if (!maker)
    return Unproven{"endorsement certificate: its issuer '" + proof.endorsement.back().issuer() +
                    "' is on no list; `fairlead trust add CA.pem --kind tpm_ca` adds it, once you "
                    "know that it is a maker of TPMs"};
  const crypto::Certificate& endorsement = proof.endorsement.front();
  return ProvenTpm{to_bytes(View(endorsement.fingerprint())), std::move(*maker),
                   endorsement.public_key(), crypto::tpm_name_of(proof.attestation_key)};
}

}  // namespace fairlead::server
