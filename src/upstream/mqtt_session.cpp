// SPDX-License-Identifier: Apache-2.0
#include "upstream/mqtt_session.h"

#include <algorithm>
#include <charconv>

#include "net/http.h"
#include "upstream/mqtt_link.h"

namespace fairlead::upstream {

using std::chrono::steady_clock;

namespace {
constexpr auto attempt_min = std::chrono::seconds(3);
constexpr auto disconnect_deadline = std::chrono::seconds(5);
}  // namespace

std::string_view to_string(LinkReason reason) {
  switch (reason) {
    case LinkReason::none:
      return "none";
    case LinkReason::asked:
      return "asked";
    case LinkReason::name_not_found:
      return "name_not_found";
    case LinkReason::unreachable:
      return "unreachable";
    case LinkReason::tls_untrusted:
      return "tls_untrusted";
    case LinkReason::tls_expired:
      return "tls_expired";
    case LinkReason::certificate_refused:
      return "certificate_refused";
    case LinkReason::tls_failed:
      return "tls_failed";
    case LinkReason::not_authorised:
      return "not_authorised";
    case LinkReason::revoked:
      return "revoked";
    case LinkReason::taken_over:
      return "taken_over";
    case LinkReason::busy:
      return "busy";
    case LinkReason::timed_out:
      return "timed_out";
    case LinkReason::lost:
      return "lost";
    case LinkReason::protocol:
      return "protocol";
  }
  return "protocol";
}

Result<MqttAddress> parse_mqtt_uri(std::string_view uri) {
  constexpr std::string_view scheme = "mqtts://";
  auto wrong = [&](Errc code, const char* why) {
    return fail(code, "broker address '" + std::string(uri.substr(0, 200)) + "': " + why);
  };
  if (!uri.starts_with(scheme))
    return wrong(Errc::unsupported, "only mqtts://host[:port] is supported");
  auto rest = uri.substr(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  MqttAddress out;
  std::string_view port;
  if (rest.starts_with('[')) {
    auto close = rest.find(']');
    if (close == std::string_view::npos) return wrong(Errc::malformed, "']' is missing");
    out.host = rest.substr(1, close - 1);
    port = rest.substr(close + 1);
  } else {
    auto colon = rest.find(':');
    out.host = rest.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : rest.substr(colon);
  }
  auto is_plain = [](char c) { return c > ' ' && c < 0x7F && c != '/' && c != '@' && c != '?'; };
  if (out.host.empty() || out.host.size() > 253 || !std::ranges::all_of(out.host, is_plain))
    return wrong(Errc::malformed, "no host name");
  if (port.empty()) return out;
  auto digits = port.substr(1);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (port.front() != ':' || error != std::errc() || end != digits.data() + digits.size() ||
      out.port == 0)
    return wrong(Errc::malformed, "no port number");
  return out;
}

struct MqttSession::Impl {
  Impl(net::Loop& l, MqttSettings s, MqttHandlers h)
      : loop(l), settings(std::move(s)), handlers(std::move(h)) {}

  void change(LinkState next);
  void drop_link();
  net::Task<void> attempt(std::string address, Duration limit);
  static net::Task<void> connect(std::shared_ptr<Impl> self);
  static net::Task<void> answered(std::shared_ptr<Impl> self, Result<net::Completion> done, int id);

  net::Loop& loop;
  MqttSettings settings;
  MqttHandlers handlers;
  std::shared_ptr<MqttLink> link;
  std::weak_ptr<Impl> self_;
  LinkState state;
  bool busy_connecting = false;
  std::optional<net::Completion> arrival;    // CONNACK, or the end of the attempt
  std::optional<net::Completion> departure;  // the end, for disconnect()
};

// Called once per change, last: the handler may do anything to the session.
void MqttSession::Impl::change(LinkState next) {
  bool differs = next.connected != state.connected;
  state = std::move(next);
  auto handler = handlers.on_state;
  auto copy = state;
  if (differs && handler) handler(copy);
}

void MqttSession::Impl::drop_link() {
  if (!link) return;
  link->abandon();
  link->join();
  link.reset();
}

net::Task<void> MqttSession::Impl::attempt(std::string address, Duration limit) {
  arrival.emplace(loop);
  auto waiting = *arrival;
  state = {};
  MqttLink::Events events;
  // The link is ours and its events are dropped before we go, so `this` is there when they come.
  events.connected = [this](bool present) {
    auto keep = self_.lock();
    LinkState up;
    up.connected = true;
    up.session_present = present;
    if (arrival) arrival->complete(ok());
    change(std::move(up));
  };
  events.message = [this](MqttMessage message) {
    auto keep = self_.lock();
    auto handler = handlers.on_message;
    if (handler) handler(std::move(message));
  };
  events.ended = [this](LinkReason reason, std::string words) {
    auto keep = self_.lock();
    if (arrival) arrival->complete(fail(errc_of(reason), words));
    if (departure) departure->complete(ok());
    LinkState down;
    down.reason = reason;
    down.words = std::move(words);
    change(std::move(down));
  };
  CO_TRY(link, MqttLink::start(loop, settings, address, std::move(events)));
  auto arrived = co_await waiting.wait(limit);
  arrival.reset();
  if (arrived) co_return ok();
  if (state.reason == LinkReason::none) {  // our own deadline, or the loop ends
    state.reason = LinkReason::timed_out;
    state.words = "no answer from the broker " + settings.host + " within " +
                  std::to_string(limit.count() / 1000) + " s";
  }
  drop_link();
  co_return fail(errc_of(state.reason), state.words);
}

net::Task<void> MqttSession::Impl::connect(std::shared_ptr<Impl> self) {
  auto until = steady_clock::now() + self->settings.connect_deadline;
  auto left = [&] {
    return std::max<Duration>(Duration(1),
                              std::chrono::duration_cast<Duration>(until - steady_clock::now()));
  };
  self->drop_link();
  auto limit = left();
  auto found = co_await net::resolve(self->loop, self->settings.host, limit);
  if (!found || found->empty()) {
    self->state.reason = LinkReason::name_not_found;
    self->state.words = found ? "no address" : found.error().context;
    co_return fail(found ? Errc::not_found : found.error().code, self->state.words);
  }
  // The first addresses get a part of the time, so that a dead one does not use it up.
  for (std::size_t i = 0;; ++i) {
    bool last = i + 1 == found->size();
    auto share = left() / static_cast<int>(found->size() - i);
    limit = last ? left() : std::min(left(), std::max<Duration>(share, attempt_min));
    auto arrived = co_await self->attempt((*found)[i], limit);
    // A TLS 1.3 server that refuses our certificate says so after the handshake, and what it says
    // is lost when its closing socket meets our CONNECT. Cut off there twice, it is that.
    if (!arrived && self->state.reason == LinkReason::lost) {
      limit = left();
      arrived = co_await self->attempt((*found)[i], limit);
      if (!arrived && self->state.reason == LinkReason::lost) {
        self->state.reason = LinkReason::certificate_refused;
        self->state.words = "the broker " + self->settings.host +
                            " closes the connection without a word after TLS, as it does when it "
                            "does not accept our certificate";
        co_return fail(errc_of(self->state.reason), self->state.words);
      }
    }
    if (arrived) co_return ok();
    auto reason = self->state.reason;
    bool another_may_help = reason == LinkReason::unreachable || reason == LinkReason::timed_out;
    if (last || !another_may_help || steady_clock::now() >= until)
      co_return fail(std::move(arrived).error());
  }
}

net::Task<void> MqttSession::Impl::answered(std::shared_ptr<Impl> self,
                                            Result<net::Completion> done, int id) {
  if (!done) co_return fail(std::move(done).error());
  auto link = self->link;
  auto answer = co_await done->wait(self->settings.reply_deadline);
  if (!answer && answer.error().code == Errc::timed_out) link->forget(id);
  co_return answer;
}

Result<std::unique_ptr<MqttSession>> MqttSession::create(net::Loop& loop, MqttSettings settings,
                                                         MqttHandlers handlers) {
  if (settings.keepalive.count() < 5 || settings.keepalive.count() > 65'535)
    return fail(Errc::refused, "MQTT keep-alive must be 5 to 65535 s");
  if (settings.session_expiry.count() < 0 || settings.session_expiry.count() > 0xFFFF'FFFE)
    return fail(Errc::refused, "MQTT session expiry is out of range");
  if (settings.client_id.empty()) return fail(Errc::refused, "MQTT client id is empty");
  TRY(auto tls, MqttTls::create(settings.tls, settings.host));
  static_cast<void>(tls);  // each attempt makes its own; here it shows whether it can be made
  auto impl = std::make_shared<Impl>(loop, std::move(settings), std::move(handlers));
  impl->self_ = impl;
  return std::make_unique<MqttSession>(std::move(impl));
}

MqttSession::MqttSession(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

MqttSession::~MqttSession() {
  impl_->handlers = {};
  for (auto* wait : {&impl_->arrival, &impl_->departure})
    if (*wait) (*wait)->complete(fail(Errc::cancelled, "the MQTT session is gone"));
  if (impl_->link) {
    impl_->link->abandon();
    impl_->link->join();
  }
}

net::Task<void> MqttSession::connect() {
  auto self = impl_;
  if (self->busy_connecting || self->state.connected)
    co_return fail(Errc::conflict, "the MQTT session is connected or about to be");
  self->busy_connecting = true;
  auto arrived = co_await Impl::connect(self);
  self->busy_connecting = false;
  co_return arrived;
}

net::Task<void> MqttSession::publish(MqttMessage message) {
  auto self = impl_;
  if (!self->state.connected) co_return fail(Errc::io, "not connected to the broker");
  int id = 0;
  auto done = self->link->publish(message, id);
  auto answer = co_await Impl::answered(self, std::move(done), id);
  co_return std::move(answer).in(message.topic);
}

net::Task<void> MqttSession::subscribe(std::string filter, int qos) {
  auto self = impl_;
  if (!self->state.connected) co_return fail(Errc::io, "not connected to the broker");
  int id = 0;
  auto done = self->link->subscribe(filter, qos, id);
  auto answer = co_await Impl::answered(self, std::move(done), id);
  co_return std::move(answer).in(filter);
}

net::Task<void> MqttSession::disconnect() {
  auto self = impl_;
  if (!self->state.connected) co_return ok();
  self->departure.emplace(self->loop);
  auto waiting = *self->departure;
  CO_TRY_VOID(self->link->disconnect());
  auto gone = co_await waiting.wait(disconnect_deadline);
  self->departure.reset();
  self->drop_link();
  if (!gone && self->state.connected) {
    LinkState down;
    down.reason = LinkReason::asked;
    down.words = "disconnected as asked; the broker did not confirm";
    self->change(std::move(down));
  }
  co_return ok();
}

LinkState MqttSession::state() const { return impl_->state; }

Duration reconnect_delay(LinkReason reason, unsigned attempt, Random& random, Duration most) {
  bool refused = reason == LinkReason::not_authorised ||
                 reason == LinkReason::certificate_refused || reason == LinkReason::revoked;
  Duration base = refused ? std::chrono::seconds(30) : std::chrono::seconds(1);
  for (unsigned i = 0; i < attempt && base < most; ++i) base *= 2;
  base = std::min(base, most);
  std::uint8_t bytes[4];
  random.fill(bytes);
  std::uint32_t draw = 0;
  for (auto byte : bytes) draw = draw << 8 | byte;
  auto half = base / 2;
  return half + Duration(static_cast<std::int64_t>(draw) % (half.count() + 1));
}

}  // namespace fairlead::upstream
