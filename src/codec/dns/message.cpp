// SPDX-License-Identifier: Apache-2.0
// RFC 1035 §4.1:
//   message  = id u16, flags u16, 4 counts u16, question*, record*
//   question = name, type u16, class u16
//   record   = name, type u16, class u16, ttl u32, length u16, data
//   name     = (length u8 1..63, label)*, (0 u8 / 11 + offset 14 bits)
//   SRV (RFC 2782) = priority u16, weight u16, port u16, name; TXT = (length u8, string)*
#include "codec/dns/message.h"

#include <algorithm>

namespace fairlead::dns {

namespace {

constexpr std::uint16_t class_in = 1, class_mask = 0x7fff, response_flag = 0x8000,
                        recursion_desired = 0x0100;
constexpr std::uint8_t pointer_bits = 0xc0;

class Reader {
 public:
  Reader(View in, std::size_t at, std::size_t end) : in_(in), at_(at), end_(end) {}

  std::uint8_t u8() {
    if (failed_ || at_ >= end_) return failed_ = true, std::uint8_t{0};
    return in_[at_++];
  }
  std::uint16_t u16() {
    auto high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t u32() {
    std::uint32_t high = u16();
    return high << 16 | u16();
  }
  View take(std::size_t count) {
    if (failed_ || count > end_ - at_) return failed_ = true, View{};
    at_ += count;
    return in_.subspan(at_ - count, count);
  }
  // Each pointer must point before all that was read of this name, so the walk ends.
  Name name() {
    Name out;
    std::size_t bytes = 1, lowest = at_;
    Reader here = *this;
    bool jumped = false;
    for (;;) {
      auto length = here.u8();
      if (here.failed_) break;
      if ((length & pointer_bits) == pointer_bits) {
        auto to = static_cast<std::size_t>(length & ~pointer_bits) << 8 | here.u8();
        if (!std::exchange(jumped, true)) at_ = here.at_;
        if (here.failed_ || to >= lowest) break;
        lowest = to;
        here = Reader(in_, to, in_.size());
        continue;
      }
      if (length > label_bytes_max) break;
      if (length == 0) {
        if (!jumped) at_ = here.at_;
        return out;
      }
      bytes += length + 1u;
      if (bytes > name_bytes_max) break;
      out.emplace_back(as_text(here.take(length)));
    }
    failed_ = true;
    return {};
  }
  Reader part(std::size_t count) {
    auto begin = at_;
    take(count);
    Reader out(in_, begin, failed_ ? begin : begin + count);
    out.failed_ = failed_;
    return out;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return at_ == end_; }

 private:
  View in_;
  std::size_t at_, end_;
  bool failed_ = false;
};

Text read_text(Reader& in) {
  Text out;
  while (!in.failed() && !in.at_end()) {
    auto string = as_text(in.take(in.u8()));
    if (!string.empty()) out.strings.emplace_back(string);
  }
  return out;
}

// False: the message is malformed. Records that we have no use for leave `out` as it is.
bool read_record(Reader& in, std::vector<Record>& out) {
  Record record;
  record.name = in.name();
  auto type = in.u16();
  auto of_class = in.u16() & class_mask;
  record.ttl_seconds = in.u32();
  Reader data = in.part(in.u16());
  switch (static_cast<Type>(type)) {
    case Type::ptr:
      record.data = Pointer{data.name()};
      break;
    case Type::srv: {
      Service service;
      service.priority = data.u16();
      service.weight = data.u16();
      service.port = data.u16();
      service.target = data.name();
      record.data = std::move(service);
      break;
    }
    case Type::txt:
      record.data = read_text(data);
      break;
    case Type::a:
      record.data = Address{to_bytes(data.take(4))};
      break;
    case Type::aaaa:
      record.data = Address{to_bytes(data.take(16))};
      break;
    default:
      return !in.failed();
  }
  if (in.failed() || data.failed() || !data.at_end()) return false;
  if (of_class == class_in) out.push_back(std::move(record));
  return true;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

void put16(Bytes& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace

bool same(const Name& a, const Name& b) {
  return std::ranges::equal(a, b, [](const std::string& x, const std::string& y) {
    return std::ranges::equal(x, y, {}, lower, lower);
  });
}

std::string to_text(const Name& name) {
  std::string out;
  for (const std::string& label : name) {
    if (!out.empty()) out += '.';
    for (char c : label) {
      auto code = static_cast<unsigned char>(c);
      if (c == '.' || c == '\\') out += '\\';
      if (code >= 0x20 && code != 0x7f)
        out += c;
      else
        out += {'\\', static_cast<char>('0' + code / 100), static_cast<char>('0' + code / 10 % 10),
                static_cast<char>('0' + code % 10)};
    }
  }
  return out;
}

Name name_of(std::string_view text) {
  Name out;
  while (!text.empty()) {
    auto dot = text.find('.');
    out.emplace_back(text.substr(0, dot));
    text.remove_prefix(dot == text.npos ? text.size() : dot + 1);
  }
  return out;
}

Result<Message> decode_message(View in) {
  const auto malformed = [] { return fail(Errc::malformed, "no DNS message that can be read"); };
  if (in.size() > message_bytes_max) return malformed();
  Reader reader(in, 0, in.size());
  Message out;
  out.id = reader.u16();
  out.response = reader.u16() & response_flag;
  out.questions = reader.u16();
  std::size_t records = reader.u16();
  records += reader.u16();
  records += reader.u16();
  if (reader.failed() || records > records_max) return malformed();
  for (std::size_t i = 0; i < out.questions; ++i) {
    reader.name();
    reader.take(4);
    if (reader.failed()) return malformed();
  }
  for (std::size_t i = 0; i < records; ++i)
    if (!read_record(reader, out.records)) return malformed();
  if (!reader.at_end()) return malformed();
  return out;
}

Result<std::vector<Name>> decode_names(View in) {
  constexpr std::size_t names_max = 8;
  Reader reader(in, 0, in.size());
  std::vector<Name> out;
  while (!reader.at_end()) {
    if (out.size() == names_max) return fail(Errc::malformed, "more than 8 names");
    out.push_back(reader.name());
    if (reader.failed()) return fail(Errc::malformed, "no list of names that can be read");
  }
  return out;
}

Result<Bytes> encode_query(std::uint16_t id, std::span<const Question> questions) {
  Bytes out;
  put16(out, id);
  put16(out, id == 0 ? 0 : recursion_desired);
  put16(out, questions.size());
  for (int i = 0; i < 3; ++i) put16(out, 0);
  for (const Question& question : questions) {
    std::size_t begin = out.size();
    for (const std::string& label : question.name) {
      if (label.empty() || label.size() > label_bytes_max)
        return fail(Errc::refused, "a label of 1 to 63 bytes is wanted");
      out.push_back(static_cast<std::uint8_t>(label.size()));
      append(out, as_view(label));
    }
    out.push_back(0);
    if (out.size() - begin > name_bytes_max) return fail(Errc::refused, "the name is too long");
    put16(out, static_cast<std::size_t>(question.type));
    put16(out, question.unicast_answer ? class_in | 0x8000u : class_in);
  }
  return out;
}

}  // namespace fairlead::dns
