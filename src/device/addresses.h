// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

namespace fairlead::device {

// The addresses that networks gave this machine, loopback's aside, as interface and address; to be
// compared. A change of them is worth an early try; none means that there is no network.
std::set<std::string> network_addresses();

}  // namespace fairlead::device
