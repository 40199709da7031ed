// SPDX-License-Identifier: Apache-2.0
#include "enroll/documents.h"

#include "base/limits.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"
#include "codec/cose.h"
#include "codec/tpm/structures.h"
#include "enroll/attestation.h"

namespace fairlead::enroll {

using cbor::Reader;
using cbor::Writer;

namespace {

constexpr std::uint64_t document_version = 1, offer_with_attestation = 2, grant_with_renewal = 2;
constexpr std::size_t text_max = 256, endpoints_max = 8, anchors_max = 8;
constexpr std::size_t p256_signature_bytes = 64;

std::int64_t alg_of(const crypto::PublicKey& key) {
  return static_cast<std::int64_t>(key.type() == crypto::KeyType::p384 ? cose::Alg::es384
                                                                       : cose::Alg::es256);
}

Result<Bytes> sign(View payload, crypto::Signer& key) {
  if (!crypto::is_ec(key.public_key().type()))
    return fail(Errc::unsupported, "documents are signed by EC keys");
  Bytes header = cose::protected_header(alg_of(key.public_key()));
  TRY(auto signature, key.sign(cose::sign1_to_be_signed(header, payload)));
  const std::uint8_t empty_map[] = {0xA0};
  return cose::encode_sign1(header, empty_map, payload, signature.raw);
}

Result<void> check_signature(const cose::Sign1View& document, const crypto::PublicKey& key,
                             std::string_view what) {
  bool good = crypto::is_ec(key.type()) && document.alg == alg_of(key) &&
              key.verify(cose::sign1_to_be_signed(document.protected_bytes, document.payload),
                         document.signature);
  return good ? ok()
              : Result<void>(
                    fail(Errc::untrusted, std::string(what) + " is not signed by the right key"));
}

Result<std::vector<crypto::Certificate>> read_certificates(Reader& in, std::size_t max) {
  std::size_t count = in.array_between(1, max);
  std::vector<crypto::Certificate> out;
  for (std::size_t i = 0; i < count; ++i) {
    View der = in.bytes(limits::certificate_bytes_max);
    TRY_VOID(in.status());
    TRY(auto certificate, crypto::Certificate::from_der(der));
    out.push_back(std::move(certificate));
  }
  return out;
}

void write_certificates(Writer& out, std::span<const crypto::Certificate> certificates) {
  out.array(certificates.size());
  for (const auto& each : certificates) out.bytes(each.der());
}

}  // namespace

std::string_view to_string(Evidence evidence) {
  switch (evidence) {
    case Evidence::possession:
      return "possession";
    case Evidence::fdo_voucher:
      return "fdo-voucher";
    case Evidence::idevid:
      return "idevid";
    case Evidence::tpm:
      return "tpm";
  }
  return "possession";
}

namespace {

// body = [1, product-uri, serial, model, firmware, csr, evidence, nonce, keystore]
Result<Offer> read_body(Reader& in) {
  Offer offer;
  in.array(9);
  if (in.uint() != document_version) in.fail_here("offer is of another version");
  offer.product_uri = in.text(text_max);
  offer.serial = in.text(text_max);
  offer.model = in.text(text_max);
  offer.firmware = in.text(text_max);
  offer.csr = to_bytes(in.bytes(limits::csr_bytes_max));
  offer.evidence = static_cast<Evidence>(in.uint_at_most(3));
  offer.nonce = in.fixed<OfferNonce>();
  offer.keystore = in.text(32);
  TRY_VOID(in.finish().in("offer"));
  return offer;
}

// attestation = [endorsement, attestation-key, key, statement, signature]
Result<crypto::TpmAttestation> read_attestation(Reader& in) {
  crypto::TpmAttestation out;
  in.array(5);
  TRY(out.endorsement, read_certificates(in, crypto::endorsement_chain_max));
  out.attestation_key = to_bytes(in.bytes(tpm::structure_bytes_max));
  out.key = to_bytes(in.bytes(tpm::structure_bytes_max));
  out.statement = to_bytes(in.bytes(tpm::structure_bytes_max));
  out.signature = to_bytes(in.bytes(p256_signature_bytes));
  TRY_VOID(in.status());
  return out;
}

}  // namespace

Bytes offer_body(const Offer& offer) {
  Writer out;
  out.array(9)
      .uint(document_version)
      .text(offer.product_uri)
      .text(offer.serial)
      .text(offer.model)
      .text(offer.firmware);
  out.bytes(offer.csr)
      .uint(static_cast<std::uint64_t>(offer.evidence))
      .bytes(offer.nonce)
      .text(offer.keystore);
  return out.take();
}

// offer = body / [2, body bstr, attestation]
Result<Bytes> encode_offer(const Offer& offer, crypto::Signer& operational_key) {
  return sign(offer_body(offer), operational_key);
}

Result<Bytes> encode_attested_offer(View body, const crypto::TpmAttestation& attestation,
                                    crypto::Signer& operational_key) {
  Writer out;
  out.array(3).uint(offer_with_attestation).bytes(body).array(5);
  write_certificates(out, attestation.endorsement);
  out.bytes(attestation.attestation_key).bytes(attestation.key);
  out.bytes(attestation.statement).bytes(attestation.signature);
  return sign(out.view(), operational_key);
}

Result<AttestedOffer> decode_attested_offer(View document) {
  TRY(auto sign1, cose::decode_sign1(document).in("offer"));
  View body = sign1.payload;
  std::optional<crypto::TpmAttestation> attestation;
  Reader in(sign1.payload);
  if (in.array_between(3, 9) == 3) {
    if (in.uint() != offer_with_attestation) in.fail_here("offer is of another version");
    body = in.bytes(limits::offer_bytes_max);
    TRY(attestation, read_attestation(in).in("offer"));
    TRY_VOID(in.finish().in("offer"));
  }
  Reader body_reader(body);
  TRY(auto offer, read_body(body_reader));
  TRY(auto request, crypto::decode_csr(offer.csr).in("offer"));
  TRY_VOID(check_signature(sign1, request.key, "offer"));
  SignedOffer signed_offer{std::move(offer), std::move(request), crypto::sha256(document)};
  return AttestedOffer{std::move(signed_offer), std::move(attestation), crypto::sha256(body)};
}

Result<SignedOffer> decode_offer(View document) {
  TRY(auto offer, decode_attested_offer(document));
  return std::move(offer.signed_offer);
}

// grant = [1, offer-hash, device, chain, endpoints, anchors, server-time]
//       / [2, offer-hash, device, chain, endpoints, anchors, server-time, renewal-url]
Result<Bytes> encode_grant(const Grant& grant, crypto::Signer& upstream) {
  Writer out;
  const bool renews = !grant.renewal_url.empty();
  out.array(renews ? 8 : 7).uint(renews ? grant_with_renewal : document_version);
  out.bytes(grant.offer_hash).text(grant.device.str());
  write_certificates(out, grant.chain);
  out.array(grant.endpoints.size());
  for (const Endpoint& endpoint : grant.endpoints)
    out.array(3).text(endpoint.uri).text(endpoint.client_id).text(endpoint.topic_prefix);
  write_certificates(out, grant.anchors);
  out.integer(to_unix_ms(grant.server_time));
  if (renews) out.text(grant.renewal_url);
  return sign(out.view(), upstream);
}

Result<Grant> decode_grant(View document, const crypto::PublicKey& upstream,
                           const crypto::Sha256& offer_hash) {
  TRY(auto sign1, cose::decode_sign1(document).in("grant"));
  TRY_VOID(check_signature(sign1, upstream, "grant"));
  Reader in(sign1.payload);
  Grant grant;
  const bool renews = in.array_between(7, 8) == 8;
  if (in.uint() != (renews ? grant_with_renewal : document_version))
    in.fail_here("grant is of another version");
  grant.offer_hash = in.fixed<crypto::Sha256>();
  grant.device = DeviceId(in.text(64));
  TRY(grant.chain, read_certificates(in, limits::certificate_chain_max).in("grant"));
  std::size_t count = in.array_between(1, endpoints_max);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    Endpoint endpoint;
    in.array(3);
    endpoint.uri = in.text(text_max);
    endpoint.client_id = in.text(text_max);
    endpoint.topic_prefix = in.text(text_max);
    grant.endpoints.push_back(std::move(endpoint));
  }
  TRY(grant.anchors, read_certificates(in, anchors_max).in("grant"));
  grant.server_time = from_unix_ms(in.integer());
  if (renews) grant.renewal_url = in.text(text_max);
  TRY_VOID(in.finish().in("grant"));
  if (grant.offer_hash != offer_hash)
    return fail(Errc::untrusted, "grant answers another offer than ours");
  return grant;
}

}  // namespace fairlead::enroll
