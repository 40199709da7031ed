// SPDX-License-Identifier: Apache-2.0
#include "device/upstream_link.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>

#include "base/events.h"
#include "upstream/access/topics.h"

namespace fairlead::device {

namespace json = boost::json;
using upstream::decommission_order;
using upstream::LinkReason;
using upstream::order_topic;

namespace {

Reason reason_of(LinkReason reason) {
  switch (reason) {
    case LinkReason::name_not_found:
      return Reason::dns_failed;
    case LinkReason::tls_untrusted:
      return Reason::tls_untrusted;
    case LinkReason::tls_expired:
      return Reason::clock_wrong;
    case LinkReason::certificate_refused:
    case LinkReason::not_authorised:
      return Reason::broker_refused;
    case LinkReason::revoked:
      return Reason::revoked;
    case LinkReason::taken_over:
      return Reason::client_id_taken;
    case LinkReason::lost:
      return Reason::connection_lost;
    default:
      return Reason::broker_unreachable;
  }
}

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t whole = 0, resident = 0;
  statm >> whole >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

double uptime_seconds() {
  std::ifstream in("/proc/uptime");
  double out = 0;
  in >> out;
  return out;
}

}  // namespace

std::string birth_payload(const LinkSettings& settings, Time now) {
  json::object out{{"state", "online"}, {"time", to_rfc3339(now)}, {"firmware", settings.firmware}};
  if (!settings.instance.empty()) out["instance"] = settings.instance;
  return json::serialize(out);
}
std::string will_payload() { return R"({"state":"offline"})"; }
std::string telemetry_payload(Time now) {
  return json::serialize(json::object{
      {"time", to_rfc3339(now)}, {"uptime_s", uptime_seconds()}, {"rss_bytes", resident_bytes()}});
}

UpstreamLink::UpstreamLink(net::Loop& loop, Log& log, keystore::Keystore& keystore, Clock clock,
                           const Operational& operational, LinkSettings settings)
    : loop_(loop),
      log_(log),
      keystore_(keystore),
      clock_(std::move(clock)),
      operational_(operational),
      settings_(std::move(settings)) {}
UpstreamLink::~UpstreamLink() = default;

Failure UpstreamLink::failure_of(const upstream::LinkState& state, const Error& error) const {
  if (error.code == Errc::cancelled) return {Reason::interrupted, error.context};
  std::string words = state.words.empty() ? error.context : state.words;
  return {reason_of(state.reason), endpoint_.uri + ": " + words};
}

void UpstreamLink::tell(const LogEvent& event, const upstream::LinkState& state) {
  log_(event, {{"endpoint", endpoint_.uri},
               {"reason", std::string(to_string(state.reason))},
               {"why", state.words}});
}

AttemptTask<void> UpstreamLink::connect() {
  auto open_it = [this] { return keystore_.open_key(operational_.key); };
  auto opening = loop_.on_worker(open_it);
  auto opened = co_await std::move(opening);
  CO_TRY(std::shared_ptr<crypto::Signer> key, locally(std::move(opened), Reason::key_failed));
  Attempt<void> last = give_up(Reason::grant_missing, "the grant names no endpoint");
  for (const enroll::Endpoint& endpoint : operational_.endpoints) {
    auto trying = connect_to(endpoint, key);
    last = co_await std::move(trying);
    if (last) break;
  }
  co_return last;
}

AttemptTask<void> UpstreamLink::connect_to(enroll::Endpoint endpoint,
                                           std::shared_ptr<crypto::Signer> key) {
  endpoint_ = std::move(endpoint);
  auto address = upstream::parse_mqtt_uri(endpoint_.uri);
  if (!address)
    co_return give_up(Reason::grant_wrong,
                      "endpoint " + endpoint_.uri + ": " + address.error().context);
  upstream::MqttSettings settings;
  settings.host = address->host;
  settings.port = address->port;
  settings.client_id = endpoint_.client_id;
  settings.tls.trust.anchors = operational_.anchors;
  settings.tls.trust.ignore_dates = !settings_.clock_plausible;
  settings.tls.chain = operational_.chain;
  settings.tls.key = std::move(key);
  settings.will = upstream::MqttMessage{endpoint_.topic_prefix + "state", will_payload(), 1, true};
  ended_ = std::make_unique<net::Completion>(loop_);
  upstream::MqttHandlers handlers;
  handlers.on_state = [this](const upstream::LinkState& state) {
    bool lost = up_ && !state.connected && state.reason != LinkReason::asked;
    up_ = state.connected;
    reason_ = state.reason;
    if (lost) tell(event::link_lost, state);
    if (!state.connected) ended_->complete(ok());
  };
  handlers.on_message = [this](const upstream::MqttMessage& message) { hear(message); };
  auto made = upstream::MqttSession::create(loop_, std::move(settings), std::move(handlers));
  if (!made) co_return give_up(Reason::grant_wrong, made.error().context);
  session_ = std::move(*made);
  auto connecting = session_->connect();
  auto connected = co_await std::move(connecting);
  reason_ = session_->state().reason;
  if (!connected) {
    tell(event::link_refused, session_->state());
    co_return std::unexpected(failure_of(session_->state(), connected.error()));
  }
  // A foreign upstream has no such topic, and may end the connection for the question.
  if (!endpoint_.topic_prefix.empty()) {
    auto subscribing = session_->subscribe(endpoint_.topic_prefix + std::string(order_topic), 1);
    auto subscribed = co_await std::move(subscribing);
    ignore(subscribed, "without it the device is cut off without a word");
  }
  upstream::MqttMessage birth{endpoint_.topic_prefix + "state", birth_payload(settings_, clock_()),
                              1, true};
  auto publishing = session_->publish(std::move(birth));
  auto published = co_await std::move(publishing);
  if (!published) co_return std::unexpected(failure_of(session_->state(), published.error()));
  log_(event::device_connected, {{"endpoint", endpoint_.uri}, {"client_id", endpoint_.client_id}});
  co_return Attempt<void>{};
}

// Only the server of this very prefix can have said it: the broker guards the topic.
void UpstreamLink::hear(const upstream::MqttMessage& message) {
  if (message.topic != endpoint_.topic_prefix + std::string(order_topic) ||
      message.payload != decommission_order)
    return;
  dismissed_ = true;
  ended_->complete(ok());
}

AttemptTask<void> UpstreamLink::serve(std::chrono::steady_clock::time_point until) {
  bool reported = false;
  while (session_->state().connected) {
    upstream::MqttMessage telemetry{endpoint_.topic_prefix + "telemetry",
                                    telemetry_payload(clock_()), 0, false};
    auto publishing = session_->publish(std::move(telemetry));
    auto published = co_await std::move(publishing);
    // A connection that is gone says so itself, and better.
    if (!published && session_->state().connected)
      co_return std::unexpected(failure_of(session_->state(), published.error()));
    if (published && !std::exchange(reported, true))
      log_(event::telemetry_sent, {{"topic", endpoint_.topic_prefix + "telemetry"}});
    auto left = std::chrono::duration_cast<Duration>(until - std::chrono::steady_clock::now());
    if (left <= Duration(0)) co_return Attempt<void>{};
    auto waiting = ended_->wait(std::min<Duration>(settings_.telemetry_interval, left));
    auto waited = co_await std::move(waiting);
    if (dismissed_) co_return Attempt<void>{};
    if (!waited && waited.error().code == Errc::cancelled)
      co_return give_up(Reason::interrupted, waited.error().context);
  }
  Error lost{Errc::io, "the connection ended"};
  co_return std::unexpected(failure_of(session_->state(), lost));
}

AttemptTask<void> UpstreamLink::disconnect() { return leave(will_payload()); }
AttemptTask<void> UpstreamLink::say_wiped() { return leave(R"({"state":"decommissioned"})"); }

AttemptTask<void> UpstreamLink::leave(std::string last_word) {
  if (!session_ || !session_->state().connected) co_return Attempt<void>{};
  upstream::MqttMessage farewell{endpoint_.topic_prefix + "state", std::move(last_word), 1, true};
  auto publishing = session_->publish(std::move(farewell));
  auto published = co_await std::move(publishing);
  ignore(published, "the will says the same");
  auto disconnecting = session_->disconnect();
  auto disconnected = co_await std::move(disconnecting);
  ignore(disconnected, "the broker notices either way");
  co_return Attempt<void>{};
}

}  // namespace fairlead::device
