// SPDX-License-Identifier: Apache-2.0
// What travels on `prov-session`: session.proto, sec0.proto, sec1.proto and sec2.proto of
// Espressif's protocomm. Names are theirs.
#pragma once

#include <string>
#include <variant>

#include "local/payload.h"

namespace fairlead::local {

// SessionData.sec_ver; the number travels.
enum class Security : std::uint8_t { none = 0, x25519 = 1, srp = 2 };

namespace sec0 {
struct Cmd {};
struct Resp {
  Status status = Status::success;
};
}  // namespace sec0

namespace sec1 {
struct Cmd0 {
  Bytes client_pubkey;
};
struct Resp0 {
  Status status = Status::success;
  Bytes device_pubkey, device_random;
};
struct Cmd1 {
  Bytes client_verify_data;
};
struct Resp1 {
  Status status = Status::success;
  Bytes device_verify_data;
};
}  // namespace sec1

namespace sec2 {
struct Cmd0 {
  std::string client_username;
  Bytes client_pubkey;
};
struct Resp0 {
  Status status = Status::success;
  Bytes device_pubkey, device_salt;
};
struct Cmd1 {
  Bytes client_proof;
};
struct Resp1 {
  Status status = Status::success;
  Bytes device_proof, device_nonce;
};
}  // namespace sec2

using SessionMessage = std::variant<sec0::Cmd, sec0::Resp, sec1::Cmd0, sec1::Resp0, sec1::Cmd1,
                                    sec1::Resp1, sec2::Cmd0, sec2::Resp0, sec2::Cmd1, sec2::Resp1>;

// SessionData = { sec_ver = 2, one of sec0 = 10, sec1 = 11, sec2 = 12 }. The content must be that
// of sec_ver. Every value is at most group_bytes long.
Result<SessionMessage> decode_session(View in);
Bytes encode_session(const SessionMessage& message);

}  // namespace fairlead::local
