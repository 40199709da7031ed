// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

namespace fairlead::server {

// The one table of this program: HTTP status by kind of error. EST answers busy by itself, as it is
// a person whom it waits for (RFC 7030 §4.2.3: 202).
unsigned http_status_of(Errc code);

}  // namespace fairlead::server
