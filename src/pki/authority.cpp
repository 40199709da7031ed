// SPDX-License-Identifier: Apache-2.0
#include "pki/authority.h"

#include <algorithm>
#include <cctype>

#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "codec/utf8.h"

namespace fairlead::pki {

namespace {

constexpr std::size_t common_name_characters_max = 64, serial_number_max = 64;

Bytes encode_signature_algorithm(crypto::KeyType type) {
  return der::sequence_of({der::object_identifier(
      type == crypto::KeyType::p384 ? "1.2.840.10045.4.3.3" : "1.2.840.10045.4.3.2")});
}

Bytes attribute(std::string_view oid, std::uint8_t tag, std::string_view text) {
  Bytes pair = der::sequence_of({der::object_identifier(oid), der::element(tag, as_view(text))});
  return der::element(der::set, pair);
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view(" '()+,-./:=?").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

Result<Bytes> encode_name(const Subject& subject) {
  if (subject.common_name.empty()) return fail(Errc::refused, "certificate: the name is empty");
  if (!is_utf8(subject.common_name) || subject.common_name.find('\0') != std::string::npos)
    return fail(Errc::refused, "certificate: the name is not clean UTF-8");
  if (characters(subject.common_name) > common_name_characters_max)
    return fail(Errc::refused, "certificate: the name is longer than 64 characters");
  if (subject.serial_number.size() > serial_number_max)
    return fail(Errc::refused, "certificate: the serial number is too long");
  Bytes names = attribute("2.5.4.3", der::utf8_string, subject.common_name);
  // X.520 asks for a PrintableString; a serial number that is none still has to be said.
  if (!subject.serial_number.empty())
    append(names,
           attribute("2.5.4.5",
                     is_printable(subject.serial_number) ? der::printable_string : der::utf8_string,
                     subject.serial_number));
  return der::element(der::sequence, names);
}

Bytes extension(std::string_view oid, bool critical, View value) {
  const std::uint8_t yes[] = {0xFF};
  Bytes flag = critical ? der::element(der::boolean, yes) : Bytes{};
  return der::sequence_of(
      {der::object_identifier(oid), flag, der::element(der::octet_string, value)});
}

// RFC 5280 §4.2.1.2 (1): SHA-1 of the key is customary; any method that gives a unique value is
// allowed, and RFC 7093 §2 (1) takes the leftmost 160 bits of SHA-256.
Bytes key_identifier(const crypto::PublicKey& key) {
  Bytes hash =
      crypto::hash(crypto::HashAlg::sha256, {key.point().empty() ? key.spki() : key.point()});
  hash.resize(20);
  return hash;
}

// keyUsage bits, most significant first: digitalSignature 0, keyCertSign 5, cRLSign 6.
Bytes key_usage(std::uint8_t bits, std::uint8_t unused) {
  const std::uint8_t content[] = {unused, bits};
  return extension("2.5.29.15", true, der::element(der::bit_string, content));
}

Bytes alternative_names(const Request& request) {
  Bytes names;
  for (const auto& dns : request.dns_names)
    append(names, der::element(der::context(2), as_view(dns)));
  for (const auto& uri : request.uris) append(names, der::element(der::context(6), as_view(uri)));
  for (const auto& ip : request.ip_addresses) append(names, der::element(der::context(7), ip));
  return names.empty() ? names : extension("2.5.29.17", false, der::element(der::sequence, names));
}

Bytes extended_key_usage(Usage usage) {
  if (usage == Usage::device_identity) return {};
  Bytes purpose = der::object_identifier(usage == Usage::tls_client ? "1.3.6.1.5.5.7.3.2"
                                                                    : "1.3.6.1.5.5.7.3.1");
  return extension("2.5.29.37", false, der::element(der::sequence, purpose));
}

Bytes subject_key_id(const crypto::PublicKey& key) {
  return extension("2.5.29.14", false, der::element(der::octet_string, key_identifier(key)));
}

Bytes authority_key_id_of(const crypto::PublicKey& key) {
  return extension("2.5.29.35", false,
                   der::element(der::sequence, der::element(der::context(0), key_identifier(key))));
}

Bytes validity(Time from, Time to) { return der::sequence_of({der::time(from), der::time(to)}); }

// RFC 5280 §4.1.2.2: positive, at most 20 octets; 127 random bits never repeat, also after a
// restore from backup.
Bytes draw_serial(Random& random) {
  Bytes serial = random.bytes(16);
  serial[0] &= 0x7F;
  if (serial[0] == 0) serial[0] = 1;
  return der::unsigned_integer(serial);
}

struct ToBeSigned {
  View serial, algorithm, issuer, validity, subject, spki, extensions;
};

Result<crypto::Certificate> sign(const ToBeSigned& parts, crypto::Signer& key) {
  static const Bytes version3 =
      der::element(der::context_constructed(0), der::unsigned_integer(Bytes{2}));
  Bytes list =
      der::element(der::context_constructed(3), der::element(der::sequence, parts.extensions));
  Bytes tbs = der::sequence_of({version3, parts.serial, parts.algorithm, parts.issuer,
                                parts.validity, parts.subject, parts.spki, list});
  TRY(auto signature, key.sign(tbs));
  TRY(Bytes encoded, crypto::ecdsa_raw_to_der(key.public_key().type(), signature.raw));
  return crypto::Certificate::from_der(
      der::sequence_of({tbs, parts.algorithm, der::bit_string_of(encoded)}));
}

}  // namespace

Time no_expiry() {
  using namespace std::chrono;
  return Time(sys_days(year(9999) / 12 / 31)) + hours(23) + minutes(59) + seconds(59);
}

Authority::Authority(std::shared_ptr<crypto::Signer> key, std::vector<crypto::Certificate> chain)
    : key_(std::move(key)),
      chain_(std::move(chain)),
      signature_algorithm_(encode_signature_algorithm(key_->public_key().type())),
      issuer_(chain_.front().subject_der()),
      authority_key_id_(authority_key_id_of(key_->public_key())) {}

Result<Authority> Authority::create(std::shared_ptr<crypto::Signer> key,
                                    std::vector<crypto::Certificate> chain) {
  if (chain.empty() || !chain.front().is_ca())
    return fail(Errc::untrusted, "authority: its certificate is not a CA's");
  if (!(chain.front().public_key() == key->public_key()))
    return fail(Errc::untrusted, "authority: the certificate of '" + chain.front().subject() +
                                     "' is for another key");
  if (!crypto::is_ec(key->public_key().type()))
    return fail(Errc::unsupported, "authority: only EC keys issue certificates here");
  return Authority(std::move(key), std::move(chain));
}

Result<crypto::Certificate> Authority::issue(const crypto::PublicKey& key, const Request& request,
                                             Random& random) const {
  TRY(Bytes subject, encode_name(request.subject));
  Time end = std::min(request.not_after, chain_.front().not_after());
  if (end <= request.not_before)
    return fail(Errc::refused, "certificate: it would end before it begins, or the CA has expired");
  static const Bytes not_a_ca = extension("2.5.29.19", true, der::element(der::sequence, {}));
  static const Bytes signs = key_usage(0x80, 7);
  Bytes extensions = not_a_ca;
  append(extensions, signs);
  append(extensions, extended_key_usage(request.usage));
  append(extensions, subject_key_id(key));
  append(extensions, authority_key_id_);
  append(extensions, alternative_names(request));
  Bytes serial = draw_serial(random), dates = validity(request.not_before, end), spki = key.spki();
  return sign({serial, signature_algorithm_, issuer_, dates, subject, spki, extensions}, *key_);
}

Result<crypto::Certificate> create_root(crypto::Signer& key, const Subject& subject,
                                        Time not_before, Time not_after, int path_length,
                                        Random& random) {
  TRY(Bytes name, encode_name(subject));
  const std::uint8_t yes[] = {0xFF};
  Bytes constraints = der::element(der::boolean, yes);
  if (path_length >= 0)
    append(constraints, der::unsigned_integer(Bytes{static_cast<std::uint8_t>(path_length)}));
  Bytes extensions = extension("2.5.29.19", true, der::element(der::sequence, constraints));
  append(extensions, key_usage(0x06, 1));
  append(extensions, subject_key_id(key.public_key()));
  append(extensions, authority_key_id_of(key.public_key()));
  Bytes algorithm = encode_signature_algorithm(key.public_key().type());
  Bytes serial = draw_serial(random), dates = validity(not_before, not_after),
        spki = key.public_key().spki();
  return sign({serial, algorithm, name, dates, name, spki, extensions}, key);
}

}  // namespace fairlead::pki
