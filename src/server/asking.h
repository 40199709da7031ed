// SPDX-License-Identifier: Apache-2.0
// The third way in: a device without a voucher, whose upstream a person chose in the tool, sends
// its Offer there by itself (docs/wire/asking.md). That vouches for nothing: it waits in the
// adoption queue until an operator says yes to its key.
#pragma once

#include "net/http.h"
#include "server/claims.h"
#include "server/fdo/limits.h"

namespace fairlead::server {

inline constexpr std::string_view asking_path = "/fairlead/offer";
// Devices that wait in the account, by whatever way; more strangers are turned away.
inline constexpr std::size_t asking_waiting_max = 1000;
inline constexpr Duration asking_come_again = std::chrono::seconds(30);

// Thread-safe as far as the registry is.
class Asking {
 public:
  // `account`: where those who ask shall belong; empty: nobody may ask.
  Asking(AccountId account, Claims claims, Store& store, const Identity& identity,
         FdoLimits& limits)
      : account_(std::move(account)),
        claims_(std::move(claims)),
        store_(store),
        identity_(identity),
        limits_(limits) {}

  // 200 with the Grant; 202 with words while a person has to decide; 403 refused, in words; 404
  // where nobody may ask; 429 with Retry-After.
  net::HttpResponse handle(const net::HttpRequest& request, Time now);

 private:
  Result<bool> is_full_for(View key);

  const AccountId account_;
  Claims claims_;
  Store& store_;
  const Identity& identity_;
  FdoLimits& limits_;
};

}  // namespace fairlead::server
