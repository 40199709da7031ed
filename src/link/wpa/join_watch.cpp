// SPDX-License-Identifier: Apache-2.0
#include "link/wpa/join_watch.h"

#include <algorithm>

namespace fairlead::link::wpa {

namespace {

// One scan misses a network now and then; one refusal may be an access point's load.
constexpr unsigned misses_max = 2, refusals_max = 3;

// The value of " NAME=value" where it stands last: SSIDs, which are anybody's, come before.
std::string_view last_value(std::string_view event, std::string_view name) {
  const std::size_t at = event.rfind(name);
  if (at == event.npos) return {};
  const std::string_view rest = event.substr(at + name.size());
  return rest.substr(0, rest.find(' '));
}

}  // namespace

WifiFailure JoinWatch::failure(WifiObstacle what, const std::string& words) const {
  return {what, "the network " + name_of_network(ssid_) + " " + words};
}

Verdict JoinWatch::on_event(std::string_view event) {
  const WifiFailure wrong =
      failure(WifiObstacle::wrong_passphrase, "does not take this passphrase");
  if (event.starts_with("CTRL-EVENT-CONNECTED "))
    return event.contains("[id=" + id_ + " ") ? Verdict(Joined{}) : Undecided{};
  if (event.starts_with("WPA: 4-Way Handshake failed")) return wrong;
  if (event.starts_with("CTRL-EVENT-SSID-TEMP-DISABLED id=" + id_ + " ")) {
    if (last_value(event, " reason=") == "WRONG_KEY") return wrong;
    return refused(event);
  }
  if (event.starts_with("CTRL-EVENT-AUTH-REJECT ")) {
    // SAE: the access point's answer to our proof of the password.
    const bool proof =
        last_value(event, " auth_type=") == "3" && last_value(event, " auth_transaction=") == "2";
    return proof ? Verdict(wrong) : refused(event);
  }
  if (event.starts_with("CTRL-EVENT-ASSOC-REJECT ")) return refused(event);
  if (event.starts_with("CTRL-EVENT-NETWORK-NOT-FOUND")) return LookAround{};
  if (event.starts_with("CTRL-EVENT-TERMINATING") || event.starts_with("INTERFACE-DISABLED"))
    return WifiFailure{WifiObstacle::missing, "the Wi-Fi adapter or its wpa_supplicant is gone"};
  return Undecided{};
}

Verdict JoinWatch::refused(std::string_view event) {
  const std::string_view status = last_value(event, " status_code=");
  if (!status.empty()) last_refusal_ = " (status code " + std::string(status) + ")";
  if (++refusals_ < refusals_max) return Undecided{};
  return failure(WifiObstacle::refused, "turns this device away" + last_refusal_);
}

Verdict JoinWatch::on_networks(const std::vector<WifiNetwork>& heard) {
  auto found = std::ranges::find(heard, ssid_, &WifiNetwork::ssid);
  if (found != heard.end()) {
    if (found->security == WifiSecurity::open && has_passphrase_)
      return failure(WifiObstacle::unsupported, "is open; it takes no passphrase");
    if (found->security == WifiSecurity::other || found->security == WifiSecurity::wep)
      return failure(WifiObstacle::unsupported, "has a security that this device does not have");
    if (found->security != WifiSecurity::open && !has_passphrase_)
      return failure(WifiObstacle::wrong_passphrase, "wants a passphrase");
  }
  if (++misses_ < misses_max) return Undecided{};
  if (found != heard.end())
    return failure(WifiObstacle::unsupported, "is there, but this device can't join it");
  return failure(WifiObstacle::not_found, "is not in reach");
}

WifiFailure JoinWatch::on_deadline() const {
  if (misses_ > 0) return failure(WifiObstacle::not_found, "is not in reach");
  if (refusals_ > 0)
    return failure(WifiObstacle::refused, "turns this device away" + last_refusal_);
  return failure(WifiObstacle::timed_out, "does not answer in time");
}

}  // namespace fairlead::link::wpa
