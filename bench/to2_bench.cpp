// SPDX-License-Identifier: Apache-2.0
// to2_bench --server PROGRAM [--key p256|p384] [--plain] [--devices N] [--lines N] [--rounds N]
//           [--peer PROGRAM | --go-fdo-server PROGRAM]
// One line of JSON: complete TO2 onboardings per second and per second of the server's processor
// time, beside the crypto limit (crypto_limit.h) and the floor (floor.h) in the same run. --plain:
// devices that ask for no certificate. --peer: the same plain load on the go-fdo peer of
// tests/interop, in turns with ours.
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "go_fdo_server.h"
#include "to2_rates.h"

namespace {

using namespace fairlead;

struct Arguments {
  std::string server, peer;
  std::string go_fdo_server;  // instead of the peer: that program, with its database
  bench::To2Load load;
  bool wrong = false;
};

Arguments parse(int argc, char** argv) {
  Arguments out;
  for (int i = 1; i < argc; ++i) {
    std::string_view name = argv[i];
    if (name == "--plain") {
      out.load.with_offer = false;
      continue;
    }
    if (i + 1 == argc) return {{}, {}, {}, {}, true};
    const char* value = argv[++i];
    if (name == "--server")
      out.server = value;
    else if (name == "--peer")
      out.peer = value;
    else if (name == "--go-fdo-server")
      out.go_fdo_server = value;
    else if (name == "--key")
      out.load.key_type =
          std::string_view(value) == "p384" ? crypto::KeyType::p384 : crypto::KeyType::p256;
    else if (name == "--devices")
      out.load.devices = static_cast<std::size_t>(std::atol(value));
    else if (name == "--lines")
      out.load.lines = static_cast<unsigned>(std::atoi(value));
    else if (name == "--rounds")
      out.load.rounds = static_cast<unsigned>(std::atoi(value));
    else
      out.wrong = true;
  }
  if (!out.go_fdo_server.empty()) out.load.with_offer = false;
  if (!out.peer.empty()) out.load.with_offer = false;
  out.load.with_floor = true;
  out.wrong |= out.server.empty() || out.load.devices == 0 || out.load.lines == 0;
  return out;
}

struct Measured {
  bench::To2Rates ours;
  std::optional<bench::To2Rates> peer;
};

Result<Measured> in_turns(const bench::To2Target& ours, const bench::To2Target& theirs,
                          bench::Maker& maker, bench::To2Load load) {
  Measured out;
  out.peer.emplace();
  for (unsigned rounds = std::exchange(load.rounds, 1); rounds > 0; --rounds) {
    TRY(auto us, bench::measure_to2(ours, maker, load));
    TRY(auto them, bench::measure_to2(theirs, maker, load));
    out.ours.add(us);
    out.peer->add(them);
  }
  return out;
}

template <class Peer>
bench::To2Target target(const Peer& peer) {
  return {peer.process, peer.port, peer.owner,
          [&peer](const auto& vouchers) { return peer.import(vouchers); }};
}

Result<Measured> measure(const Arguments& arguments) {
  bench::Folder folder;
  const bench::To2Load& load = arguments.load;
  TRY(auto server, bench::FairleadServer::start(arguments.server, folder.path(), load.key_type));
  TRY(auto owner, server.owner_key());
  TRY(auto maker, bench::Maker::create(load.key_type));
  TRY_VOID(server.trust(maker.public_key()));
  bench::To2Target ours{server.process, server.fdo_port, owner,
                        [&](const auto& vouchers) { return server.import(vouchers); }};
  if (!arguments.peer.empty()) {
    TRY(auto peer, bench::GoPeer::start(arguments.peer, folder.path(), load.key_type));
    return in_turns(ours, target(peer), maker, load);
  }
  if (!arguments.go_fdo_server.empty()) {
    TRY(auto peer,
        bench::GoFdoServer::start(arguments.go_fdo_server, folder.path(), load.key_type));
    return in_turns(ours, target(peer), maker, load);
  }
  Measured out;
  TRY(out.ours, bench::measure_to2(ours, maker, load));
  return out;
}

void print(const char* who, const Arguments& arguments, const bench::To2Rates& rates) {
  std::printf(
      "{\"bench\":\"to2\",\"server\":\"%s\",\"key\":\"%s\",\"grant\":%s,"
      "\"onboardings\":%zu,\"lines\":%u,\"per_second\":%.0f,\"per_server_cpu_second\":%.0f,"
      "\"crypto_limit_per_cpu_second\":%.0f,\"ratio_to_crypto_limit\":%.3f,"
      "\"floor_per_cpu_second\":%.0f,\"floor_ratio_to_crypto_limit\":%.3f,"
      "\"requests_each\":%.1f,\"p50_ms\":%.1f,\"p95_ms\":%.1f,\"p99_ms\":%.1f}\n",
      who, std::string(to_string(arguments.load.key_type)).c_str(),
      arguments.load.with_offer ? "true" : "false", rates.onboardings, arguments.load.lines,
      rates.per_second(), rates.per_cpu_second(), rates.limit_per_cpu_second(),
      rates.ratio_to_limit(), rates.floor.per_cpu_second(), rates.floor_ratio_to_limit(),
      rates.requests_each, rates.percentile_ms(0.5), rates.percentile_ms(0.95),
      rates.percentile_ms(0.99));
}

}  // namespace

int main(int argc, char** argv) {
  if (auto code = bench::serve_floor(argc, argv)) return *code;
  Arguments arguments = parse(argc, argv);
  if (arguments.wrong) {
    std::fprintf(stderr,
                 "to2_bench --server PROGRAM [--key p256|p384] [--plain] [--devices N] [--lines N] "
                 "[--rounds N] [--peer PROGRAM | --go-fdo-server PROGRAM]\n");
    return 2;
  }
  auto measured = measure(arguments);
  if (!measured) {
    std::fprintf(stderr, "to2_bench: %s\n", to_string(measured.error()).c_str());
    return 1;
  }
  print("fairlead", arguments, measured->ours);
  if (measured->peer)
    print(arguments.peer.empty() ? "go-fdo-server" : "go-fdo", arguments, *measured->peer);
  return 0;
}
