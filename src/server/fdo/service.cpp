// SPDX-License-Identifier: Apache-2.0
#include "server/fdo/service.h"

#include "base/events.h"

namespace fairlead::server {

namespace {

constexpr std::uint8_t error_message = 255;

// The first message of a run; the others carry its token.
bool opens(std::uint8_t type) { return type == 10 || type == 20 || type == 30 || type == 60; }

// A run's state is kept behind the number of the message that opened it: a token of one protocol is
// none of another.
std::uint8_t opener_of(std::uint8_t type) {
  return static_cast<std::uint8_t>(type / 10 * 10 == 70 ? 60 : type / 10 * 10);
}

std::unexpected<fdo::Refusal> not_here(std::uint8_t type) {
  return fdo::refuse(fdo::ErrorCode::invalid_message,
                     "message " + std::to_string(type) + " is not served here");
}

}  // namespace

fdo::Outcome<Answer> FdoService::open(std::uint8_t type, View body, const Caller& caller) {
  if (type == 10 && station_) return station_->on_app_start(body, caller);
  if (type == 20 && rendezvous_) return rendezvous_->on_hello(body, caller);
  if (type == 30 && rendezvous_) return rendezvous_->on_hello_rv(body, caller);
  if (type == 60 && owner_) return owner_->on_hello_device(body, caller);
  return not_here(type);
}

fdo::Outcome<Answer> FdoService::go_on(std::uint8_t type, View state, View body,
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
  fdo::Outcome<Answer> answer = not_here(type);
  std::string run(token);
  if (opens(type)) {
    answer = open(type, body, caller);
  } else {
    auto state = sessions_.take(token);
    if (!state)
      return refuse(type, {fdo::ErrorCode::invalid_token, "token is missing, unknown or expired"},
                    caller);
    if (state->front() != opener_of(type))
      return refuse(type,
                    {fdo::ErrorCode::invalid_message, "token belongs to a run of another protocol"},
                    caller);
    answer = go_on(type, View(*state).subspan(1), body, caller);
  }
  if (!answer) return refuse(type, answer.error(), caller);
  FdoReply reply{answer->type, std::move(answer->body), {}};
  if (answer->state) {
    Bytes kept{opener_of(type)};
    append(kept, *answer->state);
    if (opens(type))
      reply.token = sessions_.create(std::move(kept));
    else
      sessions_.put(run, std::move(kept));
  }
  return reply;
}

FdoReply FdoService::refuse(std::uint8_t type, const fdo::Refusal& refusal, const Caller& caller) {
  log_(event::fdo_refused, {{"message", std::to_string(type)},
                            {"code", std::to_string(static_cast<int>(refusal.code))},
                            {"why", refusal.why},
                            {"peer", caller.peer}});
  // Failures of a voucher go out without detail: the log says which check, the stranger need not
  // know.
  bool bare =
      refusal.code == fdo::ErrorCode::invalid_voucher || refusal.code == fdo::ErrorCode::internal;
  Bytes correlation = random_.bytes(4);
  std::uint64_t number = 0;
  for (auto byte : correlation) number = number << 8 | byte;
  fdo::ErrorMessage message{refusal.code, type,
                            bare ? "refused; the server's log says why" : refusal.why,
                            static_cast<std::uint64_t>(to_unix_seconds(caller.now)), number};
  return {error_message, fdo::encode_error(message), {}};
}

// Unauthenticated by design: it ends the run and changes nothing else.
void FdoService::hear_error(std::string_view token, View body, const Caller& caller) {
  sessions_.take(token);
  auto message = fdo::decode_error(body);
  if (!message) return;
  log_(event::fdo_peer_error, {{"peer", caller.peer},
                               {"previous", std::to_string(message->previous_message)},
                               {"code", std::to_string(static_cast<int>(message->code))},
                               {"text", message->text}});
}

}  // namespace fairlead::server
