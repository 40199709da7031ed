// SPDX-License-Identifier: Apache-2.0
#include "dpp/configuration.h"

#include <array>
#include <boost/json.hpp>

#include "base/assert.h"
#include "base/limits.h"
#include "codec/base64.h"
#include "codec/utf8.h"

namespace fairlead::dpp {

namespace json = boost::json;

namespace {

Result<json::object> parse_object(View in) {
  if (in.size() > limits::dpp_json_bytes_max) return fail(Errc::malformed, "its JSON is too long");
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  json::value value = json::parse(as_text(in), error, {}, options);
  if (error || !value.is_object()) return fail(Errc::malformed, "it is not a JSON object");
  return std::move(value.as_object());
}

// The member's text; empty where it is missing.
Result<std::string> text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value) return std::string();
  if (!value->is_string() || value->get_string().size() > limits::dpp_text_bytes_max)
    return fail(Errc::malformed, std::string(name) + " is no text of bearable length");
  return std::string(value->get_string());
}

constexpr std::array<std::pair<NetworkRole, std::string_view>, 3> roles{
    {{NetworkRole::station, "sta"},
     {NetworkRole::access_point, "ap"},
     {NetworkRole::configurator, "configurator"}}};

constexpr std::array<std::string_view, 6> akms{"psk", "sae",     "psk+sae",
                                               "dpp", "dpp+sae", "dpp+psk+sae"};

// JSON Web Key (RFC 7517) of a public key's coordinates.
json::object web_key(std::string_view curve, View x, View y) {
  return {{"kty", "EC"}, {"crv", curve}, {"x", to_base64url(x)}, {"y", to_base64url(y)}};
}

std::string key_id(const crypto::PublicKey& key) {
  return to_base64url(crypto::sha256(key.point()));
}

json::object signer_key(const crypto::PublicKey& key) {
  const Bytes point = key.point();
  const std::size_t width = crypto::coordinate_bytes(key.type());
  json::object out = web_key(crypto::to_string(key.type()), View(point).subspan(1, width),
                             View(point).subspan(1 + width));
  out["kid"] = key_id(key);
  return out;
}

}  // namespace

Result<ConfigurationRequest> decode_configuration_request(View in) {
  TRY(json::object object, parse_object(in).in("configuration request"));
  TRY(std::string technology, text_of(object, "wi-fi_tech"));
  if (technology != "infra")
    return fail(Errc::unsupported, "the device asks for something other than infrastructure Wi-Fi");
  ConfigurationRequest out;
  TRY(out.name, text_of(object, "name"));
  TRY(out.mud_url, text_of(object, "mudurl"));
  TRY(std::string role, text_of(object, "netRole"));
  auto known = std::ranges::find(roles, role, &std::pair<NetworkRole, std::string_view>::second);
  if (known == roles.end())
    return fail(Errc::unsupported, "the device asks for an unknown role in the network");
  out.role = known->first;
  const json::value* bands = object.if_contains("bandSupport");
  if (bands && bands->is_array())
    for (const json::value& each : bands->get_array())
      if (each.is_int64() && each.get_int64() > 0 && each.get_int64() < 256 &&
          out.bands.size() < limits::dpp_channels_max)
        out.bands.push_back(static_cast<unsigned>(each.get_int64()));
  return out;
}

std::string encode_configuration_request(const ConfigurationRequest& request) {
  json::object out{{"name", request.name},
                   {"wi-fi_tech", "infra"},
                   {"netRole", std::ranges::find(roles, request.role,
                                                 &std::pair<NetworkRole, std::string_view>::first)
                                   ->second}};
  if (!request.mud_url.empty()) out["mudurl"] = request.mud_url;
  if (!request.bands.empty()) out["bandSupport"] = json::value_from(request.bands);
  return json::serialize(out);
}

std::string_view to_string(Akm akm) { return akms[static_cast<std::size_t>(akm)]; }

std::optional<Akm> parse_akm(std::string_view text) {
  auto at = std::ranges::find(akms, text);
  if (at == akms.end()) return std::nullopt;
  return static_cast<Akm>(at - akms.begin());
}

Result<void> check(const WifiNetwork& network) {
  if (network.ssid.empty() || network.ssid.size() > limits::ssid_bytes_max)
    return fail(Errc::refused, "the name of a Wi-Fi network (SSID) has 1 to 32 bytes");
  const View passphrase = network.passphrase.reveal();
  if (!wants_passphrase(network.akm)) {
    if (passphrase.empty()) return ok();
    return fail(Errc::refused, "a network with akm dpp alone has no passphrase");
  }
  if (passphrase.size() < limits::wifi_passphrase_bytes_min ||
      passphrase.size() > limits::wifi_passphrase_bytes_max ||
      !std::ranges::all_of(passphrase, [](std::uint8_t c) { return c >= 0x20 && c <= 0x7E; }))
    return fail(Errc::refused, "a Wi-Fi passphrase has 8 to 63 printable ASCII characters");
  return ok();
}

Result<SignedConnector> sign_connector(const Connector& connector, crypto::Signer& c_sign) {
  const crypto::PublicKey key = c_sign.public_key();
  if (!crypto::is_ec(key.type()))
    return fail(Errc::unsupported, "Connectors are signed with keys on P-256 or P-384 only");
  const json::object header{{"typ", "dppCon"},
                            {"kid", key_id(key)},
                            {"alg", key.type() == crypto::KeyType::p256 ? "ES256" : "ES384"}};
  const json::object payload{
      {"groups", json::array{json::object{{"groupId", connector.group}, {"netRole", "sta"}}}},
      {"netAccessKey", web_key(crypto::to_string(connector.network_key.curve),
                               connector.network_key.x, connector.network_key.y)}};
  std::string text = to_base64url(as_view(json::serialize(header))) + "." +
                     to_base64url(as_view(json::serialize(payload)));
  TRY(crypto::Signature signature, c_sign.sign(as_view(text)).in("Connector"));
  return SignedConnector{text + "." + to_base64url(signature.raw), key};
}

SecretBytes encode_configuration(const WifiNetwork& network,
                                 const std::optional<SignedConnector>& connector) {
  ASSERT(check(network) && (connector || !wants_connector(network.akm)));
  json::object credential{{"akm", to_string(network.akm)}};
  if (wants_passphrase(network.akm)) credential["pass"] = as_text(network.passphrase.reveal());
  if (connector) {
    credential["signedConnector"] = connector->text;
    credential["csign"] = signer_key(connector->signer);
  }
  const bool plain = is_utf8(as_text(network.ssid));
  json::object discovery{{plain ? "ssid" : "ssid64",
                          plain ? std::string(as_text(network.ssid)) : to_base64url(network.ssid)}};
  return SecretBytes(to_bytes(json::serialize(json::object{{"wi-fi_tech", "infra"},
                                                           {"discovery", std::move(discovery)},
                                                           {"cred", std::move(credential)}})));
}

Result<ConnectionStatus> decode_connection_status(View in) {
  TRY(json::object object, parse_object(in).in("connection status"));
  const json::value* result = object.if_contains("result");
  if (!result || !result->is_int64() || result->get_int64() < 0 ||
      result->get_int64() > static_cast<int>(Status::new_key_needed))
    return fail(Errc::malformed, "connection status: its result means nothing");
  ConnectionStatus out{static_cast<Status>(result->get_int64()), {}};
  TRY(out.channels, text_of(object, "channelList").in("connection status"));
  return out;
}

}  // namespace fairlead::dpp
