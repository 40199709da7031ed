// SPDX-License-Identifier: Apache-2.0
#include "to2_rates.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "crypto_limit.h"
#include "in_parallel.h"
#include "rate.h"

namespace fairlead::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double limit_turn_seconds = 0.4;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// One turn of load.
Result<To2Rates> load_turn(const To2Target& target, const To2Load& load,
                           std::vector<Device>& devices) {
  To2Rates rates;
  rates.milliseconds.resize(devices.size());
  std::atomic<std::size_t> requests = 0;
  const double cpu = target.process.cpu_seconds();
  const auto begin = Clock::now();
  TRY_VOID(in_parallel(devices.size(), load.lines, [&](std::size_t i) -> Result<void> {
    const auto start = Clock::now();
    TRY(auto done,
        onboard(devices[i], target.owner, target.port).in("device " + std::to_string(i)));
    rates.milliseconds[i] = seconds_since(start) * 1000;
    requests += done.exchanges.size();
    if (i == 0) rates.exchanges = std::move(done.exchanges);
    return ok();
  }));
  rates.seconds = seconds_since(begin);
  rates.server_cpu_seconds = target.process.cpu_seconds() - cpu;
  rates.onboardings = devices.size();
  rates.requests_each = static_cast<double>(requests) / static_cast<double>(devices.size());
  return rates;
}

}  // namespace

void To2Rates::add(const To2Rates& other) {
  onboardings += other.onboardings;
  seconds += other.seconds;
  server_cpu_seconds += other.server_cpu_seconds;
  requests_each = other.requests_each;
  limit.add(other.limit);
  floor.add(other.floor);
  milliseconds.insert(milliseconds.end(), other.milliseconds.begin(), other.milliseconds.end());
}

double To2Rates::percentile_ms(double share) const {
  if (milliseconds.empty()) return 0;
  auto sorted = milliseconds;
  auto at =
      sorted.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(sorted.size() - 1));
  std::ranges::nth_element(sorted, at);
  return *at;
}

Result<std::vector<Device>> make_devices(Maker& maker, const crypto::PublicKey& owner,
                                         std::uint64_t first_number, std::size_t count,
                                         bool with_offer) {
  std::vector<Device> devices(count);
  TRY_VOID(in_parallel(count, 2, [&](std::size_t i) -> Result<void> {
    TRY(devices[i], maker.make(owner, first_number + i, with_offer));
    return ok();
  }));
  return devices;
}

Result<To2Rates> measure_to2(const To2Target& target, Maker& maker, const To2Load& load) {
  static std::uint64_t number = 0;  // serials differ, whatever is measured in one process
  To2Rates rates;
  for (unsigned round = 0; round < load.rounds + 1; ++round) {
    const bool warming_up = round == 0;
    const std::size_t count = warming_up ? load.devices / 4 + 1 : load.devices;
    TRY(auto devices, make_devices(maker, target.owner, number, count, load.with_offer));
    number += count;
    std::vector<std::string> vouchers;
    for (Device& device : devices) vouchers.push_back(std::move(device.pem_voucher));
    TRY_VOID(target.import(vouchers).in("import"));
    TRY(auto turn, load_turn(target, load, devices));
    if (warming_up) continue;
    CryptoLimit bare(load.key_type, load.with_offer ? with_grant : without_grant,
                     static_cast<unsigned>(turn.requests_each + 0.5));
    if (!turn.limit.run_for(limit_turn_seconds, [&] { return bare.onboarding(); }))
      return fail(Errc::internal, "an OpenSSL operation failed");
    if (load.with_floor) {
      TRY(turn.floor, measure_floor({load.key_type, load.with_offer, turn.exchanges, load.lines,
                                     load.devices}));
    }
    rates.add(turn);
  }
  return rates;
}

}  // namespace fairlead::bench
