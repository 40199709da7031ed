// SPDX-License-Identifier: Apache-2.0
// The port link::Peripheral by bluetoothd.
#pragma once

#include "link/peripheral.h"
#include "net/loop.h"

namespace fairlead::link {

// `adapter`: "hci0", or "" for the first. The loop outlives it.
std::unique_ptr<Peripheral> bluez_peripheral(net::Loop& loop, std::string adapter,
                                             GattOffering offering, GattEvents events);

}  // namespace fairlead::link
