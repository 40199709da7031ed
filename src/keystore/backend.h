// SPDX-License-Identifier: Apache-2.0
// Which keystore: what an operator writes as the setting `keystore`, and the table of back ends
// from which a program's main.cpp lets it be chosen.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/checkpoint.h"
#include "keystore/credentials.h"
#include "keystore/keystore.h"

namespace fairlead::keystore {

struct Place {
  std::string address;              // what follows "KIND:" in the setting; may be empty
  std::filesystem::path directory;  // for key files, or for keys that only a TPM can use
  Credentials credentials;
  Checkpoint checkpoint{};  // of the writes of key files
};

struct Backend {
  std::string_view kind;  // "file", "tpm2", "pkcs11"
  Result<std::unique_ptr<Keystore>> (*open)(const Place& place);
};

// `setting` is KIND or KIND:ADDRESS. refused, with the kinds that there are, where KIND is none of
// `built_in`; what the back end answers otherwise, said to be about the keystore.
Result<std::unique_ptr<Keystore>> open_keystore(std::string_view setting,
                                                std::span<const Backend> built_in,
                                                const std::filesystem::path& directory,
                                                const Credentials& credentials,
                                                Checkpoint checkpoint = {});

}  // namespace fairlead::keystore
