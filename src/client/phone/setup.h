// SPDX-License-Identifier: Apache-2.0
// One device brought in by somebody with a phone: the seven steps, and what a person is asked for
// in between. What was done stays done: after a trouble it goes on where it stopped.
#pragma once

#include <memory>

#include "client/apply/bundle.h"
#include "client/phone/trouble.h"
#include "client/provision/provision.h"

namespace fairlead::client {

// As a person follows them. Each is told once it is done, in this order.
enum class SetupStep {
  ready,       // the device's button was pressed, and it answers
  let_in,      // it knows the code, as this phone does
  identity,    // it made its new identity
  received,    // which the phone has
  registered,  // the server knows it, and lets it in
  sent,        // the device has what it needs to connect
  online       // it did, and made all of it its own
};
inline constexpr std::size_t setup_steps = 7;

// What a setup needs of the world. All are called by the thread that calls go_on().
struct SetupWorld {
  std::function<Answer<std::unique_ptr<DeviceCarrier>>()> connect;  // to the device that was picked
  Random& random;
  std::function<void(SetupStep)> done;
  std::function<void(local::Progress)> progress;  // of the device, between `sent` and `online`
  std::function<void(Duration)> wait;
};

struct SetupOrder {
  Access access;
  std::string account, site{};  // the device's name at the server is "SITE SERIAL"; may be empty
  std::string picked{};         // the name under which its registration is kept; empty: its serial
  std::optional<local::WifiCredentials> wifi{};  // of the site, where it is known already
};

struct NetworkWanted {
  std::vector<local::NearbyNetwork> heard;  // strongest first
};
struct SetupDone {
  std::string device;  // the server's id of it
};
using SetupPause = std::variant<NetworkWanted, SetupDone, Trouble>;

class PhoneSetup {
 public:
  PhoneSetup(SetupOrder order, SetupWorld world)
      : order_(std::move(order)), world_(std::move(world)) {}
  // Goes on with an Offer, and perhaps a Grant, that were kept.
  PhoneSetup(SetupOrder order, SetupWorld world, BundleEntry kept);
  ~PhoneSetup();  // lets the device go, for others

  // Blocks until a person is wanted, or it is done. `server` may be none: nobody is signed in.
  SetupPause go_on(Api* server);

  // Answers of a person, before the next go_on().
  void set_code(std::string code) { order_.access.code = std::move(code); }
  void set_wifi(local::WifiCredentials network) { order_.wifi = std::move(network); }
  void choose_other_wifi() { order_.wifi.reset(); }

  // What outlasts this program: none before the device made its Offer. It holds no secrets.
  const std::optional<BundleEntry>& kept() const { return kept_; }
  const SetupOrder& order() const { return order_; }

 private:
  using Unless = std::optional<SetupPause>;
  Answer<void> open();
  template <class Do>
  auto in_session(Do what) -> decltype(what(std::declval<DeviceLink&>()));
  Unless let_in();
  Unless know_network();
  Unless have_offer();
  Unless have_grant(Api* server);
  Unless hand_over(Api* server);
  Answer<void> deliver(DeviceLink& link);
  void tell(SetupStep step);

  SetupOrder order_;
  SetupWorld world_;
  std::unique_ptr<DeviceCarrier> carrier_;
  std::optional<DeviceLink> link_;  // over the carrier
  std::optional<bool> joins_wifi_;  // once the device said so
  std::optional<BundleEntry> kept_;
  std::size_t told_ = 0;  // steps that are done
};

}  // namespace fairlead::client
