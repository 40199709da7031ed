// SPDX-License-Identifier: Apache-2.0
// Makes an outcome of what wpa_supplicant says while it joins one network, without I/O: events in,
// a verdict out.
#pragma once

#include <variant>

#include "link/wpa/replies.h"

namespace fairlead::link::wpa {

struct Undecided {};
struct LookAround {};  // then on_networks(): the network was not found, and may be there after all
struct Joined {};
using Verdict = std::variant<Undecided, LookAround, Joined, WifiFailure>;

class JoinWatch {
 public:
  // `id`: wpa_supplicant's number of the network.
  JoinWatch(std::string id, Bytes ssid, bool has_passphrase)
      : id_(std::move(id)), ssid_(std::move(ssid)), has_passphrase_(has_passphrase) {}

  Verdict on_event(std::string_view event);
  Verdict on_networks(const std::vector<WifiNetwork>& heard);
  WifiFailure on_deadline() const;

 private:
  Verdict refused(std::string_view event);
  WifiFailure failure(WifiObstacle what, const std::string& words) const;

  std::string id_;
  Bytes ssid_;
  bool has_passphrase_;
  unsigned misses_ = 0, refusals_ = 0;
  std::string last_refusal_;  // "status code 17"
};

}  // namespace fairlead::link::wpa
