// SPDX-License-Identifier: Apache-2.0
// PKCS#10 requests and certs-only PKCS#7, on our own strict DER reader and writer.
#include "crypto/request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "codec/utf8.h"

namespace fairlead::crypto {

namespace {

constexpr std::string_view oid_common_name = "2.5.4.3", oid_serial_number = "2.5.4.5",
                           oid_extension_request = "1.2.840.113549.1.9.14",
                           oid_challenge_password = "1.2.840.113549.1.9.7", oid_san = "2.5.29.17",
                           oid_signed_data = "1.2.840.113549.1.7.2",
                           oid_data = "1.2.840.113549.1.7.1";

bool is(View element, std::string_view oid) { return equal(element, der::object_identifier(oid)); }

Bytes signature_algorithm(KeyType type) {
  switch (type) {
    case KeyType::p256:
      return der::sequence_of({der::object_identifier("1.2.840.10045.4.3.2")});
    case KeyType::p384:
      return der::sequence_of({der::object_identifier("1.2.840.10045.4.3.3")});
    case KeyType::rsa2048:
      return der::sequence_of(
          {der::object_identifier("1.2.840.113549.1.1.11"), der::element(der::null, {})});
    default:
      return der::sequence_of(
          {der::object_identifier("1.2.840.113549.1.1.12"), der::element(der::null, {})});
  }
}

// A name ends up in logs, topics and file names: no control characters, no half-decoded letters.
void check_text(der::Reader& in, std::string_view text) {
  if (!is_utf8(text)) in.fail_here("text is not UTF-8");
  for (char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      in.fail_here("control character in a text");
}

std::string text_of(der::Reader& in) {
  std::uint8_t tag = in.peek_tag();
  if (tag != der::utf8_string && tag != der::printable_string && tag != der::ia5_string) {
    in.fail_here("text of an unsupported kind");
    return {};
  }
  std::string out(as_text(in.value(tag)));
  check_text(in, out);
  return out;
}

// Name ::= SEQUENCE OF SET OF SEQUENCE { OID, value }
Result<std::string> common_name_of(View name) {
  std::string out;
  bool seen = false;
  der::Reader outer(name);
  der::Reader in = outer.enter(der::sequence);
  while (!in.failed() && !in.at_end()) {
    der::Reader set = in.enter(der::set);
    while (!set.failed() && !set.at_end()) {
      der::Reader pair = set.enter(der::sequence);
      View oid = pair.element(der::oid);
      if (!pair.failed() && is(oid, oid_common_name)) {
        // Readers differ in which one they take; an attacker would choose.
        if (std::exchange(seen, true)) pair.fail_here("common name appears twice");
        out = text_of(pair);
      } else {
        pair.any_element();
      }
      TRY_VOID(pair.finish().in("subject"));
    }
    TRY_VOID(set.finish().in("subject"));
  }
  TRY_VOID(in.finish().in("subject"));
  return out;
}

Result<void> read_san(View value, FullRequest& out) {
  der::Reader outer(value);
  der::Reader names = outer.enter(der::sequence);
  while (!names.failed() && !names.at_end()) {
    std::uint8_t tag = names.peek_tag();
    View content = names.value(tag);
    if (tag != der::context(6) && tag != der::context(2)) {
      out.other_names = true;
      continue;
    }
    check_text(names, as_text(content));
    (tag == der::context(6) ? out.request.san_uris : out.request.san_dns)
        .emplace_back(as_text(content));
  }
  TRY_VOID(names.finish().in("subject alternative names"));
  return outer.finish().in("subject alternative names");
}

Result<void> read_extensions(der::Reader& values, FullRequest& out) {
  der::Reader extensions = values.enter(der::sequence);
  while (!extensions.failed() && !extensions.at_end()) {
    der::Reader extension = extensions.enter(der::sequence);
    View oid = extension.element(der::oid);
    if (extension.peek_tag() == der::boolean) extension.value(der::boolean);
    View value = extension.value(der::octet_string);
    TRY_VOID(extension.finish().in("requested extension"));
    if (is(oid, oid_san))
      TRY_VOID(read_san(value, out));
    else
      out.extensions.push_back({to_bytes(oid), to_bytes(value)});
  }
  return extensions.finish().in("requested extensions");
}

Result<void> read_attributes(der::Reader attributes, FullRequest& out) {
  while (!attributes.failed() && !attributes.at_end()) {
    der::Reader attribute = attributes.enter(der::sequence);
    View oid = attribute.element(der::oid);
    der::Reader values = attribute.enter(der::set);
    TRY_VOID(attribute.finish().in("request attribute"));
    if (is(oid, oid_extension_request)) {
      TRY_VOID(read_extensions(values, out));
    } else if (is(oid, oid_challenge_password)) {
      out.request.challenge_password = text_of(values);
    } else {
      while (!values.failed() && !values.at_end()) values.any_element();
    }
    TRY_VOID(values.finish().in("request attribute"));
  }
  return attributes.finish().in("request attributes");
}

// X.520 wants a PrintableString for serial numbers; those that aren't (an underscore is enough) go
// as UTF-8.
std::uint8_t string_tag(std::string_view text) {
  constexpr std::string_view others = " '()+,-./:=?";
  bool printable = std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           others.contains(c);
  });
  return printable ? der::printable_string : der::utf8_string;
}

Bytes text_attribute(std::string_view oid, std::uint8_t tag, std::string_view text) {
  return der::element(
      der::set, der::sequence_of({der::object_identifier(oid), der::element(tag, as_view(text))}));
}

}  // namespace

