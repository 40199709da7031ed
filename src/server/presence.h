// SPDX-License-Identifier: Apache-2.0
// Who is connected to the broker, as devices' birth messages and last wills say, written into the
// registry.
#pragma once

#include "base/log.h"
#include "server/store.h"

namespace fairlead::server {

class PresenceRecord {
 public:
  PresenceRecord(Store& store, Log& log) : store_(store), log_(log) {}

  // First sight online under a replacement credential also drops the voucher that it replaced. A
  // retained message tells a state, not a change. May block.
  Result<void> on_presence(const AccountId& account, const DeviceId& device, bool online,
                           Time seen);

  // The device says that it has removed its secrets, as it was told to. On record once.
  Result<void> on_wiped(const AccountId& account, const DeviceId& device, Time seen);

 private:
  Result<registry::Transaction> changes_for(registry::Device device, bool online,
                                            const LogEvent& event, Fields fields, Time seen);

  Store& store_;
  Log& log_;
};

}  // namespace fairlead::server
