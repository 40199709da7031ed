// SPDX-License-Identifier: Apache-2.0
// The order of things, and what follows authentication; the authentication itself is in
// authentication.cpp.
#include "dpp/configurator.h"

#include "base/assert.h"
#include "base/limits.h"

namespace fairlead::dpp {

using namespace configurator;

namespace {

Duration patience(const State& state) {
  return std::holds_alternative<AwaitingStatus>(state) ? Duration(limits::dpp_join_deadline)
                                                       : Duration(limits::dpp_step_deadline);
}

// The attributes sealed in a result, of which the Enrollee's nonce is the one of its request.
Result<Attributes> open_result(FrameType type, const Frame& frame, const Session& session,
                               View nonce) {
  const auto* action = std::get_if<ActionFrame>(&frame);
  if (!action || action->type != type)
    return fail(Errc::malformed, "another message than the expected one");
  TRY(Attributes outer, decode_attributes(action->attributes));
  // The second component is there, and empty: what other attributes there are is not covered.
  TRY(Attributes inner, unwrap(session.key.reveal(), {action_header(type), View()}, outer));
  TRY(View echoed, inner.require(Attribute::enrollee_nonce));
  if (!equal(echoed, nonce)) return fail(Errc::untrusted, "it belongs to another request");
  return inner;
}

Result<Bytes> response(std::uint8_t token, Status status, const Session& session, View plain) {
  Bytes clear;
  append_attribute(clear, Attribute::status, static_cast<std::uint8_t>(status));
  TRY(Bytes attributes, wrap(session.key.reveal(), {clear}, clear, plain));
  Bytes body = encode_frame(ConfigurationResponseFrame{token, std::move(attributes)});
  if (body.size() > limits::dpp_message_bytes_max)
    return fail(Errc::refused, "the configuration is too long for one message");
  return body;
}

}  // namespace

Actions Configurator::end(Action last, Actions before) {
  state_ = Ended{};
  deadline_.reset();
  before.push_back(std::move(last));
  return before;
}

Actions Configurator::went_on(Result<Actions> result, Time now) {
  if (!result) return end(Failed{std::move(result).error()});
  const bool waits = std::ranges::any_of(
      *result, [](const Action& each) { return std::holds_alternative<Waits>(each); });
  if (ended())
    deadline_.reset();
  else
    deadline_ = now + (waits ? Duration(limits::dpp_pending_deadline) : patience(state_));
  return std::move(*result);
}

Actions Configurator::on_message(View body, Time now) {
  if (ended()) return {};  // a late message changes nothing
  auto frame = decode_frame(body);
  if (!frame) return end(Failed{std::move(frame).error()});
  State state = std::exchange(state_, Ended{});
  return went_on(std::visit([&](auto& each) { return on(std::move(each), *frame); }, state), now);
}

Actions Configurator::on_closed() {
  if (ended()) return {};
  // wpa_supplicant 2.10 closes once it has its configuration, whatever it is asked to report.
  if (std::holds_alternative<AwaitingStatus>(state_)) return end(Configured{});
  return end(Failed{{Errc::io, "the device ended the connection before the exchange was done"}});
}

Actions Configurator::on_deadline() {
  if (ended()) return {};
  if (std::holds_alternative<AwaitingStatus>(state_)) return end(Configured{});
  return end(Failed{{Errc::timed_out, "the device did not answer in time"}});
}

Result<Actions> Configurator::on(AwaitingRequest state, const Frame& frame) {
  const auto* asks = std::get_if<ConfigurationRequestFrame>(&frame);
  if (!asks) return fail(Errc::malformed, "another message than a Configuration Request");
  TRY(Attributes outer, decode_attributes(asks->attributes).in("Configuration Request"));
  TRY(Attributes inner, unwrap(state.session.key.reveal(), {}, outer).in("Configuration Request"));
  TRY(View nonce,
      inner.require(Attribute::enrollee_nonce, nonce_bytes(state.session.network_key.curve)));
  TRY(View object, inner.require(Attribute::request_object));
  auto request = decode_configuration_request(object);
  Configure question{{}, state.session.network_key, state.session.mutual};
  state_ = AwaitingDriver{std::move(state.session), asks->token, to_bytes(nonce)};
  if (!request) return refused(std::move(request).error());
  question.request = std::move(*request);
  Actions out;
  out.emplace_back(std::move(question));
  return out;
}

Actions Configurator::configured(std::vector<SecretBytes> objects, bool wants_status, Time now) {
  auto* state = std::get_if<AwaitingDriver>(&state_);
  if (!state) return {};  // the exchange ended while the driver thought
  ASSERT(!objects.empty() && objects.size() <= limits::dpp_configurations_max);
  const bool newer = state->session.version >= 2;
  if (!newer) objects.resize(1);
  Bytes plain;
  append_attribute(plain, Attribute::enrollee_nonce, state->nonce);
  for (const SecretBytes& each : objects)
    append_attribute(plain, Attribute::configuration_object, each.reveal());
  if (newer && wants_status) append_attribute(plain, Attribute::send_connection_status, View());
  const SecretBytes secret(std::move(plain));
  auto body = response(state->token, Status::ok, state->session, secret.reveal());
  if (!body) return refused(std::move(body).error());
  Actions out;
  out.emplace_back(Send{std::move(*body)});
  if (!newer) return end(Configured{}, std::move(out));
  AwaitingDriver done = std::move(*state);
  state_ = AwaitingResult{std::move(done.session), std::move(done.nonce), wants_status};
  return went_on(std::move(out), now);
}

Actions Configurator::refused(Error why) {
  auto* state = std::get_if<AwaitingDriver>(&state_);
  if (!state) return {};
  Bytes plain;
  append_attribute(plain, Attribute::enrollee_nonce, state->nonce);
  auto body = response(state->token, Status::configure_failure, state->session, plain);
  Actions out;
  if (body) out.emplace_back(Send{std::move(*body)});
  return end(Failed{std::move(why)}, std::move(out));
}

// The peer is not to speak while the driver thinks.
Result<Actions> Configurator::on(AwaitingDriver, const Frame&) {
  return fail(Errc::malformed, "a message while the device has to wait for its configuration");
}

Result<Actions> Configurator::on(AwaitingResult state, const Frame& frame) {
  TRY(Attributes inner,
      open_result(FrameType::configuration_result, frame, state.session, state.nonce)
          .in("Configuration Result"));
  TRY(Status status, inner.status().in("Configuration Result"));
  if (status != Status::ok)
    return fail(Errc::refused, "the device does not take the configuration: " + to_string(status));
  if (!state.wants_status) return end(Configured{});
  state_ = AwaitingStatus{std::move(state.session), std::move(state.nonce)};
  return Actions{};
}

Result<Actions> Configurator::on(AwaitingStatus state, const Frame& frame) {
  TRY(Attributes inner,
      open_result(FrameType::connection_status_result, frame, state.session, state.nonce)
          .in("Connection Status Result"));
  TRY(View text, inner.require(Attribute::connection_status));
  TRY(ConnectionStatus status, decode_connection_status(text));
  return end(Configured{std::move(status)});
}

Result<Actions> Configurator::on(Ended, const Frame&) { return Actions{}; }

}  // namespace fairlead::dpp
