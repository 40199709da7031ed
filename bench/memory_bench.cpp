// SPDX-License-Identifier: Apache-2.0
// memory_bench --server PROGRAM [--runs N]
// One line of JSON: resident memory of an idle server; with N TO2 runs that wait after message 61
// (connections closed); with N connections open besides, all of them idle.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "to2_rates.h"

namespace {

using namespace fairlead;

constexpr double mib = 1024.0 * 1024.0;
constexpr std::size_t devices = 200;  // runs of one device are runs of their own

struct Memory {
  double idle, runs, connections;
};

void allow_descriptors(std::size_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, count));
  setrlimit(RLIMIT_NOFILE, &limit);
}

Result<Memory> measure(const std::string& program, std::size_t count) {
  bench::Folder folder;
  TRY(auto server, bench::FairleadServer::start(program, folder.path(), crypto::KeyType::p256));
  TRY(auto owner, server.owner_key());
  TRY(auto maker, bench::Maker::create(crypto::KeyType::p256));
  TRY_VOID(server.trust(maker.public_key()));
  TRY(auto fleet, bench::make_devices(maker, owner, 0, devices, true));
  std::vector<std::string> vouchers;
  for (bench::Device& device : fleet) vouchers.push_back(std::move(device.pem_voucher));
  TRY_VOID(server.import(vouchers));
  Memory out{};
  out.idle = static_cast<double>(server.process.resident_bytes());
  for (std::size_t i = 0; i < count; ++i)
    TRY_VOID(bench::onboard(fleet[i % devices], owner, server.fdo_port, 61));
  out.runs = static_cast<double>(server.process.resident_bytes());
  std::vector<bench::HttpLine> kept;
  for (std::size_t i = 0; i < count; ++i)
    TRY_VOID(bench::onboard(fleet[i % devices], owner, server.fdo_port, 61, &kept));
  out.connections = static_cast<double>(server.process.resident_bytes());
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  std::string server;
  std::size_t runs = 10'000;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == "--server") server = argv[i + 1];
    if (std::string_view(argv[i]) == "--runs")
      runs = static_cast<std::size_t>(std::atol(argv[i + 1]));
  }
  if (server.empty() || runs == 0) {
    std::fprintf(stderr, "memory_bench --server PROGRAM [--runs N]\n");
    return 2;
  }
  allow_descriptors(runs + 100);
  auto memory = measure(server, runs);
  if (!memory) {
    std::fprintf(stderr, "memory_bench: %s\n", to_string(memory.error()).c_str());
    return 1;
  }
  std::printf(
      "{\"bench\":\"memory\",\"runs\":%zu,\"idle_mib\":%.1f,\"with_runs_mib\":%.1f,"
      "\"with_runs_and_connections_mib\":%.1f,\"bytes_per_run\":%.0f,"
      "\"bytes_per_run_with_connection\":%.0f}\n",
      runs, memory->idle / mib, memory->runs / mib, memory->connections / mib,
      (memory->runs - memory->idle) / static_cast<double>(runs),
      (memory->connections - memory->runs) / static_cast<double>(runs));
  return 0;
}
