// SPDX-License-Identifier: Apache-2.0
// Bytes as they travel: owned, viewed, of fixed size, and in hexadecimal.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;  // never stored: a view is a parameter, a member owns

inline View as_view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(View bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(View view) { return {view.begin(), view.end()}; }
inline Bytes to_bytes(std::string_view text) { return to_bytes(as_view(text)); }

inline void append(Bytes& to, View more) { to.insert(to.end(), more.begin(), more.end()); }

inline bool equal(View a, View b) { return std::ranges::equal(a, b); }

// Takes the same time wherever the first difference is. The lengths are not secret.
bool equal_constant_time(View a, View b);

std::string to_hex(View bytes);                       // lower case, no separators
std::optional<Bytes> from_hex(std::string_view hex);  // either case; nothing else

// An array of exactly N bytes with a meaning: a GUID can't be passed where a nonce is wanted.
template <std::size_t N, class Tag>
struct FixedBytes {
  static constexpr std::size_t size_bytes = N;
  std::array<std::uint8_t, N> value{};

  operator View() const { return value; }
  const std::uint8_t* data() const { return value.data(); }
  static constexpr std::size_t size() { return N; }
  std::string hex() const { return to_hex(value); }
  static std::optional<FixedBytes> from(View bytes) {
    if (bytes.size() != N) return std::nullopt;
    FixedBytes out;
    std::ranges::copy(bytes, out.value.begin());
    return out;
  }
  static std::optional<FixedBytes> from_hex_text(std::string_view hex) {
    auto bytes = from_hex(hex);
    return bytes ? from(*bytes) : std::nullopt;
  }
  friend auto operator<=>(const FixedBytes&, const FixedBytes&) = default;
};

// For unordered containers. The bytes are uniformly random or a hash; a fold is enough.
struct FixedBytesHash {
  template <std::size_t N, class Tag>
  std::size_t operator()(const FixedBytes<N, Tag>& bytes) const {
    std::size_t h = 1469598103934665603ull;
    for (auto b : bytes.value) h = (h ^ b) * 1099511628211ull;
    return h;
  }
};

}  // namespace fairlead
