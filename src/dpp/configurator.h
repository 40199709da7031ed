// SPDX-License-Identifier: Apache-2.0
// One exchange of a Configurator with an Enrollee, without I/O: message bodies, time and the
// driver's decisions in, message bodies and the outcome out. The same for a tunnel and for TCP.
//
//   we start (initiate)                     the Enrollee starts (respond)
//   Authentication Request    -->           <--  Authentication Request
//   <--  Authentication Response            Authentication Response   -->
//   Authentication Confirm    -->           <--  Authentication Confirm
//                        <--  Configuration Request
//          Configure: the driver decides, configured() or refused()
//                        Configuration Response  -->
//                        <--  Configuration Result (protocol 2)
//                        <--  Connection Status Result, if wanted
//
// Who is authenticated? Where we start, the Enrollee, by the key that we were told is its. Where it
// starts, anybody may be the initiator who knows our public key, so that we answer in mutual
// authentication only, to one whose key we know.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "dpp/configuration.h"
#include "dpp/frames.h"
#include "dpp/keys.h"

namespace fairlead::dpp {

// What a connection begins with where the other side opened it.
struct Announced {  // an Enrollee looks for who knows its key (chirps)
  KeyHash chirp_hash;
};
struct Requested {  // an Enrollee asks to be authenticated; the body is for respond()
  KeyHash responder, initiator;
};
using Opening = std::variant<Announced, Requested>;
// unsupported: any other message.
Result<Opening> decode_opening(View body);

// What the driver is to do.
struct Send {
  Bytes body;
};
struct Configure {  // then configured() or refused()
  ConfigurationRequest request;
  crypto::CurvePoint network_key;  // for a Connector
  bool mutual = false;
};
struct Waits {};  // somebody at the device has to scan our code first; until dpp_pending_deadline
struct Configured {                        // the end
  std::optional<ConnectionStatus> status;  // where it was wanted and came
};
struct Failed {  // the end
  Error why;
};
using Action = std::variant<Send, Configure, Waits, Configured, Failed>;
using Actions = std::vector<Action>;

// What is known after authentication. The key seals everything that follows.
struct Session {
  crypto::CurvePoint network_key;
  SecretBytes key;
  unsigned version = 1;  // of the Enrollee's protocol
  bool mutual = false;
};

// Where an exchange stands.
namespace configurator {
struct AwaitingResponse {
  BootstrapKey peer;
  crypto::CurveKey own, protocol;  // own: our bootstrapping key
  Bytes nonce;
  SecretBytes m, k1;
};
struct AwaitingConfirm {
  Session session;
  KeyHash own, peer;
  Bytes tag;  // that the initiator must show
};
struct AwaitingRequest {
  Session session;
};
struct AwaitingDriver {
  Session session;
  std::uint8_t token;
  Bytes nonce;
};
struct AwaitingResult {
  Session session;
  Bytes nonce;
  bool wants_status;
};
struct AwaitingStatus {
  Session session;
  Bytes nonce;
};
struct Ended {};
using State = std::variant<Ended, AwaitingResponse, AwaitingConfirm, AwaitingRequest,
                           AwaitingDriver, AwaitingResult, AwaitingStatus>;
}  // namespace configurator

class Configurator {
 public:
  explicit Configurator(Random& random) : random_(random) {}

  // We start. `own` is our bootstrapping key, for a device that scanned it; used if it is on the
  // peer's curve.
  Actions initiate(const BootstrapKey& peer, const std::optional<crypto::CurveKey>& own, Time now);
  // The Enrollee started, with `body`, and its bootstrapping key is known to be `peer`.
  Actions respond(const crypto::CurveKey& own, const BootstrapKey& peer, View body, Time now);

  Actions on_message(View body, Time now);
  Actions on_closed();    // the connection is; that may be the end of a good exchange
  Actions on_deadline();  // deadline() has passed
  std::optional<Time> deadline() const { return deadline_; }

  // 1 to dpp_configurations_max objects; an Enrollee with version 1 gets the first. With
  // wants_status it is asked how its attempt to join ends.
  Actions configured(std::vector<SecretBytes> objects, bool wants_status, Time now);
  Actions refused(Error why);

  bool ended() const { return std::holds_alternative<configurator::Ended>(state_); }

 private:
  Result<Actions> start(const BootstrapKey& peer, const std::optional<crypto::CurveKey>& own);
  Result<Actions> answer(const crypto::CurveKey& own, const BootstrapKey& peer, View body);
  Result<Actions> on(configurator::AwaitingResponse state, const Frame& frame);
  Result<Actions> on(configurator::AwaitingConfirm state, const Frame& frame);
  Result<Actions> on(configurator::AwaitingRequest state, const Frame& frame);
  Result<Actions> on(configurator::AwaitingDriver state, const Frame& frame);
  Result<Actions> on(configurator::AwaitingResult state, const Frame& frame);
  Result<Actions> on(configurator::AwaitingStatus state, const Frame& frame);
  Result<Actions> on(configurator::Ended state, const Frame& frame);
  Result<Actions> no_response_yet(configurator::AwaitingResponse state, Status status,
                                  const Attributes& outer);
  Result<Actions> confirm(const configurator::AwaitingResponse& state, const Attributes& outer);
  Result<Actions> not_compatible(const KeyHash& own, const KeyHash& peer, View k1,
                                 View initiator_nonce);
  Result<Actions> prove(const crypto::CurveKey& own, Transcript said, SharedSecrets shared,
                        unsigned peer_version);

  Actions went_on(Result<Actions> result, Time now);
  Actions end(Action last, Actions before = {});

  Random& random_;
  configurator::State state_;
  std::optional<Time> deadline_;
};

}  // namespace fairlead::dpp
