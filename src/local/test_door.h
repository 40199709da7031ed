// SPDX-License-Identifier: Apache-2.0
// The device's door, knocked at by our own client; for tests.
#pragma once

#include <gtest/gtest.h>

#include "base/limits.h"
#include "crypto/system_random.h"
#include "local/conversation.h"
#include "local/door.h"

namespace fairlead::local {

inline constexpr std::string_view code = "abcd1234";

class DoorTest : public testing::Test {
 protected:
  explicit DoorTest(bool wifi = false) : door_(options(wifi), random_) {}

  DoorOptions options(bool wifi) {
    DoorOptions out;
    out.wifi = out.easy_connect = wifi;
    auto verifier = crypto::srp::make_verifier("wifiprov", as_view(code), random_);
    out.secrets.srp.push_back({std::move(*verifier), Proof::code});
    return out;
  }

  template <class A>
  static const A* find(const Actions& actions) {
    for (const Action& each : actions)
      if (auto* found = std::get_if<A>(&each)) return found;
    return nullptr;
  }
  Actions send(PeerId peer, const Send& message) {
    return door_.on_request(
        {peer, "10.0.0." + std::to_string(peer), message.endpoint, message.body}, now_);
  }
  // The refusal that a request gets; fails the test if it gets none.
  Refusal refused(const Actions& actions) {
    auto* refuse = find<Refuse>(actions);
    EXPECT_TRUE(refuse);
    return refuse ? refuse->refusal : Refusal{};
  }
  static ClientSecret secret(std::string_view text = code, std::string user = "wifiprov") {
    ClientSecret out;
    out.username = std::move(user);
    out.code = SecretBytes::copy_of(as_view(text));
    return out;
  }
  // The session of a client that knows the code.
  std::unique_ptr<Conversation> session(PeerId peer, ClientSecret with = secret()) {
    auto out = std::make_unique<Conversation>(std::move(with), random_);
    Actions first = send(peer, out->begin());
    auto cmd1 = out->hear(find<Reply>(first)->body);
    Actions second = send(peer, std::get<Send>(*cmd1));
    auto* reply = find<Reply>(second);
    EXPECT_TRUE(reply) << refused(second).why;
    if (reply) EXPECT_TRUE(std::holds_alternative<SessionOpen>(*out->hear(reply->body)));
    return out;
  }
  // Sends a command to the end of its last part; what the door does then.
  Actions say(Conversation& client, PeerId peer, const Command& command) {
    auto sending = client.say(command);
    EXPECT_TRUE(sending);
    Send next = *sending;
    for (;;) {
      Actions actions = send(peer, next);
      auto* reply = find<Reply>(actions);
      if (!reply) return actions;
      auto heard = client.hear(reply->body);
      EXPECT_TRUE(heard) << heard.error().context;
      if (!heard) return actions;
      if (auto* answer = std::get_if<Answer>(&*heard)) {
        last_ = *answer;
        return actions;
      }
      next = std::get<Send>(*heard);
    }
  }
  // The rest of an answer that the driver caused.
  void finish(Conversation& client, PeerId peer, const Actions& actions) {
    auto* reply = find<Reply>(actions);
    ASSERT_TRUE(reply);
    auto heard = client.hear(reply->body);
    while (heard && std::holds_alternative<Send>(*heard)) {
      Actions more = send(peer, std::get<Send>(*heard));
      ASSERT_TRUE(find<Reply>(more));
      heard = client.hear(find<Reply>(more)->body);
    }
    ASSERT_TRUE(heard) << heard.error().context;
    last_ = std::get<Answer>(*heard);
  }
  Report status(Conversation& client, PeerId peer) {
    say(client, peer, command::AskStatus{});
    return std::get<Report>(last_);
  }
  // Brings a session to where the device tries its upstream.
  std::unique_ptr<Conversation> connecting(PeerId peer) {
    auto client = session(peer);
    say(*client, peer, command::MakeOffer{});
    finish(*client, peer, door_.offer_made(Bytes(1'500, 7), now_));
    EXPECT_EQ(std::get<answer::Offer>(last_).document, Bytes(1'500, 7));
    Actions checking = say(*client, peer, command::TakeGrant{Bytes(3'000, 8), Bytes(91, 9)});
    auto* check = find<CheckGrant>(checking);
    EXPECT_TRUE(check && check->grant == Bytes(3'000, 8) && check->proof == Proof::code);
    Actions checked = door_.grant_checked({}, now_);
    EXPECT_TRUE(find<GoOnline>(checked));
    finish(*client, peer, checked);
    return client;
  }

  crypto::SystemRandom random_;
  Time now_ = from_unix_seconds(1'000);
  Door door_;
  Answer last_;
};

}  // namespace fairlead::local
