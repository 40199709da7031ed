// SPDX-License-Identifier: Apache-2.0
#include "server/fdo/limits.h"

#include "base/events.h"

namespace fairlead::server {

namespace {

constexpr std::size_t ipv4_bytes = 4, ipv6_network_bytes = 8;

// An IPv4 address; of an IPv6 address its /64, since one customer has all of that.
Bytes network_of(const std::string& peer) {
  auto ip = fdo::ip_from_text(peer);
  if (!ip) return to_bytes(std::string_view(peer));
  static const Bytes mapped = *fdo::ip_from_text("::ffff:0.0.0.0");
  if (ip->size() > ipv4_bytes && std::equal(ip->begin(), ip->end() - ipv4_bytes, mapped.begin()))
    return Bytes(ip->end() - ipv4_bytes, ip->end());
  if (ip->size() > ipv4_bytes) ip->resize(ipv6_network_bytes);
  return std::move(*ip);
}

bool is_loopback(const std::string& peer, View network) {
  return peer == "::1" || (network.size() == ipv4_bytes && network[0] == 127);
}

}  // namespace

Duration FdoLimits::before_opening(const Caller& caller, const std::optional<fdo::Guid>& guid) {
  Bytes network = network_of(caller.peer);
  if (loopback_exempt_ && is_loopback(caller.peer, network)) return {};
  std::string_view whose = "its address";
  auto verdict = addresses_.take(as_text(network), caller.now);
  if (verdict.wait == Duration(0) && guid) {
    verdict = guids_.take(as_text(View(*guid)), caller.now);
    whose = "its GUID";
  }
  if (verdict.worth_a_line) {
    Fields fields{{"peer", caller.peer},
                  {"guid", guid ? fdo::to_text(*guid) : "none"},
                  {"whose", std::string(whose)}};
    log_.write(event::fdo_held_up, fields);
  }
  return verdict.wait;
}

bool FdoLimits::may_log_refusal(const Caller& caller) {
  return lines_.take(as_text(network_of(caller.peer)), caller.now).wait == Duration(0);
}

}  // namespace fairlead::server
