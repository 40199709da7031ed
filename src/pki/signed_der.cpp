// SPDX-License-Identifier: Apache-2.0
#include "pki/signed_der.h"

#include "base/assert.h"
#include "codec/der/reader.h"
#include "codec/der/writer.h"

namespace fairlead::pki {

Bytes signature_algorithm(crypto::KeyType key) {
  ASSERT(crypto::is_ec(key));
  return der::sequence_of({der::object_identifier(
      key == crypto::KeyType::p384 ? "1.2.840.10045.4.3.3" : "1.2.840.10045.4.3.2")});
}

Result<Bytes> sign_der(View to_be_signed, crypto::Signer& key, View more) {
  const crypto::KeyType type = key.public_key().type();
  TRY(auto raw, key.sign(to_be_signed));
  TRY(auto signature, crypto::ecdsa_raw_to_der(type, raw.raw));
  return der::sequence_of(
      {to_be_signed, signature_algorithm(type), der::bit_string_of(signature), more});
}

// "2026-11-24T12:00:00Z" without its punctuation.
Bytes generalized_time(Time time) {
  std::string digits;
  for (char c : to_rfc3339(std::chrono::floor<std::chrono::seconds>(time))) {
    if (c == '.') break;
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  return der::element(der::generalized_time, as_view(digits + "Z"));
}

Bytes explicit_tag(std::uint8_t n, View element) {
  return der::element(der::context_constructed(n), element);
}

}  // namespace fairlead::pki
