// SPDX-License-Identifier: Apache-2.0
#include "device/attested_offer.h"

#include "enroll/attestation.h"
#include "enroll/sealed_grant.h"
#include "keystore/attester.h"

namespace fairlead::device {

Result<WrittenOffer> write_offer(keystore::Keystore& keystore, const keystore::KeyName& name,
                                 crypto::Signer& key, const enroll::Offer& offer) {
  WrittenOffer out;
  if (keystore::Attester* attester = keystore::attester_of(keystore)) {
    const Bytes body = enroll::offer_body(offer);
    auto attestation = attester->attest(name, crypto::sha256(body));
    if (attestation) {
      TRY(out.document, enroll::encode_attested_offer(body, *attestation, key));
      return out;
    }
    out.unproven_because = attestation.error().context;
  }
  TRY(out.document, enroll::encode_offer(offer, key));
  return out;
}

Result<OpenedGrant> open_if_sealed(keystore::Keystore& keystore, View document) {
  if (!enroll::is_sealed_grant(document)) return OpenedGrant{to_bytes(document), false};
  keystore::Attester* attester = keystore::attester_of(keystore);
  if (!attester)
    return fail(Errc::untrusted,
                "the Grant is sealed to a TPM, and this device's keystore has none");
  TRY(auto sealed, enroll::decode_sealed_grant(document));
  TRY(auto secret, attester->open_credential(sealed.credential).in("sealed grant"));
  TRY(auto opened, enroll::open_grant(sealed, secret));
  return OpenedGrant{std::move(opened), true};
}

}  // namespace fairlead::device
