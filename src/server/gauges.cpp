// SPDX-License-Identifier: Apache-2.0
#include "server/gauges.h"

namespace fairlead::server {

void add_gauges(Metrics& metrics, Store& store, const Sessions& sessions, const net::Loop& loop) {
  using Counts = registry::Registry::Counts;
  auto count = [&](std::string name, std::string help, std::uint64_t Counts::* member) {
    metrics.gauge(std::move(name), std::move(help), [&store, member]() -> Result<double> {
      TRY(auto counts, store.read().counts());
      return static_cast<double>(counts.*member);
    });
  };
  count("fairlead_devices", "Devices that the registry knows", &Counts::devices);
  count("fairlead_devices_online", "Devices connected to the broker", &Counts::devices_online);
  count("fairlead_vouchers", "Vouchers of use", &Counts::vouchers);
  count("fairlead_certificates_active", "Certificates in use", &Counts::certificates_active);
  count("fairlead_registrations", "Registrations at this rendezvous server",
        &Counts::registrations);
  auto now = [&](std::string name, std::string help, std::function<std::size_t()> value) {
    metrics.gauge(std::move(name), std::move(help), [value = std::move(value)] {
      return Result<double>(static_cast<double>(value()));
    });
  };
  now("fairlead_sessions", "FDO runs between two messages", [&] { return sessions.size(); });
  now("fairlead_requests_waiting", "Requests that wait for a worker",
      [&] { return loop.work_waiting(); });
  now("fairlead_commits_waiting", "Transactions that wait to be written",
      [&] { return store.commits_waiting(); });
  metrics.histogram("fairlead_commit_seconds", "From asking for a commit until it is durable",
                    store.commit_latency());
}

}  // namespace fairlead::server
