// SPDX-License-Identifier: Apache-2.0
// What a TPM 2.0 says of its keys, as far as a proof that an ECDSA key lives in it needs (TPM 2.0
// Library, revision 1.59, Part 2). Big-endian, packed; every variable part is a TPM2B: two bytes of
// length, then the content.
//
//   TPMT_PUBLIC (12.2.4)   type, nameAlg, objectAttributes, authPolicy, parameters, unique
//   TPMS_ATTEST (10.12.12) magic, type, qualifiedSigner, extraData, clockInfo, firmwareVersion,
//                          attested: name, qualifiedName
//
// Only keys with SHA-256 for their names, ECDSA for their scheme and P-256 or P-384 for their curve
// are read, and only statements by TPM2_Certify: all others are unsupported.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::tpm {

inline constexpr std::size_t structure_bytes_max = 512;  // ours have at most 250
inline constexpr std::size_t qualifying_bytes_max = 64;  // TPM2B_DATA: as long as the largest hash

// TPMA_OBJECT (8.3).
inline constexpr std::uint32_t fixed_tpm = 1u << 1, fixed_parent = 1u << 4,
                               sensitive_data_origin = 1u << 5, restricted = 1u << 16,
                               decrypt = 1u << 17, sign = 1u << 18;

enum class Curve : std::uint16_t { p256 = 0x0003, p384 = 0x0004 };  // TPM_ECC_CURVE (6.4)

struct SigningKey {
  std::uint32_t attributes = 0;
  Curve curve = Curve::p256;
  Bytes x, y;  // at most 48 bytes each; leading zeros may be missing

  friend bool operator==(const SigningKey&, const SigningKey&) = default;
};
// The hash of the scheme is SHA-256 for P-256 and SHA-384 for P-384. malformed, unsupported.
Result<SigningKey> decode_signing_key(View tpmt_public);

struct Certified {
  Bytes qualifying;  // extraData: what the caller of TPM2_Certify gave
  Bytes name;        // of the key that the statement is about

  friend bool operator==(const Certified&, const Certified&) = default;
};
// untrusted: the magic number is missing, so that no TPM made it of its own accord. malformed,
// unsupported.
Result<Certified> decode_certify(View tpms_attest);

}  // namespace fairlead::tpm
