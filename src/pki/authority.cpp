// SPDX-License-Identifier: Apache-2.0
#include "pki/authority.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "pki/extensions.h"

namespace fairlead::pki {

using crypto::Certificate;
using crypto::KeyType;
using crypto::PublicKey;

struct Authority::Templates {
  CertificateTemplate client, server, responder, device, ca;
};

struct Authority::Content {
  const PublicKey& key;
  Time not_before, not_after;
  Bytes rdns, extensions;
};

namespace {

Time whole_seconds(Time time) { return std::chrono::floor<std::chrono::seconds>(time); }

Serial draw_serial(Random& random) {
  auto serial = random.draw<Serial>();
  serial.value[0] &= 0x7F;
  if (serial.value[0] == 0) serial.value[0] = 1;
  return serial;
}

Bytes joined(std::initializer_list<View> parts) {
  Bytes out;
  for (View each : parts) append(out, each);
  return out;
}

Bytes common_name_rdn(std::string_view text) {
  return rdn(oid_common_name, der::utf8_string, text);
}

Bytes profile_rdns(const LeafProfile& profile) {
  Bytes out;
  if (!profile.organization.empty())
    append(out, rdn(oid_organization, der::utf8_string, profile.organization));
  if (!profile.organizational_unit.empty())
    append(out, rdn(oid_organizational_unit, der::utf8_string, profile.organizational_unit));
  return out;
}

// X.680 §41.4: the characters of PrintableString.
bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view(" '()+,-./:=?").contains(c);
  });
}

Bytes leaf_rdns(const LeafProfile& profile, const LeafSubject& subject) {
  Bytes out = profile_rdns(profile);
  append(out, common_name_rdn(subject.common_name));
  // X.520 asks for a PrintableString; a maker's serial number that is none ("A_1") still has to be
  // said as it stands on the label.
  if (!subject.serial_number.empty())
    append(out, rdn(oid_serial_number,
                    is_printable(subject.serial_number) ? der::printable_string : der::utf8_string,
                    subject.serial_number));
  return out;
}

Bytes leaf_extensions(const PublicKey& key, const LeafSubject& subject) {
  Bytes out = subject_key_identifier(key_identifier(key));
  if (subject.san_uris.empty()) return out;
  Bytes names;
  for (const std::string& uri : subject.san_uris)
    append(names, der::element(der::context(6), as_view(uri)));
  append(out, subject_alternative_names(names));
  return out;
}

Bytes server_extensions(const PublicKey& key, const ServerSubject& subject) {
  Bytes names;
  for (const std::string& name : subject.dns_names)
    append(names, der::element(der::context(2), as_view(name)));
  for (const Bytes& address : subject.ip_addresses)
    append(names, der::element(der::context(7), address));
  Bytes out = subject_key_identifier(key_identifier(key));
  append(out, subject_alternative_names(names));
  return out;
}

Result<Certificate> parsed(Result<Bytes> der) {
  if (!der) return fail(std::move(der).error());
  return Certificate::from_known_der(*der).in("certificate just issued");
}

}  // namespace

Authority::Authority(std::vector<Certificate> chain, crypto::Signer& key)
    : chain_(std::move(chain)), key_(&key) {}

