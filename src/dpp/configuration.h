// SPDX-License-Identifier: Apache-2.0
// What the two sides say once they have authenticated each other, in JSON: what an Enrollee asks
// for, the networks that it gets, and how its attempt to join ended.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "crypto/curve.h"
#include "crypto/signer.h"
#include "dpp/attributes.h"

namespace fairlead::dpp {

// DPP Configuration Request object. A certificate request for an enterprise network is passed over.
enum class NetworkRole { station, access_point, configurator };
struct ConfigurationRequest {
  std::string
      name;  // as the device calls itself; not authenticated, and wpa_supplicant says "Test"
  NetworkRole role = NetworkRole::station;
  std::string mud_url;
  std::vector<unsigned> bands;  // global operating classes that it has
};
// At most dpp_json_bytes_max. unsupported: it wants something other than infrastructure Wi-Fi.
Result<ConfigurationRequest> decode_configuration_request(View json);
std::string encode_configuration_request(const ConfigurationRequest& request);

// Authentication and key management: how a station shows that it may join.
enum class Akm { psk, sae, psk_sae, dpp, dpp_sae, dpp_psk_sae };
std::string_view to_string(Akm akm);  // "psk+sae", as in JSON
std::optional<Akm> parse_akm(std::string_view text);
constexpr bool wants_passphrase(Akm akm) { return akm != Akm::dpp; }
constexpr bool wants_connector(Akm akm) { return akm >= Akm::dpp; }

struct WifiNetwork {
  Bytes ssid;  // any bytes, 1 to ssid_bytes_max
  Akm akm = Akm::psk_sae;
  SecretBytes passphrase;  // 8 to 63 printable ASCII characters; empty with `dpp`
};
// refused, with what to change.
Result<void> check(const WifiNetwork& network);

// What lets a station join by its key instead of a passphrase.
struct Connector {
  std::string group = "*";
  crypto::CurvePoint network_key;  // the Enrollee's protocol key
};
struct SignedConnector {
  std::string text;          // JWS, compact
  crypto::PublicKey signer;  // C-sign-key, P-256 or P-384
};
// May block: called by drivers only, like the Signer.
Result<SignedConnector> sign_connector(const Connector& connector, crypto::Signer& c_sign);

// DPP Configuration object: a secret. The network passed check(), and there is a Connector where
// its akm wants one.
SecretBytes encode_configuration(const WifiNetwork& network,
                                 const std::optional<SignedConnector>& connector);

// connStatus: how the attempt to join ended.
struct ConnectionStatus {
  Status result = Status::ok;
  std::string channels;  // that were searched: "81/1,6"
};
Result<ConnectionStatus> decode_connection_status(View json);

}  // namespace fairlead::dpp
