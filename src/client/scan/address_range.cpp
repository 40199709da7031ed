// SPDX-License-Identifier: Apache-2.0
#include "client/scan/address_range.h"

#include <arpa/inet.h>

#include <charconv>
#include <optional>

namespace fairlead::client {

namespace {

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t max) {
  std::uint32_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  bool good = error == std::errc{} && end == text.data() + text.size() && out <= max;
  return good ? std::optional(out) : std::nullopt;
}

std::optional<std::uint32_t> ip4(std::string_view text) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

std::string ip4_text(std::uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out += (out.empty() ? "" : ".") + std::to_string(value >> shift & 0xff);
  return out;
}

struct Span {
  std::uint32_t first = 0, last = 0;
};

std::optional<Span> span_of(std::string_view text) {
  if (auto slash = text.find('/'); slash != text.npos) {
    auto base = ip4(text.substr(0, slash));
    auto bits = number(text.substr(slash + 1), 32);
    if (!base || !bits || *bits < 8) return std::nullopt;
    std::uint32_t mask = ~std::uint32_t{0} << (32 - *bits);
    Span out{*base & mask, *base | ~mask};
    if (*bits < 31) ++out.first, --out.last;
    return out;
  }
  auto dash = text.find('-');
  auto first = ip4(text.substr(0, dash));
  auto last = dash == text.npos ? first : ip4(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return Span{*first, *last};
}

std::unexpected<Error> no_range(std::string_view text) {
  return fail(Errc::malformed, "'" + std::string(text) +
                                   "' is no range of addresses: 10.77.0.0/24, "
                                   "10.77.0.10-10.77.0.60:8080");
}

}  // namespace

std::string HostPort::url() const {
  bool six = host.find(':') != host.npos;
  return "http://" + (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto bad = [&] {
    return fail(Errc::malformed, "'" + std::string(text) +
                                     "' is no address: 10.77.0.5:8080, "
                                     "[fe80::1%eth0]:8080");
  };
  HostPort out;
  std::string_view rest = text;
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  std::string_view port;
  bool six = rest.starts_with('[');
  if (six) {
    auto end = rest.find(']');
    if (end == rest.npos) return bad();
    out.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return bad();
    port = rest.empty() ? rest : rest.substr(1);
  } else if (auto colon = rest.find(':'); colon != rest.npos && rest.rfind(':') == colon) {
    out.host = rest.substr(0, colon);
    port = rest.substr(colon + 1);
    if (port.empty()) return bad();
  } else {
    out.host = rest;  // without a port; several colons: IPv6
  }
  if (!port.empty()) {
    auto value = number(port, 65'535);
    if (!value || *value == 0) return bad();
    out.port = static_cast<std::uint16_t>(*value);
  }
  bool plain = out.host.find_first_of("/@? \t#\\\r\n\"'<>") == out.host.npos;
  if (out.host.empty() || out.host.size() > 253 || !plain) return bad();
  return out;
}

Result<std::vector<HostPort>> parse_ranges(std::string_view text) {
  std::vector<HostPort> out;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view each = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), each.size() + 1));
    auto colon = each.find(':');
    auto port = colon == each.npos ? std::optional<std::uint32_t>(device_port_default)
                                   : number(each.substr(colon + 1), 65'535);
    auto span = span_of(each.substr(0, colon));
    if (!span || !port || *port == 0) return no_range(each);
    if (std::size_t{span->last} - span->first + 1 + out.size() > range_addresses_max)
      return fail(Errc::malformed, "more than " + std::to_string(range_addresses_max) +
                                       " addresses; name smaller ranges");
    for (std::uint64_t at = span->first; at <= span->last; ++at)
      out.push_back({ip4_text(static_cast<std::uint32_t>(at)), static_cast<std::uint16_t>(*port)});
  }
  if (out.empty()) return no_range(text);
  return out;
}

Answer<std::vector<HostPort>> places_to_ask(std::string_view ranges,
                                            const std::vector<std::string>& addresses) {
  std::vector<HostPort> out;
  if (!ranges.empty()) {
    auto parsed = parse_ranges(ranges);
    if (!parsed) return problem(ProblemKind::usage, parsed.error().context);
    out = std::move(*parsed);
  }
  for (const std::string& each : addresses) {
    auto parsed = parse_host_port(each);
    if (!parsed) return problem(ProblemKind::usage, parsed.error().context);
    out.push_back(std::move(*parsed));
  }
  return out;
}

}  // namespace fairlead::client
