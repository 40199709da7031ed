// SPDX-License-Identifier: Apache-2.0
#include "server/store.h"

#include <future>

namespace fairlead::server {

Result<void> Store::commit(registry::Transaction transaction) {
  std::promise<Result<void>> durable;
  commits_.submit(std::move(transaction),
                  [&](Result<void> result) { durable.set_value(std::move(result)); });
  return durable.get_future().get();
}

registry::Change timeline(const DeviceId& device, Time at, const LogEvent& event, Fields fields) {
  return registry::AppendEvent{{0, device, at, std::string(event.id), std::move(fields)}};
}

}  // namespace fairlead::server
