// SPDX-License-Identifier: Apache-2.0
// Keys as objects of a token. For the .cpp files of this folder.
//
// A key's name is the label of its private or secret object; the public object of a pair is found
// by the same CKA_ID. Each function is a few calls in one session, and returns what check() says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/key.h"
#include "keystore/pkcs11/token.h"

namespace fairlead::keystore::pkcs11 {

struct KeyObject {
  CK_OBJECT_HANDLE handle = 0;
  CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;  // or CKO_SECRET_KEY
  Bytes id;                                // CKA_ID
  std::string label;
};

// At most keys_max; busy beyond, so that a token of another use is not read to its end.
inline constexpr std::size_t keys_max = 4096;
Result<std::vector<KeyObject>> find_keys(Session& session);
// conflict if several keys have this label.
Result<std::optional<KeyObject>> find_key(Session& session, const std::string& label);
// By what doesn't change when a key gets another name. not_found if it is gone.
Result<CK_OBJECT_HANDLE> find_by_id(Session& session, CK_OBJECT_CLASS kind, View id);

// Each makes an object that can't be read out or copied.
Result<void> make_pair(Session& session, crypto::KeyType type, const std::string& label, View id);
Result<void> make_hmac_key(Session& session, const std::string& label, View id);
Result<void> make_seal_key(Session& session, const std::string& label, View id);

Result<crypto::PublicKey> public_key_of(Session& session, View id);  // not_found, unsupported
// Of the key's object in one step, then of its public part, whose label is for people only.
Result<void> relabel(Session& session, const KeyObject& key, const std::string& label);
Result<void> destroy(Session& session, const KeyObject& key);

}  // namespace fairlead::keystore::pkcs11
