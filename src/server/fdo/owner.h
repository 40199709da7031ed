// SPDX-License-Identifier: Apache-2.0
// The owner: TO2 (messages 60 to 71) for every voucher that is ours.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/log.h"
#include "fdo/to2_owner.h"
#include "server/enroller.h"
#include "server/fdo/answer.h"
#include "server/file_shelf.h"

namespace fairlead::server {

// What this process knows of a run: as the registry had it at message 60, so that the messages
// after it need not ask again. Another process, or this one after it forgot, asks the registry;
// what a run changes has preconditions there.
struct ServedRun {
  std::shared_ptr<const registry::Voucher> record;
  std::shared_ptr<const fdo::Voucher> voucher;
  std::shared_ptr<const fdo::OwnerPlan> plan;  // by the device's profile; null before 64
};

// By GUID, and only for the run that it was kept for: NonceTO2ProveDv tells it. Thread-safe,
// bounded.
class RunCache {
 public:
  std::optional<ServedRun> find(const fdo::Guid& guid, const fdo::Nonce& run) const;
  void keep(const fdo::Guid& guid, const fdo::Nonce& run, ServedRun served);
  void forget(const fdo::Guid& guid);

 private:
  struct Entry {
    fdo::Nonce run;
    ServedRun served;
  };
  mutable std::mutex mutex_;
  std::unordered_map<fdo::Guid, Entry, FixedBytesHash> entries_;
};

class Owner {
 public:
  Owner(Store& store, const Identity& identity, Enroller& enroller, const FileShelf& files,
        Random& random, Log& log)
      : store_(store),
        identity_(identity),
        enroller_(enroller),
        files_(files),
        random_(random),
        log_(log) {}

  fdo::Outcome<Answer> on_hello_device(View body, const Caller& caller);  // 60
  fdo::Outcome<Answer> on_message(std::uint8_t type, View state, View body,
                                  const Caller& caller);  // 62 to 70

 private:
  Result<registry::Voucher> find_record(const fdo::Guid& guid);  // not_found: none that we serve
  Result<ServedRun> find(const fdo::Guid& guid);
  Result<ServedRun> resume(const fdo::To2OwnerState& state);
  fdo::Outcome<Answer> step(std::uint8_t type, fdo::To2OwnerState state, ServedRun served,
                            View body, const Caller& caller);
  fdo::Outcome<Answer> prove(fdo::to2::ProvingDevice state, ServedRun served, View body,
                             const Caller& caller);
  fdo::Outcome<Answer> ready(fdo::to2::SettingUp state, const ServedRun& served, View body,
                             const Caller& caller);
  fdo::Outcome<Answer> exchange(fdo::to2::Exchanging state, ServedRun served, View body,
                                const Caller& caller);
  fdo::Outcome<Answer> finish(fdo::to2::Exchanging state, const ServedRun& served, View body,
                              const Caller& caller);
  Result<registry::Device> require_device(const DeviceId& id);
  Result<void> stage(const ServedRun& served, const fdo::Voucher& replacement, Time now);
  Result<void> confirm(const registry::Voucher& present, Time now);
  void record(const DeviceId& device, const LogEvent& event, Fields fields, Time now);

  Store& store_;
  const Identity& identity_;
  Enroller& enroller_;
  const FileShelf& files_;
  Random& random_;
  Log& log_;
  RunCache runs_;
};

}  // namespace fairlead::server
