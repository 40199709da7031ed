// SPDX-License-Identifier: Apache-2.0
#include "upstream/mqtt_link.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace fairlead::upstream {
namespace {

constexpr std::size_t waiting_max = 256;      // publications and subscriptions without an answer
constexpr std::size_t undelivered_max = 256;  // messages on their way to the loop
constexpr std::uint32_t packet_bytes_max = 1024 * 1024;
constexpr int turn_ms = 100;

struct Properties {
  ~Properties() { mosquitto_property_free_all(&list); }
  mosquitto_property* list = nullptr;
};

// Once per process, before anything else of the library; never undone, since another session may
// be at work.
void init_library() {
  static const int done = mosquitto_lib_init();
  static_cast<void>(done);
}

bool is_broken(int socket) {
  pollfd about{.fd = socket, .events = 0, .revents = 0};
  return ::poll(&about, 1, 0) > 0 && (about.revents & (POLLERR | POLLHUP)) != 0;
}

std::string library_words(int code) { return mosquitto_strerror(code); }

}  // namespace

Errc errc_of(LinkReason reason) {
  switch (reason) {
    case LinkReason::name_not_found:
      return Errc::not_found;
    case LinkReason::tls_untrusted:
      return Errc::untrusted;
    case LinkReason::tls_expired:
      return Errc::expired;
    case LinkReason::certificate_refused:
    case LinkReason::not_authorised:
    case LinkReason::revoked:
    case LinkReason::taken_over:
      return Errc::refused;
    case LinkReason::busy:
      return Errc::busy;
    case LinkReason::timed_out:
      return Errc::timed_out;
    case LinkReason::asked:
      return Errc::cancelled;
    case LinkReason::none:
    case LinkReason::unreachable:
    case LinkReason::tls_failed:
    case LinkReason::lost:
    case LinkReason::protocol:
      return Errc::io;
  }
  return Errc::io;
}

LinkReason reason_of_connack(int code) {
  switch (code) {
    case MQTT_RC_CLIENTID_NOT_VALID:
    case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
    case MQTT_RC_NOT_AUTHORIZED:
    case MQTT_RC_BANNED:
    case MQTT_RC_BAD_AUTHENTICATION_METHOD:
      return LinkReason::not_authorised;
    case MQTT_RC_SERVER_UNAVAILABLE:
    case MQTT_RC_SERVER_BUSY:
    case MQTT_RC_QUOTA_EXCEEDED:
    case MQTT_RC_CONNECTION_RATE_EXCEEDED:
      return LinkReason::busy;
    default:
      return LinkReason::protocol;
  }
}

LinkReason reason_of_disconnect(int code) {
  switch (code) {
    case MQTT_RC_NOT_AUTHORIZED:
    case MQTT_RC_ADMINISTRATIVE_ACTION:
      return LinkReason::revoked;
    case MQTT_RC_SESSION_TAKEN_OVER:
      return LinkReason::taken_over;
    case MQTT_RC_KEEP_ALIVE_TIMEOUT:
      return LinkReason::timed_out;
    case MQTT_RC_SERVER_BUSY:
    case MQTT_RC_SERVER_SHUTTING_DOWN:
    case MQTT_RC_QUOTA_EXCEEDED:
    case MQTT_RC_CONNECTION_RATE_EXCEEDED:
      return LinkReason::busy;
    default:
      return code >= 128 ? LinkReason::protocol : LinkReason::lost;
  }
}

// Called by the library on the link's thread.
struct MqttCallbacks {
  static MqttLink& of(void* user) { return *static_cast<MqttLink*>(user); }

  static void connected(mosquitto*, void* user, int code, int flags, const mosquitto_property*) {
    auto& link = of(user);
    if (code != 0) {
      link.reason_ = reason_of_connack(code);
      link.words_ = "the broker " + link.label_ +
                    " refuses the connection: " + mosquitto_reason_string(code) + " (" +
                    std::to_string(code) + ")";
      return;
    }
    link.connected_ = true;
    bool present = (flags & 1) != 0;
    link.post([present](MqttLink::Events& events) { events.connected(present); });
  }

  static void disconnected(mosquitto*, void* user, int code, const mosquitto_property*) {
    auto& link = of(user);
    if (code < 128 || link.reason_ != LinkReason::none) return;  // the library's own codes are less
    link.reason_ = reason_of_disconnect(code);
    link.words_ = "the broker " + link.label_ +
                  " ends the connection: " + mosquitto_reason_string(code) + " (" +
                  std::to_string(code) + ")";
  }

  static void published(mosquitto*, void* user, int id, int code, const mosquitto_property*) {
    if (code < 128) return of(user).answer(id, ok());
    of(user).answer(id, fail(Errc::refused, std::string("the broker refuses the message: ") +
                                                mosquitto_reason_string(code)));
  }

  static void subscribed(mosquitto*, void* user, int id, int count, const int* granted,
                         const mosquitto_property*) {
    if (count > 0 && granted[0] < 128) return of(user).answer(id, ok());
    of(user).answer(id,
                    fail(Errc::refused, std::string("the broker refuses the subscription: ") +
                                            mosquitto_reason_string(count > 0 ? granted[0] : 128)));
  }

