// SPDX-License-Identifier: Apache-2.0
// Why a device is not further on its way. Each reason is an event of docs/log-events/device.md,
// which has the words and the advice; the name is what the journal keeps.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"

namespace fairlead::device {

enum class Reason : std::uint8_t {
  network_missing,
  wifi_missing,  // no adapter, or no wpa_supplicant
  wifi_not_found,
  wifi_wrong_passphrase,
  wifi_unsupported,  // its security
  wifi_refused,
  wifi_not_stored,
  no_address,
  no_route,
  captive_portal,
  dns_failed,
  station_unset,
  station_unreachable,
  station_busy,  // it asks to come again later: HTTP status 429 or 503
  station_refused,
  rendezvous_unreachable,
  rendezvous_busy,
  rendezvous_unknown,  // FDO error 6 at TO1
  rendezvous_refused,
  rendezvous_unusable,
  owner_unreachable,
  owner_busy,
  owner_unknowing,  // FDO error 6 at TO2
  owner_refused,
  owner_fault,    // FDO error 500
  voucher_wrong,  // the owner could not prove itself
  reuse_refused,  // the owner wants the credential kept; this device does not
  peer_wrong,     // not FDO, or out of order
  tls_untrusted,
  clock_wrong,
  disk_full,
  storage_failed,
  key_failed,
  grant_pending,
  grant_refused,
  grant_wrong,
  grant_missing,
  action_impossible,
  broker_unreachable,
  broker_refused,
  revoked,
  connection_lost,
  client_id_taken,
  interrupted,
  fault
};

std::string_view to_string(Reason reason);  // "rendezvous_unknown"
std::optional<Reason> parse_reason(std::string_view text);
const LogEvent& event_of(Reason reason);

struct Failure {
  Reason reason;
  std::string detail;      // one plain sentence, no secrets
  Duration retry_after{};  // what a busy server asked for; of this run of the program only
};
std::string in_words(
    const Failure& failure);  // "The rendezvous server does not know this device: ..."
std::string_view advice_for(const Failure& failure);  // what a person can do; may be empty

template <class T>
using Attempt = std::expected<T, Failure>;

inline std::unexpected<Failure> give_up(Reason reason, std::string detail) {
  return std::unexpected<Failure>(Failure{reason, std::move(detail)});
}

// Failures of files and keystores: disk_full where the error says so, `otherwise` else.
Failure local_failure(const Error& error, Reason otherwise = Reason::storage_failed);

template <class T>
Attempt<T> locally(Result<T> result, Reason otherwise = Reason::storage_failed) {
  if (!result) return std::unexpected(local_failure(result.error(), otherwise));
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return std::move(*result);
}

}  // namespace fairlead::device
