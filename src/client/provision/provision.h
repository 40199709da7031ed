// SPDX-License-Identifier: Apache-2.0
// One device from a factory-fresh state to its upstream, by somebody beside it: Offer from the
// device, Claim to the server, Grant to the device, and waiting until it is online. Whole, or step
// by step for who has to do other things in between.
#pragma once

#include <functional>
#include <optional>
#include <variant>

#include "client/operator/api.h"
#include "client/provision/device_link.h"

namespace fairlead::client {

// By what a device lets somebody in.
struct Access {
  std::string code;     // as on the label
  bool button = false;  // instead of the code: the device's button was just pressed
  std::string username = "wifiprov";
  bool without_encryption = false;  // stock firmware that knows none may be talked to
};
local::Proof proof_of(const Access& access);
// What the device has to be; empty: whatever it is.
struct Expected {
  std::string serial, product_uri, model;
};
struct Bystander {  // who watches
  std::function<void(std::string_view)> tell;
  std::function<void(Duration)> wait;
  std::function<void(local::Progress)> progress{};  // the device's, once it took the Grant
};

// conflict: the device is not one that takes Grants. Otherwise as DeviceLink says.
Answer<DeviceLink> open_device(DeviceCarrier& device, const Access& access, Random& random);

struct CollectedOffer {
  Bytes document;  // as the device signed it
  enroll::Offer offer;
};
// untrusted_server: the Offer is of another session; conflict: the device is not the expected one.
Answer<CollectedOffer> collect_offer(DeviceLink& link, const Expected& expected, Random& random);

struct Granted {
  std::string device;  // the server's id of it
  Bytes grant, owner;
};
struct Waiting {
  std::string device, why;  // a person has to decide
};
struct ClaimRequest {
  std::string account, name;                // may be empty
  local::Proof proof = local::Proof::code;  // by which the device let us in
  std::string replaces{};  // a device that is revoked as this one is granted access
};
Answer<std::variant<Granted, Waiting>> claim_offer(Api& server, View offer,
                                                   const ClaimRequest& request);

// Which Wi-Fi network the device is to join on its way.
struct WifiWish {
  // Chosen among those that the device hears, or not: it may hide.
  std::function<Answer<local::WifiCredentials>(const std::vector<local::NearbyNetwork>&)> choose;
  // Another passphrase, where the network does not take that one. Nothing else is begun anew.
  std::function<Answer<SecretBytes>()> choose_passphrase;
  // The device's bootstrapping URI as its label has it: then the passphrase is for the key on that
  // label alone, by Wi-Fi Easy Connect. Empty: Easy Connect where the device has it.
  std::string label{};
};
// conflict: the device joins no Wi-Fi networks.
Answer<std::vector<local::NearbyNetwork>> nearby_networks(DeviceLink& link);
// The same in a session of its own, with stock firmware too (stock.h).
Answer<std::vector<local::NearbyNetwork>> networks_of(DeviceCarrier& device, const Access& access,
                                                      Random& random, const Bystander& bystander);

// Hands the Grant over and waits until the device is online. The device rolled back where this
// fails.
Answer<void> deliver_grant(DeviceLink& link, const Granted& granted, const Bystander& bystander);
// The same by a Wi-Fi network, which the device keeps where it comes online.
Answer<void> deliver_grant(DeviceLink& link, const Granted& granted, local::WifiCredentials network,
                           const WifiWish& wish, const Bystander& bystander);

// The device shows itself, by its light for example, for this long (0: no longer), and is free for
// others again. failed: it can't.
Answer<void> identify(DeviceLink& link, std::uint8_t seconds);

struct ProvisionRequest {
  Access access;
  ClaimRequest claim;
  std::optional<WifiWish> wifi{};  // none: the device's network is there
};
struct Provisioned {
  std::string device{};   // the server's id of it; empty: stock firmware, which joined a network,
  std::string address{};  // where it is this
};
// busy: the server wants a person's decision first; the words say whose. conflict: stock firmware,
// and no network is wished for. Otherwise as the steps say.
Answer<Provisioned> provision(DeviceCarrier& device, Api& server, const ProvisionRequest& request,
                              Random& random, const Bystander& bystander);

}  // namespace fairlead::client
