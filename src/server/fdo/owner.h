// SPDX-License-Identifier: Apache-2.0
// The owner: TO2 (messages 60 to 71) for every voucher that is ours.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/log.h"
#include "fdo/to2_owner.h"
#include "server/enroller.h"
#include "server/fdo/answer.h"

namespace fairlead::server {

// Parsed vouchers, since each message of a run needs its own. Thread-safe, bounded.
class VoucherCache {
 public:
  // The voucher of these bytes, parsed now or before.
  Result<std::shared_ptr<const fdo::Voucher>> get(const registry::Voucher& record);

 private:
  struct Entry {
    Bytes encoded;
    std::shared_ptr<const fdo::Voucher> voucher;
  };
  std::mutex mutex_;
  std::unordered_map<fdo::Guid, Entry, FixedBytesHash> entries_;
};

class Owner {
 public:
  Owner(Store& store, const Identity& identity, Enroller& enroller, Random& random, Log& log)
      : store_(store), identity_(identity), enroller_(enroller), random_(random), log_(log) {}

  fdo::Outcome<Answer> on_hello_device(View body, const Caller& caller);  // 60
  fdo::Outcome<Answer> on_message(std::uint8_t type, View state, View body,
                                  const Caller& caller);  // 62 to 70

 private:
  struct Served {
    registry::Voucher record;
    std::shared_ptr<const fdo::Voucher> voucher;
  };
  Result<Served> find(const fdo::Guid& guid);
  fdo::Outcome<Answer> step(std::uint8_t type, fdo::To2OwnerState state, const Served& served,
                            View body, const Caller& caller);
  fdo::Outcome<Answer> prove(fdo::to2::ProvingDevice state, const Served& served, View body,
                             const Caller& caller);
  fdo::Outcome<Answer> ready(fdo::to2::SettingUp state, const Served& served, View body,
                             const Caller& caller);
  fdo::Outcome<Answer> exchange(fdo::to2::Exchanging state, const Served& served, View body,
                                const Caller& caller);
  fdo::Outcome<Answer> finish(fdo::to2::Exchanging state, const Served& served, View body,
                              const Caller& caller);
  Result<void> stage(const Served& served, const fdo::Voucher& replacement, Time now);
  Result<void> confirm(const registry::Voucher& present, Time now);
  void record(const DeviceId& device, const LogEvent& event, Fields fields, Time now);

  Store& store_;
  const Identity& identity_;
  Enroller& enroller_;
  Random& random_;
  Log& log_;
  VoucherCache cache_;
};

}  // namespace fairlead::server
