// SPDX-License-Identifier: Apache-2.0
// The device's side of Wi-Fi Easy Connect, as far as tests need one that they can make err. What
// wpa_supplicant thinks of our Configurator is for tests/dpp to say.
#pragma once

#include <functional>
#include <stdexcept>

#include "base/random.h"
#include "dpp/configurator.h"
#include "support/must.h"

namespace fairlead::test {

class DppEnrollee {
 public:
  struct Habits {
    unsigned version = 2;
    bool mutual = false;         // as responder: it scanned the Configurator's code
    bool pending_first = false;  // as responder: asks for patience before it answers
    std::uint8_t capabilities = 1;
    std::string request = R"({"name":"press-04","wi-fi_tech":"infra","netRole":"sta"})";
    dpp::Status result = dpp::Status::ok;
    std::function<void(Bytes& tag)> forge_tag = [](Bytes&) {};
  };

  DppEnrollee(crypto::CurveKey bootstrap, Random& random, Habits habits)
      : bootstrap_(std::move(bootstrap)), random_(random), habits_(std::move(habits)) {}

  // Answers each message of the Configurator; none where it has nothing to say. Throws where it is
  // given something that it can't open.
  std::vector<Bytes> on_message(View body) {
    auto frame = must(dpp::decode_frame(body));
    if (auto* response = std::get_if<dpp::ConfigurationResponseFrame>(&frame))
      return configuration(*response);
    auto& action = std::get<dpp::ActionFrame>(frame);
    auto outer = must(dpp::decode_attributes(action.attributes));
    if (action.type == dpp::FrameType::authentication_request) return respond(outer);
    if (action.type == dpp::FrameType::authentication_response) return confirm(outer);
    return on_confirm(outer);
  }

  // As initiator.
  Bytes start(const crypto::CurvePoint& configurator) {
    peer_ = configurator;
    said_.initiator_bootstrap = bootstrap_.point;
    said_.responder_bootstrap = configurator;
    protocol_ = must(generate_curve_key(configurator.curve, random_));
    said_.initiator_protocol = protocol_->point;
    said_.initiator_nonce = random_.bytes(dpp::nonce_bytes(configurator.curve));
    shared_.m = must(shared_x(protocol_->scalar.reveal(), configurator));
    Bytes clear, plain;
    add(clear, dpp::Attribute::responder_key_hash, dpp::bootstrap_key(configurator).hash());
    add(clear, dpp::Attribute::initiator_key_hash, dpp::bootstrap_key(bootstrap_.point).hash());
    add(clear, dpp::Attribute::initiator_protocol_key, dpp::encode_protocol_key(protocol_->point));
    add_version(clear);
    add(plain, dpp::Attribute::initiator_nonce, said_.initiator_nonce);
    dpp::append_attribute(plain, dpp::Attribute::initiator_capabilities, habits_.capabilities);
    return action(dpp::FrameType::authentication_request,
                  dpp::first_intermediate_key(configurator.curve, shared_.m.reveal()), clear,
                  plain);
  }

  // It scanned this code, before it responds.
  void knows(const crypto::CurvePoint& configurator) { peer_ = configurator; }

  const std::vector<std::string>& configurations() const { return configurations_; }
  const std::optional<dpp::Status>& told() const { return told_; }  // by a refusing Configurator
  bool asked_for_status() const { return asked_for_status_; }
  Bytes status_result(std::string_view json) {
    Bytes plain;
    add(plain, dpp::Attribute::enrollee_nonce, nonce_);
    add(plain, dpp::Attribute::connection_status, as_view(json));
    return result(dpp::FrameType::connection_status_result, plain);
  }

 private:
  static void add(Bytes& out, dpp::Attribute id, View bytes) {
    dpp::append_attribute(out, id, bytes);
  }
  void add_version(Bytes& out) const {
    if (habits_.version > 1)
      dpp::append_attribute(out, dpp::Attribute::protocol_version,
                            static_cast<std::uint8_t>(habits_.version));
  }
  static Bytes action(dpp::FrameType type, const SecretBytes& key, const Bytes& clear, View plain) {
    return dpp::encode_frame(dpp::ActionFrame{
        type, must(dpp::wrap(key.reveal(), {dpp::action_header(type), clear}, clear, plain))});
  }
  Bytes result(dpp::FrameType type, View plain) const {
    return dpp::encode_frame(dpp::ActionFrame{
        type, must(dpp::wrap(key_.reveal(), {dpp::action_header(type), View()}, {}, plain))});
  }

