// SPDX-License-Identifier: Apache-2.0
// fairlead-server: the wiring. Every back end is named here and nowhere else.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/checkpoint.h"
#include "base/events.h"
#include "base/limits.h"
#include "base/version.h"
#include "crypto/system_random.h"
#include "keystore/built_in.h"
#ifdef FAIRLEAD_AVAHI
#include "link/avahi/avahi_announcer.h"
#endif
#include "net/http.h"
#include "registry/sqlite/sqlite_registry.h"
#include "server/announcing.h"
#include "server/broker_side.h"
#include "server/command_line.h"
#include "server/dpp/relays.h"
#include "server/gauges.h"
#include "server/http_front.h"
#include "server/keep_sessions.h"
#include "server/own_certificates.h"
#include "server/to0_registrar.h"

namespace {

using namespace fairlead;

constexpr unsigned workers = 32;  // most of them wait for a commit
constexpr std::size_t api_body_bytes_max = 8 * 1024 * 1024;

int report(const Error& error) {
  std::fprintf(stderr, "fairlead-server: %s\n", to_string(error).c_str());
  return 1;
}

Result<void> write_secret(const std::filesystem::path& file, std::string_view secret) {
  int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = fd >= 0 &&
                 ::write(fd, secret.data(), secret.size()) == static_cast<ssize_t>(secret.size()) &&
                 ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  return written ? ok() : Result<void>(fail(Errc::io, file.string() + " can't be written"));
}

// What every listener needs.
struct Listening {
  net::Loop& loop;
  Log& log;
  const server::Config& config;
  const server::Identity& identity;
  Random& random;
  Clock clock;
  server::OwnCertificates& own;

  using MakeTls = std::function<Result<net::TlsServer>(Time now)>;

