// SPDX-License-Identifier: Apache-2.0
#include "server/api/directives.h"

#include <algorithm>
#include <boost/json.hpp>

namespace fairlead::server::api {

namespace json = boost::json;

namespace {

constexpr std::string_view name_of(fdo::RvProtocol protocol) {
  switch (protocol) {
    case fdo::RvProtocol::rest:
      return "rest";
    case fdo::RvProtocol::http:
      return "http";
    case fdo::RvProtocol::https:
      return "https";
    case fdo::RvProtocol::tcp:
      return "tcp";
    case fdo::RvProtocol::tls:
      return "tls";
    case fdo::RvProtocol::coap_tcp:
      return "coap_tcp";
    case fdo::RvProtocol::coap:
      return "coap";
  }
  return "unknown";
}

Result<std::optional<std::uint32_t>> number(const json::object& in, std::string_view name,
                                            std::int64_t max) {
  const json::value* value = in.if_contains(name);
  if (!value) return std::optional<std::uint32_t>();
  if (!value->is_int64() || value->get_int64() < 0 || value->get_int64() > max)
    return fail(Errc::malformed,
                "'" + std::string(name) + "' is not a whole number up to " + std::to_string(max));
  return std::optional(static_cast<std::uint32_t>(value->get_int64()));
}

// FDO 1.1 §3.7, SvCertHash and ClCertHash: of the certificate's DER.
Result<std::optional<fdo::Hash>> certificate_hash(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  if (!value) return std::optional<fdo::Hash>();
  auto bytes = value->is_string() ? from_hex(std::string_view(value->get_string())) : std::nullopt;
  if (!bytes || (bytes->size() != 32 && bytes->size() != 48))
    return fail(Errc::malformed, "directive: '" + std::string(name) +
                                     "' is not the SHA-256 or SHA-384 of a certificate in "
                                     "hexadecimal");
  auto alg = bytes->size() == 32 ? crypto::HashAlg::sha256 : crypto::HashAlg::sha384;
  return std::optional(fdo::Hash{alg, std::move(*bytes)});
}

bool is_set(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  return value && value->is_bool() && value->get_bool();
}

}  // namespace

json::object to_json(const fdo::Directive& d) {
  json::object out;
  if (!d.dns.empty()) out["dns"] = d.dns;
  json::array ips;
  for (const Bytes& ip : d.ips) ips.emplace_back(fdo::ip_text(ip));
  if (!ips.empty()) out["ips"] = std::move(ips);
  if (d.device_port) out["device_port"] = *d.device_port;
  if (d.owner_port) out["owner_port"] = *d.owner_port;
  if (d.protocol) out["protocol"] = name_of(*d.protocol);
  if (d.delay_seconds) out["delay_seconds"] = *d.delay_seconds;
  if (d.server_cert_hash) out["server_cert_hash"] = to_hex(d.server_cert_hash->value);
  if (d.authority_cert_hash) out["authority_cert_hash"] = to_hex(d.authority_cert_hash->value);
  if (d.bypass) out["bypass"] = true;
  if (d.device_only) out["device_only"] = true;
  if (d.owner_only) out["owner_only"] = true;
  return out;
}

Result<fdo::Directive> directive_from(const json::object& in) {
  static constexpr std::string_view known[] = {"dns",
                                               "ips",
                                               "device_port",
                                               "owner_port",
                                               "protocol",
                                               "delay_seconds",
                                               "bypass",
                                               "device_only",
                                               "owner_only",
                                               "server_cert_hash",
                                               "authority_cert_hash"};
  for (const auto& member : in)
    if (std::ranges::find(known, std::string_view(member.key())) == std::end(known))
      return fail(Errc::malformed,
                  "directive: '" + std::string(member.key()) + "' is not known here");
  fdo::Directive d;
  if (const json::value* dns = in.if_contains("dns")) {
    if (!dns->is_string()) return fail(Errc::malformed, "directive: 'dns' is not a text");
    d.dns = std::string(dns->get_string());
  }
  if (const json::value* ips = in.if_contains("ips")) {
    if (!ips->is_array()) return fail(Errc::malformed, "directive: 'ips' is not a list");
    for (const json::value& each : ips->get_array()) {
      auto ip =
          each.is_string() ? fdo::ip_from_text(std::string_view(each.get_string())) : std::nullopt;
      if (!ip)
        return fail(Errc::malformed, "directive: 'ips' holds something that is no IP address");
      d.ips.push_back(std::move(*ip));
    }
  }
  TRY(auto device_port, number(in, "device_port", 65535));
  TRY(auto owner_port, number(in, "owner_port", 65535));
  TRY(d.delay_seconds, number(in, "delay_seconds", 86'400));
  TRY(d.server_cert_hash, certificate_hash(in, "server_cert_hash"));
  TRY(d.authority_cert_hash, certificate_hash(in, "authority_cert_hash"));
  if (device_port) d.device_port = static_cast<std::uint16_t>(*device_port);
  if (owner_port) d.owner_port = static_cast<std::uint16_t>(*owner_port);
  if (const json::value* protocol = in.if_contains("protocol")) {
    if (*protocol == "http")
      d.protocol = fdo::RvProtocol::http;
    else if (*protocol == "https")
      d.protocol = fdo::RvProtocol::https;
    else if (*protocol == "rest")
      d.protocol = fdo::RvProtocol::rest;
    else
      return fail(Errc::malformed, "directive: 'protocol' is none of http, https, rest");
  }
  d.bypass = is_set(in, "bypass");
  d.device_only = is_set(in, "device_only");
  d.owner_only = is_set(in, "owner_only");
  if (d.dns.empty() && d.ips.empty() && !d.delay_seconds)
    return fail(Errc::malformed, "directive: names neither 'dns' nor 'ips' nor a 'delay_seconds'");
  return d;
}

}  // namespace fairlead::server::api
