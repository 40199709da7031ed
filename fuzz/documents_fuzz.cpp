// SPDX-License-Identifier: Apache-2.0
// Offer and Grant: whatever bytes come, an answer or an error.
#include "crypto/software_key.h"
#include "enroll/attestation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  static const auto key = *crypto::SoftwareKey::generate(crypto::KeyType::p256);
  View input(data, size);
  ignore(enroll::decode_offer(input), "any outcome but a crash is fine");
  ignore(enroll::decode_attested_offer(input), "any outcome but a crash is fine");
  ignore(enroll::decode_grant(input, key->public_key(), {}), "any outcome but a crash is fine");
  return 0;
}