// RFC 2986 §4.2: CertificationRequest ::= SEQUENCE { certificationRequestInfo, signatureAlgorithm,
// signature } RFC 2986 §4.1: CertificationRequestInfo ::= SEQUENCE { version(0), subject,
// subjectPKInfo, [0] attributes }
Result<FullRequest> decode_full_csr(View encoded) {
  if (encoded.size() > limits::csr_bytes_max)
    return fail(Errc::malformed, "certificate request is too long");
  der::Reader outer(encoded);
  der::Reader in = outer.enter(der::sequence);
  View info = in.element(der::sequence);
  View algorithm = in.element(der::sequence);
  View signature = in.bit_string_octets();
  TRY_VOID(in.finish().in("certificate request"));
  TRY_VOID(outer.finish().in("certificate request"));

  der::Reader info_outer(info);
  der::Reader fields = info_outer.enter(der::sequence);
  if (fields.small_integer() != 0) fields.fail_here("request version is not 0");
  View subject = fields.element(der::sequence);
  View spki = fields.element(der::sequence);
  TRY_VOID(fields.status().in("certificate request"));
  TRY(auto key, PublicKey::from_spki(spki).in("certificate request"));
  FullRequest full{{std::move(key), to_bytes(subject), {}, {}, {}, {}}, false, {}};
  CertificateRequest& out = full.request;
  TRY(out.common_name, common_name_of(subject).in("certificate request"));
  if (!fields.at_end()) TRY_VOID(read_attributes(fields.enter(der::context_constructed(0)), full));
  TRY_VOID(fields.finish().in("certificate request"));

  if (out.key.type() == KeyType::other)
    return fail(Errc::unsupported, "certificate request: keys of this type are not served");
  if (!equal(algorithm, signature_algorithm(out.key.type())))
    return fail(Errc::unsupported,
                "certificate request: signature algorithm does not go with its key");
  if (!out.key.verify_der(info, signature))
    return fail(Errc::untrusted, "certificate request: its signature is wrong");
  return full;
}

Result<CertificateRequest> decode_csr(View encoded) {
  TRY(auto full, decode_full_csr(encoded));
  return std::move(full.request);
}

