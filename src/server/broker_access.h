// SPDX-License-Identifier: Apache-2.0
// Access by the mapped table that the broker's plugin reads.
#pragma once

#include <mutex>

#include "server/access.h"
#include "server/store.h"
#include "upstream/access/access_table.h"

namespace fairlead::server {

class BrokerAccess final : public Access {
 public:
  explicit BrokerAccess(std::unique_ptr<upstream::AccessWriter> table) : table_(std::move(table)) {}

  Result<void> admit(const registry::Certificate& certificate) override;
  Result<void> revoke(const registry::Certificate& certificate) override;
  // What the registry says, all of it, in one rename; `service` is the server's own way in.
  Result<void> rebuild(registry::Registry& registry, const upstream::AccessEntry& service);
  // The server's own way in, by another certificate beside the one of before.
  Result<void> admit_service(const upstream::AccessEntry& service);
  // What other servers on this registry granted and took since rebuild() or the last call. Also
  // after an error, which the next call makes good.
  Result<void> follow(registry::Registry& registry);
  Result<void> heartbeat(Time now);

 private:
  Result<void> carry_over(const registry::Certificate& certificate);  // mutex_ is held

  std::mutex mutex_;            // the table has one writer at a time
  std::uint64_t followed_ = 0;  // the registry's number of the last change that is in the table
  std::unique_ptr<upstream::AccessWriter> table_;
};

// Where no broker of ours is to be told: the registry alone remembers.
class NoAccess final : public Access {
 public:
  Result<void> admit(const registry::Certificate&) override { return ok(); }
  Result<void> revoke(const registry::Certificate&) override { return ok(); }
};

}  // namespace fairlead::server
