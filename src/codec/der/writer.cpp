// SPDX-License-Identifier: Apache-2.0
#include "codec/der/writer.h"

#include <cstdio>

#include "base/assert.h"
#include "codec/der/reader.h"

namespace fairlead::der {

Bytes element(std::uint8_t tag, View content) {
  Bytes out{tag};
  std::size_t length = content.size();
  if (length < 0x80) {
    out.push_back(static_cast<std::uint8_t>(length));
  } else {
    int count = length <= 0xFF ? 1 : length <= 0xFFFF ? 2 : 3;
    ASSERT(length <= 0xFFFFFF);
    out.push_back(static_cast<std::uint8_t>(0x80 | count));
    for (int shift = 8 * count - 8; shift >= 0; shift -= 8)
      out.push_back(static_cast<std::uint8_t>(length >> shift));
  }
  append(out, content);
  return out;
}

Bytes sequence_of(std::initializer_list<View> elements) {
  Bytes content;
  for (View each : elements) append(content, each);
  return element(sequence, content);
}

Bytes unsigned_integer(View big_endian) {
  while (big_endian.size() > 1 && big_endian[0] == 0) big_endian = big_endian.subspan(1);
  Bytes content;
  if (big_endian.empty() || (big_endian[0] & 0x80)) content.push_back(0);
  append(content, big_endian);
  return element(integer, content);
}

Bytes object_identifier(std::string_view dotted) {
  std::vector<std::uint32_t> arcs(1, 0);
  for (char c : dotted) {
    if (c == '.') {
      arcs.push_back(0);
      continue;
    }
    ASSERT(c >= '0' && c <= '9');
    arcs.back() = arcs.back() * 10 + static_cast<std::uint32_t>(c - '0');
  }
  ASSERT(arcs.size() >= 2 && arcs[0] <= 2);
  Bytes content;
  arcs[1] += arcs[0] * 40;
  for (std::size_t i = 1; i < arcs.size(); ++i) {
    int groups = 1;
    while (groups < 5 && arcs[i] >> (7 * groups)) ++groups;
    for (int g = groups - 1; g >= 0; --g)
      content.push_back(static_cast<std::uint8_t>((arcs[i] >> (7 * g) & 0x7F) | (g ? 0x80 : 0)));
  }
  return element(oid, content);
}

Bytes bit_string_of(View octets) {
  Bytes content{0};
  append(content, octets);
  return element(der::bit_string, content);
}

// RFC 5280 §4.1.2.5: "CAs conforming to this profile MUST always encode certificate validity dates
// through the year 2049 as UTCTime; certificate validity dates in 2050 or later MUST be encoded as
// GeneralizedTime."
Bytes time(Time time) {
  auto second = std::chrono::floor<std::chrono::seconds>(time);
  auto day = std::chrono::floor<std::chrono::days>(second);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(second - day);
  int year = static_cast<int>(date.year());
  char text[40];
  int length = std::snprintf(
      text, sizeof text, "%04d%02u%02u%02d%02d%02dZ", year, static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  std::string_view all(text, static_cast<std::size_t>(length));
  bool utc = year >= 1950 && year < 2050;
  return element(utc ? utc_time : generalized_time, as_view(utc ? all.substr(2) : all));
}

}  // namespace fairlead::der
