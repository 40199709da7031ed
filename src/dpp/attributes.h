// SPDX-License-Identifier: Apache-2.0
// The attributes that every message of Wi-Fi Easy Connect consists of:
//
//   attributes = *( id:u16 length:u16 value )       all little endian
//
// with Wrapped Data, where there is any, at the end.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hash.h"

namespace fairlead::dpp {

using KeyHash = crypto::Sha256;  // of a bootstrapping key: SHA-256 on every curve

enum class Attribute : std::uint16_t {
  status = 0x1000,
  initiator_key_hash = 0x1001,
  responder_key_hash = 0x1002,
  initiator_protocol_key = 0x1003,
  wrapped_data = 0x1004,
  initiator_nonce = 0x1005,
  initiator_capabilities = 0x1006,
  responder_nonce = 0x1007,
  responder_capabilities = 0x1008,
  responder_protocol_key = 0x1009,
  initiator_tag = 0x100A,
  responder_tag = 0x100B,
  configuration_object = 0x100C,
  connector = 0x100D,
  request_object = 0x100E,
  enrollee_nonce = 0x1014,
  protocol_version = 0x1019,
  send_connection_status = 0x101B,
  connection_status = 0x101C
};

// Of the DPP Status attribute. The number travels.
enum class Status : std::uint8_t {
  ok = 0,
  not_compatible = 1,
  auth_failure = 2,
  unwrap_failure = 3,
  bad_group = 4,
  configure_failure = 5,
  response_pending = 6,
  invalid_connector = 7,
  no_match = 8,
  config_rejected = 9,
  no_ap = 10,
  configure_pending = 11,
  csr_needed = 12,
  csr_bad = 13,
  new_key_needed = 14
};
std::string to_string(Status status);  // for a person: "wrong password or refused by the network"

class Attributes {
 public:
  // Null if there is none. Unknown attributes are kept, and nobody asks for them.
  const Bytes* find(Attribute id) const;
  // malformed: there is none, or it has another size.
  Result<View> require(Attribute id) const;
  Result<View> require(Attribute id, std::size_t size_bytes) const;
  Result<KeyHash> key_hash(Attribute id) const;
  Result<Status> status() const;
  std::vector<Bytes> all(Attribute id) const;
  // What stands before Wrapped Data, as it came: what its seal covers.
  const Bytes& clear() const { return clear_; }

 private:
  friend Result<Attributes> decode_attributes(View in);
  std::vector<std::pair<Attribute, Bytes>> list_;
  Bytes clear_;
};

// At most dpp_attributes_max; only a configuration object may come more than once, and nothing
// comes after Wrapped Data.
Result<Attributes> decode_attributes(View in);

void append_attribute(Bytes& out, Attribute id, View value);
inline void append_attribute(Bytes& out, Attribute id, std::uint8_t value) {
  append_attribute(out, id, View(&value, 1));
}

// `clear` and Wrapped Data behind it: `plain` under AES-SIV with one associated component for each
// of `ads` (RFC 5297).
Result<Bytes> wrap(View key, std::initializer_list<View> ads, Bytes clear, View plain);
// The attributes inside Wrapped Data. untrusted: sealed with another key, or not for this message.
Result<Attributes> unwrap(View key, std::initializer_list<View> ads, const Attributes& outer);

}  // namespace fairlead::dpp
