// SPDX-License-Identifier: Apache-2.0
// Offers, and the Grants that answer them, in a file that is carried between devices and server:
// by the tool, or on a stick that a device writes to and reads from itself. It holds no codes.
// Offer and Grant are signed end to end, so whoever carries the file needs no trust. Format:
// docs/wire/bundle.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "local/handshake.h"

namespace fairlead::local {

inline constexpr std::size_t bundle_bytes_max = 256 * 1024 * 1024;
inline constexpr std::size_t bundle_entries_max = 10'000;

struct BundleEntry {
  std::string row;     // of the tool's plan; may be empty where `proof` is stick
  std::string serial;  // as the Offer says
  std::string account, name, replaces;
  Proof proof = Proof::code;  // by which the device gave its Offer
  Bytes offer;
  // What the server said; all empty: it was not asked yet.
  std::string device, why;  // why: it waits, or was refused
  Bytes grant, owner;
  bool delivered = false;
  friend bool operator==(const BundleEntry&, const BundleEntry&) = default;
};

std::string encode_bundle(const std::vector<BundleEntry>& entries);
// malformed names the entry. Offers are decoded and hold what the entry says of them.
Result<std::vector<BundleEntry>> decode_bundle(std::string_view text);

}  // namespace fairlead::local
