// SPDX-License-Identifier: Apache-2.0
// What a device's label says to whoever is to provision it: the JSON that Espressif's apps read
// from a QR code, with members of our own, which they pass over.
//
//   label = { ? "ver": "v1", "name": text, "transport": "ble" | "softap",
//             ? "username": text, ? "pop": text, ? "security": 0..2, ? "password": text,
//             ? "network": "wifi" | "thread",
//             ? "dpp": text, ? "id": text }            ; ours
//
// Texts are UTF-8 without control characters; a name is not empty; other members are passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fairlead::local {

enum class LabelTransport : std::uint8_t { ble, softap };
std::string_view to_string(LabelTransport transport);

struct SetupLabel {
  std::string name;  // as the device calls itself by its transport: "PROV_01b1e8"
  LabelTransport transport = LabelTransport::ble;
  std::string username;  // of Security 2; may be empty
  std::string code;      // proof of possession; empty: by button
  std::uint8_t security = 2;
  std::string network_password;  // of the device's own network (softap); may be empty
  bool thread = false;           // it is to join Thread, not Wi-Fi
  std::string dpp;               // bootstrap URI of Wi-Fi Easy Connect; may be empty
  std::string product_uri;       // IEC 61406; may be empty

  friend bool operator==(const SetupLabel&, const SetupLabel&) = default;
};

// malformed: no such JSON, a member of the wrong kind, or one longer than label_member_bytes_max;
// unsupported: of another version, or a transport that we don't know. At most label_text_bytes_max.
Result<SetupLabel> decode_setup_label(std::string_view text);
std::string encode_setup_label(const SetupLabel& label);

// The device's name to phones where none is configured: PROV_ and six hexadecimal digits that
// follow from the serial. Espressif's apps filter by the prefix.
std::string setup_name(std::string_view serial);

// What a factory has to know to print the label of one device: a line of JSON, which the device
// writes when it is initialised, and `fairlead label` and any other printing software reads.
//
//   facts = { "serial": text, ? "model": text, ? "vendor": text, ? "id": text, ? "dpp": text,
//             ? "qr": text }               ; qr: a setup label as above, as its QR code says it
//
// It holds the code: the file is as secret as the label itself.
struct LabelFacts {
  std::string serial, model, vendor;
  std::string product_uri, dpp;     // may be empty, as in SetupLabel
  std::optional<SetupLabel> setup;  // none: the device has no code, or nobody tells it here
  friend bool operator==(const LabelFacts&, const LabelFacts&) = default;
};
// Limits and errors as of decode_setup_label(); malformed also without a serial.
Result<LabelFacts> decode_label_facts(std::string_view line);
std::string encode_label_facts(const LabelFacts& facts);  // without an end of line

}  // namespace fairlead::local
