// SPDX-License-Identifier: Apache-2.0
#include "server/broker_side.h"

#include "base/events.h"
#include "server/enroller.h"
#include "upstream/access/topics.h"

namespace fairlead::server {

namespace {
constexpr Duration look_every = std::chrono::seconds(1);  // whether the broker is there
constexpr int looks_per_heartbeat = 10;
constexpr Duration follow_every = std::chrono::milliseconds(300);  // one look into an index
constexpr auto farewell_wait = std::chrono::seconds(3);  // then the device is cut off all the same
constexpr std::uint64_t table_capacity = 4096;           // grows by itself
}  // namespace

BrokerSide::BrokerSide(net::Loop& loop, const Config& config, const Identity& identity,
                       Store& store, Random& random, Clock clock, Log& log)
    : loop_(loop),
      config_(config),
      identity_(identity),
      random_(random),
      store_(store),
      clock_(std::move(clock)),
      log_(log),
      presence_(store, log) {
  options_.folder = (config.data / "broker").string();
  options_.address = config.broker_address;
  options_.port = config.broker_port;
  options_.client_authorities = identity.operational_ca.authority.chain();
  options_.plugin_file = config.broker_plugin;
  options_.access_table = (config.data / "broker" / "access.table").string();
}

Result<crypto::Certificate> BrokerSide::make_broker_certificate(Time now) {
  TRY(auto pair, broker_certificate(identity_, config_.public_host, random_, now));
  TRY_VOID(upstream::write_broker_identity(options_, pair.chain, pair.key_pem));
  return pair.chain.front();
}

namespace {
upstream::AccessEntry way_in_of(const crypto::Certificate& certificate) {
  auto fingerprint = upstream::CertificateFingerprint::from(certificate.fingerprint());
  return {*fingerprint,
          upstream::AccessState::active,
          upstream::AccessRole::service,
          1,
          std::string(service_client_id),
          "fairlead/v1/"};
}
}  // namespace

upstream::MqttSettings BrokerSide::watch_settings() const {
  upstream::MqttSettings settings;
  settings.host = config_.broker_address == "0.0.0.0" || config_.broker_address == "::"
                      ? "127.0.0.1"
                      : config_.broker_address;
  settings.port = config_.broker_port;
  settings.client_id = std::string(service_client_id);
  settings.tls.trust.anchors = identity_.operational_ca.authority.chain();
  settings.clean_start = true;
  return settings;
}

Result<std::unique_ptr<BrokerSide>> BrokerSide::open(net::Loop& loop, const Config& config,
                                                     const Identity& identity, Store& store,
                                                     Random& random, Clock clock, Log& log) {
  std::unique_ptr<BrokerSide> out(
      new BrokerSide(loop, config, identity, store, random, clock, log));
  BrokerSide* self = out.get();
  TRY(auto broker_leaf, self->make_broker_certificate(clock()));
  TRY_VOID(upstream::write_broker_conf(out->options_));

  // The registry is the authority: a table that can't be read is simply made again.
  const std::string& file = out->options_.access_table;
  auto table = upstream::AccessWriter::create_or_open(file, table_capacity);
  if (!table && table.error().code != Errc::busy)
    table = upstream::AccessWriter::create_anew(file, table_capacity);
  if (!table) return std::unexpected(table.error());
  out->access_ = std::make_unique<BrokerAccess>(std::move(*table));
  TRY(auto service, service_identity(identity, random, clock()));
  out->at_start_ = {std::move(broker_leaf), service.certificate};
  TRY_VOID(out->access_->rebuild(store.read(), way_in_of(service.certificate))
               .in("broker's access table"));

  if (config.broker) out->broker_ = std::make_unique<upstream::Broker>(loop, log, out->options_);
  auto settings = out->watch_settings();
  settings.tls.chain = {service.certificate};
  settings.tls.key = service.key;
  out->watch_ = std::make_unique<upstream::BrokerWatch>(
      loop, log, random, clock, std::move(settings),
      [self](const upstream::Presence& presence) { self->hear(presence); },
      [self](const upstream::CertificateUse& use) { self->hear(use); });
  return out;
}

void BrokerSide::keep_by(OwnCertificates& own) {
  own.keep("the broker", at_start_[0], [this](Time now) -> Result<OwnCertificates::Made> {
    TRY(auto leaf, make_broker_certificate(now));
    auto use = [this] { return broker_ ? broker_->reload() : ok(); };
    return OwnCertificates::Made{std::move(leaf), std::move(use)};
  });
  // In the table before it is shown; the connection that is up goes on by the one of before.
  own.keep("this server at the broker", at_start_[1],
           [this](Time now) -> Result<OwnCertificates::Made> {
             TRY(auto made, service_identity(identity_, random_, now));
             TRY_VOID(access_->admit_service(way_in_of(made.certificate)));
             auto use = [this, made]() -> Result<void> {
               watch_->use_identity({made.certificate}, made.key);
               return ok();
             };
             return OwnCertificates::Made{made.certificate, std::move(use)};
           });
}

void BrokerSide::hear(const upstream::CertificateUse& use) {
  clones_.connected(use.device, use.address);
  if (on_use_)
    loop_.spawn("certificate use",
                carry_out([this, use] { return on_use_(use.device, use.fingerprint, use.seen); }));
}

// One at a time for each device: two workers would write "offline", as it was, and "online", as it
// is, in either order. Of what is heard while one is being written only the last counts.
void BrokerSide::hear(const upstream::Presence& presence) {
  if (presence.online && !presence.instance.empty() && on_clone_) {
    auto pair = clones_.born(presence.device, presence.instance, presence.seen);
    if (pair)
      loop_.spawn("clone",
                  carry_out([this, device = presence.device, pair = std::move(*pair),
                             seen = presence.seen] { return on_clone_(device, pair, seen); }));
  }
  auto [entry, idle] = writing_.try_emplace(topic_prefix_of(presence.account, presence.device));
  if (idle)
    loop_.spawn("presence", record(presence));
  else
    entry->second = presence;
}

net::Task<void> BrokerSide::record(upstream::Presence presence) {
  std::string device = topic_prefix_of(presence.account, presence.device);
  for (;;) {
    auto writing = write(presence);
    auto written = co_await std::move(writing);
    auto heard = std::exchange(writing_[device], std::nullopt);
    if (!heard) {
      writing_.erase(device);
      co_return written;
    }
    presence = std::move(*heard);
  }
}

net::Task<void> BrokerSide::write(upstream::Presence presence) {
  std::function<Result<void>()> work = [this, &presence]() -> Result<void> {
    TRY_VOID(
        presence_.on_presence(presence.account, presence.device, presence.online, presence.seen));
    if (!presence.wiped) return ok();
    TRY_VOID(presence_.on_wiped(presence.account, presence.device, presence.seen));
    std::lock_guard lock(leaving_mutex_);
    if (leaving_.contains(presence.device)) left_.insert(presence.device);
    has_left_.notify_all();
    return ok();
  };
  auto carrying = carry_out(std::move(work));
  auto written = co_await std::move(carrying);
  co_return written;
}

// The later look decides.
net::Task<void> BrokerSide::carry_out(std::function<Result<void>()> work) {
  constexpr int tries = 3;
  Result<void> written;
  for (int i = 0; i < tries; ++i) {
    written = co_await loop_.on_worker(work);
    if (written || written.error().code != Errc::conflict) break;
  }
  co_return written;
}

bool BrokerSide::send_off(const DeviceId& device, const std::string& topic_prefix) {
  {
    std::lock_guard lock(leaving_mutex_);
    leaving_.insert(device);
  }
  upstream::MqttMessage order{topic_prefix + std::string(upstream::order_topic),
                              std::string(upstream::decommission_order), 1, false};
  loop_.spawn("farewell", watch_->publish(std::move(order)));
  std::unique_lock lock(leaving_mutex_);
  has_left_.wait_for(lock, farewell_wait, [&] { return left_.contains(device); });
  leaving_.erase(device);
  return left_.erase(device) > 0;
}

net::Task<void> BrokerSide::run() {
  if (broker_) CO_TRY_VOID(co_await broker_->start());
  watch_->start();
  for (int round = 0; !loop_.stopping(); ++round) {
    connected_ = watch_->connected();
    if (round % looks_per_heartbeat == 0) {
      Time now = clock_();
      auto beat = [&] { return access_->heartbeat(now); };
      CO_TRY_VOID(co_await loop_.on_worker(beat));
    }
    auto slept = co_await loop_.sleep(look_every);
    if (!slept) break;
  }
  co_return ok();
}

net::Task<void> BrokerSide::follow() {
  std::string said;  // an obstacle is said once, not three times a second
  while (!loop_.stopping()) {
    auto look = [&] { return access_->follow(store_.read()); };
    auto followed = co_await loop_.on_worker(look);
    std::string why = followed ? std::string() : followed.error().context;
    if (!why.empty() && why != said) log_(event::access_not_followed, {{"why", why}});
    said = std::move(why);
    auto slept = co_await loop_.sleep(follow_every);
    if (!slept) break;
  }
  co_return ok();
}

net::Task<void> BrokerSide::stop() {
  watch_->stop();
  if (broker_) CO_TRY_VOID(co_await broker_->stop());
  co_return ok();
}

}  // namespace fairlead::server
