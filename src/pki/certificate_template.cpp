// SPDX-License-Identifier: Apache-2.0
#include "pki/certificate_template.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "pki/signed_der.h"

namespace fairlead::pki {

namespace {

// [0] EXPLICIT INTEGER 2: X.509 version 3
constexpr std::uint8_t version3[] = {0xA0, 0x03, 0x02, 0x01, 0x02};

constexpr std::size_t head_bytes(std::size_t length) {
  return length < 0x80 ? 2 : length <= 0xFF ? 3 : 4;
}
constexpr std::size_t element_bytes(std::size_t length) { return head_bytes(length) + length; }

void put_head(Bytes& out, std::uint8_t tag, std::size_t length) {
  out.push_back(tag);
  if (length > 0xFF) {
    out.push_back(0x82);
    out.push_back(static_cast<std::uint8_t>(length >> 8));
  } else if (length > 0x7F) {
    out.push_back(0x81);
  }
  out.push_back(static_cast<std::uint8_t>(length));
}

}  // namespace

CertificateTemplate::CertificateTemplate(crypto::KeyType signer, View issuer_name, View extensions)
    : signer_(signer), extensions_(to_bytes(extensions)) {
  algorithm_ = signature_algorithm(signer);
  issuer_ = algorithm_;
  append(issuer_, issuer_name);
}

// RFC 5280 §4.1: Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
//   TBSCertificate ::= SEQUENCE { [0] version, serialNumber, signature, issuer, validity, subject,
//                                 subjectPublicKeyInfo, [3] extensions }
// The lengths inside are known beforehand. The outermost is not, as the signature's two INTEGERs
// vary in length: four bytes are left free for it and filled last. The whole is always longer than
// 255 bytes (SPKI, serial and issuer see to that), so four it is.
Result<Bytes> CertificateTemplate::sign(const Entries& entries, crypto::Signer& key) const {
  ASSERT(key.public_key().type() == signer_);
  const Bytes from = der::time(entries.not_before), to = der::time(entries.not_after);
  const std::size_t validity = from.size() + to.size();
  const std::size_t extensions = extensions_.size() + entries.extensions.size();
  const std::size_t extensions_element = element_bytes(extensions);
  const std::size_t tbs = std::size(version3) + element_bytes(Serial::size()) + issuer_.size() +
                          element_bytes(validity) + element_bytes(entries.subject_rdns.size()) +
                          entries.spki.size() + element_bytes(extensions_element);
  constexpr std::size_t signature_room = 128, outer_head = 4;
  if (tbs + algorithm_.size() + signature_room > limits::certificate_bytes_max)
    return fail(Errc::refused, "certificate would be too long");

  Bytes out;
  out.reserve(outer_head + element_bytes(tbs) + algorithm_.size() + signature_room);
  out.resize(outer_head);
  put_head(out, der::sequence, tbs);
  append(out, version3);
  put_head(out, der::integer, Serial::size());
  append(out, entries.serial);
  append(out, issuer_);
  put_head(out, der::sequence, validity);
  append(out, from);
  append(out, to);
  put_head(out, der::sequence, entries.subject_rdns.size());
  append(out, entries.subject_rdns);
  append(out, entries.spki);
  put_head(out, der::context_constructed(3), extensions_element);
  put_head(out, der::sequence, extensions);
  append(out, extensions_);
  append(out, entries.extensions);
  ASSERT(out.size() == outer_head + element_bytes(tbs));

  TRY(auto raw, key.sign(View(out).subspan(outer_head)).in("signing the certificate"));
  TRY(auto signature, crypto::ecdsa_raw_to_der(signer_, raw.raw));
  append(out, algorithm_);
  put_head(out, der::bit_string, signature.size() + 1);
  out.push_back(0);  // no unused bits
  append(out, signature);
  const std::size_t length = out.size() - outer_head;
  ASSERT(length > 0xFF && length <= 0xFFFF);
  out[0] = der::sequence;
  out[1] = 0x82;
  out[2] = static_cast<std::uint8_t>(length >> 8);
  out[3] = static_cast<std::uint8_t>(length);
  return out;
}

}  // namespace fairlead::pki
