// SPDX-License-Identifier: Apache-2.0
// A key that only one TPM can use, as a file. The form is the one that OpenSSL's tpm2 provider and
// tpm2-tools read, "TSS2 PRIVATE KEY", so that our keys can be looked at and used without us:
//
//   TPMKey ::= SEQUENCE {                                  DER, in PEM
//     type       OBJECT IDENTIFIER,                        2.23.133.10.1.3 loadable, .5 sealed data
//     emptyAuth  [0] EXPLICIT BOOLEAN OPTIONAL,            TRUE: no authorisation value
//     parent     INTEGER,                                  persistent handle of the storage key
//     pubkey     OCTET STRING,                             TPM2B_PUBLIC
//     privkey    OCTET STRING }                            TPM2B_PRIVATE
//
// The optional policy fields [1] to [3] are refused: we make no such keys.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::keystore::tpm2 {

// Both parts as TPM2B structures, the private one encrypted by the storage key.
struct WrappedKey {
  Bytes public_area, private_area;  // 1 to wrapped_part_bytes_max each

  friend bool operator==(const WrappedKey&, const WrappedKey&) = default;
};
inline constexpr std::size_t wrapped_part_bytes_max = 2048;

enum class Wrapped { key, sealed_data };

struct KeyFile {
  Wrapped kind = Wrapped::key;
  bool empty_auth = true;
  std::uint32_t parent = 0;
  WrappedKey wrapped;

  friend bool operator==(const KeyFile&, const KeyFile&) = default;
};

std::string encode_key_file(const KeyFile& file);
Result<KeyFile> decode_key_file(std::string_view pem);  // malformed, unsupported

// Which storage key of which TPM the keys of a directory belong to: one line of text,
// "fairlead tpm storage key HANDLE NAME", both hexadecimal. NAME is the hash of the storage key's
// public area (TPM 2.0 Part 1, "Names"): another TPM, or this one after it was cleared, has
// another.
struct StorageKeyId {
  std::uint32_t handle = 0;
  Bytes name;  // 34 bytes: algorithm and SHA-256

  friend bool operator==(const StorageKeyId&, const StorageKeyId&) = default;
};
std::string encode_storage_key(const StorageKeyId& id);
Result<StorageKeyId> decode_storage_key(std::string_view text);  // malformed

}  // namespace fairlead::keystore::tpm2
