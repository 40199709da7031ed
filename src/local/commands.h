// SPDX-License-Identifier: Apache-2.0
// What is said on the endpoint `fairlead`: docs/wire/local.cddl. CBOR, joined from parts (parts.h).
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "enroll/documents.h"
#include "local/network_messages.h"

namespace fairlead::local {

inline constexpr std::string_view own_endpoint = "fairlead";

// How the device gets its address, version 1.
struct NetworkSettings {
  struct Address {
    std::string address;  // "10.77.0.5" or IPv6
    std::uint8_t prefix = 0;
    std::string gateway;  // may be empty
  };
  std::string interface;           // "eth0"; empty: the one that this session came by
  std::optional<Address> address;  // none: DHCP
  std::vector<std::string> name_servers, time_servers;
};

// What lets a station join by its key, of Wi-Fi Easy Connect.
struct WifiConnector {
  std::string text;         // JWS, compact
  Bytes c_sign;             // SubjectPublicKeyInfo of the key that signed it
  SecretBytes network_key;  // ECPrivateKey
};
struct WifiCredentials {
  Bytes ssid;                                // 1 to ssid_bytes_max, of any value
  SecretBytes passphrase;                    // none, or wifi_passphrase_bytes_min to _max
  std::optional<WifiConnector> connector{};  // never by UseWifi
};
bool plausible(const WifiCredentials& network);  // sizes as above

namespace command {
struct AskStatus {};
struct MakeOffer {
  enroll::OfferNonce nonce;
};
struct TakeGrant {
  Bytes grant;  // the signed document
  Bytes owner;  // SubjectPublicKeyInfo of the key that signed it
};
struct Identify {
  std::uint8_t seconds = 0;  // 0: stop
};
struct SetNetwork {
  NetworkSettings settings;
};
struct Cancel {};
struct AskUpstreams {};
// The Wi-Fi network that goes with the next Grant: joined for a trial before the upstream is, and
// kept where the upstream answers.
struct UseWifi {
  WifiCredentials network;
};
struct AskNetworks {};
// Try this one first, also after a restart; other than what the network names, it is not forgotten.
struct ChooseUpstream {
  std::string uri;    // empty: none any more
  Bytes fingerprint;  // SHA-256 of the key (SubjectPublicKeyInfo) that it has to have; empty: any
};
// A tunnel for Wi-Fi Easy Connect: what client and device's Enrollee say to each other over TCP,
// carried by commands. The network that comes out of it goes with the next Grant, as by UseWifi.
struct OpenTunnel {
  std::string uri;  // bootstrapping URI of the client's Configurator
};
struct Carry {
  Bytes content;  // at most dpp_message_bytes_max; none: what has the device to say?
};
struct CloseTunnel {};
}  // namespace command
using Command =
    std::variant<command::AskStatus, command::MakeOffer, command::TakeGrant, command::Identify,
                 command::SetNetwork, command::Cancel, command::AskUpstreams, command::UseWifi,
                 command::AskNetworks, command::ChooseUpstream, command::OpenTunnel, command::Carry,
                 command::CloseTunnel>;
Result<Command> decode_command(View in);
Bytes encode_command(const Command& command);

// How far provisioning is. The number travels.
enum class Progress : std::uint8_t {
  waiting = 0,     // nothing asked yet
  offered = 1,     // the device made an Offer
  checking = 2,    // looks at the Grant
  connecting = 3,  // tries its upstream with the staged Grant
  committed = 4,   // the upstream answered; nothing can be lost any more
  failed = 5,      // rolled back, and ready for another try
  joining = 6      // joins the Wi-Fi network that came with the staged Grant
};
std::string_view to_string(Progress progress);  // "waiting"

// What keeps the device from getting on, by name and in words.
struct Obstacle {
  std::string reason;  // "broker_unreachable"
  std::string words;
};
struct Report {
  Progress progress = Progress::waiting;
  Obstacle obstacle;  // where failed; else empty
  std::string proof;  // by which this session was opened: "code"
};

// Where the network, or a person, says that an upstream is, and what came of trying it. A hint,
// unless a person chose it.
struct Upstream {
  std::string source;     // "dhcp4-143", "mdns", "dns-sd", "name", "chosen"
  std::string interface;  // "eth0"; empty: of none
  std::string uri;
  std::string name;                // as it is announced; may be empty
  std::string address;             // that answered last, numeric; empty: none did
  Bytes fingerprint, certificate;  // SHA-256 of its key and certificate; empty: not seen yet
  std::uint32_t milliseconds = 0;  // of the last round trip; 0: none, or less than one
  std::string result;              // of the last try, in words; empty: none yet
  std::uint32_t seconds = 0;       // since that
};

// A Wi-Fi network that the device hears.
struct NearbyNetwork {
  Bytes ssid;
  WifiAuth auth = WifiAuth::open;
  std::int32_t signal_dbm = 0;
  std::uint32_t channel = 0;
  std::string why_not;  // what keeps the device from joining it; empty: nothing
};

namespace answer {
struct Done {};
struct Offer {
  Bytes document;
};
struct No {
  Obstacle obstacle;
};
struct Upstreams {
  std::vector<Upstream> found;  // best first
};
struct Networks {
  std::vector<NearbyNetwork> heard;  // strongest first, at most scan_entries_max
};
struct TunnelOpen {
  std::string uri;  // bootstrapping URI of the device
};
struct Carried {
  bool open = true;  // false: the device ended the connection
  Bytes content;
};
}  // namespace answer
using Answer = std::variant<answer::Done, Report, answer::Offer, answer::No, answer::Upstreams,
                            answer::Networks, answer::TunnelOpen, answer::Carried>;
Result<Answer> decode_answer(View in);
Bytes encode_answer(const Answer& answer);

// The nonce that an Offer carries: SHA-256("fairlead nonce" | binding | nonce), first 16 bytes.
// Only the device at the other end of this session can have made it (Channel::binding).
enroll::OfferNonce tied_nonce(View binding, const enroll::OfferNonce& nonce);

}  // namespace fairlead::local
