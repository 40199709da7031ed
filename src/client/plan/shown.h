// SPDX-License-Identifier: Apache-2.0
// What the tools show of a seen device, of a line of a comparison and of a row that was applied, as
// programs read it. Codes
// have no form here.
#pragma once

#include <boost/json/fwd.hpp>

#include "client/apply/run.h"
#include "client/plan/compare.h"

namespace fairlead::client {

boost::json::object to_json(const SeenDevice& device);
boost::json::object to_json(const Line& line);
boost::json::object to_json(const Row& row, const Outcome& outcome);  // how applying it ended

}  // namespace fairlead::client
