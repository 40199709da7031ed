// SPDX-License-Identifier: Apache-2.0
// What the tools show of a seen device and of a line of a comparison, as programs read it. Codes
// have no form here.
#pragma once

#include <boost/json/fwd.hpp>

#include "client/plan/compare.h"

namespace fairlead::client {

boost::json::object to_json(const SeenDevice& device);
boost::json::object to_json(const Line& line);

}  // namespace fairlead::client
