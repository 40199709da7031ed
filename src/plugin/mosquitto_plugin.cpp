// SPDX-License-Identifier: Apache-2.0
// fairlead-mosquitto.so: the gate as a mosquitto plugin (interface version 5; mosquitto 2.0 and
// 2.1). Everything runs on the broker's one thread. Nothing here waits, and no exception leaves.
#include <mosquitto.h>
#include <mosquitto_broker.h>  // before the plugin header, which lacks the include in 2.0
#include <mosquitto_plugin.h>
#include <openssl/x509.h>

#include <charconv>
#include <exception>

#include "plugin/gate.h"

namespace fairlead::plugin {
namespace {

int broker_level(Level level) {
  switch (level) {
    case Level::debug:
      return MOSQ_LOG_DEBUG;
    case Level::info:
      return MOSQ_LOG_INFO;
    case Level::notice:
      return MOSQ_LOG_NOTICE;
    case Level::warning:
      return MOSQ_LOG_WARNING;
    case Level::error:
      return MOSQ_LOG_ERR;
  }
  return MOSQ_LOG_ERR;
}

void say(Level level, const std::string& text) {
  const char* mark = level == Level::error ? "Error: " : level == Level::warning ? "Warning: " : "";
  mosquitto_log_printf(broker_level(level), "%sfairlead: %s", mark, text.c_str());
}

Time wall_clock() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

struct Plugin {
  explicit Plugin(Gate::Settings settings) : gate(std::move(settings)) {}

  // Refusals are what a hostile client can cause at will: so many lines a second, then a count.
  void refused(const char* what, const char* client, const char* address,
               const std::string& reason) {
    constexpr int lines_per_second = 20;
    auto now = std::chrono::steady_clock::now();
    if (now - budget_from > std::chrono::seconds(1)) {
      if (unsaid > 0) say(Level::notice, std::to_string(unsaid) + " more refusals");
      budget_from = now;
      lines = unsaid = 0;
    }
    if (lines++ < lines_per_second)
      mosquitto_log_printf(MOSQ_LOG_NOTICE, "fairlead: refused %s of '%s' from %s: %s", what,
                           client ? client : "", address ? address : "?", reason.c_str());
    else
      ++unsaid;
  }

  Gate gate;
  std::chrono::steady_clock::time_point budget_from{};
  int lines = 0, unsaid = 0;
};

struct X509Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

// For the server, which confirms a renewal by the first use of the new certificate, and tells two
// devices of one identity apart. Below no device's prefix, so that no device can write it. Nobody
// may be listening; the next connection says it again.
void say_connected(const std::string& device, const upstream::CertificateFingerprint& certificate,
                   std::string_view address) {
  std::string payload = R"({"device":")" + json_escaped(device) + R"(","certificate":")" +
                        to_hex(certificate) + R"(","address":")" + json_escaped(address) + R"("})";
  mosquitto_broker_publish_copy(nullptr, std::string(upstream::connected_topic).c_str(),
                                static_cast<int>(payload.size()), payload.data(), 0, false,
                                nullptr);
}

int on_basic_auth(int, void* data, void* user) noexcept {
  try {
    auto& plugin = *static_cast<Plugin*>(user);
    auto* client = static_cast<mosquitto_evt_basic_auth*>(data)->client;
    const char* id = mosquitto_client_id(client);
    const char* address = mosquitto_client_address(client);
    std::unique_ptr<X509, X509Free> certificate(
        static_cast<X509*>(mosquitto_client_certificate(client)));
    upstream::CertificateFingerprint fingerprint;
    unsigned length = 0;
    if (!certificate || !id ||
        X509_digest(certificate.get(), EVP_sha256(), fingerprint.value.data(), &length) != 1 ||
        length != fingerprint.size()) {
      plugin.refused("connection", id, address, "no client certificate");
      return MOSQ_ERR_AUTH;
    }
    auto name = plugin.gate.connect(fingerprint, id, client, wall_clock());
    if (!name) {
      plugin.refused("connection", id, address, name.error().context);
      return MOSQ_ERR_AUTH;
    }
    say_connected(*name, fingerprint, address ? address : "");
    return mosquitto_set_username(client, name->c_str());
  } catch (const std::exception&) {  // out of memory
    return MOSQ_ERR_AUTH;
  }
}

int on_acl_check(int, void* data, void* user) noexcept {
  try {
    auto& plugin = *static_cast<Plugin*>(user);
    auto* event = static_cast<mosquitto_evt_acl_check*>(data);
    const char* id = mosquitto_client_id(event->client);
    if (!id || !event->topic) return MOSQ_ERR_ACL_DENIED;
    upstream::TopicUse use;
    switch (event->access) {
      case MOSQ_ACL_UNSUBSCRIBE:
        return MOSQ_ERR_SUCCESS;  // gives up a right
      case MOSQ_ACL_SUBSCRIBE:
        use = upstream::TopicUse::subscribe;
        break;
      case MOSQ_ACL_READ:
        use = upstream::TopicUse::read;
        break;
      case MOSQ_ACL_WRITE:
        use = upstream::TopicUse::write;
        break;
      default:
        return MOSQ_ERR_ACL_DENIED;
    }
    auto allowed = plugin.gate.use(id, use, event->topic);
    if (allowed) return MOSQ_ERR_SUCCESS;
    // A message that does not reach a subscriber is no act of the subscriber's.
    if (use != upstream::TopicUse::read)
      plugin.refused(use == upstream::TopicUse::write ? "publication" : "subscription", id,
                     mosquitto_client_address(event->client), allowed.error().context);
    return MOSQ_ERR_ACL_DENIED;
  } catch (const std::exception&) {
    return MOSQ_ERR_ACL_DENIED;
  }
}

