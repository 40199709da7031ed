// SPDX-License-Identifier: Apache-2.0
#include "fdo/rendezvous.h"

#include "base/limits.h"

namespace fairlead::fdo {

using cbor::Reader;
using cbor::Writer;

namespace {

constexpr std::uint32_t default_last_delay_seconds = 120;

Result<void> read_value(Directive& out, RvVariable variable, View encoded) {
  Reader in(encoded);
  switch (variable) {
    case RvVariable::device_only:
    case RvVariable::owner_only:
    case RvVariable::bypass:
    case RvVariable::user_input:
      in.boolean();
      break;
    case RvVariable::ip_address: {
      View ip = in.bytes(16);
      if (ip.size() != 4 && ip.size() != 16) in.fail_here("IP address is neither 4 nor 16 bytes");
      out.ips.push_back(to_bytes(ip));
      break;
    }
    case RvVariable::device_port:
      out.device_port = static_cast<std::uint16_t>(in.uint_at_most(65535));
      break;
    case RvVariable::owner_port:
      out.owner_port = static_cast<std::uint16_t>(in.uint_at_most(65535));
      break;
    case RvVariable::dns:
      out.dns = in.text(253);
      break;
    // One peer writes a bare bstr here; by its length we know which hash it is.
    case RvVariable::server_cert_hash:
    case RvVariable::client_cert_hash: {
      Hash hash;
      if (in.peek() == cbor::Kind::bytes) {
        hash.value = to_bytes(in.bytes(48));
        hash.alg = hash.value.size() == 48 ? crypto::HashAlg::sha384 : crypto::HashAlg::sha256;
        if (hash.value.size() != crypto::size_bytes(hash.alg))
          in.fail_here("certificate hash has the wrong size");
      } else {
        hash = read_hash(in);
      }
      (variable == RvVariable::server_cert_hash ? out.server_cert_hash : out.authority_cert_hash) =
          hash;
      break;
    }
    case RvVariable::wifi_ssid:
      out.wifi_ssid = in.text(32);
      break;
    case RvVariable::wifi_password:
      out.wifi_password = in.text(64);
      break;
    case RvVariable::medium:
      out.medium = static_cast<std::uint8_t>(in.uint_at_most(255));
      break;
    case RvVariable::protocol:
      out.protocol = static_cast<RvProtocol>(in.uint_at_most(255));
      break;
    case RvVariable::delay_seconds:
      out.delay_seconds = static_cast<std::uint32_t>(in.uint_at_most(UINT32_MAX));
      break;
    case RvVariable::external_rv:
      out.external = true;
      in.skip();
      break;
    default:
      return ok();
  }
  return in.finish();
}

Directive read_directive(Reader& in) {
  Directive out;
  std::uint32_t seen = 0;
  std::size_t count = in.array_between(1, limits::rendezvous_instructions_max);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    std::size_t parts = in.array_between(1, 2);
    auto number = in.uint_at_most(255);
    auto variable = static_cast<RvVariable>(number);
    if (number < 32 && variable != RvVariable::ip_address) {
      if (seen >> number & 1) in.fail_here("rendezvous variable appears twice");
      seen |= 1u << number;
    }
    if (variable == RvVariable::device_only) out.device_only = true;
    if (variable == RvVariable::owner_only) out.owner_only = true;
    if (variable == RvVariable::bypass) out.bypass = true;
    if (parts < 2) continue;
    View value = in.bytes(1024);
    if (in.failed()) break;
    auto read = read_value(out, variable, value);
    if (!read)
      in.fail_with(std::move(read).in("rendezvous variable " + std::to_string(number)).error());
  }
  return out;
}

void write_instruction(Writer& out, RvVariable variable, Writer value) {
  out.array(2).uint(static_cast<std::uint64_t>(variable)).bytes(value.view());
}

std::size_t instruction_count(const Directive& d) {
  return std::size_t(d.device_only) + d.owner_only + d.bypass + d.ips.size() + !d.dns.empty() +
         d.device_port.has_value() + d.owner_port.has_value() + d.protocol.has_value() +
         d.server_cert_hash.has_value() + d.authority_cert_hash.has_value() + !d.wifi_ssid.empty() +
         !d.wifi_password.empty() + d.medium.has_value() + d.delay_seconds.has_value();
}

void write_directive(Writer& out, const Directive& d) {
  auto flag = [&](bool set, RvVariable v) {
    if (set) out.array(1).uint(static_cast<std::uint64_t>(v));
  };
  auto number = [&](const auto& value, RvVariable v) {
    if (value)
      write_instruction(out, v, std::move(Writer().uint(static_cast<std::uint64_t>(*value))));
  };
  auto text = [&](const std::string& value, RvVariable v) {
    if (!value.empty()) write_instruction(out, v, std::move(Writer().text(value)));
  };
  auto hash = [&](const std::optional<Hash>& value, RvVariable v) {
    if (!value) return;
    Writer encoded;
    write_hash(encoded, *value);
    write_instruction(out, v, std::move(encoded));
  };
  out.array(instruction_count(d));
  flag(d.device_only, RvVariable::device_only);
  flag(d.owner_only, RvVariable::owner_only);
  text(d.dns, RvVariable::dns);
  for (const Bytes& ip : d.ips)
    write_instruction(out, RvVariable::ip_address, std::move(Writer().bytes(ip)));
  number(d.device_port, RvVariable::device_port);
  number(d.owner_port, RvVariable::owner_port);
  hash(d.server_cert_hash, RvVariable::server_cert_hash);
  hash(d.authority_cert_hash, RvVariable::client_cert_hash);
  text(d.wifi_ssid, RvVariable::wifi_ssid);
  text(d.wifi_password, RvVariable::wifi_password);
  number(d.medium, RvVariable::medium);
  number(d.protocol, RvVariable::protocol);
  number(d.delay_seconds, RvVariable::delay_seconds);
  flag(d.bypass, RvVariable::bypass);
}

}  // namespace

