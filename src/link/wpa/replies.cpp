// SPDX-License-Identifier: Apache-2.0
#include "link/wpa/replies.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"

namespace fairlead::link::wpa {

namespace {

// The first part of `text`, which loses it and its separator.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return out;
}

std::optional<int> number(std::string_view text) {
  int out = 0;
  auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<std::array<std::uint8_t, 6>> address(std::string_view text) {
  std::string digits(text);
  std::erase(digits, ':');
  auto bytes = from_hex(digits);
  if (!bytes || bytes->size() != 6 || text.size() != 17) return std::nullopt;
  std::array<std::uint8_t, 6> out{};
  std::ranges::copy(*bytes, out.begin());
  return out;
}

// IEEE 802.11, annex E; 0 for what is none.
unsigned channel_of(int frequency_mhz) {
  if (frequency_mhz == 2'484) return 14;
  if (frequency_mhz >= 2'412 && frequency_mhz <= 2'472)
    return static_cast<unsigned>(frequency_mhz - 2'407) / 5;
  if (frequency_mhz >= 5'955 && frequency_mhz <= 7'115)
    return static_cast<unsigned>(frequency_mhz - 5'950) / 5;
  if (frequency_mhz >= 5'000 && frequency_mhz < 5'955)
    return static_cast<unsigned>(frequency_mhz - 5'000) / 5;
  return 0;
}

// "[WPA-PSK-CCMP][WPA2-PSK+SAE-CCMP][ESS]": one bracket for each generation, its key managements
// joined by "+".
WifiSecurity security_of(std::string_view flags) {
  bool wpa = false, wpa2 = false, wpa3 = false, other = false, wep = false;
  while (!flags.empty()) {
    std::string_view one = take(flags, ']');
    if (!one.starts_with('[')) break;
    one.remove_prefix(1);
    if (one == "WEP") wep = true;
    const bool old = one.starts_with("WPA-"),
               rsn = one.starts_with("WPA2-") || one.starts_with("RSN-");
    if (!old && !rsn) continue;
    const bool psk = one.contains("PSK"), sae = one.contains("SAE");
    wpa |= old && psk;
    wpa2 |= rsn && psk;
    wpa3 |= rsn && sae;
    other |= !psk && !sae;
  }
  if (wpa3) return wpa2 || wpa ? WifiSecurity::wpa2_wpa3 : WifiSecurity::wpa3;
  if (wpa2) return wpa ? WifiSecurity::wpa_wpa2 : WifiSecurity::wpa2;
  if (wpa) return WifiSecurity::wpa;
  if (other) return WifiSecurity::other;
  return wep ? WifiSecurity::wep : WifiSecurity::open;
}

// Access points that hide their name send none, or zeros of its length.
bool is_hidden(const Bytes& ssid) {
  return std::ranges::all_of(ssid, [](std::uint8_t byte) { return byte == 0; });
}

std::optional<WifiNetwork> network_of(std::string_view line) {
  auto bssid = address(take(line, '\t'));
  auto frequency = number(take(line, '\t'));
  auto signal = number(take(line, '\t'));
  if (!bssid || !frequency || !signal) return std::nullopt;
  WifiNetwork out;
  out.bssid = *bssid;
  out.channel = channel_of(*frequency);
  out.frequency_mhz = static_cast<unsigned>(*frequency);
  out.signal_dbm = *signal;
  out.security = security_of(take(line, '\t'));
  out.ssid = decode_printed(line);
  if (out.ssid.size() > limits::ssid_bytes_max) return std::nullopt;
  if (is_hidden(out.ssid)) out.ssid.clear();
  return out;
}

}  // namespace

std::vector<WifiNetwork> decode_scan_results(std::string_view reply) {
  std::vector<WifiNetwork> out;
  while (!reply.empty() && out.size() < wifi_networks_max)
    if (auto network = network_of(take(reply, '\n'))) out.push_back(std::move(*network));
  return out;
}

std::vector<KnownNetwork> decode_network_list(std::string_view reply) {
  std::vector<KnownNetwork> out;
  while (!reply.empty() && out.size() < wifi_networks_max) {
    std::string_view line = take(reply, '\n');
    const std::string_view flags = line.substr(line.rfind('\t') + 1);
    const std::string_view id = take(line, '\t');
    if (number(id)) out.push_back({std::string(id), !flags.contains("[DISABLED]")});
  }
  return out;
}

std::string decode_status_value(std::string_view reply, std::string_view name) {
  while (!reply.empty()) {
    std::string_view line = take(reply, '\n');
    if (take(line, '=') == name) return std::string(line);
  }
  return "";
}

Bytes decode_printed(std::string_view text) {
  Bytes out;
  while (!text.empty()) {
    char first = text.front();
    text.remove_prefix(1);
    if (first != '\\' || text.empty()) {
      out.push_back(static_cast<std::uint8_t>(first));
      continue;
    }
    const char second = text.front();
    text.remove_prefix(1);
    if (second == 'x') {
      if (auto byte = from_hex(text.substr(0, 2)); byte && byte->size() == 1) {
        out.push_back(byte->front());
        text.remove_prefix(2);
        continue;
      }
    }
    constexpr std::string_view letters = "enrt", bytes = "\x1b\n\r\t";
    const std::size_t at = letters.find(second);
    out.push_back(static_cast<std::uint8_t>(at == letters.npos ? second : bytes[at]));
  }
  return out;
}

}  // namespace fairlead::link::wpa