  static void message(mosquitto*, void* user, const mosquitto_message* from,
                      const mosquitto_property*) {
    MqttMessage out;
    out.topic = from->topic;
    out.payload.assign(static_cast<const char*>(from->payload),
                       static_cast<std::size_t>(from->payloadlen));
    out.qos = from->qos;
    out.retain = from->retain;
    of(user).deliver(std::move(out));
  }
};

Result<void> MqttLink::prepare(const MqttSettings& settings) {
  init_library();
  client_ = mosquitto_new(settings.client_id.c_str(), settings.clean_start, this);
  if (!client_) return fail(Errc::malformed, "client id '" + settings.client_id + "'");
  mosquitto_threaded_set(client_, true);  // publish() comes from another thread
  int rc = mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  if (!rc) rc = mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1);
  if (!rc) rc = mosquitto_int_option(client_, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
  if (!rc) rc = mosquitto_void_option(client_, MOSQ_OPT_SSL_CTX, tls_->context());
  if (!rc && settings.will) {
    const auto& will = *settings.will;
    rc = mosquitto_will_set_v5(client_, will.topic.c_str(), static_cast<int>(will.payload.size()),
                               will.payload.data(), will.qos, will.retain, nullptr);
  }
  if (rc) return fail(Errc::malformed, "MQTT settings: " + library_words(rc));
  mosquitto_connect_v5_callback_set(client_, MqttCallbacks::connected);
  mosquitto_disconnect_v5_callback_set(client_, MqttCallbacks::disconnected);
  mosquitto_publish_v5_callback_set(client_, MqttCallbacks::published);
  mosquitto_subscribe_v5_callback_set(client_, MqttCallbacks::subscribed);
  mosquitto_message_v5_callback_set(client_, MqttCallbacks::message);
  return ok();
}

Result<std::shared_ptr<MqttLink>> MqttLink::start(net::Loop& loop, const MqttSettings& settings,
                                                  const std::string& address, Events events) {
  std::shared_ptr<MqttLink> link(new MqttLink(loop));
  TRY(link->tls_, MqttTls::create(settings.tls, settings.host));
  link->address_ = address;
  link->label_ = settings.host + ":" + std::to_string(settings.port);
  link->port_ = settings.port;
  link->keepalive_ = static_cast<int>(settings.keepalive.count());
  link->session_expiry_ = static_cast<std::uint32_t>(settings.session_expiry.count());
  link->events_ = std::move(events);
  TRY_VOID(link->prepare(settings));
  link->thread_ = std::thread([raw = link.get()] { raw->run(); });
  return link;
}

MqttLink::~MqttLink() {
  abandon();
  join();
}

void MqttLink::abandon() {
  abandoned_ = true;
  stop_ = true;  // events_ stays: one of them may be what calls us
  std::lock_guard lock(mutex_);
  delivered_.notify_all();
}

void MqttLink::join() {
  if (thread_.joinable()) thread_.join();
  if (client_) mosquitto_destroy(std::exchange(client_, nullptr));  // a thread that never started
}

void MqttLink::post(std::function<void(Events&)> call) {
  // Weak: the loop may hold the work longer than the session holds the link.
  loop_.post([weak = weak_from_this(), call = std::move(call)] {
    auto self = weak.lock();
    if (self && !self->abandoned_) call(self->events_);
  });
}

void MqttLink::answer(int id, Result<void> result) {
  std::lock_guard lock(mutex_);
  auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  found->second.complete(std::move(result));
  waiting_.erase(found);
}

// When the loop does not keep up, the library is not let go on, and so the broker is held back by
// TCP: the queue stays bounded and no message is dropped.
void MqttLink::deliver(MqttMessage message) {
  {
    std::unique_lock lock(mutex_);
    delivered_.wait(lock, [&] { return undelivered_ < undelivered_max || stop_; });
    if (stop_) return;
    ++undelivered_;
  }
  loop_.post([weak = weak_from_this(), message = std::move(message)]() mutable {
    auto self = weak.lock();
    if (!self) return;
    {
      std::lock_guard lock(self->mutex_);
      --self->undelivered_;
      self->delivered_.notify_all();
    }
    if (!self->abandoned_) self->events_.message(std::move(message));
  });
}

int MqttLink::open_connection() {
  Properties properties;
  int rc = mosquitto_property_add_int32(&properties.list, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                        session_expiry_);
  if (!rc)
    rc = mosquitto_property_add_int32(&properties.list, MQTT_PROP_MAXIMUM_PACKET_SIZE,
                                      packet_bytes_max);
  if (rc) return rc;
  // The one call that takes properties connects while the caller waits, and no call that does not
  // wait takes any. Without a host it keeps the properties and then refuses (libmosquitto 2.0 and
  // 2.1); the next call uses them. A test watches that the session expiry arrives.
  mosquitto_connect_bind_v5(client_, nullptr, port_, keepalive_, nullptr, properties.list);
  return mosquitto_connect_bind_async(client_, address_.c_str(), port_, keepalive_, nullptr);
}

