// SPDX-License-Identifier: Apache-2.0
// What travels on `prov-scan`, `prov-config` and `prov-ctrl`: network_scan.proto,
// network_config.proto and network_ctrl.proto of Espressif's network_provisioning, their Wi-Fi
// part. The Thread part is decoded as OtherNetwork, which a device answers with invalid_argument.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/secret.h"
#include "local/payload.h"

namespace fairlead::local {

// The number travels.
enum class WifiAuth : std::uint8_t {
  open = 0,
  wep = 1,
  wpa_psk = 2,
  wpa2_psk = 3,
  wpa_wpa2_psk = 4,
  wpa2_enterprise = 5,
  wpa3_psk = 6,
  wpa2_wpa3_psk = 7
};

// A command about another kind of network than Wi-Fi.
struct OtherNetwork {
  std::uint32_t step = 0;
};

namespace scan {

struct Start {
  bool blocking = false, passive = false;
  std::uint32_t group_channels = 0, period_ms = 0;
};
struct AskStatus {};
struct AskResult {
  std::uint32_t start_index = 0, count = 0;
};
using Command = std::variant<Start, AskStatus, AskResult, OtherNetwork>;

struct Entry {
  Bytes ssid;  // any bytes, at most ssid_bytes_max
  std::uint32_t channel = 0;
  std::int32_t rssi = 0;  // dBm
  Bytes bssid;            // 6 bytes
  WifiAuth auth = WifiAuth::open;
};
struct Started {
  Status status = Status::success;
};
struct TellStatus {
  Status status = Status::success;
  bool finished = false;
  std::uint32_t count = 0;
};
struct TellResult {
  Status status = Status::success;
  std::vector<Entry> entries;
};
struct OtherAnswer {
  std::uint32_t step = 0;  // of the command
  Status status = Status::success;
};
using Answer = std::variant<Started, TellStatus, TellResult, OtherAnswer>;

Result<Command> decode_scan_command(View in);
Bytes encode_command(const Command& command);
Result<Answer> decode_scan_answer(View in);
Bytes encode_answer(const Answer& answer);

}  // namespace scan

namespace config {

struct AskStatus {};
struct Set {
  Bytes ssid;  // 1 to ssid_bytes_max
  SecretBytes passphrase;
  Bytes bssid;  // 6 bytes or none
  std::int32_t channel = 0;
};
struct Apply {};
using Command = std::variant<AskStatus, Set, Apply, OtherNetwork>;

enum class FailReason : std::uint8_t { auth_error = 0, network_not_found = 1 };
struct Connected {
  std::string ip4_address;
  WifiAuth auth = WifiAuth::open;
  Bytes ssid, bssid;
  std::int32_t channel = 0;
};
struct Connecting {
  std::uint32_t attempts_remaining = 0;  // 0: this is the first attempt
};
struct Disconnected {};
struct ConnectionFailed {
  FailReason reason = FailReason::auth_error;
};
struct TellStatus {
  Status status = Status::success;
  std::variant<Connected, Connecting, Disconnected, ConnectionFailed> state;
};
struct SetDone {
  Status status = Status::success;
};
struct ApplyDone {
  Status status = Status::success;
};
struct OtherAnswer {
  std::uint32_t step = 0;
  Status status = Status::success;
};
using Answer = std::variant<TellStatus, SetDone, ApplyDone, OtherAnswer>;

// A Set whose values are out of range decodes: the device answers it with invalid_argument, see
// plausible().
Result<Command> decode_config_command(View in);
Bytes encode_command(const Command& command);
Result<Answer> decode_config_answer(View in);
Bytes encode_answer(const Answer& answer);

bool plausible(const Set& set);  // sizes as above

}  // namespace config

namespace ctrl {

enum class Command : std::uint8_t { reset = 1, reprovision = 3, other = 0 };
// A command about another network is `other`.
Result<Command> decode_ctrl_command(View in);
Bytes encode_command(Command command);
Bytes encode_answer(Command command, Status status);
Result<Status> decode_ctrl_answer(View in);

}  // namespace ctrl

}  // namespace fairlead::local
