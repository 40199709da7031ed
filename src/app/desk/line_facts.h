// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QVariantList>

#include "client/plan/compare.h"

namespace fairlead::app {

// Plan and device side by side, without what neither says: [{what, planned, found, differs}]. The
// code of the label is a secret and in none of it.
QVariantList facts_of(const client::Line& line);

}  // namespace fairlead::app
