// SPDX-License-Identifier: Apache-2.0
// What a device gives up, and what stays: a reset, and the end of its use. All calls may block.
//
// The file `removal` says what is still to be done, and is written before anything is: so whatever
// a power cut or an error leaves, the next start does. First what the device itself keeps, then the
// Wi-Fi networks that it gave to wpa_supplicant, which may not be there to hear of it.
#pragma once

#include <filesystem>
#include <optional>

#include "device/identity.h"
#include "link/wifi.h"

namespace fairlead::device {

enum class Afterwards { begins_anew, stays_out_of_use };

inline constexpr std::string_view removal_file = "removal";

// Keys for the upstream, certificate and Grant, what was staged of another, the owner's word and
// files (in `work`) go; the factory's credential stays. The first step decides; the networks are
// due then. An identity may be missing: there is little to remove then.
Result<void> give_up_upstream(const StateDirectory& directory, keystore::Keystore& keystore,
                              const std::filesystem::path& work, std::optional<Identity>& identity,
                              Afterwards afterwards);

// At the start: the rest of one that was interrupted. False: there was none. malformed: the file is
// not one of ours.
Result<bool> resume_removal(const StateDirectory& directory, keystore::Keystore& keystore,
                            const std::filesystem::path& work, std::optional<Identity>& identity);

// The networks, where they are due: how many were removed; none where nothing is due. Whatever
// `wifi` says is in the way; they stay due then.
Result<std::optional<std::size_t>> forget_networks(const StateDirectory& directory,
                                                   link::Wifi& wifi);

}  // namespace fairlead::device
