// SPDX-License-Identifier: Apache-2.0
#include "device/reason.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/events.h"

namespace fairlead::device {

namespace {

struct Entry {
  Reason reason;
  std::string_view name;
  const LogEvent* event;
};

constexpr std::array entries{
    Entry{Reason::network_missing, "network_missing", &event::device_network_missing},
    Entry{Reason::wifi_missing, "wifi_missing", &event::device_wifi_missing},
    Entry{Reason::wifi_not_found, "wifi_not_found", &event::device_wifi_not_found},
    Entry{Reason::wifi_wrong_passphrase, "wifi_wrong_passphrase",
          &event::device_wifi_wrong_passphrase},
    Entry{Reason::wifi_unsupported, "wifi_unsupported", &event::device_wifi_unsupported},
    Entry{Reason::wifi_refused, "wifi_refused", &event::device_wifi_refused},
    Entry{Reason::wifi_not_stored, "wifi_not_stored", &event::device_wifi_not_stored},
    Entry{Reason::no_address, "no_address", &event::device_no_address},
    Entry{Reason::no_route, "no_route", &event::device_no_route},
    Entry{Reason::captive_portal, "captive_portal", &event::device_captive_portal},
    Entry{Reason::dns_failed, "dns_failed", &event::device_dns_failed},
    Entry{Reason::station_unset, "station_unset", &event::device_station_unset},
    Entry{Reason::station_unreachable, "station_unreachable", &event::device_station_unreachable},
    Entry{Reason::station_busy, "station_busy", &event::device_station_busy},
    Entry{Reason::station_refused, "station_refused", &event::device_station_refused},
    Entry{Reason::rendezvous_unreachable, "rendezvous_unreachable",
          &event::device_rendezvous_unreachable},
    Entry{Reason::rendezvous_busy, "rendezvous_busy", &event::device_rendezvous_busy},
    Entry{Reason::rendezvous_unknown, "rendezvous_unknown", &event::device_rendezvous_unknown},
    Entry{Reason::rendezvous_refused, "rendezvous_refused", &event::device_rendezvous_refused},
    Entry{Reason::rendezvous_unusable, "rendezvous_unusable", &event::device_rendezvous_unusable},
    Entry{Reason::owner_unreachable, "owner_unreachable", &event::device_owner_unreachable},
    Entry{Reason::owner_busy, "owner_busy", &event::device_owner_busy},
    Entry{Reason::owner_unknowing, "owner_unknowing", &event::device_owner_unknowing},
    Entry{Reason::owner_refused, "owner_refused", &event::device_owner_refused},
    Entry{Reason::owner_fault, "owner_fault", &event::device_owner_fault},
    Entry{Reason::voucher_wrong, "voucher_wrong", &event::device_voucher_wrong},
    Entry{Reason::reuse_refused, "reuse_refused", &event::device_reuse_refused},
    Entry{Reason::peer_wrong, "peer_wrong", &event::device_peer_wrong},
    Entry{Reason::tls_untrusted, "tls_untrusted", &event::device_tls_untrusted},
    Entry{Reason::clock_wrong, "clock_wrong", &event::device_clock_wrong},
    Entry{Reason::disk_full, "disk_full", &event::device_disk_full},
    Entry{Reason::storage_failed, "storage_failed", &event::device_storage_failed},
    Entry{Reason::key_failed, "key_failed", &event::device_key_failed},
    Entry{Reason::grant_pending, "grant_pending", &event::device_grant_pending},
    Entry{Reason::grant_refused, "grant_refused", &event::device_grant_refused},
    Entry{Reason::grant_wrong, "grant_wrong", &event::device_grant_wrong},
    Entry{Reason::grant_missing, "grant_missing", &event::device_grant_missing},
    Entry{Reason::action_impossible, "action_impossible", &event::device_action_impossible},
    Entry{Reason::broker_unreachable, "broker_unreachable", &event::device_broker_unreachable},
    Entry{Reason::broker_refused, "broker_refused", &event::device_broker_refused},
    Entry{Reason::revoked, "revoked", &event::device_revoked_upstream},
    Entry{Reason::connection_lost, "connection_lost", &event::device_connection_lost},
    Entry{Reason::client_id_taken, "client_id_taken", &event::device_client_id_taken},
    Entry{Reason::interrupted, "interrupted", &event::device_interrupted},
    Entry{Reason::fault, "fault", &event::device_fault},
};

const Entry& entry_of(Reason reason) {
  auto found = std::ranges::find(entries, reason, &Entry::reason);
  ASSERT(found != entries.end());
  return *found;
}

}  // namespace

std::string_view to_string(Reason reason) { return entry_of(reason).name; }

std::optional<Reason> parse_reason(std::string_view text) {
  auto found = std::ranges::find(entries, text, &Entry::name);
  if (found == entries.end()) return std::nullopt;
  return found->reason;
}

const LogEvent& event_of(Reason reason) { return *entry_of(reason).event; }

std::string in_words(const Failure& failure) {
  Fields fields{{"detail", failure.detail}};
  return describe(event_of(failure.reason), fields);
}

std::string_view advice_for(const Failure& failure) { return event_of(failure.reason).advice; }

Failure local_failure(const Error& error, Reason otherwise) {
  // The adapters put the system's own words into the context; there is no kind of error for a full
  // disk.
  for (std::string_view words : {"No space left on device", "Disk quota exceeded"})
    if (error.context.contains(words)) return {Reason::disk_full, error.context};
  if (error.code == Errc::cancelled) return {Reason::interrupted, error.context};
  return {otherwise, error.context};
}

}  // namespace fairlead::device
