// SPDX-License-Identifier: Apache-2.0
// How a Configurator and an Enrollee authenticate each other, from both of its places. Each message
// holds, in clear, status, R-hash, I-hash, protocol key and version, as far as it has them and in
// this order, and Wrapped Data under the newest key that both have.
#include "base/assert.h"
#include "dpp/configurator.h"

namespace fairlead::dpp {

using namespace configurator;

namespace {

constexpr std::uint8_t enrollee = 1, configurator_role = 2;  // bits of the capabilities
constexpr std::uint8_t our_version = 2;

Result<const ActionFrame*> require_action(const Frame& frame, FrameType type) {
  const auto* action = std::get_if<ActionFrame>(&frame);
  if (!action || action->type != type)
    return fail(Errc::malformed, "another message than the expected one");
  return action;
}

Result<void> check_hash(const Attributes& in, Attribute id, const KeyHash& expected) {
  TRY(KeyHash hash, in.key_hash(id));
  if (hash != expected) return fail(Errc::untrusted, "it is about another key");
  return ok();
}

unsigned version_of(const Attributes& in) {
  const Bytes* version = in.find(Attribute::protocol_version);
  return version && version->size() == 1 ? (*version)[0] : 1;
}

Result<bool> is_enrollee(const Attributes& in, Attribute id) {
  TRY(View capabilities, in.require(id, 1));
  return (capabilities[0] & enrollee) != 0;
}

Result<Send> sealed(FrameType type, View key, const Bytes& clear, View plain) {
  TRY(Bytes attributes, wrap(key, {action_header(type), clear}, clear, plain));
  return Send{encode_frame(ActionFrame{type, std::move(attributes)})};
}

Result<Attributes> open(FrameType type, View key, const Attributes& outer) {
  return unwrap(key, {action_header(type), outer.clear()}, outer);
}

Bytes clear_start(Status status, const KeyHash& responder,
                  const std::optional<KeyHash>& initiator) {
  Bytes out;
  append_attribute(out, Attribute::status, static_cast<std::uint8_t>(status));
  append_attribute(out, Attribute::responder_key_hash, responder);
  if (initiator) append_attribute(out, Attribute::initiator_key_hash, *initiator);
  return out;
}

// What the initiator sends where the responder's answer is not to be gone on with.
Result<Send> turned_down(Status status, const KeyHash& responder,
                         const std::optional<KeyHash>& initiator, View k2, View responder_nonce) {
  Bytes plain;
  append_attribute(plain, Attribute::responder_nonce, responder_nonce);
  return sealed(FrameType::authentication_confirm, k2, clear_start(status, responder, initiator),
                plain);
}

// What came in an Authentication Response with status ok, and what follows from it.
struct Answer {
  Transcript said;
  SecretBytes k2, ke;
  bool compatible = false, proven = false;
};

Result<Answer> open_answer(const AwaitingResponse& state, const Attributes& outer, bool mutual) {
  const crypto::CurvePoint& peer = state.peer.point;
  Answer out;
  TRY(View key, outer.require(Attribute::responder_protocol_key));
  TRY(out.said.responder_protocol, decode_protocol_key(peer.curve, key));
  SharedSecrets shared{state.m.clone(), {}, {}};
  TRY(shared.n, shared_x(state.protocol.scalar.reveal(), out.said.responder_protocol));
  out.k2 = second_intermediate_key(peer.curve, shared.n.reveal());
  TRY(Attributes inner, open(FrameType::authentication_response, out.k2.reveal(), outer));
  TRY(View echoed, inner.require(Attribute::initiator_nonce));
  if (!equal(echoed, state.nonce)) return fail(Errc::untrusted, "it answers another request");
  TRY(View nonce, inner.require(Attribute::responder_nonce, nonce_bytes(peer.curve)));
  TRY(out.compatible, is_enrollee(inner, Attribute::responder_capabilities));
  out.said.initiator_nonce = state.nonce;
  out.said.responder_nonce = to_bytes(nonce);
  out.said.initiator_protocol = state.protocol.point;
  out.said.responder_bootstrap = peer;
  if (mutual) {
    out.said.initiator_bootstrap = state.own.point;
    TRY(auto sum, add_points(peer, out.said.responder_protocol));
    TRY(shared.l, shared_x(state.own.scalar.reveal(), sum));
  }
  out.ke = session_key(out.said, shared);
  auto proof = unwrap(out.ke.reveal(), {}, inner);
  const Bytes* tag = proof ? proof->find(Attribute::responder_tag) : nullptr;
  out.proven = tag && equal_constant_time(*tag, responder_tag(out.said));
  return out;
}

}  // namespace

Result<Opening> decode_opening(View body) {
  TRY(Frame frame, decode_frame(body));
  const auto* action = std::get_if<ActionFrame>(&frame);
  if (action && action->type == FrameType::presence_announcement) {
    TRY(Attributes in, decode_attributes(action->attributes).in("Presence Announcement"));
    TRY(KeyHash hash, in.key_hash(Attribute::responder_key_hash).in("Presence Announcement"));
    return Announced{hash};
  }
  if (action && action->type == FrameType::authentication_request) {
    TRY(Attributes in, decode_attributes(action->attributes).in("Authentication Request"));
    TRY(KeyHash responder, in.key_hash(Attribute::responder_key_hash).in("Authentication Request"));
    TRY(KeyHash initiator, in.key_hash(Attribute::initiator_key_hash).in("Authentication Request"));
    return Requested{responder, initiator};
  }
  return fail(Errc::unsupported, "nothing that an exchange begins with");
}

Actions Configurator::initiate(const BootstrapKey& peer, const std::optional<crypto::CurveKey>& own,
                               Time now) {
  ASSERT(ended());
  return went_on(start(peer, own), now);
}

Result<Actions> Configurator::start(const BootstrapKey& peer,
                                    const std::optional<crypto::CurveKey>& own) {
  const crypto::Curve curve = peer.point.curve;
  AwaitingResponse next{peer, {}, {}, {}, {}, {}};
  if (own && own->point.curve == curve) {
    next.own = own->clone();
  } else {
    TRY(next.own, generate_curve_key(curve, random_));
  }
  TRY(next.protocol, generate_curve_key(curve, random_));
  next.nonce = random_.bytes(nonce_bytes(curve));
  TRY(next.m, shared_x(next.protocol.scalar.reveal(), peer.point));
  next.k1 = first_intermediate_key(curve, next.m.reveal());
  Bytes clear, plain;
  append_attribute(clear, Attribute::responder_key_hash, peer.hash());
  append_attribute(clear, Attribute::initiator_key_hash, bootstrap_key(next.own.point).hash());
  append_attribute(clear, Attribute::initiator_protocol_key,
                   encode_protocol_key(next.protocol.point));
  append_attribute(clear, Attribute::protocol_version, our_version);
  append_attribute(plain, Attribute::initiator_nonce, next.nonce);
  append_attribute(plain, Attribute::initiator_capabilities, configurator_role);
  Actions out;
  TRY(Send request, sealed(FrameType::authentication_request, next.k1.reveal(), clear, plain));
  out.emplace_back(std::move(request));
  state_ = std::move(next);
  return out;
}

Result<Actions> Configurator::on(AwaitingResponse state, const Frame& frame) {
  TRY(auto* action, require_action(frame, FrameType::authentication_response));
  TRY(Attributes outer, decode_attributes(action->attributes).in("Authentication Response"));
  TRY_VOID(check_hash(outer, Attribute::responder_key_hash, state.peer.hash())
               .in("Authentication Response"));
  TRY(Status status, outer.status().in("Authentication Response"));
  if (status != Status::ok) return no_response_yet(std::move(state), status, outer);
  return confirm(state, outer);
}

// A person at the device has to scan our code first, or the device doesn't want to.
Result<Actions> Configurator::no_response_yet(AwaitingResponse state, Status status,
                                              const Attributes& outer) {
  TRY(Attributes inner, open(FrameType::authentication_response, state.k1.reveal(), outer)
                            .in("Authentication Response"));
  TRY(View echoed, inner.require(Attribute::initiator_nonce));
  if (!equal(echoed, state.nonce)) return fail(Errc::untrusted, "it answers another request");
  if (status != Status::response_pending)
    return fail(Errc::refused, "the device does not want to be configured: " + to_string(status));
  state_ = std::move(state);
  Actions out;
  out.emplace_back(Waits{});
  return out;
}

Result<Actions> Configurator::confirm(const AwaitingResponse& state, const Attributes& outer) {
  std::optional<KeyHash> mutual;
  if (outer.find(Attribute::initiator_key_hash)) {
    mutual = bootstrap_key(state.own.point).hash();
    TRY_VOID(check_hash(outer, Attribute::initiator_key_hash, *mutual));
  }
  TRY(Answer answer, open_answer(state, outer, mutual.has_value()).in("Authentication Response"));
  if (!answer.proven || !answer.compatible) {
    const Status status = answer.proven ? Status::not_compatible : Status::auth_failure;
    TRY(Send notice, turned_down(status, state.peer.hash(), mutual, answer.k2.reveal(),
                                 answer.said.responder_nonce));
    Actions out;
    out.emplace_back(std::move(notice));
    return end(Failed{{answer.proven ? Errc::refused : Errc::untrusted,
                       answer.proven ? "the other side is no device that wants to be configured"
                                     : "the device could not prove that it holds the label's key"}},
               std::move(out));
  }
  Bytes plain;
  append_attribute(plain, Attribute::initiator_tag, initiator_tag(answer.said));
  TRY(Send send, sealed(FrameType::authentication_confirm, answer.ke.reveal(),
                        clear_start(Status::ok, state.peer.hash(), mutual), plain));
  state_ = AwaitingRequest{{answer.said.responder_protocol, std::move(answer.ke), version_of(outer),
                            mutual.has_value()}};
  Actions out;
  out.emplace_back(std::move(send));
  return out;
}

Actions Configurator::respond(const crypto::CurveKey& own, const BootstrapKey& peer, View body,
                              Time now) {
  ASSERT(ended());
  return went_on(answer(own, peer, body), now);
}

Result<Actions> Configurator::answer(const crypto::CurveKey& own, const BootstrapKey& peer,
                                     View body) {
  const crypto::Curve curve = own.point.curve;
  const KeyHash own_hash = bootstrap_key(own.point).hash();
  TRY(Frame frame, decode_frame(body));
  TRY(auto* action, require_action(frame, FrameType::authentication_request));
  TRY(Attributes outer, decode_attributes(action->attributes).in("Authentication Request"));
  TRY_VOID(check_hash(outer, Attribute::responder_key_hash, own_hash));
  TRY_VOID(check_hash(outer, Attribute::initiator_key_hash, peer.hash()));
  if (peer.point.curve != curve)
    return fail(Errc::unsupported, "the device's key is on another curve than ours");
  Transcript said;
  TRY(View key, outer.require(Attribute::initiator_protocol_key));
  TRY(said.initiator_protocol, decode_protocol_key(curve, key));
  SharedSecrets shared;
  TRY(shared.m, shared_x(own.scalar.reveal(), said.initiator_protocol));
  const SecretBytes k1 = first_intermediate_key(curve, shared.m.reveal());
  TRY(Attributes inner,
      open(FrameType::authentication_request, k1.reveal(), outer).in("Authentication Request"));
  TRY(View nonce, inner.require(Attribute::initiator_nonce, nonce_bytes(curve)));
  TRY(bool compatible, is_enrollee(inner, Attribute::initiator_capabilities));
  said.initiator_nonce = to_bytes(nonce);
  if (!compatible) return not_compatible(own_hash, peer.hash(), k1.reveal(), nonce);
  said.responder_bootstrap = own.point;
  said.initiator_bootstrap = peer.point;
  return prove(own, std::move(said), std::move(shared), version_of(outer));
}

// Answers an initiator that is no Enrollee.
Result<Actions> Configurator::not_compatible(const KeyHash& own, const KeyHash& peer, View k1,
                                             View initiator_nonce) {
  Bytes clear = clear_start(Status::not_compatible, own, peer), plain;
  append_attribute(clear, Attribute::protocol_version, our_version);
  append_attribute(plain, Attribute::initiator_nonce, initiator_nonce);
  append_attribute(plain, Attribute::responder_capabilities, configurator_role);
  TRY(Send send, sealed(FrameType::authentication_response, k1, clear, plain));
  Actions out;
  out.emplace_back(std::move(send));
  return end(Failed{{Errc::refused, "the other side is no device that wants to be configured"}},
             std::move(out));
}

// The rest of the responder's part, once it knows whom it answers.
Result<Actions> Configurator::prove(const crypto::CurveKey& own, Transcript said,
                                    SharedSecrets shared, unsigned peer_version) {
  const crypto::Curve curve = own.point.curve;
  TRY(crypto::CurveKey protocol, generate_curve_key(curve, random_));
  said.responder_protocol = protocol.point;
  said.responder_nonce = random_.bytes(nonce_bytes(curve));
  TRY(shared.n, shared_x(protocol.scalar.reveal(), said.initiator_protocol));
  TRY(auto sum, add_scalars(curve, own.scalar.reveal(), protocol.scalar.reveal()));
  TRY(shared.l, shared_x(sum.reveal(), *said.initiator_bootstrap));
  SecretBytes ke = session_key(said, shared);
  const KeyHash own_hash = bootstrap_key(own.point).hash(),
                peer_hash = bootstrap_key(*said.initiator_bootstrap).hash();
  Bytes clear = clear_start(Status::ok, own_hash, peer_hash), plain, proof;
  append_attribute(clear, Attribute::responder_protocol_key, encode_protocol_key(protocol.point));
  append_attribute(clear, Attribute::protocol_version, our_version);
  append_attribute(plain, Attribute::responder_nonce, said.responder_nonce);
  append_attribute(plain, Attribute::initiator_nonce, said.initiator_nonce);
  append_attribute(plain, Attribute::responder_capabilities, configurator_role);
  append_attribute(proof, Attribute::responder_tag, responder_tag(said));
  TRY(plain, wrap(ke.reveal(), {}, std::move(plain), proof));
  const SecretBytes k2 = second_intermediate_key(curve, shared.n.reveal());
  TRY(Send send, sealed(FrameType::authentication_response, k2.reveal(), clear, plain));
  state_ = AwaitingConfirm{{said.initiator_protocol, std::move(ke), peer_version, true},
                           own_hash,
                           peer_hash,
                           initiator_tag(said)};
  Actions out;
  out.emplace_back(std::move(send));
  return out;
}

Result<Actions> Configurator::on(AwaitingConfirm state, const Frame& frame) {
  TRY(auto* action, require_action(frame, FrameType::authentication_confirm));
  TRY(Attributes outer, decode_attributes(action->attributes).in("Authentication Confirm"));
  TRY_VOID(check_hash(outer, Attribute::responder_key_hash, state.own));
  TRY_VOID(check_hash(outer, Attribute::initiator_key_hash, state.peer));
  TRY(Status status, outer.status().in("Authentication Confirm"));
  if (status != Status::ok)
    return fail(Errc::refused, "the device turned the exchange down: " + to_string(status));
  TRY(Attributes inner, open(FrameType::authentication_confirm, state.session.key.reveal(), outer)
                            .in("Authentication Confirm"));
  TRY(View tag, inner.require(Attribute::initiator_tag));
  if (!equal_constant_time(tag, state.tag))
    return fail(Errc::untrusted, "the device could not prove that it holds the label's key");
  state_ = AwaitingRequest{std::move(state.session)};
  return Actions{};
}

}  // namespace fairlead::dpp
