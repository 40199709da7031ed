// SPDX-License-Identifier: Apache-2.0
// est_bench --server PROGRAM [--devices N] [--rounds N] [--lines N]
// Renewals by EST against a server process, durable, each for a new key on a connection of its own:
// with the TLS session resumed, and with whole handshakes. One line of JSON for each, beside the
// OpenSSL operations that one of them costs the server, in turns.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "crypto_limit.h"
#include "est_fleet.h"
#include "rate.h"

namespace {

using namespace fairlead;
using Clock = std::chrono::steady_clock;

constexpr double limit_turn_seconds = 0.4;

// Of the server, TLS 1.3: the certificate's signature; the request's; its key; the key share and
// ECDH of the handshake; nonces and serial number; transcript, key schedule, digests. A whole
// handshake: the server's signature, the client's, and the key in the client's certificate besides.
// Six records are sealed or opened, tickets included.
constexpr bench::OwnerOperations resumed_operations{1, 1, 1, 1, 1, 3, 30},
    whole_operations{2, 2, 1, 1, 2, 3, 30};
constexpr unsigned requests_worth = 6;

struct Options {
  std::string server;
  std::size_t devices = 500;
  unsigned rounds = 4, lines = 64;
};

struct Renewing {
  bench::TlsIdentity identity;
  bench::SslSession session;
  std::string name;
};

struct Figures {
  std::size_t renewals = 0;
  double seconds = 0, server_cpu_seconds = 0;
  bench::Rate limit;
  std::vector<double> milliseconds;

  double percentile(double share) {
    std::ranges::sort(milliseconds);
    auto at = static_cast<std::size_t>(share * static_cast<double>(milliseconds.size()));
    return milliseconds[std::min(at, milliseconds.size() - 1)];
  }
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Keys and requests are made before the clocks start.
Result<std::vector<Bytes>> make_requests(const std::vector<Renewing>& fleet) {
  std::vector<Bytes> out(fleet.size());
  TRY_VOID(bench::on_threads(fleet.size(), 2, [&](std::size_t i) -> Result<void> {
    TRY(auto key, crypto::SoftwareKey::generate(crypto::KeyType::p256));
    TRY(out[i], crypto::create_csr(*key, {fleet[i].name, {}, {}}));
    return ok();
  }));
  return out;
}

Result<void> turn(const bench::EstServer& server, bench::EstFleet& est,
                  std::vector<Renewing>& fleet, bool resume, const Options& options,
                  Figures& figures) {
  TRY(auto requests, make_requests(fleet));
  std::vector<double> milliseconds(fleet.size());
  const double cpu = server.server.process.cpu_seconds();
  const auto begin = Clock::now();
  TRY_VOID(bench::on_threads(fleet.size(), options.lines, [&](std::size_t i) -> Result<void> {
    Renewing& each = fleet[i];
    bench::SslSession none;
    const auto start = Clock::now();
    TRY_VOID(est.renew(each.identity, requests[i], resume ? each.session : none).in(each.name));
    milliseconds[i] = seconds_since(start) * 1000;
    return ok();
  }));
  figures.seconds += seconds_since(begin);
  figures.server_cpu_seconds += server.server.process.cpu_seconds() - cpu;
  figures.renewals += fleet.size();
  figures.milliseconds.insert(figures.milliseconds.end(), milliseconds.begin(), milliseconds.end());
  bench::CryptoLimit limit(crypto::KeyType::p256, resume ? resumed_operations : whole_operations,
                           requests_worth);
  if (!figures.limit.run_for(limit_turn_seconds, [&] { return limit.onboarding(); }))
    return fail(Errc::internal, "a bare operation failed");
  return ok();
}

void print(std::string_view what, Figures figures, const Options& options) {
  const double per_cpu = static_cast<double>(figures.renewals) / figures.server_cpu_seconds;
  std::printf(
      "{\"bench\":\"est\",\"handshake\":\"%.*s\",\"lines\":%u,\"renewals\":%zu,"
      "\"per_server_cpu_second\":%.0f,\"per_second\":%.0f,\"crypto_limit_per_cpu_second\":%.0f,"
      "\"ratio_to_crypto_limit\":%.3f,\"p50_ms\":%.1f,\"p99_ms\":%.1f}\n",
      static_cast<int>(what.size()), what.data(), options.lines, figures.renewals, per_cpu,
      static_cast<double>(figures.renewals) / figures.seconds, figures.limit.per_second(),
      per_cpu / figures.limit.per_second(), figures.percentile(0.50), figures.percentile(0.99));
}

Result<void> measure(const Options& options) {
  bench::Folder folder;
  TRY(auto server, bench::EstServer::start(options.server, folder.path()));
  TRY(auto est, bench::EstFleet::create(server));
  std::vector<Renewing> fleet(options.devices);
  TRY_VOID(bench::on_threads(fleet.size(), options.lines, [&](std::size_t i) -> Result<void> {
    TRY(auto device, est->enroll());
    TRY(fleet[i].identity, bench::TlsIdentity::of(*device.certificate, *device.key));
    fleet[i].name = device.certificate->common_name();
    return ok();
  }));
  Figures resumed, whole, first;
  TRY_VOID(turn(server, *est, fleet, true, options, first));  // brings the sessions
  for (unsigned round = 0; round < options.rounds; ++round) {
    TRY_VOID(turn(server, *est, fleet, true, options, resumed));
    TRY_VOID(turn(server, *est, fleet, false, options, whole));
  }
  print("resumed", std::move(resumed), options);
  print("whole", std::move(whole), options);
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    if (name == "--server") options.server = argv[i + 1];
    if (name == "--devices") options.devices = std::strtoul(argv[i + 1], nullptr, 10);
    if (name == "--rounds") options.rounds = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (name == "--lines") options.lines = static_cast<unsigned>(std::atoi(argv[i + 1]));
  }
  if (options.server.empty() || options.devices == 0 || options.rounds == 0 || options.lines == 0) {
    std::fprintf(stderr, "est_bench --server PROGRAM [--devices N] [--rounds N] [--lines N]\n");
    return 2;
  }
  auto measured = measure(options);
  if (measured) return 0;
  std::fprintf(stderr, "est_bench: %s\n", to_string(measured.error()).c_str());
  return 1;
}
