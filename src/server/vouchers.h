// SPDX-License-Identifier: Apache-2.0
// Vouchers as an owner handles them: import, extension to the next owner, and what becomes of them
// around TO2.
#pragma once

#include "base/log.h"
#include "fdo/voucher.h"
#include "server/audit.h"
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
  Result<Import> import(const fdo::Voucher& voucher, const AccountId& account, bool dry,
                        const Actor& actor, Time now);
  // Each by itself, but written together: one outcome per voucher, in order.
  std::vector<Result<Import>> import_all(std::span<const fdo::Voucher> vouchers,
                                         const AccountId& account, bool dry, const Actor& actor,
                                         Time now);

  // Extends to the next owner; from then on it is theirs, registered nowhere by us, and its device
  // is revoked on record (the broker is told by Enroller::revoke). What we made at the factory is
  // extended with the manufacturer's key, what we own with the owner's. conflict: handed over or
  // replaced already; or, unless `unconfirmed` is taken, its device was not seen under this GUID
  // yet and may still hold the one before, so that the buyer's voucher would open nothing. refused:
  // a bare key for a voucher that holds certificates.
  enum class Sale { confirmed, unconfirmed };
  Result<fdo::Voucher> extend(const fdo::Guid& guid, const fdo::ShownKey& next_owner,
                              const Actor& actor, Time now, Sale sale = Sale::confirmed);

 private:
  struct Prepared {
    Import outcome;
    registry::Transaction changes;  // none where nothing is to be written
    Fields told;                    // what the log says when they are
  };
  Result<void> check(const fdo::Voucher& voucher, const AccountId& account);
  Result<Prepared> prepare(const fdo::Voucher& voucher, const AccountId& account, bool dry,
                           const Actor& actor, Time now);
  Result<fdo::Voucher> extend_once(const fdo::Guid& guid, const fdo::ShownKey& next_owner,
                                   const Actor& actor, Time now, Sale sale);
  Result<void> append_leave(const registry::Voucher& sold, Sale sale, Time now,
                            registry::Transaction& changes);

  Store& store_;
  const Identity& identity_;
  Log& log_;
};

// The registry's id of a device: of the key that it was made with, so that one device is never two.
DeviceId device_id_of(const crypto::PublicKey& device_key);
DeviceId device_id_of(const fdo::Voucher& voucher);

// Jobs that register a voucher at each rendezvous server that it names for its owner; none on
// bypass.
std::vector<registry::To0Job> to0_jobs_for(const fdo::Voucher& voucher, Time due);

// A voucher that its device does not hold, or no longer: registered nowhere, and `replaced`. One
// that was pending is taken away, since nobody else ever saw it.
Result<void> append_retirement(registry::Registry& registry, registry::Voucher voucher, Time now,
                               registry::Transaction& changes);

// The device has been seen under `present`: what it replaced becomes `replaced`, and candidates
// that it never got are dropped.
Result<registry::Transaction> drop_superseded(registry::Registry& registry,
                                              const registry::Voucher& present, Time now);

}  // namespace fairlead::server
