// SPDX-License-Identifier: Apache-2.0
#include "server/dpp/controller.h"

#include "base/events.h"
#include "base/limits.h"
#include "server/identity.h"

namespace fairlead::server {

namespace {

constexpr std::string_view bootstrap_setting = "dpp.bootstrap";
constexpr std::string_view c_sign_name = "dpp-c-sign";

// The first server of a group makes it, and the others find it.
Result<crypto::CurveKey> open_bootstrap(keystore::Keystore& keys, Store& store, Random& random) {
  const std::string setting(bootstrap_setting);
  TRY(auto stored, store.read().find_setting(setting));
  if (!stored) {
    TRY(auto made, generate_curve_key(crypto::Curve::p256, random));
    TRY(Bytes sealed, keys.seal(made.scalar.reveal()));
    auto written = store.commit({registry::InsertSetting{setting, std::move(sealed)}});
    if (!written && written.error().code != Errc::conflict) return fail(written.error());
    TRY(stored, store.read().find_setting(setting));
    if (!stored) return fail(Errc::internal, setting + " vanished");
  }
  TRY(SecretBytes scalar, keys.unseal(*stored).in("the Controller's bootstrapping key"));
  return curve_key_from_scalar(crypto::Curve::p256, scalar.reveal());
}

// The hash that the device is to be found by.
const dpp::KeyHash& claimed_hash(const dpp::Opening& opening) {
  if (const auto* announced = std::get_if<dpp::Announced>(&opening)) return announced->chirp_hash;
  return std::get<dpp::Requested>(opening).initiator;
}

// A chirp is found by chirp hashes only, a request by the other: one is no stand-in for the other.
bool found_as_claimed(const dpp::Opening& opening, const registry::BootstrapKey& known) {
  return equal(claimed_hash(opening),
               std::holds_alternative<dpp::Announced>(opening) ? known.chirp_hash : known.hash);
}

constexpr Rate attempts_rate{limits::dpp_attempts_per_key_max /
                                 std::chrono::duration<double>(limits::dpp_attempts_window).count(),
                             static_cast<double>(limits::dpp_attempts_per_key_max)};

}  // namespace

Result<ControllerKeys> open_controller_keys(keystore::Keystore& keys, Store& store,
                                            Random& random) {
  ControllerKeys out;
  TRY(out.bootstrap, open_bootstrap(keys, store, random));
  TRY(out.c_sign, open_kept_key(keys, store, std::string(c_sign_name), crypto::KeyType::p256,
                                "devices on Wi-Fi trust this key"));
  return out;
}

Result<void> set_bootstrap_uri(Store& store, const registry::Device& device, std::string_view text,
                               const Actor& actor, Time now) {
  TRY(auto uri, dpp::decode_bootstrap_uri(text));
  registry::Transaction changes{
      registry::PutBootstrapKey{{device.id, to_bytes(View(uri.key.hash())),
                                 to_bytes(View(uri.key.chirp_hash())), std::string(text)}}};
  append_deed(changes, actor, device, now, event::dpp_key_set,
              {{"who", actor.who}, {"hash", uri.key.hash().hex()}});
  return store.commit(std::move(changes));
}

DppController::DppController(ControllerKeys keys, Store& store, WifiNetworks& networks, Log& log)
    : keys_(std::move(keys)),
      store_(store),
      networks_(networks),
      log_(log),
      attempts_(attempts_rate),
      strangers_(Rate{0.1, 6}) {}

Result<DppController::Known> DppController::require_device(const dpp::Opening& opening, Time now) {
  const auto* request = std::get_if<dpp::Requested>(&opening);
  if (request && request->responder != dpp::bootstrap_key(keys_.bootstrap.point).hash())
    return fail(Errc::untrusted, "the request is for another Controller");
  const dpp::KeyHash& hash = claimed_hash(opening);
  TRY(auto record, store_.read().find_bootstrap_key_by_hash(hash));
  if (!record || !found_as_claimed(opening, *record))
    return fail(Errc::not_found, "no device here has a key with hash " + hash.hex());
  if (attempts_.take(hash.hex(), now).wait > Duration::zero())
    return fail(Errc::busy, "this device has tried too often");
  TRY(auto device, store_.read().find_device(record->device));
  if (!device) return fail(Errc::not_found, "the device with this key is gone");
  TRY(auto uri, dpp::decode_bootstrap_uri(record->uri));
  if (registry::is_locked_out(device->state))
    return fail(Errc::refused, "device " + device->id.str() + " is revoked or out of use");
  return Known{record->device, std::move(uri.key)};
}

Result<std::vector<SecretBytes>> DppController::configuration_for(const DeviceId& id,
                                                                  const dpp::Configure& asked) {
  if (asked.request.role != dpp::NetworkRole::station)
    return fail(Errc::refused,
                "the device asks to be an access point or Configurator; networks are "
                "given to stations only");
  TRY(auto device, store_.read().find_device(id));
  if (!device) return fail(Errc::not_found, "the device is gone");
  TRY(auto profile, profiles_.matching(subject_of(*device)));
  if (!profile) return fail(Errc::refused, "no profile matches the device");
  TRY(auto network, networks_.find(profile->decision.id));
  if (!network)
    return fail(Errc::refused, "profile '" + profile->decision.id.str() + "' has no Wi-Fi network");
  std::optional<dpp::SignedConnector> connector;
  if (dpp::wants_connector(network->akm)) {
    TRY(connector, dpp::sign_connector({"*", asked.network_key}, *keys_.c_sign));
  }
  std::vector<SecretBytes> out;
  out.push_back(dpp::encode_configuration(*network, connector));
  return out;
}

void DppController::tell(const DeviceId& device, const LogEvent& event, Fields fields, Time now) {
  store_.commit_soon({timeline(device, now, event, fields)});
  fields.insert(fields.begin(), Field{"device", device.str()});
  log_.write(event, fields);
}

void DppController::configured(const DeviceId& device, const dpp::Configured& how,
                               const std::string& peer, Time now) {
  if (how.status && how.status->result != dpp::Status::ok)
    return tell(device, event::dpp_not_joined,
                {{"peer", peer}, {"why", to_string(how.status->result)}}, now);
  tell(device, event::dpp_configured,
       {{"peer", peer}, {"joined", how.status ? "and it has joined" : "it has not said yet"}}, now);
}

void DppController::turned_away(const std::string& peer, const Error& why, Time now) {
  if (strangers_.take(peer, now).wait == Duration::zero())
    log_(event::dpp_refused, {{"peer", peer}, {"why", why.context}});
}

void DppController::failed(const DeviceId& device, const Error& why, const std::string& peer,
                           Time now) {
  tell(device, event::dpp_failed, {{"peer", peer}, {"why", why.context}}, now);
}

dpp::BootstrapUri DppController::uri() const {
  return {{}, {}, {}, 2, dpp::bootstrap_key(keys_.bootstrap.point)};
}

}  // namespace fairlead::server
