// SPDX-License-Identifier: Apache-2.0
// Vouchers as an owner handles them: import, extension to the next owner, and what becomes of them
// around TO2.
#pragma once

#include "base/log.h"
#include "fdo/voucher.h"
#include "server/identity.h"
#include "server/store.h"

namespace fairlead::server {

enum class Import {
  imported,
  unchanged,  // it is here already
  outlived    // the device was onboarded with it and has a new GUID since: nothing is changed
};

class Vouchers {
 public:
  Vouchers(Store& store, const Identity& identity, Log& log)
      : store_(store), identity_(identity), log_(log) {}

  // Checks a voucher whole, that its maker is trusted and that the last entry names our key, and
  // writes it with its device. dry: checks only. conflict: the device is in another account, or
  // another voucher of this GUID is here.
  Result<Import> import(const fdo::Voucher& voucher, const AccountId& account, bool dry, Time now);
  // Each by itself, but written together: one outcome per voucher, in order.
  std::vector<Result<Import>> import_all(std::span<const fdo::Voucher> vouchers,
                                         const AccountId& account, bool dry, Time now);

  // Extends to the next owner; from then on it is theirs. What we made at the factory is extended
  // with the manufacturer's key, what we own with the owner's.
  Result<fdo::Voucher> extend(const fdo::Guid& guid, const crypto::PublicKey& next_owner, Time now);

 private:
  struct Prepared {
    Import outcome;
    registry::Transaction changes;  // none where nothing is to be written
    Fields told;                    // what the log says when they are
  };
  Result<void> check(const fdo::Voucher& voucher, const AccountId& account);
  Result<Prepared> prepare(const fdo::Voucher& voucher, const AccountId& account, bool dry,
                           Time now);

  Store& store_;
  const Identity& identity_;
  Log& log_;
};

// The registry's id of a device: of the key that it was made with, so that one device is never two.
DeviceId device_id_of(const fdo::Voucher& voucher);

// Jobs that register a voucher at each rendezvous server that it names for its owner; none on
// bypass.
std::vector<registry::To0Job> to0_jobs_for(const fdo::Voucher& voucher, Time due);

// The device has been seen under `present`: what it replaced becomes `replaced`, and candidates
// that it never got are dropped.
Result<registry::Transaction> drop_superseded(registry::Registry& registry,
                                              const registry::Voucher& present, Time now);

}  // namespace fairlead::server
