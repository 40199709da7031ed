// SPDX-License-Identifier: Apache-2.0
// A certificate's fixed parts, encoded once; per certificate only the rest is written. Building by
// the X509 interface of the library costs several times what the signature costs.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/signer.h"

namespace fairlead::pki {

// 16 random bytes, the top bit clear and the first byte not zero: always 16 content bytes as an
// INTEGER, positive, and more than 64 bits of entropy (RFC 5280 §4.1.2.2: at most 20 octets).
using Serial = FixedBytes<16, struct SerialTag>;

// Immutable after construction, safe to share between threads.
class CertificateTemplate {
 public:
  // issuer_name: Name, DER. signer: EC, decides the signature algorithm. extensions: those
  // Extension elements, one after the other, that every certificate carries; they come first.
  CertificateTemplate(crypto::KeyType signer, View issuer_name, View extensions);

  // What differs. Views into the caller's bytes, for the time of the call.
  struct Entries {
    Serial serial;
    Time not_before{}, not_after{};  // whole seconds count
    View subject_rdns;               // RelativeDistinguishedName elements, without the SEQUENCE
    View spki;                       // SubjectPublicKeyInfo, DER
    View extensions;                 // further Extension elements
  };
  // The whole certificate, DER. Fails as the signer fails, or Errc::refused where the result would
  // exceed limits::certificate_bytes_max. `key` must be of the type given above.
  Result<Bytes> sign(const Entries& entries, crypto::Signer& key) const;

 private:
  crypto::KeyType signer_;
  Bytes algorithm_;  // AlgorithmIdentifier
  Bytes issuer_;     // algorithm and Name: what stands between serial and validity
  Bytes extensions_;
};

}  // namespace fairlead::pki
