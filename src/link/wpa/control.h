// SPDX-License-Identifier: Apache-2.0
// The control interface of wpa_supplicant: commands with their answers, and events. Everything
// blocks and is for a worker thread, one at a time. Commands hold passphrases; no error repeats
// more of them than their first word.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace fairlead::link::wpa {

class Control {
 public:
  // `socket` is that of one network interface: "/run/wpa_supplicant/wlan0". io: nobody listens
  // there, or this program may not ask.
  static Result<std::unique_ptr<Control>> open(const std::filesystem::path& socket);
  ~Control();
  Control(const Control&) = delete;

  // The answer without its line end. refused: "FAIL" or another answer that means no. timed_out
  // after ten seconds. At most wifi_reply_bytes_max.
  Result<std::string> ask(std::string_view command);
  // The same for commands that answer "OK" or no.
  Result<void> tell(std::string_view command);

  // The next event without its priority ("CTRL-EVENT-CONNECTED - Connection to ..."); none within
  // `limit`. Events are kept from open() on, as many as the socket holds.
  Result<std::optional<std::string>> next_event(Duration limit);

 private:
  struct Impl;
  explicit Control(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::link::wpa
