// SPDX-License-Identifier: Apache-2.0
// What a person changes in a plan beside importing tables.
#pragma once

#include "base/random.h"
#include "client/operator/problem.h"
#include "client/plan/row.h"
#include "client/scan/sighting.h"

namespace fairlead::client {

// A row by id, name or serial. not_found, or conflict when several are called so.
Answer<Row*> find_row(Plan& plan, const std::string& wanted);

// By what a device is known. An empty serial or product URI: it has none.
struct RowIdentity {
  std::string serial, product_uri;
  std::optional<std::string> code{};  // none: that of the row stays
};
// The row is for this device from now on. usage: a value can't stand in the plan, and nothing is
// changed.
Answer<void> bind(Row& row, const RowIdentity& identity);

// A row for a device that is in none, as the device says that it is.
Row row_for(const Said& said, const std::string& name, const std::string& code, Random& random);
std::string new_row_id(Random& random);

// The device of this key (SeenDevice::key) is not shown as new any more, or is again.
enum class Attention { ignored, shown };
void set_attention(Plan& plan, const std::string& device, Attention attention);

}  // namespace fairlead::client
