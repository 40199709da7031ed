// SPDX-License-Identifier: Apache-2.0
// A device that waits to be provisioned from beside it, without sockets.
#pragma once

#include <algorithm>

#include "client/operator/transport.h"
#include "crypto/software_key.h"
#include "dpp/uri.h"
#include "local/door.h"
#include "support/dpp_enrollee.h"

namespace fairlead::test {

// The device's door behind HTTP's status codes, with a driver that does what the test says.
class FakeDevice final : public client::Transport {
 public:
  struct Abilities {
    bool easy_connect = false;
  };
  explicit FakeDevice(Random& random) : FakeDevice(random, Abilities{}) {}
  FakeDevice(Random& random, Abilities abilities)
      : random_(random), door_(options(random, abilities), random) {
    door_.open(local::Opening::button, now_);
  }
  Result<client::ApiResponse> exchange(const client::ApiRequest& request) override {
    client::ApiResponse out;
    out.status = 500;
    if (request.cookie.empty()) out.set_cookie = "session=7";
    carry_out(
        door_.on_request({7, "10.0.0.9", request.target.substr(1), to_bytes(request.body)}, now_),
        out);
    if (door_.progress() == local::Progress::connecting && ++polls_ > 1) {
      client::ApiResponse ignored;
      carry_out(refuse_online ? door_.offline({"broker_refused", "the broker says no"}, now_)
                              : door_.online(now_),
                ignored);
    }
    return out;
  }

  bool refuse_online = false, foreign_nonce = false, hears_nothing = false;
  std::string passphrase, joined;  // what its network takes, and which one it is on
  bool committed = false;
  bool silent = false;  // its Enrollee
  std::string given;    // the configuration that it was given by Easy Connect
  std::string label() const {
    return dpp::encode_bootstrap_uri({{}, {}, "", 2, dpp::bootstrap_key(label_key_.point)});
  }
  Bytes offer, grant;

 private:
  static local::DoorOptions options(Random& random, Abilities abilities) {
    local::DoorOptions out;
    out.wifi = true;
    out.easy_connect = abilities.easy_connect;
    auto verifier = crypto::srp::make_verifier("wifiprov", as_view("abcd1234"), random);
    out.secrets.srp.push_back({std::move(*verifier), local::Proof::code});
    return out;
  }
  Bytes make_offer(enroll::OfferNonce nonce) {
    enroll::Offer out;
    out.serial = "SN-1";
    out.csr = *crypto::create_csr(*key_, {"SN-1", {}, {}});
    out.nonce = foreign_nonce ? enroll::OfferNonce{} : nonce;
    return *enroll::encode_offer(out, *key_);
  }
  local::Actions join_wifi(const local::WifiCredentials& network) {
    if (as_text(network.passphrase.reveal()) == passphrase) {
      joined = as_text(network.ssid);
      return door_.wifi_joined({}, now_);
    }
    return door_.wifi_failed({"wifi_wrong_passphrase", "does not take this passphrase"},
                             local::config::FailReason::auth_error, now_);
  }
  local::Actions use_tunnel(const local::UseTunnel& tunnel) {
    if (auto* open = std::get_if<local::command::OpenTunnel>(&tunnel.how)) {
      auto configurator = must(dpp::decode_bootstrap_uri(open->uri)).key.point;
      enrollee_.emplace(label_key_.clone(), random_, DppEnrollee::Habits{.mutual = true});
      says_ = silent ? Bytes() : dpp::framed(enrollee_->start(configurator));
      return door_.tunnel_opened(label());
    }
    if (auto* carry = std::get_if<local::command::Carry>(&tunnel.how)) {
      dpp::BodyJoiner joiner;
      must(joiner.take(carry->content));
      while (auto body = joiner.next())
        for (const Bytes& each : enrollee_->on_message(*body)) append(says_, dpp::framed(each));
      return door_.tunnel_carried(local::answer::Carried{true, std::exchange(says_, {})});
    }
    given = enrollee_->configurations().at(0);
    return door_.tunnel_closed(
        local::WifiCredentials{to_bytes("PlantFloor"), SecretBytes::copy_of(as_view(passphrase))},
        now_);
  }
  void carry_out(local::Actions actions, client::ApiResponse& answer) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
      local::Action action = std::move(actions[i]);
      local::Actions more;
      if (auto* reply = std::get_if<local::Reply>(&action)) {
        answer.status = 200;
        answer.body = as_text(reply->body);
      } else if (auto* refuse = std::get_if<local::Refuse>(&action)) {
        answer.status = refuse->refusal.kind == local::Refusal::Kind::wrong_code ? 403 : 400;
        answer.reason = local::to_string(refuse->refusal.kind);
        answer.body = refuse->refusal.why;
      } else if (auto* make = std::get_if<local::MakeOffer>(&action)) {
        offer = make_offer(make->nonce);
        more = door_.offer_made(offer, now_);
      } else if (auto* check = std::get_if<local::CheckGrant>(&action)) {
        grant = check->grant;
        more = door_.grant_checked({}, now_);
      } else if (std::holds_alternative<local::ShowNetworks>(action)) {
        if (hears_nothing)
          more = door_.networks_seen({});
        else
          more = door_.networks_seen(
              {{to_bytes("PlantFloor"), 6, -40, Bytes(6), local::WifiAuth::wpa2_psk}});
      } else if (auto* join = std::get_if<local::JoinWifi>(&action)) {
        more = join_wifi(join->network);
      } else if (auto* tunnel = std::get_if<local::UseTunnel>(&action)) {
        more = use_tunnel(*tunnel);
      } else if (std::holds_alternative<local::Commit>(action)) {
        committed = true;
        more = door_.committed(now_);
      }
      std::ranges::move(more, std::back_inserter(actions));
    }
  }

  Time now_ = from_unix_seconds(1'000);
  Random& random_;
  local::Door door_;
  crypto::CurveKey label_key_ = must(generate_curve_key(crypto::Curve::p256, random_));
  std::optional<DppEnrollee> enrollee_;
  Bytes says_;
  std::unique_ptr<crypto::SoftwareKey> key_ =
      std::move(*crypto::SoftwareKey::generate(crypto::KeyType::p256));
  int polls_ = 0;
};

}  // namespace fairlead::test
