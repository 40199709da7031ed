// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "net/http.h"

namespace fairlead::net {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

// RFC 3986 §3.2.2, reg-name without percent-encoding: what a resolver can be asked for.
bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// An address in brackets, with the zone behind "%25" (RFC 6874) or, as people type it, behind "%".
Result<std::string> bracketed_host(std::string_view inside) {
  auto percent = inside.find('%');
  auto address = inside.substr(0, percent);
  if (address.empty() || address.find_first_not_of("0123456789abcdef:.") != address.npos ||
      address.find(':') == address.npos)
    return fail(Errc::malformed, "the address in brackets is not IPv6");
  if (percent == inside.npos) return std::string(address);
  auto zone = inside.substr(percent + 1);
  if (zone.starts_with("25") && zone.size() > 2) zone.remove_prefix(2);
  if (zone.empty() || zone.size() > 15 ||
      !std::ranges::all_of(zone, [](char c) { return is_name_character(lower(c)); }))
    return fail(Errc::malformed, "the zone of the address is not an interface name");
  return std::string(address) + "%" + std::string(zone);
}

Result<std::uint16_t> port_of(std::string_view digits) {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0)
    return fail(Errc::malformed, "the port is not a number from 1 to 65535");
  return port;
}

}  // namespace

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (same_name(key, name)) return value;
  return std::nullopt;
}

std::string Url::authority() const {
  auto without_zone = host.substr(0, host.find('%'));
  bool v6 = without_zone.find(':') != std::string::npos;
  return (v6 ? "[" + without_zone + "]" : without_zone) + ":" + std::to_string(port);
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > limits::http_url_bytes_max) return fail(Errc::malformed, "URL is too long");
  // A control character or a space in the target would end the request line early.
  if (std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c >= 0x7f; }))
    return fail(Errc::malformed, "URL has a space, control or non-ASCII character");
  auto scheme_end = text.find("://");
  if (scheme_end == text.npos) return fail(Errc::malformed, "URL lacks http:// or https://");
  Url url;
  auto scheme = text.substr(0, scheme_end);
  if (same_name(scheme, "https")) {
    url.tls = true;
  } else if (!same_name(scheme, "http")) {
    return fail(Errc::unsupported, "URL is neither http nor https");
  }
  auto rest = text.substr(scheme_end + 3);
  auto authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  auto authority = rest.substr(0, authority_end);
  auto target = rest.substr(authority_end);
  target = target.substr(0, target.find('#'));
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);

  if (authority.find('@') != authority.npos)
    return fail(Errc::malformed, "URL must not hold a user name or password");
  std::string_view after_host;
  if (authority.starts_with('[')) {
    auto close = authority.find(']');
    if (close == authority.npos) return fail(Errc::malformed, "URL lacks a closing bracket");
    std::string inside(authority.substr(1, close - 1));
    auto percent = std::min(inside.find('%'), inside.size());
    std::ranges::transform(inside.begin(), inside.begin() + static_cast<std::ptrdiff_t>(percent),
                           inside.begin(), lower);  // interface names keep their case
    TRY(url.host, bracketed_host(inside));
    after_host = authority.substr(close + 1);
  } else {
    auto colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    std::ranges::transform(url.host, url.host.begin(), lower);
    if (url.host.empty() || url.host.size() > 253 ||
        !std::ranges::all_of(url.host, is_name_character))
      return fail(Errc::malformed, "URL has no host name that can be looked up");
    after_host = authority.substr(colon);
  }
  url.port = url.tls ? 443 : 80;
  if (after_host.empty() || after_host == ":")
    return url;  // RFC 3986 §3.2.3: the port may be empty
  if (!after_host.starts_with(':')) return fail(Errc::malformed, "URL has text after the host");
  TRY(url.port, port_of(after_host.substr(1)));
  return url;
}

}  // namespace fairlead::net
