// SPDX-License-Identifier: Apache-2.0
#include "upstream/broker_watch.h"

#include <boost/json.hpp>

#include "base/events.h"
#include "upstream/access/topics.h"

namespace fairlead::upstream {
namespace {

constexpr std::string_view presence_filter = "fairlead/v1/+/+/state";
constexpr std::size_t presence_bytes_max = 4096, instance_bytes_max = 64;
constexpr Duration retry_most = std::chrono::seconds(30);

}  // namespace

namespace {

Result<boost::json::value> parse_notice(std::string_view payload, const std::string& what) {
  if (payload.size() > presence_bytes_max)
    return fail(Errc::malformed, what + " of more than 4096 bytes");
  boost::json::parse_options options;
  options.max_depth = 8;
  boost::system::error_code error;
  auto value = boost::json::parse(payload, error, {}, options);
  if (error) return fail(Errc::malformed, what + " is not JSON: " + error.message());
  return value;
}

// A member's text; "" where there is none.
std::string text_if_any(const boost::json::value& value, std::string_view member) {
  const auto* object = value.if_object();
  const auto* found = object ? object->if_contains(member) : nullptr;
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}

// A member's text; malformed where there is none.
Result<std::string> text_of(const boost::json::value& value, std::string_view member,
                            const std::string& what) {
  const auto* object = value.if_object();
  const auto* found = object ? object->if_contains(member) : nullptr;
  const auto* text = found ? found->if_string() : nullptr;
  if (!text) return fail(Errc::malformed, what + " has no member \"" + std::string(member) + "\"");
  return std::string(*text);
}

}  // namespace

Result<PresenceNotice> decode_presence(std::string_view payload) {
  TRY(auto value, parse_notice(payload, "presence"));
  TRY(auto text, text_of(value, "state", "presence"));
  PresenceNotice out{text == "online", text == "decommissioned", text_if_any(value, "instance")};
  if (!out.online && !out.wiped && text != "offline")
    return fail(Errc::malformed, "presence is neither online, offline nor decommissioned");
  if (out.instance.size() > instance_bytes_max)
    return fail(Errc::malformed, "presence with an instance of more than 64 bytes");
  return out;
}

Result<CertificateUse> decode_certificate_use(std::string_view payload) {
  const std::string what = "notice of a connection";
  TRY(auto value, parse_notice(payload, what));
  TRY(auto device, text_of(value, "device", what));
  TRY(auto digits, text_of(value, "certificate", what));
  auto fingerprint = from_hex(digits);
  if (!fingerprint || fingerprint->size() != 32 || !is_topic_level(device))
    return fail(Errc::malformed, what + " names no device, or no certificate");
  return CertificateUse{
      DeviceId(std::move(device)), std::move(*fingerprint), {}, text_if_any(value, "address")};
}

std::string encode_presence(bool online) {
  return boost::json::serialize(boost::json::object{{"state", online ? "online" : "offline"}});
}

std::string presence_topic(std::string_view topic_prefix) {
  return std::string(topic_prefix) + "state";
}

struct BrokerWatch::Impl {
  Impl(net::Loop& l, Log& g, Random& r, Clock c, MqttSettings s, OnPresence p, OnUse u)
      : loop(l),
        log(g),
        random(r),
        clock(std::move(c)),
        settings(std::move(s)),
        on_presence(std::move(p)),
        on_use(std::move(u)) {}

  void hear(const MqttMessage& message);
  void hear_of_use(const MqttMessage& message);
  net::Task<void> once();
  static net::Task<void> run(std::shared_ptr<Impl> self);
  std::string broker() const { return settings.host + ":" + std::to_string(settings.port); }

