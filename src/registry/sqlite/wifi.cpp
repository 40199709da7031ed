// SPDX-License-Identifier: Apache-2.0
// What Wi-Fi Easy Connect knows devices by, and what it gives them.
#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {

Result<void> read(Statement& row, BootstrapKey& key) {
  return row.read(key.device, key.hash, key.chirp_hash, key.uri);
}

Result<void> read(Statement& row, WifiNetwork& network) {
  return row.read(network.profile, network.sealed, network.changed);
}

Result<void> apply(Connection& connection, const PutBootstrapKey& put) {
  const BootstrapKey& key = put.key;
  return change_one(connection, "is another device's",
                    "INSERT INTO bootstrap_keys(device, hash, chirp_hash, uri)"
                    " SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS"
                    " (SELECT 1 FROM bootstrap_keys WHERE device <> ?1 AND hash = ?2)"
                    " ON CONFLICT(device) DO UPDATE SET hash = excluded.hash,"
                    " chirp_hash = excluded.chirp_hash, uri = excluded.uri",
                    key.device, key.hash, key.chirp_hash, key.uri)
      .in("bootstrapping key");
}

Result<void> apply(Connection& connection, const RemoveBootstrapKey& remove) {
  return change(connection, "DELETE FROM bootstrap_keys WHERE device = ?", remove.device)
      .in("bootstrapping key");
}

Result<void> apply(Connection& connection, const PutWifiNetwork& put) {
  const WifiNetwork& network = put.network;
  return change(connection,
                "INSERT OR REPLACE INTO wifi_networks(profile, sealed, changed) VALUES(?, ?, ?)",
                network.profile, network.sealed, network.changed)
      .in("Wi-Fi network");
}

Result<void> apply(Connection& connection, const RemoveWifiNetwork& remove) {
  return change(connection, "DELETE FROM wifi_networks WHERE profile = ?", remove.profile)
      .in("Wi-Fi network");
}

Result<std::optional<BootstrapKey>> find_bootstrap_key(Connection& connection,
                                                       const DeviceId& device) {
  return find_one<BootstrapKey>(
      connection, "SELECT device, hash, chirp_hash, uri FROM bootstrap_keys WHERE device = ?",
      device);
}

Result<std::optional<BootstrapKey>> find_bootstrap_key_by_hash(Connection& connection, View hash) {
  return find_one<BootstrapKey>(
      connection,
      "SELECT device, hash, chirp_hash, uri FROM bootstrap_keys WHERE hash = ?1 OR chirp_hash = ?1",
      hash);
}

Result<std::optional<WifiNetwork>> find_wifi_network(Connection& connection,
                                                     const ProfileId& profile) {
  return find_one<WifiNetwork>(
      connection, "SELECT profile, sealed, changed FROM wifi_networks WHERE profile = ?", profile);
}

}  // namespace fairlead::registry::sqlite
