// SPDX-License-Identifier: Apache-2.0
// What the registry keeps for a device's way to us, and what of it goes when the device goes out of
// use.
#pragma once

#include "registry/registry.h"

namespace fairlead::server {

// Registrations at rendezvous, others' and our own, and the key of the label for Wi-Fi. The
// vouchers stay, so that old copies are not taken for new ones.
Result<void> append_withdrawal(registry::Registry& registry, const registry::Device& device,
                               registry::Transaction& changes);
// The way back after a person said so: the voucher in force is registered again.
Result<void> append_return(registry::Registry& registry, const registry::Device& device, Time now,
                           registry::Transaction& changes);

}  // namespace fairlead::server
