// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fairlead::app {

// Of a radio's signal as people know it, 1 to 4: from ten metres and a wall to beside it.
inline int bars_of(int dbm) { return dbm > -55 ? 4 : dbm > -67 ? 3 : dbm > -80 ? 2 : 1; }

}  // namespace fairlead::app
