// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"

namespace fairlead::crypto {

// SHA-1, 20 bytes, for identifiers whose format demands it (OCSP's CertID). It proves nothing.
Bytes sha1_identifier(View data);

}  // namespace fairlead::crypto
