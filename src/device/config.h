// SPDX-License-Identifier: Apache-2.0
// What is set on a device, by file and command line, with defaults that suit a device on the bench.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "crypto/key.h"
#include "fdo/key_exchange.h"
#include "link/button.h"

namespace fairlead::device {

enum class Command { run, initialize, status, reset, set_code };

// "0.0.0.0:8080", "[::]:8080"; "[::%eth0]:8080": any address of one interface, IPv4 too.
struct ListenAddress {
  std::string address;  // without brackets
  std::uint16_t port = 0;
};

struct Config {
  Command command = Command::run;
  std::filesystem::path state = "/var/lib/fairlead-device";
  std::filesystem::path work;  // for files that the owner sends and fetches; empty: STATE/work
  std::string manufacturer;    // URL of the factory station; empty: none
  std::string serial;          // empty: of the machine (DMI, device tree, machine-id)
  std::string model = "Fairlead device";
  std::string product_uri;  // IEC 61406, may be empty
  std::string vendor;       // may be empty
  std::string firmware;     // empty: this program's version
  crypto::KeyType key_type = crypto::KeyType::p256;
  bool allow_credential_reuse = false;
  std::string keystore = "file";               // KIND or KIND:ADDRESS, see keystore/backend.h
  std::filesystem::path keystore_credentials;  // folder; empty: systemd's, if any
  std::optional<fdo::KexSuite> kex;            // none: as strong as the key
  std::optional<fdo::CipherSuite> cipher;      // none: likewise, GCM

  // Actions of an owner.
  std::vector<std::string>
      commands;  // programs that fdo.command may start, by full path; empty: none
  std::chrono::seconds command_seconds_max{60};
  std::uint64_t download_bytes_max = 256u << 20;  // of one file
  std::uint64_t upload_bytes_max = 256u << 20;
  std::uint64_t wget_bytes_max = 256u << 20;

  // Upstream.
  bool connect = true;       // false: end when provisioned
  std::string upstream_uri;  // used where a certificate came without endpoints (fdo.csr, EST)
  std::string topic_prefix;  // there; "fairlead/v1/ACCOUNT/DEVICE/"
  std::chrono::seconds telemetry_interval{60};

  // The first certificate by EST alone (est_enrolment.h).
  std::string est_url;                  // "https://host:8042"; empty: off
  std::filesystem::path est_authority;  // PEM: who may vouch for that server, and for the broker
  std::string est_user;                 // of the one-time password: the device's name there

  // Provisioning from beside the device (local_door.h).
  std::vector<ListenAddress> local_listen;  // empty: off
  bool announce = false;                    // where it listens, by DNS-SD (local_presence.h)
  bool announce_serial = true;
  bool find_upstream = false;              // ask the network (upstream_search.h)
  std::string upstream_name = "fairlead";  // a host of the network's domain, or of any with a dot
                                           // in it; ":PORT" may follow; empty: none is asked for
  std::string upstream_domain;             // looked into as well as the network's; may be empty
  std::string vendor_class = "FAIRLEAD";   // said to DHCP servers
  std::uint8_t site_option = 0;  // of DHCPv4, 224 to 254: holds a URI at this site; 0: none
  std::filesystem::path network_hook, identify_hook, state_hook;  // programs (hooks.h); empty: none
  std::string vendor_domain, device_type, tag;                    // said there; may be empty
  bool local_by_button_only = false;        // else also while the device has no upstream
  std::optional<link::ButtonPlace> button;  // none: the signal SIGUSR1 only
  bool bluetooth = false;
  std::string bluetooth_adapter;  // "hci0"; empty: the first
  std::string bluetooth_name;     // as phones see it; empty: PROV_ and six digits of the serial
  std::filesystem::path wifi;     // control socket of wpa_supplicant for one interface; empty: none
  bool call_for_network = false;  // by Wi-Fi Easy Connect, while there is none
  std::filesystem::path wifi_address_hook;    // program (local_wifi.h); empty: the system's affair
  std::filesystem::path stick_directory;      // where USB sticks are mounted; empty: none is used
  std::filesystem::path security1_code_file;  // Security 1 for old clients; empty: off
  std::filesystem::path code_file;            // the code for the label; empty: drawn
  std::filesystem::path label_file;           // what a label needs goes there; empty: nowhere

  std::chrono::seconds retry_max{3600};  // no wait is longer
  bool once = false;                     // end instead of the first wait, and once connected
  bool json = false;                     // status
  bool yes = false;                      // reset without asking
  bool allow_fault_injection = false;
  Level log_level = Level::info;
};

std::filesystem::path work_folder(const Config& config);

// TOML; an unknown key, a wrong kind or a value out of range is malformed, with its line.
Result<Config> parse_config(std::string_view text, Config base = {});
// The command line, options over file. `help` instead of a configuration where it was asked for.
struct CommandLine {
  Config config;
  bool help = false;
};
Result<CommandLine> parse_command_line(std::span<const char* const> arguments);
std::string_view usage();

// Of the machine: DMI product serial, device tree serial-number, or the first half of machine-id;
// "" if none.
std::string machine_serial();
// As configured, or the machine's.
std::string serial_of(const Config& config);

// As configured, or this program's own name and version.
std::string firmware_of(const Config& config);

}  // namespace fairlead::device
