// SPDX-License-Identifier: Apache-2.0
#include "device/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <sstream>

#include "base/limits.h"
#include "base/version.h"

namespace fairlead::device {

namespace {

constexpr std::size_t listeners_max = 8;

using Setter = std::function<bool(Config&, const toml::node&)>;

template <class T>
bool set_number(T& to, std::optional<std::int64_t> value) {
  if (!value || *value < 0 || static_cast<std::uint64_t>(*value) > std::uint64_t{1} << 40)
    return false;
  to = static_cast<T>(*value);
  return true;
}

Setter into(std::string Config::* member) {
  return [member](Config& config, const toml::node& node) {
    auto value = node.value_exact<std::string>();
    if (value) config.*member = *value;
    return value.has_value();
  };
}
Setter into(std::filesystem::path Config::* member) {
  return [member](Config& config, const toml::node& node) {
    auto value = node.value_exact<std::string>();
    if (value) config.*member = *value;
    return value.has_value();
  };
}
Setter into(bool Config::* member) {
  return [member](Config& config, const toml::node& node) {
    auto value = node.value_exact<bool>();
    if (value) config.*member = *value;
    return value.has_value();
  };
}
Setter into(std::uint64_t Config::* member) {
  return [member](Config& config, const toml::node& node) {
    return set_number(config.*member, node.value_exact<std::int64_t>());
  };
}
Setter into(std::chrono::seconds Config::* member) {
  return [member](Config& config, const toml::node& node) {
    auto value = node.value_exact<std::int64_t>();
    bool good = value && *value >= 1 && *value <= 30 * 86'400;
    if (good) config.*member = std::chrono::seconds(*value);
    return good;
  };
}

bool parse_key_type(Config& config, std::string_view text) {
  if (text != "p256" && text != "p384") return false;
  config.key_type = text == "p384" ? crypto::KeyType::p384 : crypto::KeyType::p256;
  return true;
}
bool parse_kex(Config& config, std::string_view text) {
  config.kex = fdo::parse_kex_suite(text);
  return config.kex.has_value();
}
bool parse_cipher(Config& config, std::string_view text) {
  config.cipher = fdo::cipher_suite_from_text(text);
  return config.cipher.has_value();
}
bool parse_level(Config& config, std::string_view text) {
  for (Level level : {Level::debug, Level::info, Level::notice, Level::warning, Level::error}) {
    if (text != to_string(level)) continue;
    config.log_level = level;
    return true;
  }
  return false;
}

// "ADDRESS:PORT", with brackets around an IPv6 address.
std::optional<ListenAddress> listen_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  ListenAddress out;
  auto read = std::from_chars(text.data() + colon + 1, text.data() + text.size(), out.port);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  text = text.substr(0, colon);
  if (text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  out.address = text;
  return out;
}

// One or more, with commas between them; "": none.
bool parse_listen(Config& config, std::string_view text) {
  config.local_listen.clear();
  while (!text.empty()) {
    auto comma = std::min(text.find(','), text.size());
    auto one = listen_address(text.substr(0, comma));
    if (!one || config.local_listen.size() == listeners_max) return false;
    config.local_listen.push_back(std::move(*one));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return true;
}

bool parse_button(Config& config, std::string_view text) {
  config.button = link::parse_button_place(text);
  return config.button || text.empty();
}

bool set_site_option(Config& config, const toml::node& node) {
  auto value = node.value_exact<std::int64_t>();
  bool good = value && *value >= 224 && *value <= 254;  // RFC 3942: site-specific
  if (good) config.site_option = static_cast<std::uint8_t>(*value);
  return good;
}

bool set_commands(Config& config, const toml::node& node) {
  const toml::array* all = node.as_array();
  if (!all || all->size() > 64) return false;
  config.commands.clear();
  for (const toml::node& each : *all) {
    auto value = each.value_exact<std::string>();
    if (!value || !value->starts_with('/')) return false;  // a bare name would depend on PATH
    config.commands.push_back(*value);
  }
  return true;
}

const std::map<std::string, Setter, std::less<>>& settings() {
  static const std::map<std::string, Setter, std::less<>> table{
      {"state", into(&Config::state)},
      {"work", into(&Config::work)},
      {"manufacturer", into(&Config::manufacturer)},
      {"serial", into(&Config::serial)},
      {"model", into(&Config::model)},
      {"product_uri", into(&Config::product_uri)},
      {"vendor", into(&Config::vendor)},
      {"firmware", into(&Config::firmware)},
      {"key_type",
       [](Config& c, const toml::node& n) { return parse_key_type(c, n.value_or(std::string())); }},
      {"keystore", into(&Config::keystore)},
      {"keystore_credentials", into(&Config::keystore_credentials)},
      {"log_level",
       [](Config& c, const toml::node& n) { return parse_level(c, n.value_or(std::string())); }},
      {"retry_max_seconds", into(&Config::retry_max)},
      {"allow_credential_reuse", into(&Config::allow_credential_reuse)},
      {"kex",
       [](Config& c, const toml::node& n) { return parse_kex(c, n.value_or(std::string())); }},
      {"cipher",
       [](Config& c, const toml::node& n) { return parse_cipher(c, n.value_or(std::string())); }},
      {"owner.commands", set_commands},
      {"owner.command_seconds_max", into(&Config::command_seconds_max)},
      {"owner.download_bytes_max", into(&Config::download_bytes_max)},
      {"owner.upload_bytes_max", into(&Config::upload_bytes_max)},
      {"owner.wget_bytes_max", into(&Config::wget_bytes_max)},
      {"local.listen",
       [](Config& c, const toml::node& n) { return parse_listen(c, n.value_or(std::string())); }},
      {"local.announce", into(&Config::announce)},
      {"local.announce_serial", into(&Config::announce_serial)},
      {"local.vendor_domain", into(&Config::vendor_domain)},
      {"local.device_type", into(&Config::device_type)},
      {"local.find_upstream", into(&Config::find_upstream)},
      {"local.upstream_name", into(&Config::upstream_name)},
      {"local.upstream_domain", into(&Config::upstream_domain)},
      {"local.vendor_class", into(&Config::vendor_class)},
      {"local.site_option", set_site_option},
      {"local.network_hook", into(&Config::network_hook)},
      {"local.identify_hook", into(&Config::identify_hook)},
      {"local.state_hook", into(&Config::state_hook)},
      {"local.button",
       [](Config& c, const toml::node& n) {
         return parse_button(c, n.value_or(std::string("-")));
       }},
      {"local.tag", into(&Config::tag)},
      {"local.by_button_only", into(&Config::local_by_button_only)},
      {"local.bluetooth", into(&Config::bluetooth)},
      {"local.bluetooth_adapter", into(&Config::bluetooth_adapter)},
      {"local.bluetooth_name", into(&Config::bluetooth_name)},
      {"local.wifi", into(&Config::wifi)},
      {"local.call_for_network", into(&Config::call_for_network)},
      {"local.wifi_address_hook", into(&Config::wifi_address_hook)},
      {"local.stick_directory", into(&Config::stick_directory)},
      {"local.security1_code_file", into(&Config::security1_code_file)},
      {"upstream.connect", into(&Config::connect)},
      {"upstream.uri", into(&Config::upstream_uri)},
      {"upstream.topic_prefix", into(&Config::topic_prefix)},
      {"est.url", into(&Config::est_url)},
      {"est.authority", into(&Config::est_authority)},
      {"est.user", into(&Config::est_user)},
      {"upstream.telemetry_seconds", into(&Config::telemetry_interval)},
  };
  return table;
}

Result<void> apply(Config& config, const toml::table& table, const std::string& prefix) {
  for (const auto& [key, node] : table) {
    std::string name = prefix + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      TRY_VOID(apply(config, *inner, name + "."));
      continue;
    }
    std::string where = "line " + std::to_string(node.source().begin.line) + ": ";
    auto setting = settings().find(name);
    if (setting == settings().end())
      return fail(Errc::malformed, where + "there is no setting '" + name + "'");
    if (!setting->second(config, node))
      return fail(Errc::malformed,
                  where + "'" + name + "' has a value of the wrong kind or out of range");
  }
  return ok();
}

bool parse_seconds(std::chrono::seconds& to, std::string_view text) {
  std::int64_t value = 0;
  auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value < 1 ||
      value > 30 * 86'400)
    return false;
  to = std::chrono::seconds(value);
  return true;
}

struct Option {
  std::string_view name;
  bool takes_value;
  bool (*set)(Config&, std::string_view value);
};

constexpr Option options[] = {
    {"--state", true, [](Config& c, std::string_view v) { return c.state = v, !v.empty(); }},
    {"--work", true, [](Config& c, std::string_view v) { return c.work = v, !v.empty(); }},
    {"--manufacturer", true,
     [](Config& c, std::string_view v) { return c.manufacturer = v, true; }},
    {"--serial", true, [](Config& c, std::string_view v) { return c.serial = v, !v.empty(); }},
    {"--model", true, [](Config& c, std::string_view v) { return c.model = v, !v.empty(); }},
    {"--key-type", true, parse_key_type},
    {"--keystore", true, [](Config& c, std::string_view v) { return c.keystore = v, !v.empty(); }},
    {"--keystore-credentials", true,
     [](Config& c, std::string_view v) { return c.keystore_credentials = v, !v.empty(); }},
    {"--kex", true, parse_kex},
    {"--cipher", true, parse_cipher},
    {"--log-level", true, parse_level},
    {"--retry-max", true,
     [](Config& c, std::string_view v) { return parse_seconds(c.retry_max, v); }},
    {"--telemetry-seconds", true,
     [](Config& c, std::string_view v) { return parse_seconds(c.telemetry_interval, v); }},
    {"--local", true, parse_listen},
    {"--announce", false, [](Config& c, std::string_view) { return c.announce = true; }},
    {"--find-upstream", false, [](Config& c, std::string_view) { return c.find_upstream = true; }},
    {"--network-hook", true,
     [](Config& c, std::string_view v) { return c.network_hook = v, v.starts_with('/'); }},
    {"--wifi", true, [](Config& c, std::string_view v) { return c.wifi = v, v.starts_with('/'); }},
    {"--call-for-network", false,
     [](Config& c, std::string_view) { return c.call_for_network = true; }},
    {"--wifi-address-hook", true,
     [](Config& c, std::string_view v) { return c.wifi_address_hook = v, v.starts_with('/'); }},
    {"--identify-hook", true,
     [](Config& c, std::string_view v) { return c.identify_hook = v, v.starts_with('/'); }},
    {"--state-hook", true,
     [](Config& c, std::string_view v) { return c.state_hook = v, v.starts_with('/'); }},
    {"--button", true,
     [](Config& c, std::string_view v) { return parse_button(c, v) && c.button.has_value(); }},
    {"--vendor", true, [](Config& c, std::string_view v) { return c.vendor = v, !v.empty(); }},
    {"--product-uri", true, [](Config& c, std::string_view v) { return c.product_uri = v, true; }},
    {"--button-only", false,
     [](Config& c, std::string_view) { return c.local_by_button_only = true; }},
    {"--bluetooth", false, [](Config& c, std::string_view) { return c.bluetooth = true; }},
    {"--bluetooth-adapter", true,
     [](Config& c, std::string_view v) { return c.bluetooth_adapter = v, c.bluetooth = true; }},
    {"--bluetooth-name", true,
     [](Config& c, std::string_view v) { return c.bluetooth_name = v, !v.empty(); }},
    {"--stick", true,
     [](Config& c, std::string_view v) { return c.stick_directory = v, v.starts_with('/'); }},
    {"--code-file", true,
     [](Config& c, std::string_view v) { return c.code_file = v, !v.empty(); }},
    {"--label", true, [](Config& c, std::string_view v) { return c.label_file = v, !v.empty(); }},
    {"--security1-code-file", true,
     [](Config& c, std::string_view v) { return c.security1_code_file = v, !v.empty(); }},
    {"--once", false, [](Config& c, std::string_view) { return c.once = true; }},
    {"--no-connect", false, [](Config& c, std::string_view) { return c.connect = false, true; }},
    {"--json", false, [](Config& c, std::string_view) { return c.json = true; }},
    {"--yes", false, [](Config& c, std::string_view) { return c.yes = true; }},
    {"--allow-fault-injection", false,
     [](Config& c, std::string_view) { return c.allow_fault_injection = true; }},
};

constexpr std::pair<std::string_view, Command> commands[] = {{"run", Command::run},
                                                             {"initialize", Command::initialize},
                                                             {"status", Command::status},
                                                             {"reset", Command::reset},
                                                             {"set-code", Command::set_code}};

Result<Config> load_config(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return fail(Errc::not_found, "configuration " + file.string() + " can't be read");
  std::ostringstream text;
  text << in.rdbuf();
  return parse_config(text.str()).in(file.string());
}

// The value of option i, or an error; steps over it.
Result<std::string_view> value_of(std::span<const char* const> arguments, std::size_t& i) {
  if (i + 1 >= arguments.size())
    return fail(Errc::malformed, std::string(arguments[i]) + " wants a value");
  return std::string_view(arguments[++i]);
}

}  // namespace

std::filesystem::path work_folder(const Config& config) {
  return config.work.empty() ? config.state / "work" : config.work;
}

Result<Config> parse_config(std::string_view text, Config base) {
  // The adapter of a library that throws: converted once, here.
  try {
    toml::table table = toml::parse(text);
    TRY_VOID(apply(base, table, ""));
  } catch (const toml::parse_error& error) {
    return fail(Errc::malformed, "line " + std::to_string(error.source().begin.line) + ": " +
                                     std::string(error.description()));
  }
  return base;
}

Result<CommandLine> parse_command_line(std::span<const char* const> arguments) {
  CommandLine out;
  // The file first, wherever it stands: options go over it.
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (std::string_view(arguments[i]) != "--config") continue;
    TRY(auto file, value_of(arguments, i));
    TRY(out.config, load_config(file));
  }
  bool command_seen = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view word = arguments[i];
    if (word == "--help" || word == "-h") {
      out.help = true;
      return out;
    }
    if (word == "--config") {
      ++i;
      continue;
    }
    auto command = std::ranges::find(commands, word, &std::pair<std::string_view, Command>::first);
    if (command != std::end(commands) && !command_seen) {
      out.config.command = command->second;
      command_seen = true;
      continue;
    }
    auto option = std::ranges::find(options, word, &Option::name);
    if (option == std::end(options))
      return fail(Errc::malformed, "'" + std::string(word) + "' is not known; see --help");
    std::string_view value;
    if (option->takes_value) {
      TRY(value, value_of(arguments, i));
    }
    if (!option->set(out.config, value))
      return fail(Errc::malformed, std::string(word) + " can't be '" + std::string(value) + "'");
  }
  return out;
}

