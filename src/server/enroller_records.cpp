// SPDX-License-Identifier: Apache-2.0
#include "server/enroller_records.h"

#include <algorithm>

namespace fairlead::server {

Result<registry::Device> require_device(registry::Registry& registry, const DeviceId& id) {
  TRY(auto device, registry.find_device(id));
  if (!device) return fail(Errc::not_found, "there is no device '" + id.str() + "'");
  return std::move(*device);
}

registry::UpdateDevice update(registry::Device device, registry::DeviceState state,
                              std::string reason, Time now) {
  std::uint64_t revision = device.revision;
  device.state = state;
  device.state_reason = std::move(reason);
  device.changed = now;
  return {std::move(device), revision};
}

bool is_in_force(registry::KeyState state) {
  return state == registry::KeyState::accepted || state == registry::KeyState::renewing;
}
bool is_in_force(const std::vector<registry::DeviceKey>& keys, View fingerprint) {
  return std::ranges::any_of(keys, [&](const registry::DeviceKey& each) {
    return is_in_force(each.state) && equal(each.fingerprint, fingerprint);
  });
}

bool is_undecided(registry::KeyState state) {
  return state == registry::KeyState::pending || state == registry::KeyState::quarantined;
}

bool is_rejected(registry::KeyState state) {
  return state == registry::KeyState::rejected || state == registry::KeyState::rejected_as_copied;
}

bool is_usable(const registry::Certificate& certificate) {
  return certificate.state == registry::CertificateState::issued ||
         certificate.state == registry::CertificateState::active;
}

}  // namespace fairlead::server
