// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate.h"

#include <openssl/x509v3.h>

#include <array>
#include <atomic>

#include "base/assert.h"
#include "base/limits.h"
#include "codec/der/reader.h"
#include "codec/pem.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

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
    const unsigned char* at = der.data();
    X509Ptr decoded(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!decoded) decoded.reset(X509_new());
    ASSERT(decoded);
    ERR_clear_error();
    X509* first = nullptr;
    if (!x509_.compare_exchange_strong(first, decoded.get(), std::memory_order_acq_rel))
      return first;
    return decoded.release();
  }

  // Verified at the first call: an authority comes with every device that it certified.
  bool signs_itself() const {
    Verdict known = signs_itself_.load(std::memory_order_relaxed);
    if (known == Verdict::open) {
      known = verify(x509(), key) ? Verdict::yes : Verdict::no;
      signs_itself_.store(known, std::memory_order_relaxed);
    }
    return known == Verdict::yes;
  }
  static bool verify(X509* x509, const PublicKey& issuer_key);

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
  const unsigned char* at = der.data();
  X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!x509 || at != der.data() + der.size()) {
    ERR_clear_error();
    return fail(Errc::malformed, "certificate can't be decoded");
  }
  // Reading the flags makes OpenSSL decode the extensions; one that it can't decode says nothing
  // reliable.
  if (X509_get_extension_flags(x509.get()) & EXFLAG_INVALID) {
    ERR_clear_error();
    return fail(Errc::malformed, "certificate has an extension that can't be decoded");
  }
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
bool Certificate::is_ca() const {
  return (X509_get_extension_flags(impl_->x509()) & EXFLAG_CA) != 0;
}
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
  return Impl::verify(impl_->x509(), issuer_key);
}

bool Certificate::Impl::verify(X509* x509, const PublicKey& issuer_key) {
  int digest = NID_undef;
  // SHA-1 and MD5 can be made to collide: a signature with them proves nothing.
  if (X509_get_signature_info(x509, &digest, nullptr, nullptr, nullptr) != 1 ||
      (digest != NID_sha256 && digest != NID_sha384 && digest != NID_sha512)) {
    ERR_clear_error();
    return false;
  }
  bool good = X509_verify(x509, issuer_key.impl().pkey.get()) == 1;
  if (!good) ERR_clear_error();
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
  long path_length = X509_get_pathlen(x509);
  if (path_length >= 0 && below > path_length)
    return fail(Errc::untrusted, "path below '" + issuer.subject() + "' is longer than it allows");
  std::uint32_t usage = X509_get_key_usage(x509);
  if (usage != UINT32_MAX && !(usage & KU_KEY_CERT_SIGN))
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
