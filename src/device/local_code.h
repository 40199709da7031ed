// SPDX-License-Identifier: Apache-2.0
// What the device keeps of its code for local provisioning: not the code, but what checks a proof
// of it. File `local-code` in the state directory: [1, username, salt, verifier].
#pragma once

#include <optional>
#include <string>

#include "crypto/srp.h"
#include "device/config.h"
#include "device/state_directory.h"
#include "local/setup_label.h"

namespace fairlead::device {

inline constexpr std::string_view local_code_file = "local-code";
inline constexpr std::string_view local_username = "wifiprov";  // of Espressif's apps too

Bytes encode_local_code(const crypto::srp::Verifier& verifier);
Result<crypto::srp::Verifier> parse_local_code(View encoded);

Result<std::optional<crypto::srp::Verifier>> load_local_code(const StateDirectory& directory);

// Keeps a verifier for `code`, or for a drawn one where it is empty; the code, for the label.
// refused: a code that is too short (8 characters), or that some clients can't use.
Result<std::string> set_local_code(const StateDirectory& directory, std::string code,
                                   Random& random);

// What is printed for this device with the code that was set: its QR code says how it is reached,
// by Bluetooth where that is on. `dpp`: bootstrapping URI for Wi-Fi Easy Connect; empty: none.
local::LabelFacts label_facts(const Config& config, const std::string& code,
                              const std::string& dpp);

}  // namespace fairlead::device
