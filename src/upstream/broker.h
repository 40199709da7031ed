// SPDX-License-Identifier: Apache-2.0
// The embedded broker: a mosquitto with our plugin, as a supervised child process. A broker started
// by hand or by systemd needs no more than the configuration that write_broker_conf() makes.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "net/loop.h"

namespace fairlead::upstream {

struct BrokerOptions {
  std::string program = "/usr/sbin/mosquitto";
  // Made if it is not there. Holds mosquitto.conf, ca/ (hashed), db/ and, by default, the access
  // table. When we are root, it becomes root:<group of user> 2750 and files in it inherit the
  // group; the folders above it must let that user through.
  std::string folder;
  // Whom the broker runs as when we are root; ignored otherwise. The child changes its user before
  // it starts the broker: a broker that changes it by itself would lose the parent-death signal and
  // outlive us.
  std::string user = "mosquitto";
  std::string address = "0.0.0.0";  // IP address or name to listen on
  std::uint16_t port = 8883;
  // The broker's own certificate chain and key, PEM. The broker reads files only, so this is the
  // one place where Fairlead keeps a private key as a plain file: the server makes a key for this
  // purpose alone, and never its CA's or owner's key. Where they are already in place (mode 0640,
  // readable by `user`); see write_broker_identity().
  std::string certificate_file;
  std::string key_file;
  std::vector<crypto::Certificate>
      client_authorities;    // issuers of device and service certificates
  std::string plugin_file;   // fairlead-mosquitto.so
  std::string access_table;  // path given to AccessWriter
  // Deny new connections when the table's heartbeat is older; 0: never, the table stays valid.
  std::chrono::seconds table_age_max{0};
  std::chrono::hours session_kept{14 * 24};  // persistent_client_expiration
  std::uint32_t connections_max = 0;         // 0: the system's limit of open files
};

// Writes mosquitto.conf and ca/ into options.folder and returns the configuration's path:
// `mosquitto -c PATH` then does the rest. Files are replaced by rename.
Result<std::string> write_broker_conf(const BrokerOptions& options);

// Writes the pair as broker-cert.pem and broker-key.pem (0640) into options.folder, and sets both
// paths in options.
Result<void> write_broker_identity(BrokerOptions& options,
                                   std::span<const crypto::Certificate> chain,
                                   std::string_view key_pem);

// Trusts one more issuer without a restart: the broker looks into ca/ at each handshake. (Taking
// one away needs a restart; a device is kept out by the access table, not by this.)
Result<void> add_client_authority(const BrokerOptions& options,
                                  const crypto::Certificate& authority);

class Broker {
 public:
  // All three outlive the broker. Nothing runs yet.
  Broker(net::Loop& loop, Log& log, BrokerOptions options);
  ~Broker();  // ends the child at once if stop() was not awaited
  Broker(const Broker&) = delete;

  // Writes the configuration, starts the child and waits until it accepts connections: at most
  // 10 s. io with the broker's last words when it ends instead. From then on it is started again
  // whenever it ends, after 0.5 s, 1 s, 2 s ... 30 s. To be called on the loop's thread, which must
  // live as long as the child (parent-death signal).
  net::Task<void> start();
  // SIGTERM, then SIGKILL after 5 s. Ends when the child has.
  net::Task<void> stop();
  // The child reads its certificate and key again (SIGHUP); who is connected stays so. Nothing to
  // do where none runs: the next one begins with what is in the files.
  Result<void> reload();

  int pid() const;               // -1 when none runs
  std::uint64_t starts() const;  // how often it was started

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;  // shared with the task that supervises
};

}  // namespace fairlead::upstream
