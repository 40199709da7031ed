// SPDX-License-Identifier: Apache-2.0
// The port by which this machine joins Wi-Fi networks: looks around, tries one network beside those
// that it knows, and keeps it or goes back. Every call is short and for one thread at a time; what
// takes seconds is begun by one call and asked about by another, as often as the caller likes.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace fairlead::link {

// An SSID for people: itself where it is text, else its hexadecimal digits after "0x". One that
// begins so is no exception: what is shown means one network only.
std::string name_of_network(View ssid);

enum class WifiSecurity : std::uint8_t {
  open,
  wep,
  wpa,
  wpa2,
  wpa_wpa2,  // either
  wpa3,
  wpa2_wpa3,
  other  // enterprise and whatever else no passphrase opens
};

struct WifiNetwork {
  Bytes ssid;  // 1 to 32 bytes of any value; none: it hides its name
  std::array<std::uint8_t, 6> bssid{};
  unsigned channel = 0;
  int signal_dbm = 0;
  WifiSecurity security = WifiSecurity::open;
  unsigned frequency_mhz = 0;
};

// What lets a station join by its key instead of a passphrase, of Wi-Fi Easy Connect.
struct WifiConnector {
  std::string text;         // JWS, compact
  Bytes c_sign;             // SubjectPublicKeyInfo of the key that signed it
  SecretBytes network_key;  // ECPrivateKey
};

struct WifiCredentials {
  Bytes ssid;              // 1 to 32 bytes
  SecretBytes passphrase;  // 8 to 63 printable characters; none: open, or there is a Connector
  std::optional<WifiConnector> connector{};
};

enum class WifiObstacle : std::uint8_t {
  missing,           // no adapter, or nothing on this machine that drives it
  not_found,         // no network of that name is in reach, hidden ones included
  wrong_passphrase,  // or none where one is wanted
  unsupported,       // its security is none that this machine or this program has
  refused,           // the access point turns it away, for another reason
  timed_out
};
struct WifiFailure {
  WifiObstacle what;
  std::string words;  // one plain sentence, without secrets
};
// How a trial went so far: joined with this network, or not, or none of both yet.
using WifiTrial = std::expected<std::optional<WifiNetwork>, WifiFailure>;

class Wifi {
 public:
  virtual ~Wifi() = default;
  virtual const std::string& interface() const = 0;  // "wlan0"

  // busy: a trial is under way.
  virtual Result<void> start_scan() = 0;
  // Every access point that was heard; none: the scan is not over yet. It ends within ten seconds.
  virtual Result<std::optional<std::vector<WifiNetwork>>> scanned() = 0;

  // Leaves what is joined now for another network, for a trial. Ends an earlier trial. `word`: what
  // it is to be kept together with, for settle(); may be empty.
  virtual std::expected<void, WifiFailure> start_trial(const WifiCredentials& credentials,
                                                       const std::string& word) = 0;
  // Ends within forty seconds. The networks of before are known again once it has joined, but the
  // one on trial goes before them.
  virtual WifiTrial trial() = 0;

  // A trial ends by keep() or by revert(). Whoever has something to store together with the network
  // calls store() first: then a machine that loses power in between can still do either, by
  // settle(), which keeps what has the given word and reverts what else was left on trial.
  // conflict: the machine is on another network meanwhile; io: what is on trial can't be stored.
  virtual Result<void> store() = 0;
  virtual Result<void> keep() = 0;
  virtual Result<void> revert() = 0;
  virtual Result<void> settle(const std::string& word) = 0;  // "": revert in any case

  // Removes every network that was ever kept or tried by this port, and none of others; how many.
  // May leave the network that is joined. io, with all of them in place: that can't be stored.
  virtual Result<std::size_t> forget() = 0;
};

}  // namespace fairlead::link
