// SPDX-License-Identifier: Apache-2.0
// Wi-Fi: which network a profile's devices join, and by which key a device is known to the
// Controller of Wi-Fi Easy Connect. A passphrase goes in and never comes out.
#include "base/events.h"
#include "codec/pem.h"
#include "codec/utf8.h"
#include "server/api/call.h"

namespace fairlead::server::api {

namespace {

json::object to_json(const dpp::WifiNetwork& network) {
  json::object out{{"akm", to_string(network.akm)},
                   {"passphrase_set", !network.passphrase.empty()},
                   {"ssid_hex", to_hex(network.ssid)}};
  if (is_utf8(as_text(network.ssid))) out["ssid"] = as_text(network.ssid);
  return out;
}

Result<Bytes> ssid_of(const Call& call) {
  if (!call.body.contains("ssid_hex")) {
    TRY(auto text, call.text("ssid"));
    return to_bytes(text);
  }
  TRY(auto text, call.text("ssid_hex"));
  auto bytes = from_hex(text);
  if (!bytes) return fail(Errc::malformed, "'ssid_hex' is not hexadecimal");
  return std::move(*bytes);
}

Result<Response> show_key(Call& call, const registry::Device& device) {
  TRY(auto key, call.read().find_bootstrap_key(device.id));
  if (!key) return fail(Errc::not_found, "no key of Wi-Fi Easy Connect is known of this device");
  return ok_json(json::object{{"uri", key->uri}, {"hash", to_hex(key->hash)}});
}

}  // namespace

Result<Response> show_wifi(Call& call) {
  TRY(auto profile, require_profile(call));
  TRY(auto network, call.s.wifi.find(profile.id));
  if (!network)
    return fail(Errc::not_found, "profile '" + profile.id.str() + "' has no Wi-Fi network");
  return ok_json(to_json(*network));
}

Result<Response> put_wifi(Call& call) {
  TRY(auto profile, require_profile(call));
  TRY_VOID(check_edit(call, profile.id, profile.document));
  dpp::WifiNetwork network;
  TRY(network.ssid, ssid_of(call));
  TRY(auto akm_name, call.text_or("akm", "psk+sae"));
  auto akm = dpp::parse_akm(akm_name);
  if (!akm)
    return fail(Errc::malformed, "'akm' is none of psk, sae, psk+sae, dpp, dpp+sae, dpp+psk+sae");
  network.akm = *akm;
  TRY(auto passphrase, call.text_or("passphrase", ""));
  network.passphrase = SecretBytes(to_bytes(passphrase));
  TRY_VOID(dpp::check(network));  // before the log says that it is set
  TRY(auto parsed, parse_profile(profile.id, profile.document));
  auto deed = call.deed(parsed.decision.account, profile.id.str(), event::wifi_set,
                        {{"profile", profile.id.str()},
                         {"ssid_hex", to_hex(network.ssid)},
                         {"akm", std::string(to_string(network.akm))}});
  TRY_VOID(call.tell(call.s.wifi.set(profile.id, network, call.request.now, {std::move(deed)})));
  return ok_json(to_json(network));
}

Result<Response> remove_wifi(Call& call) {
  TRY(auto profile, require_profile(call));
  TRY_VOID(check_edit(call, profile.id, profile.document));
  TRY(auto parsed, parse_profile(profile.id, profile.document));
  TRY_VOID(call.commit({registry::RemoveWifiNetwork{profile.id},
                        call.deed(parsed.decision.account, profile.id.str(), event::wifi_removed,
                                  {{"profile", profile.id.str()}})}));
  return Response{204, {}, {}, {}, {}};
}

Result<Response> show_bootstrap(Call& call) {
  TRY(auto device, require_device(call));
  return show_key(call, device);
}

Result<Response> put_bootstrap(Call& call) {
  TRY(auto device, require_device(call));
  TRY(auto uri, call.text("uri", document_characters_max));
  auto set = set_bootstrap_uri(call.s.store, device, uri, call.actor(), call.request.now);
  if (!set && set.error().code == Errc::conflict)
    return fail(Errc::conflict, "this key is another device's");
  TRY_VOID(std::move(set));
  return show_key(call, device);
}

Result<Response> remove_bootstrap(Call& call) {
  TRY(auto device, require_device(call));
  registry::Transaction changes{registry::RemoveBootstrapKey{device.id}};
  append_deed(changes, call.actor(), device, call.request.now, event::dpp_key_removed,
              {{"who", call.who.user.id.str()}});
  TRY_VOID(call.commit(std::move(changes)));
  return Response{204, {}, {}, {}, {}};
}

Result<Response> show_controller(Call& call) {
  if (!call.s.dpp)
    return fail(Errc::not_found,
                "this server is no Controller of Wi-Fi Easy Connect; set dpp.port");
  const auto uri = call.s.dpp->uri();
  return ok_json(json::object{{"uri", encode_bootstrap_uri(uri)},
                              {"hash", uri.key.hash().hex()},
                              {"c_sign", pem::encode("PUBLIC KEY", call.s.dpp->c_sign().spki())}});
}

}  // namespace fairlead::server::api
