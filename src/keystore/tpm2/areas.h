// SPDX-License-Identifier: Apache-2.0
// The kinds of objects that we make in a TPM, as public areas (TPM 2.0 Part 2, TPMT_PUBLIC). None
// can leave: fixedTPM, fixedParent, and the TPM draws the secret part itself. For the .cpp files of
// this folder.
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include <optional>

#include "crypto/key.h"
#include "keystore/tpm2/key_file.h"

namespace fairlead::keystore::tpm2 {

// Wrong guesses of an authorisation value lock the TPM; without a value there is nothing to guess,
// and a TPM that others have locked must not take the device off its upstream.
enum class Guessing { nothing_to_guess, counted };

TPM2B_PUBLIC storage_key_area();  // of TCG's Provisioning Guidance: what other programs make too
TPM2B_PUBLIC signing_key_area(crypto::KeyType type, Guessing guessing);  // ECDSA, P-256 or P-384
// HMAC with any hash; the secret is as long as SHA-384's output where the TPM has that.
TPM2B_PUBLIC hmac_key_area(TPM2_ALG_ID name_algorithm, Guessing guessing);
TPM2B_PUBLIC sealed_data_area(Guessing guessing);
// P-256, for nothing but what the TPM says of its own accord.
TPM2B_PUBLIC attestation_key_area(Guessing guessing);
// TCG EK Credential Profile 2.5, B.3.3 (RSA-2048) and B.3.4 (P-256): the maker's certificate is for
// the key that the TPM makes by it.
TPM2B_PUBLIC endorsement_key_area(crypto::KeyType type);

bool is_storage_key(const TPMT_PUBLIC& area);

// What a wrapped key is, by its public area: with `signing`, a signing key.
struct Description {
  bool hmac = false;
  std::optional<crypto::PublicKey> signing;
};
Result<Description> describe(const WrappedKey& wrapped);  // malformed

Result<WrappedKey> wrapped_key(const TPM2B_PUBLIC& public_area, const TPM2B_PRIVATE& private_area);
Result<Bytes> bare_public_area(const WrappedKey& wrapped);  // TPMT_PUBLIC; malformed
// Whether the TPM's endorsement key is the one of a certificate.
bool is_key_of(const TPMT_PUBLIC& area, const crypto::PublicKey& key);
Result<TPM2B_PUBLIC> public_area(const WrappedKey& wrapped);    // malformed
Result<TPM2B_PRIVATE> private_area(const WrappedKey& wrapped);  // malformed

}  // namespace fairlead::keystore::tpm2
