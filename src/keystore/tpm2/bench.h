// SPDX-License-Identifier: Apache-2.0
// A job at a TPM: what it works with, and the steps that most jobs share. For the .cpp files of
// this folder.
#pragma once

#include <optional>

#include "keystore/tpm2/areas.h"
#include "keystore/tpm2/connection.h"
#include "keystore/tpm2/storage_key.h"

namespace fairlead::keystore::tpm2 {

struct Bench {
  Connection& connection;
  const StorageKey& storage_key;
  const SecretBytes& key_auth;

  ESYS_CONTEXT* esys() const { return connection.esys(); }
  Guessing guessing() const {
    return key_auth.empty() ? Guessing::nothing_to_guess : Guessing::counted;
  }
};

Result<KeyFile> create(const Bench& bench, Wrapped kind, const TPM2B_PUBLIC& area, View data);
Result<Slot> load(const Bench& bench, const KeyFile& key);

// How the use of a key is authorised. An empty value needs no protection on the way; another is
// proven in a session, and never sent.
Result<std::optional<Slot>> session_for(const Bench& bench, const KeyFile& key);
ESYS_TR handle_of(const std::optional<Slot>& session);

// An ECDSA signature in our form.
crypto::Signature raw_signature(const TPMT_SIGNATURE& made, crypto::KeyType type);

}  // namespace fairlead::keystore::tpm2