  std::vector<Bytes> respond(const dpp::Attributes& outer) {
    const crypto::Curve curve = bootstrap_.point.curve;
    said_.responder_bootstrap = bootstrap_.point;
    said_.initiator_protocol = must(dpp::decode_protocol_key(
        curve, must(outer.require(dpp::Attribute::initiator_protocol_key))));
    shared_.m = must(shared_x(bootstrap_.scalar.reveal(), said_.initiator_protocol));
    const SecretBytes k1 = dpp::first_intermediate_key(curve, shared_.m.reveal());
    auto inner = must(dpp::unwrap(
        k1.reveal(), {dpp::action_header(dpp::FrameType::authentication_request), outer.clear()},
        outer));
    said_.initiator_nonce = to_bytes(must(inner.require(dpp::Attribute::initiator_nonce)));
    initiator_hash_ = must(outer.key_hash(dpp::Attribute::initiator_key_hash));
    std::vector<Bytes> out;
    if (habits_.pending_first) out.push_back(pending(k1));
    out.push_back(authentication_response());
    return out;
  }

  Bytes pending(const SecretBytes& k1) {
    Bytes clear, plain;
    dpp::append_attribute(clear, dpp::Attribute::status,
                          static_cast<std::uint8_t>(dpp::Status::response_pending));
    add(clear, dpp::Attribute::responder_key_hash, dpp::bootstrap_key(bootstrap_.point).hash());
    add_version(clear);
    add(plain, dpp::Attribute::initiator_nonce, said_.initiator_nonce);
    return action(dpp::FrameType::authentication_response, k1, clear, plain);
  }

  Bytes authentication_response() {
    const crypto::Curve curve = bootstrap_.point.curve;
    protocol_ = must(generate_curve_key(curve, random_));
    said_.responder_protocol = protocol_->point;
    said_.responder_nonce = random_.bytes(dpp::nonce_bytes(curve));
    shared_.n = must(shared_x(protocol_->scalar.reveal(), said_.initiator_protocol));
    if (habits_.mutual) {
      said_.initiator_bootstrap = peer_;
      auto sum = must(add_scalars(curve, bootstrap_.scalar.reveal(), protocol_->scalar.reveal()));
      shared_.l = must(shared_x(sum.reveal(), *said_.initiator_bootstrap));
    }
    key_ = dpp::session_key(said_, shared_);
    Bytes clear, plain, proof, tag = dpp::responder_tag(said_);
    dpp::append_attribute(clear, dpp::Attribute::status, std::uint8_t{0});
    add(clear, dpp::Attribute::responder_key_hash, dpp::bootstrap_key(bootstrap_.point).hash());
    if (habits_.mutual) add(clear, dpp::Attribute::initiator_key_hash, initiator_hash_);
    add(clear, dpp::Attribute::responder_protocol_key, dpp::encode_protocol_key(protocol_->point));
    add_version(clear);
    add(plain, dpp::Attribute::responder_nonce, said_.responder_nonce);
    add(plain, dpp::Attribute::initiator_nonce, said_.initiator_nonce);
    dpp::append_attribute(plain, dpp::Attribute::responder_capabilities, habits_.capabilities);
    habits_.forge_tag(tag);
    add(proof, dpp::Attribute::responder_tag, tag);
    plain = must(dpp::wrap(key_.reveal(), {}, plain, proof));
    return action(dpp::FrameType::authentication_response,
                  dpp::second_intermediate_key(curve, shared_.n.reveal()), clear, plain);
  }

