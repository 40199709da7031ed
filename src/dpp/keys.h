// SPDX-License-Identifier: Apache-2.0
// Bootstrapping keys and the keys that two sides derive from them. Capital letters of the
// specification are points, small ones their scalars: B bootstrapping, P protocol; I initiator, R
// responder.
#pragma once

#include <optional>

#include "base/secret.h"
#include "crypto/curve.h"
#include "dpp/attributes.h"

namespace fairlead::dpp {

// The public key that a device shows on its label.
struct BootstrapKey {
  crypto::CurvePoint point;
  Bytes spki;  // DER, as it came: what is hashed

  KeyHash hash() const;
  KeyHash chirp_hash() const;  // what a device calls itself that looks for its Configurator
};
BootstrapKey bootstrap_key(crypto::CurvePoint point);
// SubjectPublicKeyInfo of P-256, P-384 or P-521 with a compressed point.
Result<BootstrapKey> decode_bootstrap_key(View spki);

// A protocol key as it travels: x‖y.
Bytes encode_protocol_key(const crypto::CurvePoint& point);
Result<crypto::CurvePoint> decode_protocol_key(crypto::Curve curve, View in);

std::size_t nonce_bytes(crypto::Curve curve);  // half a hash

// The secrets that both sides know, by x coordinate:
struct SharedSecrets {
  SecretBytes m;                 // pI * BR
  SecretBytes n;                 // pI * PR
  std::optional<SecretBytes> l;  // bI * (BR + PR), only in mutual authentication
};
// What both sides have said, and enters the proofs. The initiator's bootstrapping key is there only
// in mutual authentication.
struct Transcript {
  Bytes initiator_nonce, responder_nonce;
  crypto::CurvePoint initiator_protocol, responder_protocol, responder_bootstrap;
  std::optional<crypto::CurvePoint> initiator_bootstrap;
};
SecretBytes first_intermediate_key(crypto::Curve curve, View m);               // k1
SecretBytes second_intermediate_key(crypto::Curve curve, View n);              // k2
SecretBytes session_key(const Transcript& said, const SharedSecrets& shared);  // ke
Bytes responder_tag(const Transcript& said);                                   // R-auth
Bytes initiator_tag(const Transcript& said);                                   // I-auth

}  // namespace fairlead::dpp
