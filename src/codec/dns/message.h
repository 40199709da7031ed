// SPDX-License-Identifier: Apache-2.0
// DNS messages (RFC 1035 §4) as far as service discovery needs them (RFC 6762, RFC 6763): PTR, SRV,
// TXT, A and AAAA; records of other types are passed over.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::dns {

inline constexpr std::size_t message_bytes_max = 9'000;                   // RFC 6762 §17
inline constexpr std::size_t name_bytes_max = 255, label_bytes_max = 63;  // RFC 1035 §2.3.4
inline constexpr std::size_t records_max = 1'024;                         // of one message

// Labels, the leftmost first, without the root. Any bytes: peers put UTF-8 there.
using Name = std::vector<std::string>;
bool same(const Name& a, const Name& b);  // ASCII letters compare without case (RFC 4343)
// "SN101\.acme\.example._fairlead-dev._tcp.local"; control characters as \DDD.
std::string to_text(const Name& name);
// Of plain text without escapes: "_fairlead-dev._tcp.local".
Name name_of(std::string_view text);

enum class Type : std::uint16_t { a = 1, ptr = 12, txt = 16, aaaa = 28, srv = 33 };

struct Pointer {
  Name target;
};
struct Service {
  std::uint16_t priority = 0, weight = 0, port = 0;
  Name target;
};
struct Text {
  std::vector<std::string> strings;
};
struct Address {
  Bytes bytes;  // 4 or 16
};
using Data = std::variant<Pointer, Service, Text, Address>;

struct Record {
  Name name;
  std::uint32_t ttl_seconds = 0;  // 0: goodbye
  Data data;
};
struct Question {
  Name name;
  Type type = Type::ptr;
  bool unicast_answer = false;  // RFC 6762 §5.4
};
struct Message {
  std::uint16_t id = 0;
  bool response = false;
  std::size_t questions = 0;      // how many there are; what they ask is passed over
  std::vector<Record> records{};  // of all sections, in order
};

// At most message_bytes_max bytes and records_max records. Names may be compressed, by pointers
// that go backwards only.
Result<Message> decode_message(View in);
// Names one after the other, as DHCP options hold them (RFC 8415 §10, RFC 3397 §2). At most 8.
Result<std::vector<Name>> decode_names(View in);
// `id` 0: for multicast (RFC 6762 §18.1). Any other: for a name server, which is to ask others in
// turn. refused: a label or name that is too long.
Result<Bytes> encode_query(std::uint16_t id, std::span<const Question> questions);

}  // namespace fairlead::dns
