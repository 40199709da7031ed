// SPDX-License-Identifier: Apache-2.0
#include "client/plan/network_wish.h"

#include <arpa/inet.h>

#include <charconv>

namespace fairlead::client {

namespace {

constexpr std::size_t name_servers_max = 4;

int family_of(std::string_view text) {
  std::string copy(text);
  unsigned char bytes[16];
  if (inet_pton(AF_INET, copy.c_str(), bytes) == 1) return AF_INET;
  if (inet_pton(AF_INET6, copy.c_str(), bytes) == 1) return AF_INET6;
  return AF_UNSPEC;
}

}  // namespace

bool is_numeric_address(std::string_view text) { return family_of(text) != AF_UNSPEC; }

std::optional<local::NetworkSettings::Address> parse_prefix_address(std::string_view text) {
  auto slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  int family = family_of(text.substr(0, slash));
  std::string_view length = text.substr(slash + 1);
  unsigned bits = 0;
  auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc{} || end != length.data() + length.size()) return std::nullopt;
  if (family == AF_UNSPEC || bits == 0 || bits > (family == AF_INET ? 32u : 128u))
    return std::nullopt;
  return local::NetworkSettings::Address{
      std::string(text.substr(0, slash)), static_cast<std::uint8_t>(bits), {}};
}

std::optional<std::vector<std::string>> parse_addresses(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto each = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), each.size() + 1));
    if (each.empty()) continue;
    if (!is_numeric_address(each) || out.size() == name_servers_max) return std::nullopt;
    out.emplace_back(each);
  }
  return out;
}

std::optional<local::NetworkSettings> network_wish(const Row& row) {
  auto address = parse_prefix_address(row[Field::new_address]);
  auto servers = parse_addresses(row[Field::name_servers]);
  bool has_servers = servers && !servers->empty();
  if (!address && !has_servers) return std::nullopt;
  local::NetworkSettings out;
  if (address) {
    out.address = std::move(*address);
    out.address->gateway = row[Field::gateway];
  }
  if (has_servers) out.name_servers = std::move(*servers);
  return out;
}

}  // namespace fairlead::client
