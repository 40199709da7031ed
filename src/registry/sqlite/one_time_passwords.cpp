// SPDX-License-Identifier: Apache-2.0
#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {

Result<void> read(Statement& row, OneTimePassword& p) {
  return row.read(p.device, p.sha256, p.key_fingerprint, p.failures, p.created, p.expires);
}

Result<void> apply(Connection& connection, const PutOneTimePassword& put) {
  const OneTimePassword& p = put.password;
  return change(connection,
                "INSERT OR REPLACE INTO one_time_passwords(device, sha256, key_fingerprint,"
                " failures, created, expires) VALUES(?, ?, ?, ?, ?, ?)",
                p.device, p.sha256, p.key_fingerprint, p.failures, p.created, p.expires)
      .in("one-time password of device " + p.device.str());
}

Result<void> apply(Connection& connection, const UseOneTimePassword& use) {
  return change_one(connection, "is unknown, or was used for another key",
                    "UPDATE one_time_passwords SET key_fingerprint = ?1 WHERE device = ?2"
                    " AND sha256 = ?3 AND (key_fingerprint = x'' OR key_fingerprint = ?1)",
                    use.key_fingerprint, use.device, use.sha256)
      .in("one-time password of device " + use.device.str());
}

Result<void> apply(Connection& connection, const CountWrongPassword& count) {
  return change(connection,
                "UPDATE one_time_passwords SET failures = failures + 1 WHERE device = ?",
                count.device)
      .in("one-time password of device " + count.device.str());
}

Result<std::optional<OneTimePassword>> find_one_time_password(Connection& connection,
                                                              const DeviceId& device) {
  return find_one<OneTimePassword>(
      connection,
      "SELECT device, sha256, key_fingerprint, failures, created, expires"
      " FROM one_time_passwords WHERE device = ?",
      device);
}

}  // namespace fairlead::registry::sqlite
