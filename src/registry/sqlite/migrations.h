// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "registry/sqlite/connection.h"

namespace fairlead::registry::sqlite {

int schema_version_newest();  // what this program knows

// Brings the schema to the newest version, in one transaction: either all of it happens or nothing.
// unsupported: the file has a newer schema than this program knows, or belongs to another program.
Result<void> migrate(Connection& connection);

}  // namespace fairlead::registry::sqlite
