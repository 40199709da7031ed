// SPDX-License-Identifier: Apache-2.0
// Who did what from where: entries of the audit log (registry/audit.h), which go into the
// transaction of the change itself, so that neither is there without the other.
#pragma once

#include "registry/registry.h"

namespace fairlead::server {

struct Actor {
  std::string who;        // a user's or a device's id
  std::string from = {};  // the way in and the address there: "api 192.0.2.7", "mqtt"
};

registry::Change audited(const Actor& actor, Time at, const AccountId& account, std::string subject,
                         const LogEvent& event, Fields fields);

// Who did what to a device: for its timeline and for the audit log.
void append_deed(registry::Transaction& changes, const Actor& actor, const registry::Device& device,
                 Time at, const LogEvent& event, const Fields& fields);

}  // namespace fairlead::server