  net::Loop& loop;
  Log& log;
  Random& random;
  Clock clock;
  MqttSettings settings;
  OnPresence on_presence;
  OnUse on_use;
  std::unique_ptr<MqttSession> session;
  std::optional<net::Completion> end;  // of the connection that is up
  std::function<void()> cancel;
  bool stopped = false;
  bool up = false;
};

void BrokerWatch::Impl::hear_of_use(const MqttMessage& message) {
  auto use = decode_certificate_use(message.payload);
  if (!use) {
    log(event::presence_unreadable, {{"topic", message.topic}, {"why", use.error().context}});
    return;
  }
  use->seen = clock();
  if (on_use) on_use(*use);
}

void BrokerWatch::Impl::hear(const MqttMessage& message) {
  if (!stopped && message.topic == connected_topic) return hear_of_use(message);
  auto topic = parse_device_topic(message.topic);
  if (stopped || !topic || topic->rest != "state") return;
  if (message.payload.empty()) return;  // a retained state that was taken back
  auto notice = decode_presence(message.payload);
  if (!notice) {
    log(event::presence_unreadable, {{"topic", message.topic}, {"why", notice.error().context}});
    return;
  }
  Presence presence;
  presence.account = AccountId(std::move(topic->account));
  presence.device = DeviceId(std::move(topic->device));
  presence.online = notice->online;
  presence.wiped = notice->wiped;
  presence.instance = std::move(notice->instance);
  presence.retained = message.retain;
  presence.seen = clock();
  on_presence(presence);
}

// One connection, until it ends.
net::Task<void> BrokerWatch::Impl::once() {
  MqttHandlers handlers;
  handlers.on_state = [this](const LinkState& state) {
    if (!state.connected && end) end->complete(fail(Errc::io, state.words));
  };
  handlers.on_message = [this](MqttMessage message) { hear(message); };
  session.reset();
  CO_TRY(session, MqttSession::create(loop, settings, std::move(handlers)));
  end.emplace(loop);
  auto waiting = *end;
  CO_TRY_VOID(co_await session->connect());
  // On every connection, also when the broker kept the subscription: it makes the broker send all
  // retained states, so that nothing that happened meanwhile is missed.
  std::string filter(presence_filter);
  CO_TRY_VOID(co_await session->subscribe(filter, 1));
  std::string uses(connected_topic);
  CO_TRY_VOID(co_await session->subscribe(uses, 0));
  up = true;
  log(event::watch_connected, {{"broker", broker()}, {"client", settings.client_id}});
  Duration long_time = std::chrono::hours(24);
  while (true) {
    auto ended = co_await waiting.wait(long_time);
    if (!ended && ended.error().code == Errc::timed_out && !stopped) continue;
    co_return ended;
  }
}

net::Task<void> BrokerWatch::Impl::run(std::shared_ptr<Impl> self) {
  for (unsigned attempt = 0; !self->stopped; ++attempt) {
    auto ended = co_await self->once();
    if (self->up) attempt = 0;
    self->up = false;
    if (self->stopped) break;
    auto reason = self->session ? self->session->state().reason : LinkReason::none;
    // Our own certificate comes into the access table when our own server puts it there: soon.
    auto pause = reconnect_delay(LinkReason::lost, attempt, self->random, retry_most);
    self->log(event::watch_lost, {{"broker", self->broker()},
                                  {"reason", std::string(to_string(reason))},
                                  {"why", ended ? "ended" : ended.error().context},
                                  {"again_in", std::to_string(pause.count()) + " ms"}});
    CO_TRY_VOID(co_await self->loop.sleep(pause));
  }
  co_return ok();
}

BrokerWatch::BrokerWatch(net::Loop& loop, Log& log, Random& random, Clock clock,
                         MqttSettings settings, OnPresence on_presence, OnUse on_use)
    : impl_(std::make_shared<Impl>(loop, log, random, std::move(clock), std::move(settings),
                                   std::move(on_presence), std::move(on_use))) {}

BrokerWatch::~BrokerWatch() { stop(); }

void BrokerWatch::start() {
  if (impl_->cancel) return;
  impl_->stopped = false;
  impl_->cancel = impl_->loop.spawn_cancellable("broker watch", Impl::run(impl_));
}

void BrokerWatch::stop() {
  impl_->stopped = true;
  impl_->up = false;
  impl_->session.reset();
  if (impl_->end) impl_->end->complete(fail(Errc::cancelled, "the watch was stopped"));
  if (impl_->cancel) std::exchange(impl_->cancel, nullptr)();
}

void BrokerWatch::use_identity(std::vector<crypto::Certificate> chain,
                               std::shared_ptr<crypto::Signer> key) {
  impl_->settings.tls.chain = std::move(chain);
  impl_->settings.tls.key = std::move(key);
}

bool BrokerWatch::connected() const { return impl_->up; }

net::Task<void> BrokerWatch::publish(MqttMessage message) {
  auto self = impl_;
  if (!self->up || !self->session) co_return fail(Errc::io, "not connected to the broker");
  auto sent = co_await self->session->publish(std::move(message));
  co_return sent;
}

}  // namespace fairlead::upstream
