// SPDX-License-Identifier: Apache-2.0
// Both ends of the handshake on `prov-session`, without I/O: from plain messages to a Channel.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/random.h"
#include "crypto/srp.h"
#include "crypto/x25519.h"
#include "local/channel.h"
#include "local/refusal.h"

namespace fairlead::local {

// By what a client showed that it may provision this device.
enum class Proof {
  code,    // knows the code (label, display, engineering document)
  button,  // came in the short time after somebody pressed the button, without a code
  stick,   // put a stick into the device, and later the same or another with the Grant
  none     // Security 0
};
std::string_view to_string(Proof proof);  // "code"

// What a device accepts. What is not set is refused.
struct DeviceSecrets {
  struct Accepted {
    crypto::srp::Verifier verifier;
    Proof proof = Proof::code;
  };
  std::vector<Accepted> srp;             // Security 2, by user name
  std::optional<SecretBytes> security1;  // the proof of possession; never empty
  bool security0 = false;                // plain text: test builds only
};

// Where a device stands in one handshake. Each value is good for one message.
namespace handshake {
struct AwaitingCmd0 {};
struct AwaitingSec1Cmd1 {
  crypto::KeyStream stream;
  SecretBytes key;
  Bytes client_pubkey, device_pubkey;
};
struct AwaitingSec2Cmd1 {
  crypto::srp::DeviceKeys keys;
  Proof proof;
};
}  // namespace handshake
using DeviceHandshake =
    std::variant<handshake::AwaitingCmd0, handshake::AwaitingSec1Cmd1, handshake::AwaitingSec2Cmd1>;

struct HandshakeGoesOn {
  DeviceHandshake next;
  Bytes reply;
};
struct Secured {
  Channel channel;
  Proof proof;
  Bytes reply;
};
// `Cmd0` is good at any time and begins anew. After a refusal the handshake is back at the start.
Answered<std::variant<HandshakeGoesOn, Secured>> on_session(DeviceHandshake state, View request,
                                                            const DeviceSecrets& secrets,
                                                            Random& random);

// The client's side.
struct ClientSecret {
  Security security = Security::srp;
  std::string username = "wifiprov";  // Security 2
  SecretBytes code;                   // Security 1: the proof of possession, may be empty
  NonceRule rule = NonceRule::counting;
};

namespace handshake {
struct AwaitingSec0Resp {};
struct AwaitingSec1Resp0 {
  crypto::X25519Key key;
  SecretBytes code;
};
struct AwaitingSec1Resp1 {
  crypto::KeyStream stream;
  SecretBytes key;
  Bytes client_pubkey;
};
struct AwaitingSec2Resp0 {
  crypto::srp::ClientShare share;
  ClientSecret secret;
};
struct AwaitingSec2Resp1 {
  crypto::srp::ClientKeys keys;
  NonceRule rule;
};
}  // namespace handshake
using ClientHandshake = std::variant<handshake::AwaitingSec0Resp, handshake::AwaitingSec1Resp0,
                                     handshake::AwaitingSec1Resp1, handshake::AwaitingSec2Resp0,
                                     handshake::AwaitingSec2Resp1>;

struct ClientSends {
  ClientHandshake next;
  Bytes request;
};
ClientSends start_session(ClientSecret secret, Random& random);
// What follows from the device's answer: another request, or the channel. untrusted: the device
// doesn't know the code either, or isn't the one that answered first. refused: it says no.
Result<std::variant<ClientSends, Channel>> on_session_answer(ClientHandshake state, View answer);

}  // namespace fairlead::local
