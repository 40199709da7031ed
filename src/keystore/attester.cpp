// SPDX-License-Identifier: Apache-2.0
#include "keystore/attester.h"

namespace fairlead::keystore {

Attester* attester_of(Keystore& keystore) { return dynamic_cast<Attester*>(&keystore); }

}  // namespace fairlead::keystore
