// SPDX-License-Identifier: Apache-2.0
// The device's side of local provisioning, without I/O: who may come in, and how far provisioning
// is. Requests and what became of our actions go in, actions come out; the driver carries them out.
//
// One client at a time: the first that proves the code has the door, others hear "busy" until it is
// quiet for session_idle. Who comes from where it came from and proves the code again takes its
// place, if that failed or says nothing for session_return. Who shows a wrong code waits, longer
// each time; others don't. After wrong_codes_max in all the door closes until it is opened again.
// What a client began and nobody finished is rolled back by the fail-safe timer.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "local/commands.h"
#include "local/handshake.h"
#include "local/network_messages.h"
#include "local/parts.h"
#include "local/refusal.h"
#include "local/version.h"

namespace fairlead::local {

// How a client's requests are told from another's: a cookie, a connection. The carrier numbers
// them.
using PeerId = std::uint64_t;

struct Request {
  PeerId peer = 0;
  std::string source;  // where it comes from ("10.77.0.9"): who waits after a wrong code
  std::string endpoint;
  Bytes body;
};

// For how long what a client began waits for it after its link was lost.
inline constexpr auto return_window = std::chrono::seconds(30);

// Why the door is open.
enum class Opening {
  unprovisioned,  // the device has no upstream: until it has one
  command,        // somebody on the device said so: for door_window
  button          // somebody pressed the button: the same, and for button_window without a code too
};

// What the driver is to do. Replies and refusals concern the request that is being answered.
struct Reply {
  PeerId peer;
  Bytes body;
};
struct Refuse {
  PeerId peer;
  Refusal refusal;
};
struct MakeOffer {  // then offer_made()
  enroll::OfferNonce nonce;
};
struct CheckGrant {  // bound to our Offer and signed by `owner`? Keep it aside. Then
                     // grant_checked()
  Bytes grant, owner;
  Proof proof;  // by which right it came
};
struct GoOnline {};  // with what was kept aside; then online() or offline()
struct Commit {};    // then committed() or offline()
struct RollBack {    // forget what was kept aside
  std::string why;
};
struct Identify {
  std::uint8_t seconds;
};
struct SetNetwork {  // then network_set()
  NetworkSettings settings;
};
struct ChooseUpstream {  // then upstream_chosen()
  std::string uri;
  Bytes fingerprint;
  Proof proof;  // by which right
};
struct LookAround {};    // for Wi-Fi networks: somebody will ask soon
struct ShowNetworks {};  // then networks_seen(), within five seconds
struct JoinWifi {        // for a trial; then wifi_joined() or wifi_failed()
  WifiCredentials network;
};
struct KeepWifi {};  // who set it wanted the join and no more
struct UseTunnel {   // then tunnel_opened(), tunnel_carried() or tunnel_closed()
  std::variant<command::OpenTunnel, command::Carry, command::CloseTunnel> how;
};
struct Closed {  // the door is; why is for the log
  std::string why;
};
using Action = std::variant<Reply, Refuse, MakeOffer, CheckGrant, GoOnline, Commit, RollBack,
                            Identify, SetNetwork, ChooseUpstream, LookAround, ShowNetworks,
                            JoinWifi, KeepWifi, UseTunnel, Closed>;
using Actions = std::vector<Action>;

struct DoorOptions {
  DeviceSecrets secrets;
  bool wifi = false;          // there is something that joins Wi-Fi networks
  bool easy_connect = false;  // and gets them by Wi-Fi Easy Connect
  About about{};              // for whoever asks
};

class Door {
 public:
  Door(DoorOptions options, Random& random);

  // Time is any clock that never goes back.
  void open(Opening opening, Time now);
  bool is_open() const { return open_.has_value(); }
  // Since a moment ago: whoever looks for this device sees which one it is.
  bool button_pressed(Time now) const {
    return open_ && open_->button_until && *open_->button_until > now;
  }
  Actions close(std::string why);

  Actions on_request(Request request, Time now);
  // The carrier saw this client go. Others may come in at once; what it began waits for it, or for
  // another with the code, no longer than return_window.
  void left(PeerId peer, Time now);
  Actions on_deadline(Time now);         // deadline() has passed
  std::optional<Time> deadline() const;  // when to be called next; none: nothing to wait for

