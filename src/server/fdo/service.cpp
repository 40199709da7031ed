// SPDX-License-Identifier: Apache-2.0
#include "server/fdo/service.h"

#include "base/events.h"
#include "fdo/to01.h"

namespace fairlead::server {

namespace {

constexpr std::uint8_t error_message = 255, prove_device = 64;
constexpr Duration when_full = std::chrono::seconds(10);

// The first message of a run; the others carry its token.
bool opens(std::uint8_t type) { return type == 10 || type == 20 || type == 30 || type == 60; }

// A run's state is kept behind the number of the message that opened it: a token of one protocol is
// none of another.
std::uint8_t opener_of(std::uint8_t type) {
  return static_cast<std::uint8_t>(type / 10 * 10 == 70 ? 60 : type / 10 * 10);
}

Bytes kept(std::uint8_t type, View state) {
  Bytes out{opener_of(type)};
  append(out, state);
  return out;
}

// From a good 64 on, the run is the device's and nobody else's.
Standing standing_after(std::uint8_t type) {
  return type >= prove_device ? Standing::proven : Standing::half_open;
}

std::optional<fdo::Guid> guid_of_opening(std::uint8_t type, View body) {
  if (type == 60)
    if (auto hello = fdo::decode_hello_device(body)) return hello->guid;
  if (type == 30)
    if (auto hello = fdo::decode_hello_rv(body)) return hello->guid;
  return std::nullopt;
}

std::unexpected<fdo::Refusal> not_here(std::uint8_t type) {
  return fdo::refuse(fdo::ErrorCode::invalid_message,
                     "message " + std::to_string(type) + " is not served here");
}

}  // namespace

fdo::Outcome<Answer> FdoService::first(std::uint8_t type, View body, const Caller& caller) {
  if (type == 10 && station_) return station_->on_app_start(body, caller);
  if (type == 20 && rendezvous_) return rendezvous_->on_hello(body, caller);
  if (type == 30 && rendezvous_) return rendezvous_->on_hello_rv(body, caller);
  if (type == 60 && owner_) return owner_->on_hello_device(body, caller);
  return not_here(type);
}

fdo::Outcome<Answer> FdoService::next(std::uint8_t type, View state, View body,
                                      const Caller& caller) {
  if (type == 12 && station_) return station_->on_set_hmac(state, body, caller);
  if (type == 22 && rendezvous_) return rendezvous_->on_owner_sign(state, body, caller);
  if (type == 32 && rendezvous_) return rendezvous_->on_prove_to_rv(state, body, caller);
  if (type > 60 && owner_) return owner_->on_message(type, state, body, caller);
  return not_here(type);
}

FdoReply FdoService::handle(std::uint8_t type, std::string_view token, View body,
                            const Caller& caller) {
  if (!checkpoint_) return work(type, token, body, caller);
  auto reply = pass_by(type, token, body, caller);
  if (!reply) return refuse(type, fdo::Refusal(reply.error()), caller);
  return std::move(*reply);
}

Result<FdoReply> FdoService::pass_by(std::uint8_t type, std::string_view token, View body,
                                     const Caller& caller) {
  std::string point = "message-" + std::to_string(type);
  TRY_VOID(checkpoint_(point + ".received"));
  FdoReply reply = work(type, token, body, caller);
  TRY_VOID(checkpoint_(point + ".answering"));
  return reply;
}

FdoReply FdoService::work(std::uint8_t type, std::string_view token, View body,
                          const Caller& caller) {
  if (type == error_message) {
    hear_error(token, body, caller);
    return {};
  }
  return opens(type) ? begin(type, body, caller) : go_on(type, token, body, caller);
}

FdoReply FdoService::begin(std::uint8_t type, View body, const Caller& caller) {
  if (limits_) {
    Duration wait = limits_->before_opening(caller, guid_of_opening(type, body));
    if (wait > Duration(0)) return come_again(type, wait, caller);
  }
  auto answer = first(type, body, caller);
  if (!answer) return refuse(type, answer.error(), caller);
  FdoReply reply{answer->type, std::move(answer->body), {}, {}};
  if (answer->state) {
    auto token = sessions_.create(kept(type, *answer->state));
    if (!token && token.error().code == Errc::busy) return come_again(type, when_full, caller);
    if (!token) return refuse(type, {fdo::ErrorCode::internal, token.error().context}, caller);
    reply.token = std::move(*token);
  }
  return reply;
}

FdoReply FdoService::go_on(std::uint8_t type, std::string_view token, View body,
                           const Caller& caller) {
  auto state = sessions_.take(token);
  if (!state) return refuse(type, {fdo::ErrorCode::internal, state.error().context}, caller);
  if (!*state) {
    Duration wait = limits_ ? limits_->before_opening(caller, std::nullopt) : Duration(0);
    if (wait > Duration(0)) return come_again(type, wait, caller);
    return refuse(type, {fdo::ErrorCode::invalid_token, "token is missing, unknown or expired"},
                  caller);
  }
  FdoReply reply = proceed(type, token, **state, body, caller);
  // Most peers keep the first token; one (astarte-device-fdo) wants it again with each answer. Only
  // a run's own: nothing that a stranger made up goes back to them.
  reply.token = token;
  return reply;
}

FdoReply FdoService::proceed(std::uint8_t type, std::string_view token, View state, View body,
                             const Caller& caller) {
  if (state.front() != opener_of(type))
    return refuse(type,
                  {fdo::ErrorCode::invalid_message, "token belongs to a run of another protocol"},
                  caller);
  auto answer = next(type, state.subspan(1), body, caller);
  if (!answer) return refuse(type, answer.error(), caller);
  if (answer->state) {
    auto put = sessions_.put(std::string(token), kept(type, *answer->state), standing_after(type));
    if (!put) return refuse(type, {fdo::ErrorCode::internal, put.error().context}, caller);
  }
  return {answer->type, std::move(answer->body), {}, {}};
}

FdoReply FdoService::refuse(std::uint8_t type, const fdo::Refusal& refusal, const Caller& caller) {
  if (!limits_ || limits_->may_log_refusal(caller))
    log_(event::fdo_refused, {{"message", std::to_string(type)},
                              {"code", std::to_string(static_cast<int>(refusal.code))},
                              {"why", refusal.why},
                              {"peer", caller.peer}});
  // Failures of a voucher go out without detail: the log says which check, the stranger need not
  // know.
  bool bare = !refusal.for_peer && (refusal.code == fdo::ErrorCode::invalid_voucher ||
                                    refusal.code == fdo::ErrorCode::internal);
  return error(type, refusal.code, bare ? "refused; the server's log says why" : refusal.why,
               caller);
}

FdoReply FdoService::come_again(std::uint8_t type, Duration wait, const Caller& caller) {
  auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
  auto reply = error(
      type, fdo::ErrorCode::internal,
      "too much to do at present; come again in " + std::to_string(seconds.count()) + " s", caller);
  reply.come_again = seconds;
  return reply;
}

FdoReply FdoService::error(std::uint8_t type, fdo::ErrorCode code, std::string text,
                           const Caller& caller) {
  Bytes correlation = random_.bytes(4);
  std::uint64_t number = 0;
  for (auto byte : correlation) number = number << 8 | byte;
  fdo::ErrorMessage message{code, type, std::move(text),
                            static_cast<std::uint64_t>(to_unix_seconds(caller.now)), number};
  return {error_message, fdo::encode_error(message), {}, {}};
}

// Unauthenticated by design: it ends the run and changes nothing else. Without a run it is not
// even worth a line.
void FdoService::hear_error(std::string_view token, View body, const Caller& caller) {
  auto run = sessions_.take(token);
  if (!run || !*run) return;
  auto message = fdo::decode_error(body);
  if (!message) return;
  log_(event::fdo_peer_error, {{"peer", caller.peer},
                               {"previous", std::to_string(message->previous_message)},
                               {"code", std::to_string(static_cast<int>(message->code))},
                               {"text", message->text}});
}

}  // namespace fairlead::server
