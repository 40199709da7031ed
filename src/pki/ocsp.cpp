// SPDX-License-Identifier: Apache-2.0
#include "pki/ocsp.h"

#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "crypto/hash.h"
#include "crypto/sha1.h"
#include "pki/extensions.h"
#include "pki/signed_der.h"

namespace fairlead::pki::ocsp {

namespace {

constexpr std::string_view oid_sha1 = "1.3.14.3.2.26", oid_sha256 = "2.16.840.1.101.3.4.2.1",
                           oid_basic = "1.3.6.1.5.5.7.48.1.1", oid_nonce = "1.3.6.1.5.5.7.48.1.2";

bool is(View element, std::string_view oid) { return equal(element, der::object_identifier(oid)); }

// CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
Result<Question> read_question(View whole) {
  Question out;
  out.certificate_id = to_bytes(whole);
  der::Reader outer(whole);
  der::Reader in = outer.enter(der::sequence);
  der::Reader algorithm = in.enter(der::sequence);
  View oid = algorithm.element(der::oid);
  out.issuer_name_hash = to_bytes(in.value(der::octet_string));
  out.issuer_key_hash = to_bytes(in.value(der::octet_string));
  out.serial = to_bytes(in.unsigned_integer(20));
  TRY_VOID(in.finish().in("CertID"));
  out.sha1 = is(oid, oid_sha1);
  if (!out.sha1 && !is(oid, oid_sha256))
    return fail(Errc::unsupported, "CertID with hashes other than SHA-1 and SHA-256");
  return out;
}

// Extensions ::= SEQUENCE OF SEQUENCE { OID, BOOLEAN critical DEFAULT FALSE, OCTET STRING }
Result<Bytes> read_nonce(der::Reader wrapper) {
  Bytes nonce;
  der::Reader list = wrapper.enter(der::sequence);
  while (!list.failed() && !list.at_end()) {
    der::Reader each = list.enter(der::sequence);
    View oid = each.element(der::oid);
    bool critical = false;
    if (each.peek_tag() == der::boolean) critical = !equal(each.value(der::boolean), Bytes{0});
    View value = each.value(der::octet_string);
    TRY_VOID(each.finish().in("extension"));
    if (is(oid, oid_nonce)) {
      // RFC 9654 §2.1: "Nonce ::= OCTET STRING(SIZE(1..128))".
      der::Reader inner(value);
      View bytes = inner.value(der::octet_string);
      TRY_VOID(inner.finish().in("nonce"));
      if (bytes.empty() || bytes.size() > 128)
        return fail(Errc::malformed, "a nonce that is empty or longer than 128 bytes");
      nonce = to_bytes(value);
    } else if (critical) {
      return fail(Errc::malformed, "a critical extension that is not known here");
    }
  }
  TRY_VOID(list.finish().in("request extensions"));
  TRY_VOID(wrapper.finish().in("request extensions"));
  return nonce;
}

enum class Failure : std::uint8_t { malformed = 1, internal = 2, try_later = 3, unauthorized = 6 };

// OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, [0] EXPLICIT ResponseBytes OPTIONAL }
Bytes response(std::uint8_t status, View bytes) {
  constexpr std::uint8_t enumerated = 0x0A;
  const std::uint8_t value[] = {status};
  return der::sequence_of({der::element(enumerated, value), bytes});
}
Bytes failed(Failure why) { return response(static_cast<std::uint8_t>(why), {}); }

bool is_about(const Question& question, const crypto::Certificate& issuer) {
  const Bytes name = issuer.subject_der(), key = issuer.public_key().point();
  auto digest = [&](View data) {
    return question.sha1 ? crypto::sha1_identifier(data)
                         : crypto::hash(crypto::HashAlg::sha256, {data});
  };
  return question.issuer_name_hash == digest(name) && question.issuer_key_hash == digest(key);
}

// CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2]
// IMPLICIT UnknownInfo }
Bytes encode_status(const Status& status) {
  if (auto* revoked = std::get_if<Revoked>(&status))
    return der::element(der::context_constructed(1), generalized_time(revoked->at));
  return der::element(der::context(std::holds_alternative<Good>(status) ? 0 : 2), {});
}

Result<Bytes> basic_response(const Request& request, const Responder& responder,
                             const StatusOf& status_of, Time now, Time next_update) {
  Bytes singles;
  for (const Question& each : request.questions) {
    TRY(auto status, status_of(each.serial));
    append(singles,
           der::sequence_of({each.certificate_id, encode_status(status), generalized_time(now),
                             explicit_tag(0, generalized_time(next_update))}));
  }
  Bytes nonce;
  if (!request.nonce.empty())
    nonce = explicit_tag(1, der::sequence_of({plain_extension(oid_nonce, request.nonce)}));
  // ResponseData ::= SEQUENCE { responderID [1] EXPLICIT Name, producedAt, responses, [1] EXPLICIT
  // Extensions }
  const Bytes data =
      der::sequence_of({explicit_tag(1, responder.certificate.subject_der()), generalized_time(now),
                        der::element(der::sequence, singles), nonce});
  // BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature, certs [0]
  // EXPLICIT SEQUENCE OF Certificate OPTIONAL }
  return sign_der(data, *responder.key,
                  explicit_tag(0, der::sequence_of({responder.certificate.der()})));
}

}  // namespace

// OCSPRequest ::= SEQUENCE { tbsRequest, [0] EXPLICIT Signature OPTIONAL }
//   TBSRequest ::= SEQUENCE { [0] version DEFAULT v1, [1] requestorName OPTIONAL,
//                             requestList SEQUENCE OF Request, [2] Extensions OPTIONAL }
//   Request ::= SEQUENCE { reqCert CertID, [0] Extensions OPTIONAL }
Result<Request> decode_request(View der) {
  if (der.size() > ocsp::request_bytes_max)
    return fail(Errc::malformed, "OCSP request is too long");
  der::Reader outer(der);
  der::Reader whole = outer.enter(der::sequence);
  der::Reader in = whole.enter(der::sequence);
  if (whole.peek_tag() == der::context_constructed(0)) whole.any_element();
  if (in.peek_tag() == der::context_constructed(0)) {
    der::Reader version = in.enter(der::context_constructed(0));
    if (version.small_integer() != 0) version.fail_here("version is not 1");
    TRY_VOID(version.finish().in("OCSP request"));
  }
  if (in.peek_tag() == der::context_constructed(1)) in.any_element();
  Request out;
  der::Reader list = in.enter(der::sequence);
  while (!list.failed() && !list.at_end()) {
    if (out.questions.size() == ocsp::questions_max)
      return fail(Errc::malformed, "OCSP request asks about too many certificates");
    der::Reader each = list.enter(der::sequence);
    View id = each.element(der::sequence);
    if (each.peek_tag() == der::context_constructed(0)) each.any_element();
    TRY_VOID(each.finish().in("OCSP request"));
    TRY(auto question, read_question(id));
    out.questions.push_back(std::move(question));
  }
  TRY_VOID(list.finish().in("OCSP request"));
  if (in.peek_tag() == der::context_constructed(2)) {
    TRY(out.nonce, read_nonce(in.enter(der::context_constructed(2))));
  }
  for (der::Reader* each : {&in, &whole, &outer}) TRY_VOID(each->finish().in("OCSP request"));
  if (out.questions.empty()) return fail(Errc::malformed, "OCSP request asks nothing");
  return out;
}

Bytes try_later() { return failed(Failure::try_later); }

Bytes answer(View der, const Authority& authority, const Responder& responder,
             const StatusOf& status_of, Time now, Time next_update) {
  auto request = decode_request(der);
  if (!request) return failed(Failure::malformed);
  for (const Question& each : request->questions)
    if (!is_about(each, authority.certificate())) return failed(Failure::unauthorized);
  auto basic = basic_response(*request, responder, status_of, now, next_update);
  if (!basic)
    return failed(basic.error().code == Errc::internal ? Failure::internal : Failure::try_later);
  const Bytes bytes = der::sequence_of(
      {der::object_identifier(oid_basic), der::element(der::octet_string, *basic)});
  return response(0, explicit_tag(0, bytes));
}

}  // namespace fairlead::pki::ocsp
