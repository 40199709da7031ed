// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "crypto/certificate.h"
#include "crypto/request.h"
#include "crypto/software_key.h"
#include "support/must.h"

namespace fairlead::test {

// Nothing in it but the key and dates; the signature is by somebody who is gone.
inline crypto::Certificate bare_certificate(const crypto::PublicKey& key, Time from, Time to) {
  auto signer = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  const std::uint8_t one[] = {1}, version[] = {2};
  Bytes algorithm = der::sequence_of({der::object_identifier("1.2.840.10045.4.3.2")});
  Bytes issuer = crypto::encode_name({"Somebody", {}, {}});
  Bytes subject = crypto::encode_name({"d-1", {}, {}});
  Bytes tbs =
      der::sequence_of({der::element(der::context_constructed(0), der::unsigned_integer(version)),
                        der::unsigned_integer(one), algorithm, issuer,
                        der::sequence_of({der::time(from), der::time(to)}), subject, key.spki()});
  Bytes signature =
      must(crypto::ecdsa_raw_to_der(crypto::KeyType::p256, must(signer->sign(tbs)).raw));
  return must(crypto::Certificate::from_der(
      der::sequence_of({tbs, algorithm, der::bit_string_of(signature)})));
}

}  // namespace fairlead::test
