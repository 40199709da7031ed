// SPDX-License-Identifier: Apache-2.0
#include "fdo/eat.h"

#include "codec/cose.h"

namespace fairlead::fdo {

namespace {
constexpr std::int64_t claim_nonce = 10, claim_ueid = 256, claim_fdo = -257,
                       claim_maroe_prefix = -258, header_setup_nonce = -259;
constexpr std::uint8_t ueid_random = 0x01;

void read_claims(cbor::Reader& in, Eat& out) {
  std::size_t pairs = in.map(8);
  bool has_nonce = false, has_ueid = false;
  for (std::size_t i = 0; i < pairs && !in.failed(); ++i) {
    std::int64_t label = in.integer();
    if (label == claim_nonce && !has_nonce) {
      out.nonce = in.fixed<Nonce>();
      has_nonce = true;
    } else if (label == claim_ueid && !has_ueid) {
      View ueid = in.bytes(17);
      if (ueid.size() != 17 || ueid[0] != ueid_random)
        in.fail_here("EAT's UEID is not 01 and a GUID");
      else
        out.guid = *Guid::from(ueid.subspan(1));
      has_ueid = true;
    } else if (label == claim_fdo && out.xb.empty()) {
      in.array(1);
      out.xb = to_bytes(in.bytes(2048));
      if (!in.failed() && out.xb.empty()) in.fail_here("EAT's key exchange parameter is empty");
    } else if (label == claim_maroe_prefix) {
      in.skip();
    } else {
      in.fail_here("EAT claim is unknown or appears twice");
    }
  }
  if (!in.failed() && (!has_nonce || !has_ueid)) in.fail_here("EAT lacks nonce or UEID");
}

void read_unprotected(cbor::Reader& in, Eat& out) {
  std::size_t pairs = in.map(8);
  for (std::size_t i = 0; i < pairs && !in.failed(); ++i) {
    if (in.integer() == header_setup_nonce)
      out.setup = in.fixed<Nonce>();
    else
      in.skip();
  }
}
}  // namespace

Result<SignedEat> decode_eat(View message) {
  TRY(auto sign1, cose::decode_sign1(message).in("EAT"));
  SignedEat out{{},
                to_bytes(sign1.protected_bytes),
                to_bytes(sign1.payload),
                to_bytes(sign1.signature),
                sign1.alg};
  cbor::Reader claims(sign1.payload);
  read_claims(claims, out.claims);
  TRY_VOID(claims.finish().in("EAT"));
  cbor::Reader unprotected(sign1.unprotected);
  read_unprotected(unprotected, out.claims);
  TRY_VOID(unprotected.finish().in("EAT unprotected header"));
  return out;
}

Result<void> verify_eat(const SignedEat& eat, const crypto::PublicKey& key) {
  if (eat.alg != signature_alg(key.type()))
    return fail(Errc::untrusted, "EAT: algorithm does not go with the device's key");
  Bytes message = cose::sign1_to_be_signed(eat.protected_bytes, eat.payload);
  if (key.verify(message, eat.signature)) return ok();
  const std::size_t width = crypto::coordinate_bytes(key.type());
  const std::size_t missing = crypto::is_ec(key.type()) ? 2 * width - eat.signature.size() : 0;
  if (missing == 1 || missing == 2) {
    for (std::size_t in_r = 0; in_r <= missing; ++in_r) {
      Bytes padded(in_r, 0);
      append(padded, View(eat.signature).first(width - in_r));
      padded.insert(padded.end(), missing - in_r, 0);
      append(padded, View(eat.signature).subspan(width - in_r));
      if (key.verify(message, padded)) return ok();
    }
  }
  return fail(Errc::untrusted, "EAT: signature is not the device's");
}

Result<Bytes> encode_eat(const Eat& claims, crypto::Signer& device_key) {
  Bytes ueid{ueid_random};
  append(ueid, claims.guid);
  // Deterministic order of the encoded keys: 10, 256, -257.
  cbor::Writer payload;
  payload.map(claims.xb.empty() ? 2 : 3)
      .integer(claim_nonce)
      .bytes(claims.nonce)
      .integer(claim_ueid)
      .bytes(ueid);
  if (!claims.xb.empty()) payload.integer(claim_fdo).array(1).bytes(claims.xb);
  cbor::Writer unprotected;
  unprotected.map(claims.setup ? 1 : 0);
  if (claims.setup) unprotected.integer(header_setup_nonce).bytes(*claims.setup);
  return sign1(device_key, payload.view(), unprotected.view());
}

}  // namespace fairlead::fdo
