// SPDX-License-Identifier: Apache-2.0
// The rendezvous server: TO0 (20 to 23) and TO1 (30 to 33), with admission and the defence against
// truncated vouchers.
#pragma once

#include "base/log.h"
#include "fdo/voucher.h"
#include "server/fdo/answer.h"
#include "server/store.h"

namespace fairlead::server {

struct RendezvousPolicy {
  std::uint32_t wait_seconds_max = 86'400;
  bool open = false;                     // take vouchers of makers that nobody listed
  std::vector<crypto::Sha256> own_keys;  // of this server's factory and owner: always welcome
};

class Rendezvous {
 public:
  Rendezvous(Store& store, RendezvousPolicy policy, Random& random, Log& log)
      : store_(store), policy_(policy), random_(random), log_(log) {}

  fdo::Outcome<Answer> on_hello(View body, const Caller& caller);                    // 20 -> 21
  fdo::Outcome<Answer> on_owner_sign(View state, View body, const Caller& caller);   // 22 -> 23
  fdo::Outcome<Answer> on_hello_rv(View body, const Caller& caller);                 // 30 -> 31
  fdo::Outcome<Answer> on_prove_to_rv(View state, View body, const Caller& caller);  // 32 -> 33

 private:
  Result<void> admit(const fdo::Voucher& voucher);
  Result<bool> replaces_one_admitted(const fdo::Voucher& voucher);
  Result<void> forget_former(const registry::Registration& present, Time now);

  Store& store_;
  RendezvousPolicy policy_;
  Random& random_;
  Log& log_;
};

}  // namespace fairlead::server
