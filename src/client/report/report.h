// SPDX-License-Identifier: Apache-2.0
// What was planned and what became of it, for people who weren't there. Codes are in none of it.
#pragma once

#include <boost/json.hpp>

#include "client/plan/compare.h"

namespace fairlead::client {

using Cells = std::vector<std::vector<std::string>>;

// A header, then a row for each row of the plan: its id, what it planned, the device that came,
// result, reason, next action, begin, end, seconds, who. Rows that were put aside are left out.
Cells report_of(const Plan& plan, const History& history);
// The plan as it can be imported again, with the ids of its rows; with codes only if asked.
enum class Codes { left_out, included };
Cells table_of(const Plan& plan, Codes codes);

// The street, postcode, town and country of a vendor, which a nameplate must have.
struct VendorAddress {
  std::string street, postcode, town, country;  // country as "DE"
};

inline constexpr std::size_t vendors_bytes_max = 1024 * 1024;

// {"Acme": {"street": text, "postcode": text, "town": text, "country": text}}. malformed names the
// vendor that lacks one of them.
Result<std::unordered_map<std::string, VendorAddress>> decode_vendors(std::string_view text);

// Asset Administration Shell, Digital Nameplate (IDTA 02006-3-0-1), as JSON of an environment with
// a submodel for each row. A row that lacks a mandatory value is left out and told in `missing`.
struct Nameplates {
  boost::json::object environment;
  std::size_t count = 0;
  std::vector<std::string> missing;  // "pump 1: no order number, no address of vendor Acme"
};
Nameplates nameplates_of(const Plan& plan,
                         const std::unordered_map<std::string, VendorAddress>& vendors);

}  // namespace fairlead::client
