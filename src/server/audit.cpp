// SPDX-License-Identifier: Apache-2.0
#include "server/audit.h"

#include "server/store.h"

namespace fairlead::server {

registry::Change audited(const Actor& actor, Time at, const AccountId& account, std::string subject,
                         const LogEvent& event, Fields fields) {
  return registry::AppendAudit{{at, actor.who, actor.from, account, std::string(event.id),
                                std::move(subject), std::move(fields)}};
}

void append_deed(registry::Transaction& changes, const Actor& actor, const registry::Device& device,
                 Time at, const LogEvent& event, const Fields& fields) {
  changes.push_back(timeline(device.id, at, event, fields));
  changes.push_back(audited(actor, at, device.account, device.id.str(), event, fields));
}

}  // namespace fairlead::server