Result<Authority> Authority::open(std::vector<Certificate> chain, crypto::Signer& key,
                                  const RevocationUrls& urls) {
  if (chain.empty()) return fail(Errc::untrusted, "CA certificate is missing");
  const Certificate& ca = chain.front();
  const KeyType type = key.public_key().type();
  if (!crypto::is_ec(type)) return fail(Errc::unsupported, "CA key is neither EC P-256 nor P-384");
  if (ca.public_key() != key.public_key())
    return fail(Errc::untrusted, "CA certificate of '" + ca.subject() + "' is for another key");
  if (!ca.is_ca())
    return fail(Errc::untrusted, "certificate of '" + ca.subject() + "' is not a CA certificate");
  TRY_VOID(crypto::validate_links(chain).in("CA chain"));
  TRY(auto facts, read_ca_facts(ca));
  if (!facts.may_sign_certificates)
    return fail(Errc::untrusted, "CA '" + ca.subject() + "' may not sign certificates");
  const Bytes name = ca.subject_der();
  // RFC 5280 §4.1.2.4: "The issuer field MUST contain a non-empty distinguished name (DN)."
  if (name.size() <= 2) return fail(Errc::untrusted, "CA certificate has an empty subject");

  // RFC 5280 §4.2.1.1: the issuer's own SKI where it has one; any value derived from its key, else.
  Bytes id = facts.key_identifier.empty() ? key_identifier(ca.public_key()) : facts.key_identifier;
  const Bytes aki = authority_key_identifier(id);
  const Bytes end_entity =
      joined({basic_constraints_end_entity(), key_usage(Usage::digital_signature)});
  Bytes revocation;
  if (!urls.list.empty()) append(revocation, crl_distribution_point(urls.list));
  if (!urls.ocsp.empty()) append(revocation, ocsp_access(urls.ocsp));
  auto leaf = [&](View eku, View more) { return joined({end_entity, eku, aki, more}); };
  Authority out(chain, key);
  out.key_id_ = std::move(id);
  out.templates_ = std::make_shared<const Templates>(
      Templates{{type, name, leaf(extended_key_usage(Purpose::client), revocation)},
                {type, name, leaf(extended_key_usage(Purpose::server), {})},
                {type, name, leaf(extended_key_usage(Purpose::ocsp_signing), ocsp_no_check())},
                {type, name, leaf({}, {})},
                {type, name, joined({key_usage(Usage::certificate_and_crl_signing), aki})}});
  out.path_length_ = facts.path_length ? static_cast<long>(std::min<std::uint64_t>(
                                             *facts.path_length, limits::certificate_chain_max))
                                       : -1;
  out.not_before_ = Time::min();
  out.not_after_ = Time::max();
  for (const Certificate& each : chain) {
    out.not_before_ = std::max(out.not_before_, each.not_before());
    out.not_after_ = std::min(out.not_after_, each.not_after());
  }
  return out;
}

Result<void> Authority::check_alive(Time now) const {
  if (now < not_before_)
    return fail(Errc::expired, "CA '" + certificate().subject() + "' is not valid before " +
                                   to_rfc3339(not_before_) + ", the time here is " +
                                   to_rfc3339(now));
  if (now >= not_after_)
    return fail(Errc::expired, "CA '" + certificate().subject() + "' or its issuer expired at " +
                                   to_rfc3339(not_after_) + ", the time here is " +
                                   to_rfc3339(now));
  return ok();
}

Result<Bytes> Authority::sign(const CertificateTemplate& kind, const Content& content,
                              Random& random) const {
  if (content.key.type() == KeyType::other)
    return fail(Errc::unsupported, "certificates for keys of this type are not issued");
  // A certificate for its own issuer's key could be taken for the issuer's.
  if (content.key == key_->public_key())
    return fail(Errc::refused, "the key to be certified is the CA's own");
  // So could one that bears a CA's name: RFC 5280 §6.1 builds paths by name, and says of one whose
  // "subject and issuer names are identical" that it is self-issued.
  for (const Certificate& ca : chain_)
    if (equal(der::element(der::sequence, content.rdns), ca.subject_der()))
      return fail(Errc::refused, "the name to be certified is that of a CA");
  const Time from = whole_seconds(content.not_before), to = whole_seconds(content.not_after);
  if (from >= to) return fail(Errc::refused, "validity is empty, or outside that of the issuer");
  const Bytes spki = content.key.spki();
  return kind.sign({draw_serial(random), from, to, content.rdns, spki, content.extensions}, *key_);
}

Result<Authority::Content> Authority::leaf_content(const LeafProfile& profile,
                                                   const PublicKey& subject_key, Time now) const {
  TRY_VOID(check_profile(profile));
  TRY_VOID(check_alive(now));
  return Content{subject_key,
                 std::max(now - profile.backdate, not_before_),
                 std::min(now + profile.lifetime, not_after_),
                 {},
                 {}};
}

Result<Bytes> Authority::issue_der(const LeafProfile& profile, const PublicKey& subject_key,
                                   const LeafSubject& subject, Time now, Random& random) const {
  TRY_VOID(check_subject(subject));
  TRY(auto content, leaf_content(profile, subject_key, now));
  content.rdns = leaf_rdns(profile, subject);
  content.extensions = leaf_extensions(subject_key, subject);
  return sign(templates_->client, content, random);
}

