// SPDX-License-Identifier: Apache-2.0
// RendezvousInfo (FDO 1.1 §3.7): where a device finds its owner, as carried and as interpreted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fdo/types.h"

namespace fairlead::fdo {

enum class RvVariable : std::uint8_t {
  device_only = 0,
  owner_only = 1,
  ip_address = 2,
  device_port = 3,
  owner_port = 4,
  dns = 5,
  server_cert_hash = 6,
  client_cert_hash = 7,
  user_input = 8,
  wifi_ssid = 9,
  wifi_password = 10,
  medium = 11,
  protocol = 12,
  delay_seconds = 13,
  bypass = 14,
  external_rv = 15
};

enum class RvProtocol : std::uint8_t {
  rest = 0,
  http = 1,
  https = 2,
  tcp = 3,
  tls = 4,
  coap_tcp = 5,
  coap = 6
};

// One directive, read. A variable that we don't know is passed over; the bytes as received stay in
// RendezvousInfo.
struct Directive {
  bool device_only = false, owner_only = false, bypass = false;
  std::vector<Bytes> ips;
  std::string dns;
  std::optional<std::uint16_t> device_port, owner_port;
  std::optional<RvProtocol> protocol;
  std::optional<Hash> server_cert_hash, authority_cert_hash;
  std::string wifi_ssid, wifi_password;
  std::optional<std::uint8_t> medium;
  std::optional<std::uint32_t> delay_seconds;
  bool external = false;  // ExtRV: a mechanism we don't know
};

struct RendezvousInfo {
  Bytes encoded;  // as received: goes into headers and comparisons unchanged
  std::vector<Directive> directives;
};

// [+ [+ [var, ? bstr]]]. Flags may come as [14] or [14, h'f5']. Empty info is an error.
RendezvousInfo read_rendezvous_info(cbor::Reader& in);
Result<RendezvousInfo> decode_rendezvous_info(View encoded);
RendezvousInfo make_rendezvous_info(std::vector<Directive> directives);  // encodes; flags as [14]

enum class RvSide { device, owner };

// One base URL to try, with what TLS has to hold. Hosts are names or textual addresses.
struct Candidate {
  bool tls = false;
  std::string host;
  std::uint16_t port = 0;
  std::optional<Hash> server_cert_hash, authority_cert_hash;
};

// §3.7: what one directive asks this side to try, in order: DNS, then addresses; "REST" is https
// then http. Empty when the directive is for the other side, or speaks a transport that we don't.
std::vector<Candidate> candidates(const Directive& directive, RvSide side);
std::vector<Candidate> candidates(
    const std::vector<To2Address>& addresses);  // RVTO2Addr: DNS before IP

// How long a device waits after a directive failed, before jitter: its own Delaysec, or 120 s after
// the last one. The wait is spread by ±25 % by the driver; jittered() does it with one random byte.
std::uint32_t delay_after(const RendezvousInfo& info, std::size_t index);
std::uint32_t jittered_ms(std::uint32_t seconds, std::uint8_t random_byte);

}  // namespace fairlead::fdo