Bytes encode_name(const CsrSubject& subject) {
  Bytes names;
  if (!subject.common_name.empty())
    names = text_attribute(oid_common_name, der::utf8_string, subject.common_name);
  if (!subject.serial_number.empty())
    append(names, text_attribute(oid_serial_number, string_tag(subject.serial_number),
                                 subject.serial_number));
  return der::element(der::sequence, names);
}

Result<Bytes> create_csr(Signer& key, const CsrSubject& subject) {
  Bytes attributes;
  if (!subject.san_uris.empty()) {
    Bytes uris;
    for (const auto& uri : subject.san_uris)
      append(uris, der::element(der::context(6), as_view(uri)));
    Bytes san = der::element(der::octet_string, der::element(der::sequence, uris));
    Bytes extensions = der::sequence_of({der::sequence_of({der::object_identifier(oid_san), san})});
    attributes = der::sequence_of(
        {der::object_identifier(oid_extension_request), der::element(der::set, extensions)});
  }
  Bytes info =
      der::sequence_of({der::unsigned_integer({}), encode_name(subject), key.public_key().spki(),
                        der::element(der::context_constructed(0), attributes)});
  TRY(auto signature, key.sign(info));
  KeyType type = key.public_key().type();
  Bytes encoded = std::move(signature.raw);
  if (is_ec(type)) {
    TRY(encoded, ecdsa_raw_to_der(type, encoded));
  }
  return der::sequence_of({info, signature_algorithm(type), der::bit_string_of(encoded)});
}

// RFC 5652 §5.1, degenerate: no digest algorithms, no content, no signers.
Bytes encode_certs_only(std::span<const Certificate> certificates) {
  Bytes all;
  for (const Certificate& each : certificates) append(all, each.der());
  const std::array<std::uint8_t, 1> version{1};
  Bytes empty_set = der::element(der::set, {});
  Bytes data = der::sequence_of({der::object_identifier(oid_data)});
  Bytes signed_data = der::sequence_of({der::unsigned_integer(version), empty_set, data,
                                        der::element(der::context_constructed(0), all), empty_set});
  return der::sequence_of({der::object_identifier(oid_signed_data),
                           der::element(der::context_constructed(0), signed_data)});
}

Result<std::vector<Certificate>> decode_certs_only(View encoded) {
  der::Reader outer(encoded);
  der::Reader info = outer.enter(der::sequence);
  if (!is(info.element(der::oid), oid_signed_data)) info.fail_here("not PKCS#7 SignedData");
  der::Reader wrapper = info.enter(der::context_constructed(0));
  der::Reader data = wrapper.enter(der::sequence);
  if (data.small_integer() != 1) data.fail_here("SignedData version is not 1");
  if (!data.value(der::set).empty())
    data.fail_here("digest algorithms where only certificates belong");
  data.element(der::sequence);
  der::Reader certificates = data.enter(der::context_constructed(0));
  if (data.peek_tag() == der::context_constructed(1)) data.any_element();  // CRLs: not asked for
  if (!data.value(der::set).empty()) data.fail_here("signers where only certificates belong");
  for (der::Reader* each : {&data, &wrapper, &info, &outer}) TRY_VOID(each->finish().in("PKCS#7"));
  std::vector<Certificate> out;
  while (!certificates.failed() && !certificates.at_end()) {
    if (out.size() == limits::certificate_chain_max)
      return fail(Errc::malformed, "PKCS#7 holds too many certificates");
    View der = certificates.any_element();
    TRY_VOID(certificates.status().in("PKCS#7"));
    TRY(auto certificate, Certificate::from_der(der).in("PKCS#7"));
    out.push_back(std::move(certificate));
  }
  TRY_VOID(certificates.finish().in("PKCS#7"));
  if (out.empty()) return fail(Errc::malformed, "PKCS#7 holds no certificate");
  return out;
}

}  // namespace fairlead::crypto