  static net::HttpServerOptions options_at(const server::Listener& where, std::size_t body_max) {
    net::HttpServerOptions options;
    options.address = where.address;
    options.port = where.port;
    options.body_bytes_max = body_max;
    return options;
  }
  MakeTls tls() const {
    return [this](Time now) { return server::tls_for(identity, config.public_host, random, now); };
  }
  // With a certificate that is kept alive.
  Result<std::unique_ptr<net::HttpServer>> secure(std::string what, net::HttpServerOptions options,
                                                  MakeTls make, net::HttpHandler handler) const {
    TRY(options.tls, make(clock()));
    const crypto::Certificate leaf = options.tls->chain.front();
    TRY(auto listener, net::HttpServer::listen(loop, log, std::move(options), std::move(handler)));
    own.keep(std::move(what), leaf,
             [make = std::move(make),
              at = listener.get()](Time now) -> Result<server::OwnCertificates::Made> {
               TRY(auto tls, make(now));
               crypto::Certificate next = tls.chain.front();
               auto use = [at, tls = std::move(tls)] { return at->use_tls(tls); };
               return server::OwnCertificates::Made{std::move(next), std::move(use)};
             });
    return listener;
  }
  Result<std::unique_ptr<net::HttpServer>> at(const server::Listener& where, std::string what,
                                              std::size_t body_max,
                                              net::HttpHandler handler) const {
    auto options = options_at(where, body_max);
    if (where.tls) return secure(std::move(what), std::move(options), tls(), std::move(handler));
    return net::HttpServer::listen(loop, log, std::move(options), std::move(handler));
  }
  // Devices that chose this server hold it to its key.
  Result<std::unique_ptr<net::HttpServer>> for_fdo(keystore::Keystore& keys,
                                                   net::HttpHandler handler) const {
    auto options = options_at(config.fdo, limits::fdo_message_bytes_max);
    if (!config.fdo.tls)
      return net::HttpServer::listen(loop, log, std::move(options), std::move(handler));
    auto make = [this, &keys](Time now) {
      return server::lasting_tls_for(identity, keys, config.public_host, random, now);
    };
    return secure("the FDO listener", std::move(options), std::move(make), std::move(handler));
  }
  // EST judges client certificates by the registry, also expired ones, so no anchors are named: a
  // device of any maker shows what it has.
  Result<std::unique_ptr<net::HttpServer>> for_est(net::HttpHandler handler) const {
    auto make = [this](Time now) -> Result<net::TlsServer> {
      TRY(auto tls, server::tls_for(identity, config.public_host, random, now));
      tls.ask_client_certificate = true;
      return tls;
    };
    return secure("the EST listener", options_at(config.est, limits::est_request_bytes_max),
                  std::move(make), std::move(handler));
  }
};

Result<std::unique_ptr<link::Announcer>> make_announcer(const server::Config& config, Log& log) {
  if (!config.announce) return nullptr;
  if (!config.fdo.tls)
    return fail(Errc::refused, "fdo.announce wants fdo.tls: devices go by https to what they find");
#ifdef FAIRLEAD_AVAHI
  return std::make_unique<link::avahi::AvahiAnnouncer>(log);
#else
  (void)log;
  return fail(Errc::unsupported, "this program was built without Avahi and can't announce");
#endif
}

// What devices and others ask about certificates. The listeners go before the services.
struct CertificateServices {
  server::OneTimePasswords passwords;
  server::EstService est;
  server::Revocation revocation;
  std::unique_ptr<net::HttpServer> est_listener{}, revocation_listener{};
};

Result<void> open_listeners(CertificateServices& services, const Listening& listen) {
  const server::Config& config = listen.config;
  if (config.pki.port != 0) {
    TRY(services.revocation_listener,
        listen.at(config.pki, "the revocation listener", pki::ocsp::request_bytes_max,
                  server::revocation_front(listen.loop, services.revocation, listen.clock)));
  }
  if (config.offers_est()) {
    TRY(services.est_listener,
        listen.for_est(server::est_front(listen.loop, services.est, listen.clock)));
  }
  return ok();
}

// The Controller of Wi-Fi Easy Connect. The listener goes before the rest.
struct WifiServices {
  server::WifiNetworks networks;
  std::unique_ptr<server::DppController> controller{};
  std::unique_ptr<server::DppRelays> relays{};
};

Result<void> start_controller(WifiServices& wifi, const server::Config& config,
                              keystore::Keystore& keys, server::Store& store, Random& random,
                              Log& log) {
  if (!config.is_dpp_controller()) return ok();
  TRY(auto own, server::open_controller_keys(keys, store, random));
  wifi.controller =
      std::make_unique<server::DppController>(std::move(own), store, wifi.networks, log);
  return ok();
}

std::string renewal_url(const server::Config& config) {
  if (!config.offers_est()) return {};
  return "https://" + net::Url{true, config.public_host, config.est.port, "/"}.authority();
}

std::vector<fdo::To2Address> own_addresses(const server::Config& config) {
  fdo::To2Address address;
  if (auto ip = fdo::ip_from_text(config.public_host))
    address.ip = std::move(*ip);
  else
    address.dns = config.public_host;
  address.port = config.fdo.port;
  address.protocol = config.fdo.tls ? fdo::TransportProtocol::https : fdo::TransportProtocol::http;
  return {std::move(address)};
}

std::function<std::string()> broker_state(const server::BrokerSide& broker) {
  return [&broker] { return std::string(broker.connected() ? "connected" : "not connected"); };
}

Result<void> keep_admin_token(const server::Config& config, Log& log, std::string_view token) {
  auto file = config.data / "admin-token";
  TRY_VOID(write_secret(file, std::string(token) + "\n"));
  log(event::first_start, {{"token_file", file.string()}});
  return ok();
}

// For whoever keeps logs elsewhere: ADR 53.
Result<void> witness_audit(server::Store& store, Log& log) {
  TRY(auto last, store.read().last_audit());
  if (last)
    log(event::audit_head,
        {{"sequence", std::to_string(last->sequence)}, {"link", to_hex(last->link)}});
  return ok();
}

server::RendezvousPolicy rendezvous_policy(const server::Config& config,
                                           const server::Identity& identity) {
  return {config.rendezvous_wait_max,
          config.rendezvous_open,
          {identity.manufacturer->public_key().fingerprint(),
           identity.owner->public_key().fingerprint()}};
}

// Whatever of FDO this server is. Everything it refers to outlives it.
struct FdoRoles {
  server::Station station;
  server::Rendezvous rendezvous;
  server::FileShelf files;
  server::Owner owner;
  server::FdoLimits limits;
  server::FdoService service;

  FdoRoles(const server::Config& config, server::Store& store, const server::Identity& identity,
           server::Enroller& enroller, server::Sessions& sessions, Random& random, Log& log,
           const Checkpoint& checkpoint)
      : station(store, identity, random, log),
        rendezvous(store, rendezvous_policy(config, identity), random, log),
        files(config.files_folder()),
        owner(store, identity, enroller, files, random, log),
        limits(config.fdo_rates, log),
        service(sessions, random, log, config.roles.factory ? &station : nullptr,
                config.roles.rendezvous ? &rendezvous : nullptr,
                config.roles.owner ? &owner : nullptr, &limits, checkpoint) {}
};

std::string own_endpoint(const server::Config& config) {
  net::Url broker{true, config.public_host, config.broker_port, "/"};
  return "mqtts://" + broker.authority();  // brackets around an IPv6 address
}

// What a first start makes by a clock that lost its battery has expired when the clock is set. Not
// held to the day of this build: one machine whose clock is ahead would make servers that never
// start.
constexpr Time clock_least = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);

Result<void> check_clock(Time now) {
  if (now >= clock_least) return ok();
  return fail(Errc::expired, "this system's clock says " + to_rfc3339(now) +
                                 ", which can't be: set the clock, or let the network provide the "
                                 "time (NTP); certificates made now would be of no use");
}