std::string_view usage() {
  return R"(fairlead-device [COMMAND] [OPTIONS]

Commands
  run          the right next thing, again at every start (default)
  initialize   make the factory credential at the factory station, then end
  status       where this device stands and why (--json)
  set-code     draw the code for the label (or take that of --code-file), and print both
  reset        forget the upstream and look for the owner again (--yes)

Options
  --config FILE           settings in TOML; options go over them
  --state DIR             keys, credential, journal (default /var/lib/fairlead-device)
  --work DIR              files from and for the owner (default STATE/work)
  --manufacturer URL      the factory station
  --serial S, --model M   what the device is (the serial defaults to the machine's)
  --key-type p256|p384    for new keys
  --keystore KEYSTORE     file (default), tpm2[:TCTI], pkcs11:URI
  --keystore-credentials DIR
                          files with PIN or authorisation values (default: systemd's)
  --kex, --cipher SUITE   of TO2, by FDO's names (default: as strong as the key)
  --retry-max SECONDS     no wait is longer
  --telemetry-seconds N   interval of telemetry
  --local ADDRESS:PORT[,...]
                          let a tool beside the device provision it by HTTP (default: nobody);
                          [::%eth0]:PORT is any address of eth0, port 0 any free one
  --announce              say so on these networks by DNS-SD, until it is provisioned
  --find-upstream         ask the network for upstreams while there is none: DHCP, DNS-SD, a name
  --network-hook, --identify-hook PROGRAM
                          sets the network, shows the device (full paths; see operations.md)
  --vendor S, --product-uri URI
                          said there too
  --bluetooth             let a phone beside the device provision it by Bluetooth LE
  --bluetooth-adapter A   by this adapter: hci0 (default: the first)
  --bluetooth-name NAME   as phones see it (default: PROV_ and six digits of the serial)
  --wifi SOCKET           and say which Wi-Fi network it is to join, by the wpa_supplicant that
                          listens there: /run/wpa_supplicant/wlan0
  --call-for-network      while it has no network, call for whoever knows its label to give it
                          one, by Wi-Fi Easy Connect
  --wifi-address-hook PROGRAM
                          gets the address there (default: the system does so by itself)
  --stick DIR             and take part with USB sticks that are mounted there (operations.md)
  --state-hook PROGRAM    shows how far the device is, at each change (see operations.md)
  --button PLACE          its button: gpio:CHIP/LINE[,active-high] or input:PATH,KEY, beside SIGUSR1
  --button-only           let nobody in before the button is pressed, upstream or none
  --code-file FILE        set-code, initialize --label: the code to take; - is standard input
  --label FILE            set-code, initialize: set a code, and write what a label needs to FILE as a
                          line of JSON for `fairlead label`; - is standard output
  --security1-code-file F also take Espressif's Security 1 with the code in this file
  --no-connect            end when provisioned
  --once                  end instead of the first wait (status 1), and once connected (status 0)
  --log-level LEVEL       debug, info, notice, warning, error
)";
}

std::string firmware_of(const Config& config) {
  return config.firmware.empty() ? "fairlead-device " + std::string(version_text) : config.firmware;
}

std::string serial_of(const Config& config) {
  return config.serial.empty() ? machine_serial() : config.serial;
}

std::string machine_serial() {
  for (const char* file : {"/sys/class/dmi/id/product_serial", "/proc/device-tree/serial-number"}) {
    std::ifstream in(file);
    std::string text;
    std::getline(in, text, '\0');
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
    if (!text.empty() && text.size() <= 64 && printable) return text;
  }
  std::ifstream in("/etc/machine-id");
  std::string id;
  std::getline(in, id);
  return id.size() == 32 ? id.substr(0, 16) : "";
}

}  // namespace fairlead::device
