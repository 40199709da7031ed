// SPDX-License-Identifier: Apache-2.0
// What a TPM is said to have said, and a Grant sealed to one: whatever bytes come, an answer or an
// error.
#include "codec/tpm/structures.h"

#include "crypto/software_key.h"
#include "crypto/tpm_attestation.h"
#include "enroll/sealed_grant.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  static const auto key = *crypto::SoftwareKey::generate(crypto::KeyType::p256);
  const View input(data, size);
  ignore(tpm::decode_signing_key(input), "any outcome but a crash is fine");
  ignore(tpm::decode_certify(input), "any outcome but a crash is fine");
  ignore(enroll::decode_sealed_grant(input), "any outcome but a crash is fine");
  if (size == 0) return 0;
  const std::size_t half = data[0] % size;
  const crypto::TpmAttestation proof{{},
                                     to_bytes(input.first(half)),
                                     to_bytes(input.first(half)),
                                     to_bytes(input.subspan(half)),
                                     {}};
  ignore(crypto::check_tpm_statement(proof, key->public_key(), {}),
         "any outcome but a crash is fine");
  return 0;
}
