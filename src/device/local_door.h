// SPDX-License-Identifier: Apache-2.0
// Local provisioning, beside the flow table: lets carriers bring clients while the door
// (local/door.h) is open, and carries out what the door says. What a client gave is tried on the
// real upstream and committed only then; the flow hears of it by take_committed().
#pragma once

#include <variant>
#include <vector>

#include "device/config.h"
#include "device/hooks.h"
#include "device/local_carrier.h"
#include "device/local_easy_connect.h"
#include "device/local_offer.h"
#include "device/local_wifi.h"
#include "device/outstanding_offers.h"
#include "device/upstream_link.h"

namespace fairlead::device {

// What a client hears: bytes, or why there are none.
using LocalAnswer = std::variant<Bytes, local::Refusal>;

struct DoorLook {
  bool open = false, session = false;
  local::Progress progress = local::Progress::waiting;
};

class LocalDoor {
 public:
  // What joins networks and gets them by Wi-Fi Easy Connect; all may be missing.
  struct Radio {
    std::unique_ptr<link::Wifi> wifi{};
    std::unique_ptr<link::Enrollee> enrollee{};
    std::optional<LabelKey> label{};
  };
  // All outlive the door.
  LocalDoor(const Config& config, Workshop workshop, Log& log, local::DeviceSecrets secrets,
            LocalFacts facts, Radio radio);

  void add(LocalCarrier& carrier) { ways_.push_back({&carrier, {}}); }  // before run()
  net::Task<void> run();                                                // until the loop stops
  // For carriers: one request, and that its client has gone.
  net::Task<LocalAnswer> ask(local::Request request);
  void left(local::PeerId peer);
  void press_button();
  // For a stick, which opens no session: an Offer as a client gets it; and a Grant that answers
  // one, tried to the end. What stands in its way, or undid it; none: committed.
  net::Task<Bytes> offer_for_stick();
  net::Task<std::optional<local::Obstacle>> grant_from_stick(Bytes grant, Bytes owner);
  bool is_open_offer(const crypto::Sha256& offer) const;
  // Whether the flow has no upstream: the door stays open while it hasn't.
  void needed(bool yes) { needed_ = yes; }
  std::optional<bool> is_needed() const { return needed_; }  // none: not known yet
  void set_upstreams(std::vector<local::Upstream> found) { door_.set_upstreams(std::move(found)); }
  // What a client's choice of an upstream comes to. Without it there is none to choose.
  using Chooser = std::function<Result<void>(const local::ChooseUpstream&)>;
  void choose_by(Chooser chooser) { chooser_ = std::move(chooser); }
  bool has_session() const { return door_.has_session(); }
  DoorLook look() const { return {door_.is_open(), door_.has_session(), door_.progress()}; }
  bool button_pressed() const { return door_.button_pressed(now()); }
  // The owner is taking the device by TO2: no Offer is made meanwhile.
  void owner_at_work(bool yes) { owner_at_work_ = yes; }
  bool trying() const;  // what a client gave is being tried: TO2 has to wait
  bool is_done() const { return door_.progress() == local::Progress::committed; }
  bool has_committed() const { return committed_; }
  bool take_committed() { return std::exchange(committed_, false); }

 private:
  struct Way {
    LocalCarrier* carrier;
    std::string complaint;  // what was said last
  };
  void offer_by(Way& way);
  // Carries actions out, and those that follow. The reply or refusal goes to `answer`.
  net::Task<void> perform(local::Actions actions, LocalAnswer* answer);
  net::Task<Bytes> write_offer(enroll::OfferNonce nonce);
  net::Task<local::Actions> make_offer(enroll::OfferNonce nonce);
  net::Task<local::Actions> check_grant(local::CheckGrant grant);
  net::Task<local::Actions> show_networks();
  net::Task<void> look_around();
  net::Task<void> join_wifi(local::WifiCredentials network);
  net::Task<local::Actions> use_tunnel(local::UseTunnel tunnel);
  bool wants_network() const;
  net::Task<void> go_online();
  net::Task<local::Actions> commit();
  net::Task<void> roll_back(std::string why);
  void open_if_needed();
  net::Task<local::Actions> set_network(local::NetworkSettings settings);
  net::Task<void> identify(std::uint8_t seconds);
  local::Actions choose(const local::ChooseUpstream& choice);
  Time now() const;

  const Config& config_;
  Workshop shop_;
  Log& log_;
  LocalFacts facts_;
  local::Door door_;
  Hooks hooks_;
  std::unique_ptr<LocalWifi> wifi_;                 // may be null
  std::unique_ptr<LocalEasyConnect> easy_connect_;  // may be null
  std::vector<Way> ways_;
  OutstandingOffers offers_;
  Chooser chooser_;
  std::optional<Identity> staged_;
  std::optional<bool> needed_;
  bool owner_at_work_ = false, committed_ = false, button_ = false;
  Time closed_until_{};  // after too many wrong codes
};

}  // namespace fairlead::device
