// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "link/enrollee.h"

namespace fairlead::link::wpa {

// An Enrollee by the wpa_supplicant whose control socket this is; it needs CONFIG_DPP, as Debian's
// has. Networks that it is given are told, never added by itself (dpp_config_processing).
std::unique_ptr<Enrollee> wpa_enrollee(std::filesystem::path socket);

}  // namespace fairlead::link::wpa
