// SPDX-License-Identifier: Apache-2.0
// The factory station: DI (messages 10 to 13). DI authenticates nobody, so its listener belongs on
// the factory's line.
#pragma once

#include "base/log.h"
#include "fdo/rendezvous.h"
#include "fdo/voucher.h"
#include "server/fdo/answer.h"
#include "server/identity.h"
#include "server/store.h"

namespace fairlead::server {

class Station {
 public:
  Station(Store& store, const Identity& identity, Random& random, Log& log)
      : store_(store), identity_(identity), random_(random), log_(log) {}

  fdo::Outcome<Answer> on_app_start(View body, const Caller& caller);             // 10 -> 11
  fdo::Outcome<Answer> on_set_hmac(View state, View body, const Caller& caller);  // 12 -> 13

 private:
  // The fields of DI_REPEATED for each that goes.
  Result<std::vector<Fields>> drop_earlier(registry::Transaction& changes,
                                           const fdo::Voucher& voucher, const std::string& serial);

  Store& store_;
  const Identity& identity_;
  Random& random_;
  Log& log_;
};

// What devices are told to look for their owner with; a setting of the registry. not_found until it
// was set.
Result<fdo::RendezvousInfo> factory_rendezvous(registry::Registry& registry);
// `expect`: conflict unless it is this at present.
registry::Change put_factory_rendezvous(const fdo::RendezvousInfo& info,
                                        std::optional<Bytes> expect = {});

}  // namespace fairlead::server
