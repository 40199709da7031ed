// SPDX-License-Identifier: Apache-2.0
#include "codec/base64.h"

#include <algorithm>
#include <array>

namespace fairlead {

namespace {

constexpr std::string_view standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_safe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(View bytes, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= count)
        out.push_back(alphabet[group >> (18 - 6 * k) & 63]);
      else if (pad)
        out.push_back('=');
    }
  }
  return out;
}

constexpr std::uint8_t no_digit = 0xFF;
using Digits = std::array<std::uint8_t, 256>;

constexpr Digits digits_of(std::string_view alphabet) {
  Digits out;
  out.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return out;
}
constexpr Digits standard_digits = digits_of(standard), url_safe_digits = digits_of(url_safe);

std::optional<Bytes> decode(std::string_view text, const Digits& digits) {
  if (text.size() % 4 == 1) return std::nullopt;
  Bytes out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t group = 0;
  int bits = 0;
  for (char c : text) {
    std::uint8_t digit = digits[static_cast<unsigned char>(c)];
    if (digit == no_digit) return std::nullopt;
    group = (group << 6 | digit) & 0xFFFFFF;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(group >> bits));
    }
  }
  // RFC 4648 §3.5: the bits that are left over must be zero, or one value has several spellings.
  if (group & ((1u << bits) - 1)) return std::nullopt;
  return out;
}

}  // namespace

std::string to_base64(View bytes) { return encode(bytes, standard, true); }
std::string to_base64url(View bytes) { return encode(bytes, url_safe, false); }

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, standard_digits);
}

std::optional<Bytes> from_base64_lenient(std::string_view text) {
  std::string tight;
  tight.reserve(text.size());
  for (char c : text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') tight.push_back(c);
  return from_base64(tight);
}

std::optional<Bytes> from_base64url(std::string_view text) { return decode(text, url_safe_digits); }

}  // namespace fairlead