RendezvousInfo read_rendezvous_info(Reader& in) {
  RendezvousInfo out;
  Reader probe = in;
  out.encoded = to_bytes(probe.raw());
  std::size_t count = in.array_between(1, limits::rendezvous_directives_max);
  for (std::size_t i = 0; i < count && !in.failed(); ++i)
    out.directives.push_back(read_directive(in));
  return out;
}

Result<RendezvousInfo> decode_rendezvous_info(View encoded) {
  Reader in(encoded);
  auto out = read_rendezvous_info(in);
  return in.finish(std::move(out));
}

RendezvousInfo make_rendezvous_info(std::vector<Directive> directives) {
  Writer out;
  out.array(directives.size());
  for (const Directive& directive : directives) write_directive(out, directive);
  return {out.take(), std::move(directives)};
}

std::vector<Candidate> candidates(const Directive& d, RvSide side) {
  if (d.external || (side == RvSide::device ? d.owner_only : d.device_only)) return {};
  struct Scheme {
    bool tls;
    std::uint16_t port;
  };
  // Without Protocol, or with tls, the transport is https; "REST" leaves the choice and we try the
  // safer first.
  std::vector<Scheme> schemes;
  switch (d.protocol.value_or(RvProtocol::tls)) {
    case RvProtocol::tls:
    case RvProtocol::https:
      schemes = {{true, 443}};
      break;
    case RvProtocol::http:
      schemes = {{false, 80}};
      break;
    case RvProtocol::rest:
      schemes = {{true, 443}, {false, 80}};
      break;
    default:
      return {};
  }
  std::vector<std::string> hosts;
  if (!d.dns.empty()) hosts.push_back(d.dns);
  for (const Bytes& ip : d.ips) hosts.push_back(ip_text(ip));
  auto port = side == RvSide::device ? d.device_port : d.owner_port;
  std::vector<Candidate> out;
  for (const std::string& host : hosts)
    for (Scheme scheme : schemes)
      out.push_back({scheme.tls, host, port.value_or(scheme.port), d.server_cert_hash,
                     d.authority_cert_hash});
  return out;
}

std::vector<Candidate> candidates(const std::vector<To2Address>& addresses) {
  std::vector<Candidate> out;
  for (const To2Address& address : addresses) {
    bool tls =
        address.protocol == TransportProtocol::https || address.protocol == TransportProtocol::tls;
    if (!tls && address.protocol != TransportProtocol::http) continue;
    if (!address.dns.empty()) out.push_back({tls, address.dns, address.port, {}, {}});
    if (!address.ip.empty()) out.push_back({tls, ip_text(address.ip), address.port, {}, {}});
  }
  return out;
}

std::uint32_t delay_after(const RendezvousInfo& info, std::size_t index) {
  if (auto delay = info.directives[index].delay_seconds) return *delay;
  return index + 1 == info.directives.size() ? default_last_delay_seconds : 0;
}

std::uint32_t jittered_ms(std::uint32_t seconds, std::uint8_t random_byte) {
  std::uint64_t ms = std::uint64_t{std::min(seconds, 86'400u)} * 1000;
  return static_cast<std::uint32_t>(ms * 3 / 4 + ms / 2 * random_byte / 255);
}

}  // namespace fairlead::fdo