int on_disconnect(int, void* data, void* user) noexcept {
  try {
    auto* client = static_cast<mosquitto_evt_disconnect*>(data)->client;
    const char* id = mosquitto_client_id(client);  // null before CONNECT
    if (id) static_cast<Plugin*>(user)->gate.disconnected(id, client);
  } catch (const std::exception&) {
    // Remembered as connected then; its next CONNECT sets it right.
  }
  return MOSQ_ERR_SUCCESS;
}

int on_tick(int, void* data, void* user) noexcept {
  try {
    auto& plugin = *static_cast<Plugin*>(user);
    auto orders = plugin.gate.tick(std::chrono::steady_clock::now(), wall_clock());
    for (const auto& note : orders.notes) say(note.level, note.text);
    // Only from here: in another callback the broker is still at work on its list of clients. With
    // the will, so that those who watch the device see it go.
    for (const auto& id : orders.kick) mosquitto_kick_client_by_clientid(id.c_str(), true);
  } catch (const std::exception&) {
    // Tried again with the next tick: what was not kicked is still counted as connected.
  }
  static_cast<void>(data);
  return MOSQ_ERR_SUCCESS;
}

int on_reload(int, void*, void*) noexcept { return MOSQ_ERR_SUCCESS; }  // each tick looks anyway

Result<Gate::Settings> read_options(const mosquitto_opt* options, int count) {
  Gate::Settings settings;
  for (int i = 0; i < count; ++i) {
    std::string_view key = options[i].key, value = options[i].value;
    if (key == "access_table") {
      settings.table = value;
    } else if (key == "table_age_max") {
      int seconds = 0;
      auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
      if (error != std::errc() || end != value.data() + value.size() || seconds < 0)
        return fail(Errc::malformed, "plugin_opt_table_age_max wants seconds");
      settings.table_age_max = std::chrono::seconds(seconds);
    } else {
      return fail(Errc::unsupported, "unknown option plugin_opt_" + std::string(key));
    }
  }
  if (settings.table.empty()) return fail(Errc::malformed, "plugin_opt_access_table is missing");
  return settings;
}

}  // namespace
}  // namespace fairlead::plugin

extern "C" {

#define FAIRLEAD_EXPORT __attribute__((visibility("default")))

FAIRLEAD_EXPORT int mosquitto_plugin_version(int count, const int* versions) {
  for (int i = 0; i < count; ++i)
    if (versions[i] == MOSQ_PLUGIN_VERSION) return MOSQ_PLUGIN_VERSION;
  return -1;
}

FAIRLEAD_EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t* id, void** user,
                                          mosquitto_opt* options, int count) {
  using namespace fairlead::plugin;
  try {
    auto settings = read_options(options, count);
    if (!settings) {
      say(fairlead::Level::error, settings.error().context);
      return MOSQ_ERR_INVAL;
    }
    auto plugin = std::make_unique<Plugin>(std::move(*settings));
    // Before the listeners open. Without a table the broker runs and refuses everyone until there
    // is one.
    on_tick(MOSQ_EVT_TICK, nullptr, plugin.get());
    // MOSQ_EVT_EXT_AUTH_START is left alone on purpose: without it the broker refuses a CONNECT
    // with an authentication method, which would otherwise pass BASIC_AUTH by.
    const std::pair<int, MOSQ_FUNC_generic_callback> callbacks[] = {
        {MOSQ_EVT_BASIC_AUTH, on_basic_auth},
        {MOSQ_EVT_ACL_CHECK, on_acl_check},
        {MOSQ_EVT_TICK, on_tick},
        {MOSQ_EVT_DISCONNECT, on_disconnect},
        {MOSQ_EVT_RELOAD, on_reload}};
    for (auto [event, callback] : callbacks) {
      int rc = mosquitto_callback_register(id, event, callback, nullptr, plugin.get());
      if (rc != MOSQ_ERR_SUCCESS) return rc;  // the broker ends; what is registered is never called
    }
    *user = plugin.release();  // mosquitto_plugin_cleanup has it
    return MOSQ_ERR_SUCCESS;
  } catch (const std::exception&) {
    return MOSQ_ERR_NOMEM;
  }
}

FAIRLEAD_EXPORT int mosquitto_plugin_cleanup(void* user, mosquitto_opt*, int) {
  delete static_cast<fairlead::plugin::Plugin*>(user);
  return MOSQ_ERR_SUCCESS;
}
}