// The library begins TLS on a socket that is still connecting, and does not see when that fails.
int MqttLink::await_tcp(int& rc) {
  pollfd socket{.fd = mosquitto_socket(client_), .events = POLLOUT, .revents = 0};
  if (socket.fd < 0 || (::poll(&socket, 1, turn_ms) < 0 && errno != EINTR)) {
    rc = MOSQ_ERR_ERRNO;
    return errno;
  }
  if (socket.revents == 0) return 0;
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  tcp_up_ = ::getpeername(socket.fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
  if (tcp_up_) return 0;
  int error = 0;
  size = sizeof error;
  ::getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  rc = MOSQ_ERR_ERRNO;
  return error != 0 ? error : ECONNREFUSED;  // the library may have fetched it
}

void MqttLink::run() {
  // A write to a broken connection inside the TLS library would end the process.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

  errno = 0;
  int rc = open_connection();
  int system_error = errno;
  while (rc == MOSQ_ERR_SUCCESS && !stop_ && !tcp_up_) system_error = await_tcp(rc);
  while (rc == MOSQ_ERR_SUCCESS && !stop_) {
    errno = 0;
    rc = mosquitto_loop(client_, turn_ms, 1);
    system_error = errno;
    if (reason_ != LinkReason::none) break;
    // A connection that is reset during the handshake is for the library one to go on with.
    if (rc == MOSQ_ERR_SUCCESS && !tls_->finding().complete && is_broken(mosquitto_socket(client_)))
      rc = MOSQ_ERR_CONN_LOST;
  }
  finish(rc, system_error);
}

void MqttLink::finish(int last_error, int system_error) {
  const auto& tls = tls_->finding();
  if (reason_ == LinkReason::none && tls.reason != LinkReason::none) {
    reason_ = tls.reason;
    words_ = tls.words;
  } else if (reason_ == LinkReason::none) {
    auto why = last_error == MOSQ_ERR_ERRNO && system_error != 0
                   ? std::generic_category().message(system_error)
                   : library_words(last_error);
    if (asked_ || stop_) {
      reason_ = LinkReason::asked;
      words_ = "disconnected as asked";
    } else if (!tcp_up_ && !tls.complete) {
      reason_ = LinkReason::unreachable;
      words_ = "no connection to " + label_ + " (" + address_ + "): " + why;
    } else if (!tls.complete) {
      reason_ = LinkReason::tls_failed;
      words_ = "the TLS handshake with " + label_ + " failed: " + why;
    } else {
      reason_ = last_error == MOSQ_ERR_KEEPALIVE ? LinkReason::timed_out : LinkReason::lost;
      words_ = "the connection to " + label_ + " broke: " + why;
    }
  }
  {
    std::lock_guard lock(mutex_);
    mosquitto_destroy(
        std::exchange(client_, nullptr));  // closes the socket, here where SIGPIPE is off
    for (auto& [id, completion] : waiting_) completion.complete(fail(errc_of(reason_), words_));
    waiting_.clear();
  }
  post([reason = reason_, words = words_](Events& events) { events.ended(reason, words); });
}

Result<net::Completion> MqttLink::publish(const MqttMessage& message, int& id) {
  std::lock_guard lock(mutex_);
  if (!client_) return fail(Errc::io, "not connected to the broker");
  if (waiting_.size() >= waiting_max)
    return fail(Errc::busy, "too many messages wait for the broker's answer");
  int rc = mosquitto_publish_v5(client_, &id, message.topic.c_str(),
                                static_cast<int>(message.payload.size()), message.payload.data(),
                                message.qos, message.retain, nullptr);
  if (rc == MOSQ_ERR_NO_CONN) return fail(Errc::io, "not connected to the broker");
  if (rc) return fail(Errc::malformed, "publish to '" + message.topic + "': " + library_words(rc));
  net::Completion done(loop_);
  if (message.qos == 0)
    done.complete(ok());
  else
    waiting_.emplace(id, done);
  return done;
}

Result<net::Completion> MqttLink::subscribe(const std::string& filter, int qos, int& id) {
  std::lock_guard lock(mutex_);
  if (!client_) return fail(Errc::io, "not connected to the broker");
  if (waiting_.size() >= waiting_max)
    return fail(Errc::busy, "too many requests wait for the broker's answer");
  int rc = mosquitto_subscribe_v5(client_, &id, filter.c_str(), qos, 0, nullptr);
  if (rc == MOSQ_ERR_NO_CONN) return fail(Errc::io, "not connected to the broker");
  if (rc) return fail(Errc::malformed, "subscribe to '" + filter + "': " + library_words(rc));
  net::Completion done(loop_);
  waiting_.emplace(id, done);
  return done;
}

void MqttLink::forget(int id) {
  std::lock_guard lock(mutex_);
  waiting_.erase(id);
}

Result<void> MqttLink::disconnect() {
  std::lock_guard lock(mutex_);
  if (!client_) return ok();
  asked_ = true;
  int rc = mosquitto_disconnect_v5(client_, 0, nullptr);
  if (rc && rc != MOSQ_ERR_NO_CONN) return fail(Errc::io, "disconnect: " + library_words(rc));
  return ok();
}

}  // namespace fairlead::upstream
