// SPDX-License-Identifier: Apache-2.0
#include "crypto/hash.h"
#include "local/handshake.h"

namespace fairlead::local {

namespace {

using namespace handshake;
using Outcome = Result<std::variant<ClientSends, Channel>>;

constexpr std::size_t random_bytes = 16;

Result<void> accepted(Status status) {
  if (status == Status::success) return ok();
  return fail(Errc::refused, "the device refuses the session with status " +
                                 std::to_string(static_cast<int>(status)));
}

ClientSends sends(ClientHandshake next, const SessionMessage& request) {
  return {std::move(next), encode_session(request)};
}

Outcome on(AwaitingSec0Resp, const sec0::Resp& resp) {
  TRY_VOID(accepted(resp.status));
  return Channel::plain();
}

Outcome on(AwaitingSec1Resp0 state, const sec1::Resp0& resp) {
  TRY_VOID(accepted(resp.status));
  if (resp.device_random.size() != random_bytes)
    return fail(Errc::malformed, "the device's random value is not 16 bytes");
  TRY(auto key, crypto::x25519(state.key, resp.device_pubkey));
  // An empty proof of possession is not mixed in at all.
  auto hashed = crypto::sha256(state.code.reveal());
  for (std::size_t i = 0; i < key.size() && !state.code.empty(); ++i)
    key.writable()[i] ^= hashed.value[i];
  crypto::KeyStream stream(key.reveal(), resp.device_random);
  sec1::Cmd1 cmd{stream.apply(resp.device_pubkey)};
  return sends(
      AwaitingSec1Resp1{std::move(stream), std::move(key), std::move(state.key.public_value)}, cmd);
}

Outcome on(AwaitingSec1Resp1 state, const sec1::Resp1& resp) {
  TRY_VOID(accepted(resp.status));
  if (!equal_constant_time(state.stream.apply(resp.device_verify_data), state.client_pubkey))
    return fail(Errc::untrusted, "the device does not know the code");
  return Channel::security1(std::move(state.stream), state.key.reveal());
}

Outcome on(AwaitingSec2Resp0 state, const sec2::Resp0& resp) {
  TRY_VOID(accepted(resp.status));
  TRY(auto keys, crypto::srp::finish(state.share, state.secret.username, state.secret.code.reveal(),
                                     resp.device_salt, resp.device_pubkey));
  sec2::Cmd1 cmd{keys.client_proof};
  return sends(AwaitingSec2Resp1{std::move(keys), state.secret.rule}, cmd);
}

Outcome on(AwaitingSec2Resp1 state, const sec2::Resp1& resp) {
  TRY_VOID(accepted(resp.status));
  if (!equal_constant_time(resp.device_proof, state.keys.device_proof))
    return fail(Errc::untrusted, "the device does not know the code");
  return Channel::security2(state.keys.key.reveal(), resp.device_nonce, state.rule);
}

template <class S, class M>
Outcome on(S, const M&) {
  return fail(Errc::malformed, "the device's session message is out of order");
}

}  // namespace

ClientSends start_session(ClientSecret secret, Random& random) {
  if (secret.security == Security::none) return sends(AwaitingSec0Resp{}, sec0::Cmd{});
  if (secret.security == Security::x25519) {
    crypto::X25519Key key = crypto::generate_x25519(random);
    sec1::Cmd0 cmd{key.public_value};
    return sends(AwaitingSec1Resp0{std::move(key), std::move(secret.code)}, cmd);
  }
  crypto::srp::ClientShare share = crypto::srp::start(random);
  sec2::Cmd0 cmd{secret.username, share.public_value};
  return sends(AwaitingSec2Resp0{std::move(share), std::move(secret)}, cmd);
}

Result<std::variant<ClientSends, Channel>> on_session_answer(ClientHandshake state, View answer) {
  TRY(auto message, decode_session(answer));
  return std::visit([](auto now, const auto& resp) { return on(std::move(now), resp); },
                    std::move(state), message);
}

}  // namespace fairlead::local
