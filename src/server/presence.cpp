// SPDX-License-Identifier: Apache-2.0
#include "server/presence.h"

#include <algorithm>

#include "base/events.h"
#include "server/audit.h"
#include "server/enroller.h"
#include "server/vouchers.h"

namespace fairlead::server {

Result<registry::Transaction> PresenceRecord::changes_for(registry::Device device, bool online,
                                                          const LogEvent& event, Fields fields,
                                                          Time seen) {
  registry::Transaction changes;
  if (online) {
    TRY(auto certificates, store_.read().certificates_of(device.id));
    using enum registry::CertificateState;
    auto is_active = [](const registry::Certificate& each) { return each.state == active; };
    // With another one in force it may be that which is used: the broker says so
    // (Enroller::confirm_use).
    bool only_one = std::ranges::count_if(certificates, [](const auto& each) {
                      return each.state == issued || each.state == active;
                    }) == 1;
    if (only_one && certificates.front().state == issued) {
      changes.push_back(registry::SetCertificateState{certificates.front().serial, active, seen});
      // The first use of what came with the new credential proves that the device holds it. With an
      // older certificate still good this may be that one, and a device whose 71 was lost would
      // lose the only voucher it can use.
      TRY(auto voucher, store_.read().find_voucher(device.guid));
      if (voucher && std::ranges::none_of(certificates, is_active)) {
        TRY(auto dropped, drop_superseded(store_.read(), *voucher, seen));
        changes.insert(changes.end(), dropped.begin(), dropped.end());
      }
    }
  }
  DeviceId id = device.id;
  std::uint64_t revision = device.revision;
  // What a person has decided, or has to, is not undone by a will.
  TRY(bool quarantined, is_quarantined(store_.read(), id));
  if (!registry::is_locked_out(device.state) && !quarantined) {
    device.state = online ? registry::DeviceState::online : registry::DeviceState::offline;
    device.state_reason = describe(event, fields);
    device.changed = seen;
  }
  device.last_seen = seen;
  changes.push_back(registry::UpdateDevice{std::move(device), revision});
  changes.push_back(timeline(id, seen, event, std::move(fields)));
  return changes;
}

Result<void> PresenceRecord::on_presence(const AccountId& account, const DeviceId& id, bool online,
                                         Time seen) {
  TRY(auto device, store_.read().find_device(id));
  if (!device || device->account != account) return ok();  // a topic that is none of a device's
  bool was_online = device->state == registry::DeviceState::online;
  if (was_online == online) return ok();
  const LogEvent& event = online ? event::device_online : event::device_offline;
  Fields fields = online ? Fields{} : Fields{{"why", "its session ended"}};
  TRY(auto changes, changes_for(std::move(*device), online, event, fields, seen));
  TRY_VOID(store_.commit(std::move(changes)));
  log_.write(event, fields);
  return ok();
}

// Its word stays with the broker, and is heard again whenever the watch comes back.
Result<void> PresenceRecord::on_wiped(const AccountId& account, const DeviceId& id, Time seen) {
  constexpr std::size_t looked_at = 100;
  TRY(auto device, store_.read().find_device(id));
  if (!device || device->account != account) return ok();
  TRY(auto events, store_.read().events_of(id, looked_at));
  for (auto each = events.rbegin(); each != events.rend(); ++each) {
    if (each->id == event::device_online.id) break;
    if (each->id == event::device_wiped.id) return ok();
  }
  registry::Transaction changes;
  append_deed(changes, {id.str(), "mqtt"}, *device, seen, event::device_wiped, {});
  TRY_VOID(store_.commit(std::move(changes)));
  log_.write(event::device_wiped, {});
  return ok();
}

}  // namespace fairlead::server
