// SPDX-License-Identifier: Apache-2.0
#include "link/wpa/received_network.h"

#include "base/limits.h"
#include "link/wpa/replies.h"

namespace fairlead::link::wpa {

namespace {

// The rest of an event that begins with this word; none: it is another event.
std::optional<std::string_view> after(std::string_view event, std::string_view word) {
  if (!event.starts_with(word)) return std::nullopt;
  event.remove_prefix(word.size());
  if (event.empty()) return event;
  if (event.front() != ' ') return std::nullopt;
  return event.substr(1);
}

// Of the first word; none where it isn't hexadecimal.
Bytes hex_of(std::string_view text) {
  return from_hex(text.substr(0, text.find(' '))).value_or(Bytes());
}

}  // namespace

// event = "DPP-CONF-RECEIVED" then, per configuration, "DPP-CONFOBJ-AKM" name,
//         "DPP-CONFOBJ-SSID" printed, "DPP-CONNECTOR" text, "DPP-CONFOBJ-PASS" hex or
//         "DPP-CONFOBJ-PSK" hex, "DPP-C-SIGN-KEY" hex, "DPP-NET-ACCESS-KEY" hex [time]
void ReceivedNetwork::on_event(std::string_view event) {
  if (after(event, "DPP-CONF-RECEIVED")) {
    if (objects_++ > 0) return;
    began_ = true;
    return;
  }
  if (auto words = after(event, "DPP-FAIL")) {
    failure_ = std::string(words->substr(0, 128));
    return;
  }
  if (after(event, "DPP-CONF-FAILED")) failure_ = "the configuration could not be taken";
  if (after(event, "DPP-AUTH-INIT-FAILED")) failure_ = "the other side does not answer";
  if (after(event, "DPP-NOT-COMPATIBLE")) failure_ = "the other side wants to be something else";
  if (objects_ != 1) return;  // another one, or none yet
  if (auto name = after(event, "DPP-CONFOBJ-AKM")) akm_ = std::string(*name);
  if (auto ssid = after(event, "DPP-CONFOBJ-SSID")) network_.ssid = decode_printed(*ssid);
  if (auto pass = after(event, "DPP-CONFOBJ-PASS"))
    network_.passphrase = SecretBytes(hex_of(*pass));
  if (after(event, "DPP-CONFOBJ-PSK")) has_raw_key_ = true;
  if (auto text = after(event, "DPP-CONNECTOR")) connector_.text = std::string(*text);
  if (auto key = after(event, "DPP-C-SIGN-KEY")) connector_.c_sign = hex_of(*key);
  if (auto key = after(event, "DPP-NET-ACCESS-KEY"))
    connector_.network_key = SecretBytes(hex_of(*key));
}

Result<WifiCredentials> ReceivedNetwork::take() {
  ReceivedNetwork all = std::exchange(*this, {});
  if (!all.failure_.empty()) return fail(Errc::refused, "Wi-Fi Easy Connect: " + all.failure_);
  WifiCredentials& out = all.network_;
  if (out.ssid.empty() || out.ssid.size() > limits::ssid_bytes_max)
    return fail(Errc::refused, "Wi-Fi Easy Connect: the network that came has no name");
  const bool by_key = !all.connector_.text.empty() && !all.connector_.c_sign.empty() &&
                      !all.connector_.network_key.empty();
  if (by_key) out.connector = std::move(all.connector_);
  if (out.connector || !out.passphrase.empty()) return std::move(out);
  return fail(Errc::refused,
              all.has_raw_key_
                  ? "Wi-Fi Easy Connect: a key came where this device wants the "
                    "passphrase that it is made of"
                  : "Wi-Fi Easy Connect: there is no way to join by '" + all.akm_ + "'");
}

}  // namespace fairlead::link::wpa
