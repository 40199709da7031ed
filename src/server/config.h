// SPDX-License-Identifier: Apache-2.0
// What an operator sets, with defaults that make `fairlead-server --data DIR` a whole system on one
// box.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "crypto/key.h"
#include "server/est/service.h"
#include "server/fdo/limits.h"

namespace fairlead::server {

struct Roles {
  bool factory = true, rendezvous = true, owner = true;
};

struct Listener {
  std::string address;
  std::uint16_t port = 0;
  bool tls = false;
};

// Where runs of FDO are kept between two messages: `registry` for many servers on one database.
enum class SessionsIn { memory, registry };

struct Config {
  std::filesystem::path data = "/var/lib/fairlead";
  // Shared by several servers on one machine, or the default within `data` when empty.
  std::filesystem::path registry;
  Roles roles;
  // The name or address under which devices reach this server; goes into rendezvous info and
  // endpoints.
  std::string public_host = "127.0.0.1";
  Listener fdo{"127.0.0.1", 8040, false};
  bool announce = false;      // the FDO listener, by DNS-SD, to devices that look for an upstream
  std::string announce_name;  // as it is called there; "": the host's name
  // Devices without a voucher may ask by themselves, and wait in this account; "": they may not.
  std::string ask_account;
  Listener api{"127.0.0.1", 8041, false};
  Listener est{"127.0.0.1", 8042, true};  // with role owner; 0: not offered; always TLS
  Listener pki{"127.0.0.1", 0, false};    // revocation list and OCSP, by plain HTTP; 0: not offered
  std::string pki_url;                    // what certificates say of where that is; "": nothing
  Listener dpp{"127.0.0.1", 0, false};    // Wi-Fi Easy Connect for relays; 0: not offered
  std::uint32_t est_retry_after_seconds = 60;  // while a person has to approve
  std::uint32_t to0_wait_seconds = 3600;       // what we ask for, as owner
  std::uint32_t rendezvous_wait_max = 86'400;  // what we grant, as rendezvous server
  bool rendezvous_open = false;                // take vouchers of any maker (a lab's choice)
  crypto::KeyType key_type = crypto::KeyType::p256;
  std::string keystore = "file";               // KIND or KIND:ADDRESS, see keystore/backend.h
  std::filesystem::path keystore_credentials;  // folder; empty: systemd's, if any
  bool broker = true;                          // start and supervise mosquitto
  std::string broker_address = "127.0.0.1";
  std::uint16_t broker_port = 8883;
  std::string broker_plugin;  // path of fairlead-mosquitto.so; empty: beside the program
  Level log_level = Level::info;
  CallerRates fdo_rates = server::fdo_rates;
  CallerRates est_rates = server::est_rates;
  SessionsIn sessions = SessionsIn::memory;

  // Who gives certificates renews them.
  bool offers_est() const { return roles.owner && est.port != 0; }
  bool is_dpp_controller() const { return roles.owner && dpp.port != 0; }
  std::filesystem::path files;  // that profiles give to devices; empty: DATA/files
  std::filesystem::path files_folder() const { return files.empty() ? data / "files" : files; }
  std::filesystem::path registry_file() const {
    return registry.empty() ? data / "registry.db" : registry;
  }
};

// TOML (docs/operations.md lists every key). malformed names line and column; an unknown key is
// refused.
Result<Config> load_config(const std::filesystem::path& file);
Result<Config> parse_config(std::string_view text);

}  // namespace fairlead::server
