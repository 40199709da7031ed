// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "crypto/hash.h"
#include "local/handshake.h"

namespace fairlead::local {

namespace {

using namespace handshake;
using Kind = Refusal::Kind;
using Outcome = Answered<std::variant<HandshakeGoesOn, Secured>>;

constexpr std::size_t random_bytes = 16, nonce_prefix_bytes = 8;

HandshakeGoesOn goes_on(DeviceHandshake next, const SessionMessage& reply) {
  return {std::move(next), encode_session(reply)};
}

Outcome begin(const sec0::Cmd&, const DeviceSecrets& secrets, Random&) {
  if (!secrets.security0)
    return refuse(Kind::unsupported, "this device does not talk without encryption");
  return Secured{Channel::plain(), Proof::none, encode_session(sec0::Resp{})};
}

Outcome begin(const sec1::Cmd0& cmd, const DeviceSecrets& secrets, Random& random) {
  if (!secrets.security1)
    return refuse(Kind::unsupported, "Security 1 is switched off on this device: use Security 2");
  crypto::X25519Key ours = crypto::generate_x25519(random);
  Bytes first_block = random.bytes(random_bytes);
  auto key = crypto::x25519(ours, cmd.client_pubkey);
  if (!key) return refuse(Kind::malformed, key.error().context);
  auto hashed = crypto::sha256(secrets.security1->reveal());
  for (std::size_t i = 0; i < key->size(); ++i) key->writable()[i] ^= hashed.value[i];
  crypto::KeyStream stream(key->reveal(), first_block);
  sec1::Resp0 reply{Status::success, ours.public_value, std::move(first_block)};
  return goes_on(AwaitingSec1Cmd1{std::move(stream), std::move(*key), cmd.client_pubkey,
                                  std::move(ours.public_value)},
                 reply);
}

Outcome begin(const sec2::Cmd0& cmd, const DeviceSecrets& secrets, Random& random) {
  auto found = std::ranges::find_if(secrets.srp, [&](const DeviceSecrets::Accepted& each) {
    return each.verifier.username == cmd.client_username;
  });
  if (found == secrets.srp.end())
    return refuse(Kind::unsupported,
                  "this device has no code for user '" + cmd.client_username + "'");
  auto keys = crypto::srp::answer(found->verifier, cmd.client_pubkey, random);
  if (!keys) return refuse(Kind::malformed, keys.error().context);
  sec2::Resp0 reply{Status::success, keys->public_value, found->verifier.salt};
  return goes_on(AwaitingSec2Cmd1{std::move(*keys), found->proof}, reply);
}

Outcome prove(AwaitingSec1Cmd1 state, const sec1::Cmd1& cmd) {
  Bytes shown = state.stream.apply(cmd.client_verify_data);
  if (!equal_constant_time(shown, state.device_pubkey))
    return refuse(Kind::wrong_code, "the code is wrong");
  Bytes reply =
      encode_session(sec1::Resp1{Status::success, state.stream.apply(state.client_pubkey)});
  return Secured{Channel::security1(std::move(state.stream), state.key.reveal()), Proof::code,
                 std::move(reply)};
}

Outcome prove(AwaitingSec2Cmd1 state, const sec2::Cmd1& cmd, Random& random) {
  if (!equal_constant_time(cmd.client_proof, state.keys.client_proof))
    return refuse(Kind::wrong_code, "the code is wrong");
  Bytes nonce = random.bytes(nonce_prefix_bytes);
  append(nonce, Bytes{0, 0, 0, 1});
  auto channel = Channel::security2(state.keys.key.reveal(), nonce, NonceRule::counting);
  if (!channel) return refuse(Kind::internal, channel.error().context);
  Bytes reply =
      encode_session(sec2::Resp1{Status::success, std::move(state.keys.device_proof), nonce});
  return Secured{std::move(*channel), state.proof, std::move(reply)};
}

}  // namespace

std::string_view to_string(Proof proof) {
  switch (proof) {
    case Proof::code:
      return "code";
    case Proof::button:
      return "button";
    case Proof::stick:
      return "stick";
    case Proof::none:
      return "none";
  }
  std::unreachable();
}

Answered<std::variant<HandshakeGoesOn, Secured>> on_session(DeviceHandshake state, View request,
                                                            const DeviceSecrets& secrets,
                                                            Random& random) {
  auto message = decode_session(request);
  if (!message) return refuse(Kind::malformed, message.error().context);
  if (auto* cmd = std::get_if<sec0::Cmd>(&*message)) return begin(*cmd, secrets, random);
  if (auto* cmd = std::get_if<sec1::Cmd0>(&*message)) return begin(*cmd, secrets, random);
  if (auto* cmd = std::get_if<sec2::Cmd0>(&*message)) return begin(*cmd, secrets, random);
  auto* sec1_cmd = std::get_if<sec1::Cmd1>(&*message);
  auto* sec1_state = std::get_if<AwaitingSec1Cmd1>(&state);
  if (sec1_cmd && sec1_state) return prove(std::move(*sec1_state), *sec1_cmd);
  auto* sec2_cmd = std::get_if<sec2::Cmd1>(&*message);
  auto* sec2_state = std::get_if<AwaitingSec2Cmd1>(&state);
  if (sec2_cmd && sec2_state) return prove(std::move(*sec2_state), *sec2_cmd, random);
  return refuse(Kind::malformed, "session message is out of order");
}

}  // namespace fairlead::local
