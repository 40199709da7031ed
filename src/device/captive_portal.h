// SPDX-License-Identifier: Apache-2.0
// Whether a network keeps the device from its upstream by a page where somebody has to sign in. No
// third party is asked: such a network answers in the name of whatever host is asked by HTTP, so we
// ask the upstream's own.
#pragma once

#include <optional>
#include <string>

#include "net/loop.h"

namespace fairlead::device {

// Who it sends to ("portal.example"), where it sends elsewhere; none otherwise, also where nobody
// answers. Takes at most five seconds. `upstream_uri`: "mqtts://broker.example:8883".
net::Task<std::optional<std::string>> portal_before(net::Loop& loop, std::string upstream_uri);

// Of an answer to `host`. RFC 6585 §6: 511 "Network Authentication Required".
std::optional<std::string> portal_in(const std::string& host, unsigned status,
                                     std::optional<std::string_view> location);

}  // namespace fairlead::device
