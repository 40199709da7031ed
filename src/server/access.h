// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "registry/records.h"

namespace fairlead::server {

// Who may be on the broker. The registry is the authority; this is its effect, brought about at
// once and rebuilt from the registry at every start.
class Access {
 public:
  virtual ~Access() = default;
  virtual Result<void> admit(const registry::Certificate& certificate) = 0;
  virtual Result<void> revoke(const registry::Certificate& certificate) = 0;
};

}  // namespace fairlead::server
