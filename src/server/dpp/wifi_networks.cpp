// SPDX-License-Identifier: Apache-2.0
#include "server/dpp/wifi_networks.h"

#include "base/limits.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"

namespace fairlead::server {

namespace {

// Sealed = [profile, ssid, akm, passphrase]: a network that is moved to another row is none of that
// profile's.
SecretBytes encode(const ProfileId& profile, const dpp::WifiNetwork& network) {
  return SecretBytes(cbor::Writer()
                         .array(4)
                         .text(profile.str())
                         .bytes(network.ssid)
                         .text(to_string(network.akm))
                         .bytes(network.passphrase.reveal())
                         .take());
}

Result<dpp::WifiNetwork> decode(const ProfileId& profile, View plain) {
  cbor::Reader in(plain);
  in.array(4);
  const bool same = in.text(plain.size()) == profile.str();
  dpp::WifiNetwork out;
  out.ssid = to_bytes(in.bytes(limits::ssid_bytes_max));
  auto akm = dpp::parse_akm(in.text(16));
  out.passphrase = SecretBytes::copy_of(in.bytes(limits::wifi_passphrase_bytes_max));
  TRY_VOID(in.status());
  if (!same || !akm) return fail(Errc::untrusted, "it is another profile's");
  out.akm = *akm;
  return out;
}

}  // namespace

Result<void> WifiNetworks::set(const ProfileId& profile, const dpp::WifiNetwork& network, Time now,
                               registry::Transaction with) {
  TRY_VOID(dpp::check(network));
  TRY(Bytes sealed, keys_.seal(encode(profile, network).reveal()));
  with.push_back(registry::PutWifiNetwork{{profile, std::move(sealed), now}});
  return store_.commit(std::move(with));
}

Result<std::optional<dpp::WifiNetwork>> WifiNetworks::find(const ProfileId& profile) {
  TRY(auto record, store_.read().find_wifi_network(profile));
  if (!record) return std::optional<dpp::WifiNetwork>();
  const std::string where = "Wi-Fi network of profile " + profile.str();
  TRY(SecretBytes plain, keys_.unseal(record->sealed).in(where));
  TRY(auto network, decode(profile, plain.reveal()).in(where));
  return std::optional(std::move(network));
}

}  // namespace fairlead::server
