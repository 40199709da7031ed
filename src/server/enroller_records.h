// SPDX-License-Identifier: Apache-2.0
// What the Enroller's two files share: how it reads the registry's records and writes a device.
#pragma once

#include "registry/registry.h"

namespace fairlead::server {

inline constexpr int conflict_retries = 3;  // two nodes may write one device at a time

Result<registry::Device> require_device(registry::Registry& registry, const DeviceId& id);
registry::UpdateDevice update(registry::Device device, registry::DeviceState state,
                              std::string reason, Time now);

// What the device is known by at present: the accepted key, and its successor that was not used
// yet.
bool is_in_force(registry::KeyState state);
bool is_in_force(const std::vector<registry::DeviceKey>& keys, View fingerprint);
bool is_undecided(registry::KeyState state);  // a person has to say
bool is_rejected(registry::KeyState state);
bool is_usable(const registry::Certificate& certificate);

}  // namespace fairlead::server
