// SPDX-License-Identifier: Apache-2.0
#include "codec/ndef.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/utf8.h"

namespace fairlead::ndef {

namespace {

constexpr std::uint8_t message_begin = 0x80, message_end = 0x40, chunk = 0x20, short_record = 0x10,
                       has_id = 0x08, type_name_mask = 0x07;
constexpr std::string_view uri_type = "U";

// URI RTD 1.0, table 3: by number.
constexpr std::string_view uri_beginnings[] = {"",
                                               "http://www.",
                                               "https://www.",
                                               "http://",
                                               "https://",
                                               "tel:",
                                               "mailto:",
                                               "ftp://anonymous:anonymous@",
                                               "ftp://ftp.",
                                               "ftps://",
                                               "sftp://",
                                               "smb://",
                                               "nfs://",
                                               "ftp://",
                                               "dav://",
                                               "news:",
                                               "telnet://",
                                               "imap:",
                                               "rtsp://",
                                               "urn:",
                                               "pop:",
                                               "sip:",
                                               "sips:",
                                               "tftp:",
                                               "btspp://",
                                               "btl2cap://",
                                               "btgoep://",
                                               "tcpobex://",
                                               "irdaobex://",
                                               "file://",
                                               "urn:epc:id:",
                                               "urn:epc:tag:",
                                               "urn:epc:pat:",
                                               "urn:epc:raw:",
                                               "urn:epc:",
                                               "urn:nfc:"};

// The first error sticks: what is read after it is empty.
class Input {
 public:
  explicit Input(View bytes) : rest_(bytes) {}
  View take(std::size_t count) {
    if (count > rest_.size()) {
      cut_off_ = true;
      rest_ = {};
      return {};
    }
    View out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return out;
  }
  std::size_t number(std::size_t bytes) {
    std::size_t out = 0;
    for (std::uint8_t byte : take(bytes)) out = out << 8 | byte;
    return out;
  }
  bool cut_off() const { return cut_off_; }
  bool empty() const { return rest_.empty(); }

 private:
  View rest_;
  bool cut_off_ = false;
};

struct Flagged {
  std::uint8_t flags = 0;
  Record record;
};

Result<Flagged> read_record(Input& in) {
  Flagged out;
  out.flags = static_cast<std::uint8_t>(in.number(1));
  const auto type_name = static_cast<std::uint8_t>(out.flags & type_name_mask);
  if ((out.flags & chunk) || type_name > static_cast<std::uint8_t>(TypeName::unknown))
    return fail(Errc::unsupported, "NDEF: a record in chunks, or of a reserved kind");
  const std::size_t type_bytes = in.number(1);
  const std::size_t payload_bytes = in.number(out.flags & short_record ? 1 : 4);
  const std::size_t id_bytes = out.flags & has_id ? in.number(1) : 0;
  out.record.kind = static_cast<TypeName>(type_name);
  out.record.type = as_text(in.take(type_bytes));
  out.record.id = to_bytes(in.take(id_bytes));
  out.record.payload = to_bytes(in.take(payload_bytes));
  if (in.cut_off()) return fail(Errc::malformed, "NDEF: a record is cut off");
  // §3.2.6: "The value 0x00 (Empty) indicates that there is no type or payload associated with
  // this record." Unknown: no type.
  const bool none = out.record.kind == TypeName::empty;
  if ((none && type_bytes + id_bytes + payload_bytes != 0) ||
      (out.record.kind == TypeName::unknown && type_bytes != 0))
    return fail(Errc::malformed, "NDEF: a record holds what its kind can't have");
  return out;
}

}  // namespace

Result<std::vector<Record>> decode_message(View bytes) {
  if (bytes.size() > limits::ndef_message_bytes_max)
    return fail(Errc::malformed, "NDEF: the message is too long");
  Input in(bytes);
  std::vector<Record> out;
  for (bool last = false; !last;) {
    if (out.size() == limits::ndef_records_max)
      return fail(Errc::malformed, "NDEF: too many records");
    TRY(auto next, read_record(in));
    if (((next.flags & message_begin) != 0) != out.empty())
      return fail(Errc::malformed, "NDEF: the message does not begin with its first record");
    last = (next.flags & message_end) != 0;
    out.push_back(std::move(next.record));
  }
  if (!in.empty()) return fail(Errc::malformed, "NDEF: something follows the last record");
  return out;
}

Bytes encode_message(std::span<const Record> records) {
  ASSERT(!records.empty());
  Bytes out;
  for (const Record& each : records) {
    ASSERT(each.type.size() <= 0xFF && each.id.size() <= 0xFF);
    const bool is_short = each.payload.size() <= 0xFF;
    out.push_back(static_cast<std::uint8_t>(
        static_cast<unsigned>(each.kind) | (&each == &records.front() ? message_begin : 0) |
        (&each == &records.back() ? message_end : 0) | (is_short ? short_record : 0) |
        (each.id.empty() ? 0 : has_id)));
    out.push_back(static_cast<std::uint8_t>(each.type.size()));
    for (std::size_t i = is_short ? 1 : 4; i-- > 0;)
      out.push_back(static_cast<std::uint8_t>(each.payload.size() >> 8 * i));
    if (!each.id.empty()) out.push_back(static_cast<std::uint8_t>(each.id.size()));
    append(out, as_view(each.type));
    append(out, each.id);
    append(out, each.payload);
  }
  return out;
}

bool is_uri(const Record& record) {
  return record.kind == TypeName::well_known && record.type == uri_type;
}

Record uri_record(std::string_view uri) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < std::size(uri_beginnings); ++i)
    if (uri.starts_with(uri_beginnings[i]) &&
        uri_beginnings[i].size() > uri_beginnings[best].size())
      best = i;
  Bytes payload{static_cast<std::uint8_t>(best)};
  append(payload, as_view(uri.substr(uri_beginnings[best].size())));
  return {TypeName::well_known, std::string(uri_type), {}, std::move(payload)};
}

Result<std::string> uri_of(const Record& record) {
  if (!is_uri(record) || record.payload.empty())
    return fail(Errc::malformed, "NDEF: this is no URI record");
  if (record.payload[0] >= std::size(uri_beginnings))
    return fail(Errc::malformed, "NDEF: the URI begins in a reserved way");
  std::string out(uri_beginnings[record.payload[0]]);
  out += as_text(View(record.payload).subspan(1));
  if (!is_utf8(out)) return fail(Errc::malformed, "NDEF: the URI is no text");
  return out;
}

}  // namespace fairlead::ndef
