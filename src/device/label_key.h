// SPDX-License-Identifier: Apache-2.0
// The key on the device's label by which Wi-Fi Easy Connect knows it. It is no key of the
// keystore's, since wpa_supplicant computes with it; the keystore seals it. File `label-key` in the
// state directory: [1, sealed scalar]. It is the label's, so a reset leaves it.
#pragma once

#include <optional>
#include <string>

#include "base/random.h"
#include "device/state_directory.h"
#include "keystore/keystore.h"

namespace fairlead::device {

inline constexpr std::string_view label_key_file = "label-key";

struct LabelKey {
  SecretBytes der;  // ECPrivateKey (RFC 5915), P-256, with its public key
  std::string uri;  // bootstrapping URI, with the serial as its information
};

// None: there is no label yet.
Result<std::optional<LabelKey>> load_label_key(const StateDirectory& directory,
                                               keystore::Keystore& keys, const std::string& serial);
// The one that is there, or a new one.
Result<LabelKey> make_label_key(const StateDirectory& directory, keystore::Keystore& keys,
                                const std::string& serial, Random& random);

}  // namespace fairlead::device
