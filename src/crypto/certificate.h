// SPDX-License-Identifier: Apache-2.0
// X.509 certificates as values, and the one path validation, whoever asks (RFC 5280 §6).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/key.h"
#include "crypto/signer.h"

namespace fairlead::crypto {

class Certificate {
 public:
  static Result<Certificate> from_der(View der);  // at most limits::certificate_bytes_max
  // Of bytes that this program has issued itself, or stored after from_der() had taken them: reads
  // key, serial number and validity, and leaves the rest until somebody asks for it. OpenSSL 3.0
  // takes ten times as long to decode a whole certificate. Never for what a stranger sent.
  static Result<Certificate> from_known_der(View der);
  static Result<std::vector<Certificate>> from_pem(
      std::string_view text);  // every CERTIFICATE block, in order

  const Bytes& der() const;
  std::string pem() const;
  const PublicKey& public_key() const;
  std::string subject() const;      // RFC 2253 text, for people
  std::string common_name() const;  // "" if none
  std::string issuer() const;
  Bytes subject_der() const;
  Bytes issuer_der() const;
  Bytes serial() const;  // big-endian, as encoded, without a leading zero
  Time not_before() const;
  Time not_after() const;
  bool is_ca() const;  // basicConstraints CA:TRUE
  std::vector<std::string> san_uris() const;
  std::vector<std::string> san_dns() const;
  Sha256 fingerprint() const;  // SHA-256 of der()
  [[nodiscard]] bool signed_by(const PublicKey& issuer_key) const;

  friend bool operator==(const Certificate& a, const Certificate& b) { return a.der() == b.der(); }

  struct Impl;
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

enum class DateCheck {
  at_time,
  ignore
};  // a device without a clock says ignore, on purpose and visibly

struct PathPolicy {
  std::span<const Certificate> anchors;  // trusted; may be an intermediate
  Time now{};
  DateCheck dates = DateCheck::at_time;
};

// Leaf first. Signatures, names, CA flags, path lengths, dates. untrusted or expired, with the
// reason.
Result<void> validate_path(std::span<const Certificate> chain, const PathPolicy& policy);
// The same without an anchor: that each certificate is signed by the next, and the last by itself
// if it claims so. For a device chain whose trust is decided by a key or by policy, as in an
// Ownership Voucher.
Result<void> validate_links(std::span<const Certificate> chain);

// PKCS#10 (RFC 2986). The one strict decoder; checks structure, key type and the request's own
// signature.
struct CertificateRequest {
  PublicKey key;
  Bytes subject_der;  // RDNSequence as sent
  std::string common_name;
  std::vector<std::string> san_uris, san_dns;
  std::optional<std::string> challenge_password;
};
Result<CertificateRequest> decode_csr(
    View der);  // malformed, unsupported (key, algorithm) or untrusted (signature)

struct CsrSubject {
  std::string common_name;    // UTF-8
  std::string serial_number;  // attribute 2.5.4.5; "" leaves it out
  std::vector<std::string> san_uris;
};
Result<Bytes> create_csr(Signer& key, const CsrSubject& subject);  // DER

// PKCS#7 SignedData with certificates only (RFC 5652 "certs-only", as EST and fdo.csr carry them).
Bytes encode_certs_only(std::span<const Certificate> certificates);
Result<std::vector<Certificate>> decode_certs_only(View der);

}  // namespace fairlead::crypto
