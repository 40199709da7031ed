// SPDX-License-Identifier: Apache-2.0
// registry_bench --server PROGRAM [--few N] [--many N] [--devices N] [--rounds N]
// Two lines of JSON: onboardings with few and with many other devices in the registry, in turns,
// and searches by the API among them.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "registry/sqlite/sqlite_registry.h"
#include "to2_rates.h"

namespace {

using namespace fairlead;

struct Arguments {
  std::string server;
  std::size_t few = 1000, many = 100'000;
  bench::To2Load load;
};

struct Side {
  std::size_t known;
  bench::Folder folder;
  std::optional<bench::FairleadServer> server;
  bench::To2Rates rates;
  std::vector<double> search_ms;
};

// A device as an onboarding leaves it: with voucher, key, certificate and a timeline.
registry::Transaction grown_device(std::size_t number, Random& random) {
  const Time then = from_unix_seconds(1'790'000'000);
  const DeviceId id("d-" + to_hex(random.bytes(16)));
  const AccountId account("default");
  const std::string serial = "SN-" + std::to_string(number);
  const Bytes guid = random.bytes(16), key = random.bytes(32);
  registry::Device device;
  device.id = id;
  device.account = account;
  device.serial = device.name = serial;
  device.model = device.device_info = "Known device";
  device.guid = guid;
  device.profile = ProfileId("default");
  device.state = registry::DeviceState::granted;
  device.created = device.changed = then;
  registry::Transaction out{
      registry::InsertDevice{std::move(device)},
      registry::InsertVoucher{{guid,
                               account,
                               registry::VoucherState::owned,
                               serial,
                               "Known device",
                               id,
                               {},
                               random.bytes(1100),
                               then,
                               then}},
      registry::PutKey{{id, key, registry::KeyState::accepted, "fdo-voucher", then, then}},
      registry::InsertCertificate{{random.bytes(16), id, account, key, random.bytes(32),
                                   registry::CertificateState::issued, then,
                                   then + std::chrono::days(3650), then,
                                   "fairlead/v1/default/" + id.str() + "/", random.bytes(450)}}};
  for (int i = 0; i < 5; ++i)
    out.push_back(registry::AppendEvent{{0, id, then, "GRANTED", {{"account", "default"}}}});
  return out;
}

Result<void> fill(const std::filesystem::path& data, std::size_t count) {
  constexpr std::size_t batch = 5000;
  std::filesystem::create_directories(data);
  crypto::SystemRandom random;
  TRY(auto registry, registry::SqliteRegistry::open(data / "registry.db"));
  for (std::size_t first = 0; first < count; first += batch) {
    std::vector<registry::Transaction> some;
    for (std::size_t i = first; i < std::min(count, first + batch); ++i)
      some.push_back(grown_device(i, random));
    for (auto& outcome : registry->write(std::span<const registry::Transaction>(some)))
      TRY_VOID(std::move(outcome));
  }
  return ok();
}

// What a person types: the whole serial, a beginning that few share, one that many share.
Result<void> search(Side& side) {
  crypto::SystemRandom random;
  for (int i = 0; i < 60; ++i) {
    std::size_t number = (std::size_t{random.bytes(1)[0]} << 16 |
                          std::size_t{random.bytes(1)[0]} << 8 | random.bytes(1)[0]) %
                         side.known;
    std::string text = "SN-" + std::to_string(number);
    if (i % 3 == 1) text.resize(std::max<std::size_t>(4, text.size() - 2));
    if (i % 3 == 2) text.resize(4);
    const auto begin = std::chrono::steady_clock::now();
    TRY(auto answer, side.server->api("/api/v1/devices?search=" + text));
    side.search_ms.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count());
    if (as_text(answer).find(text) == std::string_view::npos)
      return fail(Errc::internal, "search does not find '" + text + "'");
  }
  return ok();
}

Result<void> onboard_some(Side& side, bench::Maker& maker, const bench::To2Load& load) {
  TRY(auto owner, side.server->owner_key());
  auto import = [&](const auto& vouchers) { return side.server->import(vouchers); };
  TRY(auto rates, bench::measure_to2({side.server->process, side.server->fdo_port, owner, import},
                                     maker, load));
  side.rates.add(rates);
  return ok();
}

Result<void> measure(const Arguments& arguments, std::array<Side, 2>& sides) {
  TRY(auto maker, bench::Maker::create(crypto::KeyType::p256));
  for (Side& side : sides) {
    TRY_VOID(fill(side.folder.path(), side.known));
    TRY(auto server,
        bench::FairleadServer::start(arguments.server, side.folder.path(), crypto::KeyType::p256));
    side.server.emplace(std::move(server));
    TRY_VOID(side.server->trust(maker.public_key()));
  }
  bench::To2Load load = arguments.load;
  load.rounds = 1;
  for (unsigned round = 0; round < arguments.load.rounds; ++round)
    for (Side& side : sides) {
      TRY_VOID(onboard_some(side, maker, load));
      TRY_VOID(search(side));
    }
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    const char* value = argv[i + 1];
    if (name == "--server") arguments.server = value;
    if (name == "--few") arguments.few = static_cast<std::size_t>(std::atol(value));
    if (name == "--many") arguments.many = static_cast<std::size_t>(std::atol(value));
    if (name == "--devices") arguments.load.devices = static_cast<std::size_t>(std::atol(value));
    if (name == "--rounds") arguments.load.rounds = static_cast<unsigned>(std::atoi(value));
  }
  if (arguments.server.empty() || arguments.few == 0 || arguments.many == 0) {
    std::fprintf(
        stderr,
        "registry_bench --server PROGRAM [--few N] [--many N] [--devices N] [--rounds N]\n");
    return 2;
  }
  std::array<Side, 2> sides{};
  sides[0].known = arguments.few;
  sides[1].known = arguments.many;
  auto measured = measure(arguments, sides);
  if (!measured) {
    std::fprintf(stderr, "registry_bench: %s\n", to_string(measured.error()).c_str());
    return 1;
  }
  for (Side& side : sides) {
    std::ranges::sort(side.search_ms);
    std::printf(
        "{\"bench\":\"registry\",\"registry_devices\":%zu,\"onboardings\":%zu,\"cpu_ms_each\":%.3f,"
        "\"per_second\":%.0f,\"search_p50_ms\":%.1f,\"search_p99_ms\":%.1f}\n",
        side.known, side.rates.onboardings, 1000 / side.rates.per_cpu_second(),
        side.rates.per_second(), side.search_ms[side.search_ms.size() / 2],
        side.search_ms[side.search_ms.size() * 99 / 100]);
  }
  return 0;
}