Result<Certificate> Authority::issue(const LeafProfile& profile, const PublicKey& subject_key,
                                     const LeafSubject& subject, Time now, Random& random) const {
  return parsed(issue_der(profile, subject_key, subject, now, random));
}

Result<Certificate> Authority::issue_tls_server(const LeafProfile& profile,
                                                const PublicKey& subject_key,
                                                const ServerSubject& subject, Time now,
                                                Random& random) const {
  TRY_VOID(check_subject(subject));
  TRY(auto content, leaf_content(profile, subject_key, now));
  content.rdns = profile_rdns(profile);
  append(content.rdns, common_name_rdn(subject.common_name));
  content.extensions = server_extensions(subject_key, subject);
  return parsed(sign(templates_->server, content, random));
}

Result<Certificate> Authority::issue_ocsp_responder(const PublicKey& responder_key,
                                                    Duration lifetime, Time now,
                                                    Random& random) const {
  LeafProfile profile;
  profile.lifetime = lifetime;
  TRY(auto content, leaf_content(profile, responder_key, now));
  content.rdns = common_name_rdn("Fairlead OCSP responder");
  content.extensions = subject_key_identifier(key_identifier(responder_key));
  return parsed(sign(templates_->responder, content, random));
}

// IEEE 802.1AR §8: subject with serialNumber, notAfter 99991231235959Z, keyUsage digitalSignature.
Result<Certificate> Authority::issue_device(const PublicKey& subject_key,
                                            const LeafSubject& subject, Time now,
                                            Random& random) const {
  TRY_VOID(check_subject(subject));
  if (subject.serial_number.empty())
    return fail(Errc::refused, "device certificate needs a serial number");
  TRY_VOID(check_alive(now));
  const Content content{subject_key, now, no_expiry, leaf_rdns({}, subject),
                        leaf_extensions(subject_key, subject)};
  return parsed(sign(templates_->device, content, random));
}

Result<Certificate> Authority::issue_intermediate(const PublicKey& subject_key,
                                                  std::string_view common_name,
                                                  unsigned path_length, Time not_before,
                                                  Time not_after, Random& random) const {
  TRY_VOID(check_name_text(common_name, "common name"));
  if (!crypto::is_ec(subject_key.type()))
    return fail(Errc::unsupported, "CA key is neither EC P-256 nor P-384");
  if (path_length >= limits::certificate_chain_max)
    return fail(Errc::refused, "path length is larger than any chain accepted here");
  // RFC 5280 §4.2.1.9: pathLenConstraint "gives the maximum number of non-self-issued intermediate
  // certificates that may follow this certificate in a valid certification path."
  if (path_length_ >= 0 && static_cast<long>(path_length) >= path_length_)
    return fail(Errc::refused, "path length of '" + certificate().subject() +
                                   "' leaves no room for this CA below it");
  const Content content{subject_key, std::max(not_before, not_before_),
                        std::min(not_after, not_after_), common_name_rdn(common_name),
                        joined({subject_key_identifier(key_identifier(subject_key)),
                                basic_constraints_ca(path_length)})};
  return parsed(sign(templates_->ca, content, random));
}

Result<Certificate> create_root(crypto::Signer& key, std::string_view common_name, Time not_before,
                                Time not_after, Random& random) {
  TRY_VOID(check_name_text(common_name, "common name"));
  const PublicKey& own = key.public_key();
  if (!crypto::is_ec(own.type()))
    return fail(Errc::unsupported, "CA key is neither EC P-256 nor P-384");
  const Time from = whole_seconds(not_before), to = whole_seconds(not_after);
  if (from >= to || from < Time{} || to > no_expiry)
    return fail(Errc::refused, "validity is empty, or outside the years 1970 to 9999");
  const Bytes name = common_name_rdn(common_name), spki = own.spki();
  const CertificateTemplate root(
      own.type(), der::element(der::sequence, name),
      joined({basic_constraints_ca(std::nullopt), key_usage(Usage::certificate_and_crl_signing)}));
  const Bytes extensions = subject_key_identifier(key_identifier(own));
  return parsed(root.sign({draw_serial(random), from, to, name, spki, extensions}, key));
}

}  // namespace fairlead::pki