Result<void> run(const server::Config& config, server::Metrics& log, const Checkpoint& checkpoint) {
  Clock clock = system_clock();
  TRY_VOID(check_clock(clock()));
  crypto::SystemRandom random;
  TRY(auto keys,
      keystore::open_keystore(config.keystore, keystore::built_in, config.data / "keystore",
                              keystore::Credentials::from_environment(config.keystore_credentials),
                              checkpoint));
  TRY(auto registry, registry::SqliteRegistry::open(config.registry_file()));
  server::Store store(*registry, checkpoint);
  TRY(auto identity, server::open_identity(*keys, store, config.key_type, random, clock(),
                                           server::revocation_urls(config.pki_url)));

  net::Loop loop(log, workers);
  TRY(auto broker, server::BrokerSide::open(loop, config, identity, store, random, clock, log));
  server::Enroller enroller(store, identity, broker->access(), own_endpoint(config),
                            identity.operational_ca.authority.chain(), random, log,
                            renewal_url(config));
  enroller.tell_by(*broker);
  broker->on_certificate_use([&](const DeviceId& device, View fingerprint, Time seen) {
    return enroller.confirm_use(device, fingerprint, seen);
  });
  broker->on_clone([&](const DeviceId& device, const server::ClonePair& pair, Time seen) {
    return enroller.report_clone(device, pair, seen);
  });
  server::Vouchers vouchers(store, identity, log);
  auto sessions = server::open_sessions(config.sessions, store, *keys, random, clock);
  FdoRoles fdo(config, store, identity, enroller, *sessions, random, log, checkpoint);
  server::add_gauges(log, store, *sessions, loop);
  TRY_VOID(witness_audit(store, log));
  std::chrono::seconds retry_after(config.est_retry_after_seconds);
  CertificateServices certificates{{store, random, log},
                                   {store,
                                    identity,
                                    enroller,
                                    certificates.passwords,
                                    {retry_after, config.est_rates},
                                    random,
                                    log},
                                   {store, identity, random, log}};
  WifiServices wifi{{store, *keys}};
  TRY_VOID(start_controller(wifi, config, *keys, store, random, log));
  server::api::Api api({store, identity, vouchers, enroller, certificates.passwords, wifi.networks,
                        random, log, &log, wifi.controller.get(),
                        config.roles.owner ? broker_state(*broker) : nullptr});
  auto keep_token = [&](std::string_view token) { return keep_admin_token(config, log, token); };
  TRY_VOID(api.bootstrap(keep_token, clock()));

  server::OwnCertificates own(loop, clock, log);
  if (config.roles.owner) broker->keep_by(own);
  const Listening listen{loop, log, config, identity, random, clock, own};
  server::Asking asking(AccountId(config.ask_account), {store, enroller, log}, store, identity,
                        fdo.limits);
  TRY(auto fdo_listener,
      listen.for_fdo(*keys, server::fdo_front(loop, fdo.service, asking, clock)));
  TRY(auto announcer, make_announcer(config, log));
  std::optional<server::Announcing> announcing;
  if (announcer) {
    announcing.emplace(loop, config, fdo_listener->port(), *announcer);
    loop.spawn("announcing", announcing->run());
  }
  TRY(auto api_listener,
      listen.at(config.api, "the API", api_body_bytes_max, server::api_front(loop, api, clock)));
  if (wifi.controller) {
    TRY(wifi.relays,
        server::DppRelays::listen(loop, log, config.dpp, *wifi.controller, random, clock));
  }
  TRY_VOID(open_listeners(certificates, listen));
  server::To0Registrar registrar(loop, store, identity, own_addresses(config),
                                 config.to0_wait_seconds, random, clock, log, checkpoint);
  if (config.roles.owner) {
    loop.spawn("TO0", registrar.run());
    loop.spawn("broker", broker->run());
    loop.spawn("access", broker->follow());
  }
  loop.spawn("sessions", server::sweep(loop, *sessions, log));
  loop.spawn("own certificates", own.run());
  loop.run_until_signal();
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  server::Arguments arguments = server::parse_arguments(argc, argv);
  if (arguments.show_version) return std::printf("fairlead-server %s\n", version_text.data()), 0;
  if (arguments.help || arguments.wrong)
    return std::fputs(server::usage.data(), arguments.wrong ? stderr : stdout),
           arguments.wrong ? 2 : 0;
  auto config = server::configure(arguments);
  if (!config) return report(config.error());
  JsonLog log(STDERR_FILENO, system_clock(), config->log_level);
  log(event::started, {{"program", "fairlead-server"}, {"version", std::string(version_text)}});
  server::Metrics counted(log);
  Checkpoint checkpoint;
  if (arguments.allow_fault_injection) {
    const char* wanted = std::getenv("FAIRLEAD_CRASH_AT");
    checkpoint = crash_points(wanted ? wanted : "", log);
  }
  auto ended = run(*config, counted, checkpoint);
  log(event::stopped, {{"program", "fairlead-server"}});
  return ended ? 0 : report(ended.error());
}