  std::vector<Bytes> on_confirm(const dpp::Attributes& outer) {
    told_ = must(outer.status());
    if (*told_ != dpp::Status::ok) return {};
    auto inner = must(dpp::unwrap(
        key_.reveal(), {dpp::action_header(dpp::FrameType::authentication_confirm), outer.clear()},
        outer));
    if (!equal(must(inner.require(dpp::Attribute::initiator_tag)), dpp::initiator_tag(said_)))
      throw std::runtime_error("the initiator's tag is wrong");
    return {request()};
  }

  // As initiator, in mutual authentication.
  std::vector<Bytes> confirm(const dpp::Attributes& outer) {
    told_ = must(outer.status());
    if (*told_ != dpp::Status::ok) return {};
    const crypto::Curve curve = peer_.curve;
    said_.responder_protocol = must(dpp::decode_protocol_key(
        curve, must(outer.require(dpp::Attribute::responder_protocol_key))));
    shared_.n = must(shared_x(protocol_->scalar.reveal(), said_.responder_protocol));
    auto sum = must(add_points(peer_, said_.responder_protocol));
    shared_.l = must(shared_x(bootstrap_.scalar.reveal(), sum));
    auto inner = must(dpp::unwrap(
        dpp::second_intermediate_key(curve, shared_.n.reveal()).reveal(),
        {dpp::action_header(dpp::FrameType::authentication_response), outer.clear()}, outer));
    said_.responder_nonce = to_bytes(must(inner.require(dpp::Attribute::responder_nonce)));
    key_ = dpp::session_key(said_, shared_);
    auto proof = must(dpp::unwrap(key_.reveal(), {}, inner));
    if (!equal(must(proof.require(dpp::Attribute::responder_tag)), dpp::responder_tag(said_)))
      throw std::runtime_error("the responder's tag is wrong");
    Bytes clear, plain, tag = dpp::initiator_tag(said_);
    dpp::append_attribute(clear, dpp::Attribute::status, std::uint8_t{0});
    add(clear, dpp::Attribute::responder_key_hash, dpp::bootstrap_key(peer_).hash());
    add(clear, dpp::Attribute::initiator_key_hash, dpp::bootstrap_key(bootstrap_.point).hash());
    habits_.forge_tag(tag);
    add(plain, dpp::Attribute::initiator_tag, tag);
    return {action(dpp::FrameType::authentication_confirm, key_, clear, plain), request()};
  }

  Bytes request() {
    nonce_ = random_.bytes(dpp::nonce_bytes(bootstrap_.point.curve));
    Bytes plain;
    add(plain, dpp::Attribute::enrollee_nonce, nonce_);
    add(plain, dpp::Attribute::request_object, as_view(habits_.request));
    return dpp::encode_frame(
        dpp::ConfigurationRequestFrame{7, must(dpp::wrap(key_.reveal(), {}, {}, plain))});
  }

  std::vector<Bytes> configuration(const dpp::ConfigurationResponseFrame& response) {
    auto outer = must(dpp::decode_attributes(response.attributes));
    told_ = must(outer.status());
    auto inner = must(dpp::unwrap(key_.reveal(), {outer.clear()}, outer));
    for (const Bytes& each : inner.all(dpp::Attribute::configuration_object))
      configurations_.emplace_back(as_text(each));
    asked_for_status_ = inner.find(dpp::Attribute::send_connection_status) != nullptr;
    if (*told_ != dpp::Status::ok || habits_.version < 2) return {};
    Bytes plain;
    dpp::append_attribute(plain, dpp::Attribute::status, static_cast<std::uint8_t>(habits_.result));
    add(plain, dpp::Attribute::enrollee_nonce, nonce_);
    return {result(dpp::FrameType::configuration_result, plain)};
  }

  crypto::CurveKey bootstrap_;
  Random& random_;
  Habits habits_;
  crypto::CurvePoint peer_;
  std::optional<crypto::CurveKey> protocol_;
  dpp::KeyHash initiator_hash_;
  dpp::Transcript said_;
  dpp::SharedSecrets shared_;
  SecretBytes key_;
  Bytes nonce_;
  std::vector<std::string> configurations_;
  std::optional<dpp::Status> told_;
  bool asked_for_status_ = false;
};

}  // namespace fairlead::test
