// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate.h"

#include <openssl/provider.h>
#include <openssl/x509v3.h>

#include <array>
#include <atomic>

#include "base/assert.h"
#include "base/limits.h"
#include "codec/der/reader.h"
#include "codec/pem.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

namespace {

// With a certificate OpenSSL 3.0 decodes its key, by a search among all that its providers have,
// which takes ten times as long as the rest. Where there are no providers it leaves the key alone;
// it is decoded here (key.cpp), and signatures are verified with that.
OSSL_LIB_CTX* without_providers() {
  static OSSL_LIB_CTX* const context = [] {
    OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
    ASSERT(made && OSSL_PROVIDER_load(made, "null"));
    return made;
  }();
  return context;
}

// Null if it is none, or more than one.
X509Ptr decode_x509(View der, OSSL_LIB_CTX* context) {
  X509* raw = X509_new_ex(context, nullptr);
  ASSERT(raw);
  const unsigned char* at = der.data();
  const bool whole =
      d2i_X509(&raw, &at, static_cast<long>(der.size())) && at == der.data() + der.size();
  X509Ptr x509(raw);  // d2i_X509 has freed it where it refused it, and says so
  ERR_clear_error();
  return whole ? std::move(x509) : nullptr;
}

// The first look decodes the extensions, and notes as an error that it can't make a fingerprint.
std::uint32_t extension_flags(X509* x509) {
  const std::uint32_t flags = X509_get_extension_flags(x509);
  ERR_clear_error();
  return flags;
}

}  // namespace

struct Certificate::Impl {
  Impl(View its_der, X509Ptr its_x509, PublicKey its_key, Bytes its_serial, Time from, Time to)
      : der(to_bytes(its_der)),
        key(std::move(its_key)),
        serial(std::move(its_serial)),
        not_before(from),
        not_after(to),
        x509_(its_x509.release()) {}

  ~Impl() { X509_free(x509_); }
  Impl(const Impl&) = delete;

  // Decoded at the first call where that was put off; of two threads that do it at once one wins.
  // Should a stored certificate have become unreadable, an empty one says no to everything.
  X509* x509() const {
    if (X509* known = x509_.load(std::memory_order_acquire)) return known;
    X509Ptr decoded = decode_x509(der, without_providers());
    if (!decoded) decoded.reset(X509_new());
    ASSERT(decoded);
    X509* first = nullptr;
    if (!x509_.compare_exchange_strong(first, decoded.get(), std::memory_order_acq_rel))
      return first;
    return decoded.release();
  }

  // Verified at the first call: an authority comes with every device that it certified.
  bool signs_itself() const {
    Verdict known = signs_itself_.load(std::memory_order_relaxed);
    if (known == Verdict::open) {
      known = signed_by(key) ? Verdict::yes : Verdict::no;
      signs_itself_.store(known, std::memory_order_relaxed);
    }
    return known == Verdict::yes;
  }
  bool signed_by(const PublicKey& issuer_key) const;

  Bytes der;
  PublicKey key;
  Bytes serial;
  Time not_before, not_after;

 private:
  enum class Verdict { open, yes, no };
  mutable std::atomic<X509*> x509_;
  mutable std::atomic<Verdict> signs_itself_ = Verdict::open;
};

