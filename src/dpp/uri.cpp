// SPDX-License-Identifier: Apache-2.0
#include "dpp/uri.h"

#include <charconv>

#include "base/limits.h"
#include "codec/base64.h"

namespace fairlead::dpp {

namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// The part up to `separator`, or all of it, taken from `text`.
std::string_view take_up_to(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  std::string_view out = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return out;
}

Result<std::vector<Channel>> decode_channels(std::string_view text) {
  std::vector<Channel> out;
  std::optional<std::uint8_t> operating_class;
  for (bool more = true; more;) {
    if (out.size() == limits::dpp_channels_max)
      return fail(Errc::malformed, "DPP URI: too many channels");
    more = text.find(',') != std::string_view::npos;
    std::string_view each = take_up_to(text, ',');
    if (each.find('/') != std::string_view::npos)
      operating_class = parse_number<std::uint8_t>(take_up_to(each, '/'));
    auto number = parse_number<std::uint8_t>(each);
    if (!operating_class || !number)
      return fail(Errc::malformed, "DPP URI: its list of channels can't be read");
    out.push_back({*operating_class, *number});
  }
  return out;
}

Result<std::array<std::uint8_t, 6>> decode_mac(std::string_view text) {
  auto bytes = from_hex(text);
  if (!bytes || bytes->size() != 6)
    return fail(Errc::malformed, "DPP URI: its address is not 12 hexadecimal digits");
  std::array<std::uint8_t, 6> out{};
  std::ranges::copy(*bytes, out.begin());
  return out;
}

Result<BootstrapKey> decode_key(std::string_view text) {
  auto bytes = from_base64(text);
  if (!bytes) return fail(Errc::malformed, "DPP URI: its key is not base64");
  return decode_bootstrap_key(*bytes).in("DPP URI");
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

// The first of each field, as text.
struct Fields {
  std::optional<std::string_view> channels, mac, information, version, key;
};

Result<Fields> split(std::string_view rest) {
  Fields out;
  while (!rest.empty() && rest != ";") {
    if (rest.find(';') == std::string_view::npos)
      return fail(Errc::malformed, "DPP URI: its end is missing");
    std::string_view field = take_up_to(rest, ';');
    if (field.size() < 2 || field[1] != ':' || !is_printable(field))
      return fail(Errc::malformed, "DPP URI: a field is not of the form X:value;");
    std::optional<std::string_view> unknown;
    auto& place = field[0] == 'C'   ? out.channels
                  : field[0] == 'M' ? out.mac
                  : field[0] == 'I' ? out.information
                  : field[0] == 'V' ? out.version
                  : field[0] == 'K' ? out.key
                                    : unknown;
    if (!place) place = field.substr(2);
  }
  if (rest != ";") return fail(Errc::malformed, "DPP URI: it does not end with ;;");
  return out;
}

}  // namespace

Result<BootstrapUri> decode_bootstrap_uri(std::string_view text) {
  if (!text.starts_with("DPP:"))
    return fail(Errc::malformed, "this is not a DPP URI, which begins with DPP:");
  if (text.size() > limits::dpp_uri_bytes_max)
    return fail(Errc::malformed, "DPP URI: it is too long");
  TRY(Fields fields, split(text.substr(4)));
  BootstrapUri out;
  if (!fields.key) return fail(Errc::malformed, "DPP URI: it holds no key");
  TRY(out.key, decode_key(*fields.key));
  if (fields.channels) {
    TRY(out.channels, decode_channels(*fields.channels));
  }
  if (fields.mac) {
    TRY(out.mac, decode_mac(*fields.mac));
  }
  if (fields.information) out.information = *fields.information;
  if (fields.version) {
    auto version = parse_number<std::uint8_t>(*fields.version);
    if (!version || *version == 0)
      return fail(Errc::malformed, "DPP URI: its version is no number");
    out.version = *version;
  }
  return out;
}

std::string encode_bootstrap_uri(const BootstrapUri& uri) {
  std::string out = "DPP:";
  for (std::size_t i = 0; i < uri.channels.size(); ++i)
    out += (i == 0 ? "C:" : ",") + std::to_string(uri.channels[i].operating_class) + "/" +
           std::to_string(uri.channels[i].number);
  if (!uri.channels.empty()) out += ";";
  if (uri.mac) out += "M:" + to_hex(*uri.mac) + ";";
  if (!uri.information.empty()) out += "I:" + uri.information + ";";
  if (uri.version > 1) out += "V:" + std::to_string(uri.version) + ";";
  return out + "K:" + to_base64(uri.key.spki) + ";;";
}

}  // namespace fairlead::dpp
