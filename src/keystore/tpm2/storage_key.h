// SPDX-License-Identifier: Apache-2.0
// The key under which a TPM wraps ours: the storage root key that all programs of a machine share
// (TCG TPM v2.0 Provisioning Guidance, 7.5.1). It is used where it is, made where it is missing,
// and nothing else of the owner's hierarchy is touched. For the .cpp files of this folder.
#pragma once

#include <optional>

#include "keystore/tpm2/connection.h"
#include "keystore/tpm2/key_file.h"

namespace fairlead::keystore::tpm2 {

struct StorageKey {
  StorageKeyId id;
  ESYS_TR handle;  // for as long as the connection
};

// With `known`, that very key: untrusted, in words, where the TPM has another one, which means that
// the directory came from another machine or that the TPM was cleared. If only the persistent copy
// is missing, it is made again. Without, the shared storage key at 0x81000001, or, where something
// else sits there, one of our own.
Result<StorageKey> find_storage_key(Connection& connection, const SecretBytes& owner_auth,
                                    const std::optional<StorageKeyId>& known);

}  // namespace fairlead::keystore::tpm2
