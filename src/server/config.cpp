// SPDX-License-Identifier: Apache-2.0
#include "server/config.h"

#include <toml++/toml.h>

#include <fstream>
#include <functional>
#include <map>
#include <sstream>

namespace fairlead::server {

namespace {

using Setter = std::function<bool(Config&, const toml::node&)>;

template <class T>
Setter into(T Config::* member) {
  return [member](Config& config, const toml::node& node) {
    if constexpr (std::is_same_v<T, std::filesystem::path>) {
      auto value = node.value_exact<std::string>();
      if (value) config.*member = *value;
      return value.has_value();
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, bool>) {
      auto value = node.value_exact<T>();
      if (value) config.*member = *value;
      return value.has_value();
    } else {
      auto value = node.value_exact<std::int64_t>();
      bool fits = value && *value >= 0 && *value <= std::int64_t{std::numeric_limits<T>::max()};
      if (fits) config.*member = static_cast<T>(*value);
      return fits;
    }
  };
}

template <class T>
Setter into(Listener Config::* listener, T Listener::* member) {
  return [=](Config& config, const toml::node& node) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      auto value = node.value_exact<std::int64_t>();
      bool fits = value && *value >= 0 && *value <= 65535;
      if (fits) config.*listener.*member = static_cast<T>(*value);
      return fits;
    } else {
      auto value = node.value_exact<T>();
      if (value) config.*listener.*member = *value;
      return value.has_value();
    }
  };
}

Setter role(bool Roles::* member) {
  return [=](Config& config, const toml::node& node) {
    auto value = node.value_exact<bool>();
    if (value) config.roles.*member = *value;
    return value.has_value();
  };
}

// A rate as whole numbers; 0 per second: without limit.
Setter rate(CallerRates Config::* front, Rate CallerRates::* which, double Rate::* member,
            std::int64_t min) {
  return [=](Config& config, const toml::node& node) {
    auto value = node.value_exact<std::int64_t>();
    bool fits = value && *value >= min && *value <= 1'000'000;
    if (fits) config.*front.*which.*member = static_cast<double>(*value);
    return fits;
  };
}

bool set_loopback_limited(Config& config, const toml::node& node) {
  auto value = node.value_exact<bool>();
  if (value) config.fdo_rates.loopback_exempt = config.est_rates.loopback_exempt = !*value;
  return value.has_value();
}

bool set_key_type(Config& config, const toml::node& node) {
  auto value = node.value_exact<std::string>();
  if (value != "p256" && value != "p384") return false;
  config.key_type = value == "p384" ? crypto::KeyType::p384 : crypto::KeyType::p256;
  return true;
}

bool set_sessions(Config& config, const toml::node& node) {
  auto value = node.value_exact<std::string>();
  if (value != "memory" && value != "registry") return false;
  config.sessions = value == "registry" ? SessionsIn::registry : SessionsIn::memory;
  return true;
}

bool set_log_level(Config& config, const toml::node& node) {
  auto value = node.value_exact<std::string>();
  for (Level level : {Level::debug, Level::info, Level::notice, Level::warning, Level::error}) {
    if (value != to_string(level)) continue;
    config.log_level = level;
    return true;
  }
  return false;
}

const std::map<std::string, Setter, std::less<>>& settings() {
  static const std::map<std::string, Setter, std::less<>> table{
      {"data", into(&Config::data)},
      {"registry", into(&Config::registry)},
      {"sessions", set_sessions},
      {"public_host", into(&Config::public_host)},
      {"key_type", set_key_type},
      {"keystore", into(&Config::keystore)},
      {"keystore_credentials", into(&Config::keystore_credentials)},
      {"log_level", set_log_level},
      {"roles.factory", role(&Roles::factory)},
      {"roles.rendezvous", role(&Roles::rendezvous)},
      {"roles.owner", role(&Roles::owner)},
      {"fdo.address", into(&Config::fdo, &Listener::address)},
      {"fdo.port", into(&Config::fdo, &Listener::port)},
      {"fdo.tls", into(&Config::fdo, &Listener::tls)},
      {"fdo.announce", into(&Config::announce)},
      {"fdo.announce_name", into(&Config::announce_name)},
      {"fdo.ask_account", into(&Config::ask_account)},
      {"api.address", into(&Config::api, &Listener::address)},
      {"api.port", into(&Config::api, &Listener::port)},
      {"api.tls", into(&Config::api, &Listener::tls)},
      {"est.address", into(&Config::est, &Listener::address)},
      {"est.port", into(&Config::est, &Listener::port)},
      {"est.retry_after_seconds", into(&Config::est_retry_after_seconds)},
      {"dpp.address", into(&Config::dpp, &Listener::address)},
      {"dpp.port", into(&Config::dpp, &Listener::port)},
      {"pki.address", into(&Config::pki, &Listener::address)},
      {"pki.port", into(&Config::pki, &Listener::port)},
      {"pki.url", into(&Config::pki_url)},
      {"owner.files", into(&Config::files)},
      {"owner.to0_wait_seconds", into(&Config::to0_wait_seconds)},
      {"rendezvous.wait_seconds_max", into(&Config::rendezvous_wait_max)},
      {"rendezvous.open", into(&Config::rendezvous_open)},
      {"broker.enabled", into(&Config::broker)},
      {"broker.address", into(&Config::broker_address)},
      {"broker.port", into(&Config::broker_port)},
      {"broker.plugin", into(&Config::broker_plugin)},
      {"limits.address_per_second",
       rate(&Config::fdo_rates, &CallerRates::per_address, &Rate::per_second, 0)},
      {"limits.address_burst",
       rate(&Config::fdo_rates, &CallerRates::per_address, &Rate::burst, 1)},
      {"limits.guid_per_second",
       rate(&Config::fdo_rates, &CallerRates::per_identity, &Rate::per_second, 0)},
      {"limits.guid_burst", rate(&Config::fdo_rates, &CallerRates::per_identity, &Rate::burst, 1)},
      {"limits.est_per_second",
       rate(&Config::est_rates, &CallerRates::per_address, &Rate::per_second, 0)},
      {"limits.est_burst", rate(&Config::est_rates, &CallerRates::per_address, &Rate::burst, 1)},
      {"limits.loopback", set_loopback_limited},
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

}  // namespace

Result<Config> parse_config(std::string_view text) {
  Config config;
  // The adapter of a library that throws: converted once, here.
  try {
    toml::table table = toml::parse(text);
    TRY_VOID(apply(config, table, ""));
  } catch (const toml::parse_error& error) {
    return fail(Errc::malformed, "line " + std::to_string(error.source().begin.line) + ": " +
                                     std::string(error.description()));
  }
  return config;
}

Result<Config> load_config(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return fail(Errc::not_found, "configuration '" + file.string() + "' can't be read");
  std::ostringstream text;
  text << in.rdbuf();
  return parse_config(text.str()).in(file.string());
}

}  // namespace fairlead::server