namespace {

Bytes name_der(const X509_NAME* name) {
  const unsigned char* der = nullptr;
  std::size_t length = 0;
  if (X509_NAME_get0_der(name, &der, &length) != 1) return {};
  return {der, der + length};
}

std::string name_text(const X509_NAME* name) {
  Owned<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  long length = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

std::optional<Time> time_of(View element) {
  const unsigned char* at = element.data();
  Owned<ASN1_TIME, ASN1_TIME_free> asn1(
      d2i_ASN1_TIME(nullptr, &at, static_cast<long>(element.size())));
  std::tm tm{};
  if (!asn1 || ASN1_TIME_to_tm(asn1.get(), &tm) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  auto date = std::chrono::year(tm.tm_year + 1900) / (tm.tm_mon + 1) / tm.tm_mday;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(tm.tm_hour) +
         std::chrono::minutes(tm.tm_min) + std::chrono::seconds(tm.tm_sec);
}

std::vector<std::string> alternative_names(const X509* x509, int type) {
  std::vector<std::string> out;
  Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != type) continue;
    const ASN1_IA5STRING* text =
        type == GEN_URI ? name->d.uniformResourceIdentifier : name->d.dNSName;
    out.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  return out;
}

// Certificates of authorities come again with each device's chain, those of devices hardly ever: as
// for keys (key.cpp), each has one place in a small table of its thread. Decoding takes 150 µs.
class RecentAuthorities {
 public:
  const Certificate* find(View der) const {
    const auto& known = places_[place_of(der)];
    return known && equal(known->der(), der) ? &*known : nullptr;
  }
  void put(const Certificate& authority) { places_[place_of(authority.der())] = authority; }

 private:
  // By the last byte of the signature, which is as good as random.
  static std::size_t place_of(View der) { return der.empty() ? 0 : der.back() % 16; }
  std::array<std::optional<Certificate>, 16> places_;
};

RecentAuthorities& recent_authorities() {
  thread_local RecentAuthorities authorities;
  return authorities;
}

// What is read without OpenSSL, whose decoder takes ten times as long, and takes some encodings
// that are not DER. Both ways of reading a certificate read it, so that what from_der() took once
// is never refused when it comes back from where it was stored.
struct Outline {
  PublicKey key;
  Bytes serial;
  Time not_before, not_after;
};

// Certificate ::= SEQUENCE { SEQUENCE { [0] version, serial, algorithm, issuer, SEQUENCE {
// notBefore, notAfter }, subject, subjectPublicKeyInfo, … }, … }
Result<Outline> read_outline(View der) {
  if (der.size() > limits::certificate_bytes_max)
    return fail(Errc::malformed, "certificate is too long");
  der::Reader outer(der);
  der::Reader whole = outer.enter(der::sequence);
  der::Reader in = whole.enter(der::sequence);
  if (in.peek_tag() == der::context_constructed(0)) in.any_element();
  View serial = in.value(der::integer);
  if (serial.size() > 1 && serial[0] == 0) serial = serial.subspan(1);
  in.element(der::sequence);
  in.element(der::sequence);
  der::Reader validity = in.enter(der::sequence);
  auto not_before = time_of(validity.any_element()), not_after = time_of(validity.any_element());
  TRY_VOID(validity.finish().in("certificate's validity"));
  in.element(der::sequence);
  View spki = in.element(der::sequence);
  TRY_VOID(in.status().in("certificate"));
  TRY_VOID(outer.finish().in("certificate"));
  if (!not_before || !not_after)
    return fail(Errc::malformed, "certificate's validity can't be decoded");
  TRY(auto key, PublicKey::from_spki(spki).in("certificate"));
  return Outline{std::move(key), to_bytes(serial), *not_before, *not_after};
}

}  // namespace

Result<Certificate> Certificate::from_der(View der) {
  if (const Certificate* known = recent_authorities().find(der)) return *known;
  TRY(auto outline, read_outline(der));
  X509Ptr x509 = decode_x509(der, without_providers());
  if (!x509) return fail(Errc::malformed, "certificate can't be decoded");
  // One that OpenSSL can't decode says nothing reliable.
  if (extension_flags(x509.get()) & EXFLAG_INVALID)
    return fail(Errc::malformed, "certificate has an extension that can't be decoded");
  Certificate out(std::make_shared<Impl>(der, std::move(x509), std::move(outline.key),
                                         std::move(outline.serial), outline.not_before,
                                         outline.not_after));
  if (out.is_ca()) recent_authorities().put(out);
  return out;
}

Result<Certificate> Certificate::from_known_der(View der) {
  TRY(auto outline, read_outline(der));
  return Certificate(std::make_shared<Impl>(der, nullptr, std::move(outline.key),
                                            std::move(outline.serial), outline.not_before,
                                            outline.not_after));
}

Result<std::vector<Certificate>> Certificate::from_pem(std::string_view text) {
  TRY(auto blocks, pem::decode(text));
  std::vector<Certificate> out;
  for (const pem::Block& block : blocks) {
    if (block.label != "CERTIFICATE") continue;
    TRY(auto certificate, from_der(block.content));
    out.push_back(std::move(certificate));
  }
  if (out.empty()) return fail(Errc::malformed, "no CERTIFICATE block in this PEM text");
  return out;
}

const Bytes& Certificate::der() const { return impl_->der; }
std::string Certificate::pem() const { return pem::encode("CERTIFICATE", impl_->der); }
const PublicKey& Certificate::public_key() const { return impl_->key; }
std::string Certificate::subject() const { return name_text(X509_get_subject_name(impl_->x509())); }
std::string Certificate::issuer() const { return name_text(X509_get_issuer_name(impl_->x509())); }
Bytes Certificate::subject_der() const { return name_der(X509_get_subject_name(impl_->x509())); }
Bytes Certificate::issuer_der() const { return name_der(X509_get_issuer_name(impl_->x509())); }
Time Certificate::not_before() const { return impl_->not_before; }
Time Certificate::not_after() const { return impl_->not_after; }
bool Certificate::is_ca() const { return (extension_flags(impl_->x509()) & EXFLAG_CA) != 0; }
std::vector<std::string> Certificate::san_uris() const {
  return alternative_names(impl_->x509(), GEN_URI);
}
std::vector<std::string> Certificate::san_dns() const {
  return alternative_names(impl_->x509(), GEN_DNS);
}
Sha256 Certificate::fingerprint() const { return sha256(impl_->der); }

std::string Certificate::common_name() const {
  const X509_NAME* name = X509_get_subject_name(impl_->x509());
  int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (length < 0) return {};
  std::string out(reinterpret_cast<char*>(text), static_cast<std::size_t>(length));
  OPENSSL_free(text);
  return out;
}

Bytes Certificate::serial() const { return impl_->serial; }

bool Certificate::signed_by(const PublicKey& issuer_key) const {
  return impl_->signed_by(issuer_key);
}

namespace {

// SHA-1 and MD5 can be made to collide: a signature with them proves nothing.
std::optional<HashAlg> hash_of_signature(int nid) {
  switch (nid) {
    case NID_sha256:
      return HashAlg::sha256;
    case NID_sha384:
      return HashAlg::sha384;
    case NID_sha512:
      return HashAlg::sha512;
    default:
      return std::nullopt;
  }
}

// The tbsCertificate as it came.
View signed_part(View der) {
  der::Reader outer(der);
  return outer.enter(der::sequence).element(der::sequence);
}

// RFC 5280 §4.1.1.2: "This field MUST contain the same algorithm identifier as the signature field
// in the sequence tbsCertificate".
bool ecdsa_signed_by(X509* x509, View der, HashAlg alg, const PublicKey::Impl& issuer) {
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(&signature, &algorithm, x509);
  constexpr long unused_bits = 0x07;
  if (X509_ALGOR_cmp(algorithm, X509_get0_tbs_sigalg(x509)) != 0 ||
      (signature->flags & unused_bits) != 0)
    return false;
  return verify_openssl(
      issuer, alg, hash(alg, {signed_part(der)}),
      {ASN1_STRING_get0_data(signature), static_cast<std::size_t>(ASN1_STRING_length(signature))});
}

}  // namespace

bool Certificate::Impl::signed_by(const PublicKey& issuer_key) const {
  int digest = NID_undef, scheme = NID_undef;
  const bool told = X509_get_signature_info(x509(), &digest, &scheme, nullptr, nullptr) == 1;
  ERR_clear_error();
  auto alg = hash_of_signature(digest);
  if (!told || !alg) return false;
  if (is_ec(issuer_key.type()))
    return scheme == NID_X9_62_id_ecPublicKey &&
           ecdsa_signed_by(x509(), der, *alg, issuer_key.impl());
  // RSA has two schemes with parameters of their own, which OpenSSL knows all about.
  X509Ptr with_providers = decode_x509(der, nullptr);
  const bool good =
      with_providers && X509_verify(with_providers.get(), issuer_key.impl().pkey.get()) == 1;
  ERR_clear_error();
  return good;
}

namespace {

Result<void> check_dates(const Certificate& certificate, const PathPolicy& policy) {
  if (policy.dates == DateCheck::ignore) return ok();
  if (policy.now < certificate.not_before())
    return fail(Errc::expired, "certificate of '" + certificate.subject() +
                                   "' is not valid before " + to_rfc3339(certificate.not_before()) +
                                   ", the time here is " + to_rfc3339(policy.now));
  if (policy.now > certificate.not_after())
    return fail(Errc::expired, "certificate of '" + certificate.subject() + "' expired at " +
                                   to_rfc3339(certificate.not_after()) + ", the time here is " +
                                   to_rfc3339(policy.now));
  return ok();
}

// RFC 5280 §4.2: "A certificate-using system MUST reject the certificate if it encounters a
// critical extension it does not recognize or a critical extension that contains information that
// it cannot process."
Result<void> check_extensions(const Certificate& certificate) {
  X509* x509 = certificate.impl().x509();
  for (int i = 0; i < X509_get_ext_count(x509); ++i) {
    X509_EXTENSION* extension = X509_get_ext(x509, i);
    int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    // Name constraints have to be critical in any case (§4.2.1.10), and are not checked here.
    if (X509_EXTENSION_get_critical(extension) != 1 && nid != NID_name_constraints) continue;
    switch (nid) {
      case NID_basic_constraints:
      case NID_key_usage:
      case NID_ext_key_usage:         // for whoever uses the certificate
      case NID_subject_alt_name:      // the same
      case NID_certificate_policies:  // any policy will do
        continue;
      default:
        break;
    }
    char name[80];
    OBJ_obj2txt(name, sizeof name, X509_EXTENSION_get_object(extension), 0);
    return fail(Errc::untrusted, "certificate of '" + certificate.subject() +
                                     "' has the critical extension '" + name +
                                     "', which is not understood here");
  }
  return ok();
}

// X509_get_pathlen() and X509_get_key_usage() refuse a certificate without a fingerprint. Both
// extensions are known to be decodable (from_der).
std::optional<long> path_length_of(const X509* x509) {
  Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> basic(static_cast<BASIC_CONSTRAINTS*>(
      X509_get_ext_d2i(x509, NID_basic_constraints, nullptr, nullptr)));
  if (!basic || !basic->pathlen) return std::nullopt;
  return ASN1_INTEGER_get(basic->pathlen);
}

bool may_sign_certificates(const X509* x509) {
  constexpr int key_cert_sign = 5;  // RFC 5280 §4.2.1.3
  if (X509_get_ext_by_NID(x509, NID_key_usage, -1) < 0) return true;
  Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free> usage(
      static_cast<ASN1_BIT_STRING*>(X509_get_ext_d2i(x509, NID_key_usage, nullptr, nullptr)));
  return usage && ASN1_BIT_STRING_get_bit(usage.get(), key_cert_sign) == 1;
}

// RFC 5280 §6.1.4 (k), (l), (n): what an issuer must be. `below`: non-self-issued CA certificates
// under it.
Result<void> check_issuer(const Certificate& issuer, const Certificate& subject, long below) {
  TRY_VOID(check_extensions(issuer));
  if (subject.issuer_der() != issuer.subject_der())
    return fail(Errc::untrusted, "certificate of '" + subject.subject() + "' names '" +
                                     subject.issuer() + "' as its issuer, the next one is of '" +
                                     issuer.subject() + "'");
  if (!issuer.is_ca())
    return fail(Errc::untrusted,
                "certificate of '" + issuer.subject() + "' is not a CA certificate");
  X509* x509 = issuer.impl().x509();
  if (auto path_length = path_length_of(x509); path_length && below > *path_length)
    return fail(Errc::untrusted, "path below '" + issuer.subject() + "' is longer than it allows");
  if (!may_sign_certificates(x509))
    return fail(Errc::untrusted,
                "certificate of '" + issuer.subject() + "' may not sign certificates");
  if (!subject.signed_by(issuer.public_key()))
    return fail(Errc::untrusted,
                "signature on the certificate of '" + subject.subject() + "' is wrong");
  return ok();
}

}  // namespace

Result<void> validate_path(std::span<const Certificate> chain, const PathPolicy& policy) {
  if (chain.empty()) return fail(Errc::untrusted, "no certificate was presented");
  if (chain.size() > limits::certificate_chain_max)
    return fail(Errc::untrusted, "certificate chain is too long");
  // Of an anchor with the right name that didn't fit; another one with that name still may.
  std::optional<Error> almost;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    TRY_VOID(check_dates(chain[i], policy));
    TRY_VOID(check_extensions(chain[i]));
    for (const Certificate& anchor : policy.anchors) {
      if (anchor == chain[i]) return ok();
      if (anchor.subject_der() != chain[i].issuer_der()) continue;
      auto fits = check_issuer(anchor, chain[i], static_cast<long>(i));
      if (fits) fits = check_dates(anchor, policy);
      if (fits) return ok();
      almost = fits.error();
    }
    if (i + 1 < chain.size()) TRY_VOID(check_issuer(chain[i + 1], chain[i], static_cast<long>(i)));
  }
  if (almost) return std::unexpected(std::move(*almost));
  return fail(Errc::untrusted, "certificate of '" + chain.front().subject() + "' is issued by '" +
                                   chain.back().issuer() + "', which is not trusted here");
}

Result<void> validate_links(std::span<const Certificate> chain) {
  if (chain.empty()) return fail(Errc::untrusted, "certificate chain is empty");
  if (chain.size() > limits::certificate_chain_max)
    return fail(Errc::untrusted, "certificate chain is too long");
  for (const Certificate& each : chain) TRY_VOID(check_extensions(each));
  for (std::size_t i = 0; i + 1 < chain.size(); ++i)
    TRY_VOID(check_issuer(chain[i + 1], chain[i], static_cast<long>(i)));
  const Certificate& last = chain.back();
  if (last.subject_der() == last.issuer_der() && !last.impl().signs_itself())
    return fail(Errc::untrusted,
                "self-signed certificate of '" + last.subject() + "' has a wrong signature");
  return ok();
}

}  // namespace fairlead::crypto
