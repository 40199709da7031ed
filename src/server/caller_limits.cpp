// SPDX-License-Identifier: Apache-2.0
#include "server/caller_limits.h"

#include "fdo/types.h"

namespace fairlead::server {

namespace {

constexpr std::size_t ipv4_bytes = 4, ipv6_network_bytes = 8;

Bytes network_of(const std::string& peer) {
  auto ip = fdo::ip_from_text(peer);
  if (!ip) return to_bytes(std::string_view(peer));
  static const Bytes mapped = *fdo::ip_from_text("::ffff:0.0.0.0");
  if (ip->size() > ipv4_bytes && std::equal(ip->begin(), ip->end() - ipv4_bytes, mapped.begin()))
    return Bytes(ip->end() - ipv4_bytes, ip->end());
  if (ip->size() > ipv4_bytes) ip->resize(ipv6_network_bytes);
  return std::move(*ip);
}

}  // namespace

bool CallerLimits::is_exempt(const std::string& peer) const {
  if (!loopback_exempt_) return false;
  Bytes network = network_of(peer);
  return peer == "::1" || (network.size() == ipv4_bytes && network[0] == 127);
}

RateLimiter::Verdict CallerLimits::at_address(const std::string& peer, Time now) {
  if (is_exempt(peer)) return {};
  return addresses_.take(as_text(network_of(peer)), now);
}

RateLimiter::Verdict CallerLimits::as(std::string_view identity, Time now) {
  return identities_.take(identity, now);
}

bool CallerLimits::may_log_refusal(const std::string& peer, Time now) {
  return lines_.take(as_text(network_of(peer)), now).wait == Duration(0);
}

}  // namespace fairlead::server
