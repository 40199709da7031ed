// SPDX-License-Identifier: Apache-2.0
// The client's side of one session with a device, without I/O: what is to be sent, and what came of
// it. One request at a time.
#pragma once

#include <string>
#include <variant>

#include "local/commands.h"
#include "local/handshake.h"
#include "local/parts.h"

namespace fairlead::local {

struct Send {
  std::string endpoint;
  Bytes body;
};
struct SessionOpen {};
struct StockAnswer {
  Bytes plain;
};
using Heard = std::variant<Send, SessionOpen, Answer, StockAnswer>;

class Conversation {
 public:
  Conversation(ClientSecret secret, Random& random);

  Send begin();  // the handshake

  // The next command. Only when the one before is answered, and the session open.
  Result<Send> say(const Command& command);
  // A message to one of Espressif's own endpoints ("prov-config"), under the same rules.
  Result<Send> ask(std::string endpoint, View plain);
  // The device's answer to what was sent last. untrusted: not from the device of this session.
  Result<Heard> hear(View answer);

  // What the Offer of this session must carry for `nonce`.
  enroll::OfferNonce expected_nonce(const enroll::OfferNonce& nonce) const;

 private:
  struct Fresh {
    ClientSecret secret;
  };
  struct Idle {
    Channel channel;
  };
  struct Asking {
    Channel channel;
  };
  struct Commanding {
    Channel channel;
    Bytes command;
    bool sent_all = false;
    Joiner answer;
  };
  Result<Channel> take_idle();
  Result<Heard> hear_frame(Commanding state, const Frame& frame);
  Result<Send> send_frame(Commanding state, const Frame& frame);

  Random& random_;
  std::uint32_t number_ = 0;  // of the command
  Bytes binding_;
  // Broken after an error: nothing more can be said.
  std::variant<std::monostate, Fresh, ClientHandshake, Idle, Asking, Commanding> state_;
};

}  // namespace fairlead::local
