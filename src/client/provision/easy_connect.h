// SPDX-License-Identifier: Apache-2.0
// Our end of the tunnel in which a device is given its Wi-Fi network by Wi-Fi Easy Connect.
#pragma once

#include "client/provision/provision.h"

namespace fairlead::client {

// The device has the network then, for the Grant that comes next. `label`: the device's
// bootstrapping URI as it was read there; empty: the session vouches for it. conflict: the device
// has another label; failed: the exchange came to nothing, in words. Wants a passphrase.
Answer<void> give_by_easy_connect(DeviceLink& link, const local::WifiCredentials& network,
                                  const std::string& label, Random& random);

}  // namespace fairlead::client
