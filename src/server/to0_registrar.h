// SPDX-License-Identifier: Apache-2.0
// TO0 from the owner's side: keeps every voucher of ours registered wherever it says, by itself.
#pragma once

#include "base/log.h"
#include "fdo/to01.h"
#include "net/http.h"
#include "server/identity.h"
#include "server/store.h"
#include "server/to0_turns.h"

namespace fairlead::server {

class To0Registrar {
 public:
  // `addresses`: where devices reach this owner; goes into to1d. All references outlive the loop.
  // Checkpoints: to0-NN.sending, to0-NN.arrived.
  To0Registrar(net::Loop& loop, Store& store, const Identity& identity,
               std::vector<fdo::To2Address> addresses, std::uint32_t wait_seconds, Random& random,
               Clock clock, Log& log, Checkpoint checkpoint = {});

  net::Task<void> run();  // until the loop stops

 private:
  net::Task<void> work_off(registry::To0Job job);
  Result<void> store(registry::To0Job job, const Result<std::uint32_t>& granted, std::uint8_t dice);
  net::Task<std::uint32_t> register_at(registry::To0Job job);
  net::Task<net::HttpResponse> post(std::string base, int message, Bytes body, std::string token);

  net::Loop& loop_;
  Store& store_;
  const Identity& identity_;
  const std::vector<fdo::To2Address> addresses_;
  const std::uint32_t wait_seconds_;
  Random& random_;
  Clock clock_;
  Log& log_;
  Checkpoint checkpoint_;
  net::HttpClient client_;
  To0Turns turns_;                        // on the loop's thread
  std::optional<net::Completion> ended_;  // a job, while run() waits for that
};

// When to register again: at a random point of 50 to 80 % of what was granted. `random_byte` is
// uniform.
Duration refresh_after(std::uint32_t granted_seconds, std::uint8_t random_byte);

}  // namespace fairlead::server
