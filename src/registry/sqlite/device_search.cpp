// SPDX-License-Identifier: Apache-2.0
// Finding devices by filter and text, a page at a time, with a million of them. Two ways, since
// neither is quick for every text:
//
// - few matches ("SN-00471"): collect the ids from the index of each searched text, sort them,
// fetch one by one;
// - many matches ("s"): walk the devices in order of their ids, by the index of the filter, and
// test each. With
//   matches so frequent a page fills soon.
#include <algorithm>

#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {
namespace {

constexpr std::size_t few = 20'000;

// Keys that begin with a prefix are those k with from <= k < below.
template <class Key>
struct Range {
  Key from;
  Key below;
};

// The smallest key behind everything that begins with `prefix`; empty if there is none (only 0xff).
template <class Key>
Key successor(Key prefix) {
  while (!prefix.empty() && static_cast<std::uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

// As SQLite's lower() does it, for the indexes are made with that: A to Z only.
std::string folded(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// A GUID as people write it: with dashes or not, perhaps cut within a byte. Empty range: no
// hexadecimal.
Range<Bytes> guid_range(const std::string& search) {
  std::string digits;
  std::ranges::copy_if(search, std::back_inserter(digits), [](char c) { return c != '-'; });
  const bool half = digits.size() % 2 == 1;
  auto from = from_hex(half ? digits + "0" : digits);
  auto last = from_hex(half ? digits + "f" : digits);
  if (digits.empty() || !from || !last) return {};
  return {std::move(*from), successor(std::move(*last))};
}

struct Search {
  Range<std::string> text;
  Range<Bytes> guid;
};

bool passes(const Device& device, const DeviceFilter& filter) {
  return (!filter.account || device.account == *filter.account) &&
         (!filter.state || device.state == *filter.state) &&
         (!filter.profile || device.profile == *filter.profile);
}

struct Match {
  std::string id;
  AccountId account;
};

// Adds what the range of one index holds, at most one more than a few.
template <class Key>
Result<void> collect(Connection& connection, const std::string& column, const Range<Key>& range,
                     std::vector<Match>& matches) {
  std::string sql = "SELECT id, account FROM devices WHERE " + column + " >= ?1";
  sql += range.below.empty() ? " AND ?2 = x''" : " AND " + column + " < ?2";
  sql += " LIMIT " + std::to_string(few + 1);
  Statement row(connection, sql, range.from, range.below);
  for (;;) {
    TRY(const bool more, row.next());
    if (!more) return ok();
    Match& match = matches.emplace_back();
    TRY_VOID(row.read(match.id, match.account));
  }
}

// The ids of all that match and are of the filter's account, in order; nullopt if more than a few
// match. The indexes hold the account too, so that other tenants' devices cost no further look.
Result<std::optional<std::vector<std::string>>> few_matches(Connection& connection,
                                                            const Search& search,
                                                            const DeviceFilter& filter) {
  std::vector<Match> matches;
  for (const char* column : {"lower(name)", "lower(serial)", "lower(device_info)"}) {
    TRY_VOID(collect(connection, column, search.text, matches));
    if (matches.size() > few) return std::nullopt;
  }
  if (!search.guid.from.empty()) TRY_VOID(collect(connection, "guid", search.guid, matches));
  if (matches.size() > few) return std::nullopt;
  std::vector<std::string> ids;
  for (Match& match : matches)
    if (!filter.account || match.account == *filter.account) ids.push_back(std::move(match.id));
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  return ids;
}

Result<std::vector<Device>> fetch(Connection& connection, const std::vector<std::string>& ids,
                                  const DeviceFilter& filter, const Page& page) {
  std::vector<Device> found;
  const auto limit = static_cast<std::size_t>(rows_of(page.limit));
  for (auto id = std::ranges::upper_bound(ids, page.after); id != ids.end() && found.size() < limit;
       ++id) {
    TRY(auto device, find_device(connection, DeviceId(*id)));
    if (device && passes(*device, filter)) found.push_back(std::move(*device));
  }
  return found;
}

// The unary plus keeps SQLite from the indexes for searching: they would find too much and need
// sorting.
Result<std::vector<Device>> walk(Connection& connection, const Search& search,
                                 const DeviceFilter& filter, const Page& page) {
  std::string sql = "SELECT " + device_columns + " FROM devices WHERE id > ?1 AND ?2 > 0";
  sql += filter.account ? " AND account = ?3" : " AND ?3 = ''";
  sql += filter.state ? " AND state = ?4" : " AND ?4 = 0";
  sql += filter.profile ? " AND profile = ?5" : " AND ?5 = ''";
  if (filter.search.empty())
    sql += " AND ?6 = '' AND ?7 = '' AND ?8 = x'' AND ?9 = x''";
  else
    sql +=
        " AND ((+lower(name) >= ?6 AND +lower(name) < ?7)"
        " OR (+lower(serial) >= ?6 AND +lower(serial) < ?7)"
        " OR (+lower(device_info) >= ?6 AND +lower(device_info) < ?7)"
        " OR (?8 <> x'' AND +guid >= ?8 AND (?9 = x'' OR +guid < ?9)))";
  sql += " ORDER BY id LIMIT ?2";
  return find_all<Device>(connection, sql, page.after, rows_of(page.limit),
                          filter.account.value_or(AccountId()),
                          filter.state ? static_cast<std::int64_t>(*filter.state) : 0,
                          filter.profile.value_or(ProfileId()), search.text.from, search.text.below,
                          search.guid.from, search.guid.below);
}

}  // namespace

Result<std::vector<Device>> devices(Connection& connection, const DeviceFilter& filter,
                                    const Page& page) {
  Search search;
  if (!filter.search.empty()) {
    const std::string prefix = folded(filter.search);
    search.text = {prefix, successor(prefix)};
    if (search.text.below.empty()) return std::vector<Device>();  // no text has the byte 0xff
    search.guid = guid_range(filter.search);
    TRY(const auto ids, few_matches(connection, search, filter));
    if (ids) return fetch(connection, *ids, filter, page);
  }
  return walk(connection, search, filter, page);
}

}  // namespace fairlead::registry::sqlite
