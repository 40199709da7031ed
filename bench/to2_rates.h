// SPDX-License-Identifier: Apache-2.0
// Complete TO2 onboardings against a server process, beside the crypto limit, in turns.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fleet.h"
#include "floor.h"
#include "rate.h"
#include "server_process.h"

namespace fairlead::bench {

struct To2Load {
  crypto::KeyType key_type = crypto::KeyType::p256;
  bool with_offer = true;
  bool with_floor = false;     // measure_floor() in turns too: the program has to serve it
  unsigned lines = 128;        // devices at a time
  unsigned rounds = 5;         // turns of load and limit
  std::size_t devices = 1000;  // per round
};

struct To2Rates {
  std::size_t onboardings = 0;
  double seconds = 0;             // of the clock
  double server_cpu_seconds = 0;  // spent by the server process
  double requests_each = 0;
  std::vector<HttpLine::Sizes> exchanges;  // of one of them
  Rate limit;                              // onboardings' worth of bare OpenSSL operations
  FloorRate floor;                         // the same and the same requests, and nothing else
  std::vector<double> milliseconds;        // each device: from connecting to a good 71

  void add(const To2Rates& other);
  double per_second() const { return static_cast<double>(onboardings) / seconds; }
  double per_cpu_second() const { return static_cast<double>(onboardings) / server_cpu_seconds; }
  double limit_per_cpu_second() const { return limit.per_second(); }
  double ratio_to_limit() const { return per_cpu_second() / limit_per_cpu_second(); }
  double floor_ratio_to_limit() const { return floor.per_cpu_second() / limit_per_cpu_second(); }
  double percentile_ms(double share) const;  // 0.99
};

// A server's owner side under load. One that is not ours takes the same vouchers.
struct To2Target {
  const Process& process;
  std::uint16_t port;
  crypto::PublicKey owner;
  std::function<Result<void>(const std::vector<std::string>& pem_vouchers)> import;
};

// Any device that fails ends the measurement with its error. Devices are made and imported before
// the clocks start.
Result<To2Rates> measure_to2(const To2Target& target, Maker& maker, const To2Load& load);

// Makes `count` devices on two threads.
Result<std::vector<Device>> make_devices(Maker& maker, const crypto::PublicKey& owner,
                                         std::uint64_t first_number, std::size_t count,
                                         bool with_offer);

}  // namespace fairlead::bench
