// SPDX-License-Identifier: Apache-2.0
// What an NFC tag holds: NFC Forum, NFC Data Exchange Format (NDEF) 1.0, and its URI Record Type
// Definition 1.0.
//
//   message        = 1*record                ; MB in the first only, ME in the last only
//   record         = flags type-length payload-length [ id-length ] type [ id ] payload
//     flags        = MB 80 | ME 40 | CF 20 (a chunk) | SR 10 | IL 08 (an id is there) | TNF 07
//     payload-length = 1 byte with SR, else 4, big endian
//   URI record     = TNF 1, type "U", payload: a byte for the beginning ("https://"), then the rest
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::ndef {

enum class TypeName : std::uint8_t {  // TNF, §3.2.6: what the type is a name of
  empty = 0,
  well_known = 1,  // by the NFC Forum
  media = 2,       // RFC 2046
  absolute_uri = 3,
  external = 4,
  unknown = 5
};

struct Record {
  TypeName kind = TypeName::empty;
  std::string type;  // at most 255 bytes
  Bytes id;          // likewise; mostly none
  Bytes payload;
  friend bool operator==(const Record&, const Record&) = default;
};

// At most ndef_message_bytes_max and ndef_records_max. malformed: not as above; unsupported:
// records in chunks, and the reserved TNF 7.
Result<std::vector<Record>> decode_message(View in);
// One record at least; lengths as short as they can be.
Bytes encode_message(std::span<const Record> records);

bool is_uri(const Record& record);
Record uri_record(std::string_view uri);
// malformed: a beginning that is reserved, or what is no UTF-8.
Result<std::string> uri_of(const Record& record);

}  // namespace fairlead::ndef
