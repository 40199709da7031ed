// SPDX-License-Identifier: Apache-2.0
// Offers collected where there is no server, Grants fetched where there is no device, in one file
// that is carried between the two. It holds no codes. Offer and Grant are signed end to end, so
// whoever carries the file needs no trust.
#pragma once

#include "client/provision/provision.h"

namespace fairlead::client {

inline constexpr std::size_t bundle_bytes_max = 256 * 1024 * 1024;
inline constexpr std::size_t bundle_entries_max = 10'000;

struct BundleEntry {
  std::string row, serial, account, name, replaces;
  bool button = false;  // by which proof the device let us in
  Bytes offer;
  // What the server said; all empty: it was not asked yet.
  std::string device, why;  // why: it waits, or was refused
  Bytes grant, owner;
  bool delivered = false;
  friend bool operator==(const BundleEntry&, const BundleEntry&) = default;
};

// Whether a Grant for this row waits to be delivered: a new Offer in its place would make it
// worthless.
bool holds_undelivered(const std::vector<BundleEntry>& entries, std::string_view row);

std::string encode_bundle(const std::vector<BundleEntry>& entries);
// malformed names the entry. Offers are decoded and hold what the entry says of them.
Result<std::vector<BundleEntry>> decode_bundle(std::string_view text);

// Asks the server for the Grant of an entry that has none. A problem: the server can't be asked;
// what it decided stands in the entry.
Answer<void> exchange(BundleEntry& entry, Api& server);

}  // namespace fairlead::client