  // What became of actions. One that nobody waits for any more is passed over.
  Actions offer_made(Result<Bytes> offer, Time now);
  Actions grant_checked(std::optional<Obstacle> obstacle, Time now);
  Actions online(Time now);
  Actions committed(Time now);
  Actions offline(Obstacle obstacle, Time now);
  Actions network_set(std::optional<Obstacle> obstacle, Time now);
  Actions upstream_chosen(std::optional<Obstacle> obstacle, Time now);
  Actions networks_seen(std::vector<scan::Entry> heard);
  Actions tunnel_opened(Result<std::string> uri);
  Actions tunnel_carried(Result<answer::Carried> carried);
  Actions tunnel_closed(Result<WifiCredentials> network, Time now);  // what came out of it
  Actions wifi_joined(config::Connected connected, Time now);
  Actions wifi_failed(Obstacle obstacle, config::FailReason reason, Time now);

  // A Grant that a stick brought, without a session: looked at like one of a client's. An obstacle:
  // not now, and nothing is changed.
  std::optional<Obstacle> take_from_stick(Bytes grant, Bytes owner, Actions& out, Time now);

  void set_upstreams(std::vector<Upstream> found) { upstreams_ = std::move(found); }
  bool has_session() const { return session_.has_value(); }
  Progress progress() const { return report_.progress; }
  const Obstacle& obstacle() const { return report_.obstacle; }  // where it failed
  unsigned wrong_codes() const { return wrong_codes_; }

 private:
  struct Open {
    Opening how;
    std::optional<Time> until;         // none: until provisioned
    std::optional<Time> button_until;  // the code-less user is let in before
  };
  struct Knocking {
    PeerId peer;
    std::string source;
    DeviceHandshake handshake;
  };
  enum class Looking { no, stock, own };  // which request waits for the networks
  struct Session {
    PeerId peer;
    std::string source;
    Channel channel;
    Proof proof;
    Time idle_at;
    Joiner joiner{};
    std::uint32_t answered = 0;  // number of the last command
    std::optional<Bytes> answer{};
    bool asked_driver = false;  // a request waits for what the driver does
    bool began = false;         // what is there to be rolled back is this session's
    Looking looking = Looking::no;
  };
  struct Wrong {
    std::string source;
    unsigned failures = 0;
    Time until{};
  };

  Actions knock(Request request, Time now);
  Actions secured(Request request, Time now);
  bool may_come_back(const Request& request, Time now) const;
  Actions wrong_code(const Request& request, Refusal refusal, Time now);
  Wrong& wrong_of(const std::string& source);
  DeviceHandshake take_handshake(PeerId peer);
  void keep_handshake(const Request& request, DeviceHandshake handshake);
  Version version(Time now) const;
  Actions reply(View plain);
  Actions on_own(View plain, Time now);
  Actions on_command(Command command, Time now);
  Actions on_tunnel(UseTunnel tunnel, Time now);
  std::optional<Obstacle> no_network_now() const;  // why none can be given to the device
  Actions answer_command(const Answer& answer);
  Actions driver_is_done(std::optional<Obstacle> obstacle);
  Actions on_config(View plain, Time now);
  Actions on_control(View plain, Time now);
  Actions apply_wifi();
  Actions on_scan(View plain);
  Answer use_wifi(WifiCredentials network, Time now);
  Actions show_networks(Looking who);
  answer::Networks nearby_networks() const;
  Actions no_session(PeerId peer, std::string why);
  void begun(Time now);  // something is there to be rolled back
  Actions give_up(Obstacle obstacle);
  Answer take_grant(command::TakeGrant command, Actions& out, Time now);
  Answer cancel(Actions& out);

  DoorOptions options_;
  Random& random_;
  std::optional<Open> open_;
  std::vector<Knocking> knocking_;
  std::optional<Session> session_;
  std::vector<Wrong> wrong_;
  unsigned wrong_codes_ = 0;
  Report report_;
  std::optional<Time> fail_safe_;
  std::vector<Upstream> upstreams_;
  Bytes grant_;  // the one that is being tried or was committed
  std::optional<WifiCredentials> wifi_with_grant_;
  std::vector<scan::Entry> networks_;  // as they are shown
  std::optional<config::Set> wifi_;    // of stock clients, as is its status
  config::TellStatus wifi_status_{Status::success, config::Disconnected{}};
};

}  // namespace fairlead::local
