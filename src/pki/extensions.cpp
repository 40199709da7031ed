// SPDX-License-Identifier: Apache-2.0
#include "pki/extensions.h"

#include "codec/der/reader.h"
#include "codec/der/writer.h"

namespace fairlead::pki {

namespace {

constexpr std::string_view oid_ski = "2.5.29.14", oid_key_usage = "2.5.29.15",
                           oid_san = "2.5.29.17", oid_basic_constraints = "2.5.29.19",
                           oid_aki = "2.5.29.35", oid_eku = "2.5.29.37",
                           oid_server_auth = "1.3.6.1.5.5.7.3.1",
                           oid_client_auth = "1.3.6.1.5.5.7.3.2",
                           oid_ocsp_signing = "1.3.6.1.5.5.7.3.9",
                           oid_ocsp_no_check = "1.3.6.1.5.5.7.48.1.5";

std::string_view oid_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::client:
      return oid_client_auth;
    case Purpose::server:
      return oid_server_auth;
    case Purpose::ocsp_signing:
      break;
  }
  return oid_ocsp_signing;
}

enum class Critical { no, yes };

Bytes der_true() {
  const std::uint8_t yes[] = {0xFF};
  return der::element(der::boolean, yes);
}

Bytes extension(std::string_view oid, Critical critical, View value) {
  return der::sequence_of({der::object_identifier(oid),
                           critical == Critical::yes ? der_true() : Bytes{},
                           der::element(der::octet_string, value)});
}

bool is(View element, std::string_view oid) { return equal(element, der::object_identifier(oid)); }

Result<void> read_extension(View oid, View value, CaFacts& out) {
  der::Reader in(value);
  if (is(oid, oid_basic_constraints)) {
    der::Reader fields = in.enter(der::sequence);
    if (fields.peek_tag() == der::boolean) fields.value(der::boolean);
    if (!fields.at_end()) out.path_length = fields.small_integer();
    TRY_VOID(fields.finish().in("basic constraints"));
  } else if (is(oid, oid_key_usage)) {
    View bits = in.value(der::bit_string);
    out.may_sign_certificates = bits.size() >= 2 && (bits[1] & 0x04) != 0;
  } else if (is(oid, oid_ski)) {
    out.key_identifier = to_bytes(in.value(der::octet_string));
  } else {
    return ok();
  }
  return in.finish().in("extension");
}

}  // namespace

// RFC 5280 §4.2.1.9; DER leaves out the default FALSE, so the SEQUENCE is empty.
Bytes basic_constraints_end_entity() {
  return extension(oid_basic_constraints, Critical::yes, der::sequence_of({}));
}

Bytes basic_constraints_ca(std::optional<unsigned> path_length) {
  Bytes length;
  if (path_length) {
    const std::uint8_t value[] = {static_cast<std::uint8_t>(*path_length)};
    length = der::unsigned_integer(value);
  }
  return extension(oid_basic_constraints, Critical::yes, der::sequence_of({der_true(), length}));
}

// RFC 5280 §4.2.1.3: a named bit list, trailing zero bits dropped: digitalSignature is bit 0,
// keyCertSign bit 5, cRLSign bit 6.
Bytes key_usage(Usage usage) {
  const std::uint8_t signature[] = {7, 0x80}, ca[] = {1, 0x06};
  return extension(oid_key_usage, Critical::yes,
                   der::element(der::bit_string,
                                usage == Usage::digital_signature ? View(signature) : View(ca)));
}

Bytes extended_key_usage(Purpose purpose) {
  return extension(oid_eku, Critical::no,
                   der::sequence_of({der::object_identifier(oid_of(purpose))}));
}

Bytes subject_key_identifier(View id) {
  return extension(oid_ski, Critical::no, der::element(der::octet_string, id));
}

Bytes authority_key_identifier(View id) {
  return extension(oid_aki, Critical::no, der::sequence_of({der::element(der::context(0), id)}));
}

Bytes subject_alternative_names(View general_names) {
  return extension(oid_san, Critical::no, der::element(der::sequence, general_names));
}

Bytes plain_extension(std::string_view oid, View value) {
  return extension(oid, Critical::no, value);
}

// CRLDistributionPoints ::= SEQUENCE OF SEQUENCE { [0] { fullName [0] GeneralNames }, … }
Bytes crl_distribution_point(std::string_view url) {
  Bytes name =
      der::element(der::context_constructed(0), der::element(der::context(6), as_view(url)));
  Bytes point = der::element(der::context_constructed(0), name);
  return plain_extension("2.5.29.31", der::sequence_of({der::sequence_of({point})}));
}

// AuthorityInfoAccessSyntax ::= SEQUENCE OF SEQUENCE { accessMethod, accessLocation }
Bytes ocsp_access(std::string_view url) {
  Bytes description = der::sequence_of(
      {der::object_identifier("1.3.6.1.5.5.7.48.1"), der::element(der::context(6), as_view(url))});
  return plain_extension("1.3.6.1.5.5.7.1.1", der::sequence_of({description}));
}

Bytes ocsp_no_check() { return plain_extension(oid_ocsp_no_check, der::element(der::null, {})); }

Bytes key_identifier(const crypto::PublicKey& key) {
  Bytes bits = key.point();
  if (bits.empty()) {  // RSA: the content of SubjectPublicKeyInfo's BIT STRING
    const Bytes spki = key.spki();
    der::Reader outer(spki);
    der::Reader in = outer.enter(der::sequence);
    in.element(der::sequence);
    bits = to_bytes(in.bit_string_octets());
  }
  crypto::Sha256 digest = crypto::sha256(bits);
  return to_bytes(View(digest).first(20));
}

Bytes rdn(std::string_view oid, std::uint8_t string_tag, std::string_view text) {
  return der::element(der::set, der::sequence_of({der::object_identifier(oid),
                                                  der::element(string_tag, as_view(text))}));
}

Result<CaFacts> read_ca_facts(const crypto::Certificate& certificate) {
  der::Reader outer(certificate.der());
  der::Reader whole = outer.enter(der::sequence);
  der::Reader tbs = whole.enter(der::sequence);
  tbs.element(der::context_constructed(0));  // version
  tbs.element(der::integer);                 // serialNumber
  for (int i = 0; i < 5; ++i)                // signature, issuer, validity, subject, SPKI
    tbs.element(der::sequence);
  for (std::uint8_t unique_id : {der::context(1), der::context(2)})
    if (tbs.peek_tag() == unique_id) tbs.any_element();
  der::Reader wrapper = tbs.enter(der::context_constructed(3));
  der::Reader extensions = wrapper.enter(der::sequence);
  CaFacts out;
  while (!extensions.failed() && !extensions.at_end()) {
    der::Reader each = extensions.enter(der::sequence);
    View oid = each.element(der::oid);
    if (each.peek_tag() == der::boolean) each.value(der::boolean);
    View value = each.value(der::octet_string);
    TRY_VOID(each.finish().in("CA certificate's extension"));
    TRY_VOID(read_extension(oid, value, out).in("CA certificate"));
  }
  TRY_VOID(extensions.finish().in("CA certificate's extensions"));
  TRY_VOID(tbs.finish().in("CA certificate"));
  return out;
}

}  // namespace fairlead::pki
