// SPDX-License-Identifier: Apache-2.0
#include "local/conversation.h"

#include "base/assert.h"

namespace fairlead::local {

Conversation::Conversation(ClientSecret secret, Random& random)
    : random_(random), state_(Fresh{std::move(secret)}) {}

Send Conversation::begin() {
  auto* fresh = std::get_if<Fresh>(&state_);
  ASSERT(fresh);
  ClientSends first = start_session(std::move(fresh->secret), random_);
  state_ = std::move(first.next);
  return {"prov-session", std::move(first.request)};
}

Result<Send> Conversation::send_frame(Commanding state, const Frame& frame) {
  TRY(auto body, state.channel.seal(encode_frame(frame)));
  state_ = std::move(state);
  return Send{std::string(own_endpoint), std::move(body)};
}

Result<Channel> Conversation::take_idle() {
  auto* idle = std::get_if<Idle>(&state_);
  if (!idle) return fail(Errc::conflict, "no session with the device is open");
  Channel out = std::move(idle->channel);
  state_ = std::monostate();
  return out;
}

Result<Send> Conversation::ask(std::string endpoint, View plain) {
  TRY(auto channel, take_idle());
  TRY(auto body, channel.seal(plain));
  state_ = Asking{std::move(channel)};
  return Send{std::move(endpoint), std::move(body)};
}

Result<Send> Conversation::say(const Command& command) {
  TRY(auto channel, take_idle());
  Commanding next{std::move(channel), encode_command(command), false, {}};
  TRY(auto first, part_of(++number_, next.command, 0));
  next.sent_all = first.content.size() == next.command.size();
  return send_frame(std::move(next), first);
}

Result<Heard> Conversation::hear(View answer) {
  auto state = std::exchange(state_, std::monostate());
  if (auto* handshake = std::get_if<ClientHandshake>(&state)) {
    TRY(auto next, on_session_answer(std::move(*handshake), answer));
    if (auto* sends = std::get_if<ClientSends>(&next)) {
      state_ = std::move(sends->next);
      return Heard(Send{"prov-session", std::move(sends->request)});
    }
    auto& channel = std::get<Channel>(next);
    binding_ = to_bytes(channel.binding());
    state_ = Idle{std::move(channel)};
    return Heard(SessionOpen{});
  }
  if (auto* asking = std::get_if<Asking>(&state)) {
    TRY(auto plain, asking->channel.open(answer));
    state_ = Idle{std::move(asking->channel)};
    return Heard(StockAnswer{std::move(plain)});
  }
  auto* commanding = std::get_if<Commanding>(&state);
  if (!commanding) return fail(Errc::malformed, "the device answers what was not asked");
  TRY(auto plain, commanding->channel.open(answer));
  TRY(auto frame, decode_frame(plain).in("the device's answer"));
  return hear_frame(std::move(*commanding), frame);
}

Result<Heard> Conversation::hear_frame(Commanding state, const Frame& frame) {
  if (std::visit([](const auto& f) { return f.id; }, frame) != number_)
    return fail(Errc::malformed, "the device answers another command");
  if (auto* ask = std::get_if<AskPart>(&frame)) {
    // It asks from the beginning when it doesn't know the command (any more).
    if (state.sent_all) return fail(Errc::malformed, "the device forgot the command");
    TRY(auto part, part_of(number_, state.command, ask->offset));
    state.sent_all = part.offset + part.content.size() == state.command.size();
    TRY(auto send, send_frame(std::move(state), part));
    return Heard(std::move(send));
  }
  TRY(auto whole, state.answer.add(std::get<Part>(frame)).in("the device's answer"));
  if (!whole) {
    AskPart more = state.answer.ask();
    TRY(auto send, send_frame(std::move(state), more));
    return Heard(std::move(send));
  }
  TRY(auto answer, decode_answer(*whole).in("the device's answer"));
  state_ = Idle{std::move(state.channel)};
  return Heard(std::move(answer));
}

enroll::OfferNonce Conversation::expected_nonce(const enroll::OfferNonce& nonce) const {
  return tied_nonce(binding_, nonce);
}

}  // namespace fairlead::local
