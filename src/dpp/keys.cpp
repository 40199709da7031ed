// SPDX-License-Identifier: Apache-2.0
#include "dpp/keys.h"

#include "base/assert.h"
#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "crypto/hkdf.h"

namespace fairlead::dpp {

using crypto::Curve;
using crypto::CurvePoint;

namespace {

constexpr Curve curves[] = {Curve::p256, Curve::p384, Curve::p521};

// AlgorithmIdentifier: ecPublicKey (1.2.840.10045.2.1) on this curve.
Bytes algorithm_of(Curve curve) {
  return der::sequence_of({der::object_identifier("1.2.840.10045.2.1"),
                           der::object_identifier(curve == Curve::p256   ? "1.2.840.10045.3.1.7"
                                                  : curve == Curve::p384 ? "1.3.132.0.34"
                                                                         : "1.3.132.0.35")});
}

SecretBytes intermediate_key(Curve curve, View secret, std::string_view info) {
  const crypto::HashAlg alg = hash_for(curve);
  return hkdf_expand(alg, hkdf_extract(alg, {}, secret).reveal(), as_view(info), size_bytes(alg));
}

}  // namespace

KeyHash BootstrapKey::hash() const { return crypto::sha256(spki); }

KeyHash BootstrapKey::chirp_hash() const {
  Bytes chirp = to_bytes("chirp");
  append(chirp, spki);
  return crypto::sha256(chirp);
}

BootstrapKey bootstrap_key(CurvePoint point) {
  Bytes spki = der::sequence_of({algorithm_of(point.curve), der::bit_string_of(compressed(point))});
  return {std::move(point), std::move(spki)};
}

Result<BootstrapKey> decode_bootstrap_key(View spki) {
  der::Reader outer(spki);
  der::Reader in = outer.enter(der::sequence);
  const View algorithm = in.element(der::sequence);
  const View point = in.bit_string_octets();
  TRY_VOID(in.finish().in("bootstrapping key"));
  TRY_VOID(outer.finish().in("bootstrapping key"));
  for (Curve curve : curves) {
    if (!equal(algorithm, algorithm_of(curve))) continue;
    // Its hash names the key, so that there must be one way only to write it.
    if (point.size() != 1 + coordinate_bytes(curve))
      return fail(Errc::malformed, "bootstrapping key: its point is not compressed");
    TRY(auto decoded, crypto::decode_curve_point(curve, point).in("bootstrapping key"));
    return BootstrapKey{std::move(decoded), to_bytes(spki)};
  }
  return fail(Errc::unsupported, "bootstrapping key is not on P-256, P-384 or P-521");
}

Bytes encode_protocol_key(const CurvePoint& point) {
  Bytes out = point.x;
  append(out, point.y);
  return out;
}

Result<CurvePoint> decode_protocol_key(Curve curve, View in) {
  if (in.size() != 2 * coordinate_bytes(curve))
    return fail(Errc::malformed, "protocol key is not on the bootstrapping key's curve");
  Bytes encoded{4};
  append(encoded, in);
  return crypto::decode_curve_point(curve, encoded).in("protocol key");
}

std::size_t nonce_bytes(Curve curve) { return size_bytes(hash_for(curve)) / 2; }

SecretBytes first_intermediate_key(Curve curve, View m) {
  return intermediate_key(curve, m, "first intermediate key");
}

SecretBytes second_intermediate_key(Curve curve, View n) {
  return intermediate_key(curve, n, "second intermediate key");
}

SecretBytes session_key(const Transcript& said, const SharedSecrets& shared) {
  ASSERT(said.initiator_bootstrap.has_value() == shared.l.has_value());
  const crypto::HashAlg alg = hash_for(said.responder_bootstrap.curve);
  Bytes nonces = said.initiator_nonce;
  append(nonces, said.responder_nonce);
  Bytes secret = to_bytes(shared.m.reveal());
  append(secret, shared.n.reveal());
  if (shared.l) append(secret, shared.l->reveal());
  const SecretBytes secrets(std::move(secret));
  return hkdf_expand(alg, hkdf_extract(alg, nonces, secrets.reveal()).reveal(), as_view("DPP Key"),
                     size_bytes(alg));
}

Bytes responder_tag(const Transcript& said) {
  const std::uint8_t zero = 0;
  const View own = said.initiator_bootstrap ? View(said.initiator_bootstrap->x) : View();
  return hash(hash_for(said.responder_bootstrap.curve),
              {said.initiator_nonce, said.responder_nonce, said.initiator_protocol.x,
               said.responder_protocol.x, own, said.responder_bootstrap.x, View(&zero, 1)});
}

Bytes initiator_tag(const Transcript& said) {
  const std::uint8_t one = 1;
  const View own = said.initiator_bootstrap ? View(said.initiator_bootstrap->x) : View();
  return hash(hash_for(said.responder_bootstrap.curve),
              {said.responder_nonce, said.initiator_nonce, said.responder_protocol.x,
               said.initiator_protocol.x, said.responder_bootstrap.x, own, View(&one, 1)});
}

}  // namespace fairlead::dpp
