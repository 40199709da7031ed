// SPDX-License-Identifier: Apache-2.0
// What a server costs that does nothing for a TO2 onboarding but receive its requests, the
// cryptography of crypto_limit.h, and send its answers: one thread, no protocol, nothing stored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto_limit.h"
#include "http_line.h"

namespace fairlead::bench {

struct FloorLoad {
  crypto::KeyType key_type = crypto::KeyType::p256;
  bool with_offer = true;
  std::vector<HttpLine::Sizes> exchanges;  // of a real onboarding
  unsigned lines = 128;                    // connections at a time
  std::size_t onboardings = 1000;          // each on a connection of its own
};

struct FloorRate {
  std::size_t onboardings = 0;
  double server_cpu_seconds = 0;
  void add(const FloorRate& other);
  double per_cpu_second() const { return static_cast<double>(onboardings) / server_cpu_seconds; }
};

// The server is this program, started again: its main() calls serve_floor() first.
Result<FloorRate> measure_floor(const FloorLoad& load);
// The exit code of a program that was started as the server of measure_floor(); nothing if it was
// not.
std::optional<int> serve_floor(int argc, char** argv);

}  // namespace fairlead::bench
