// SPDX-License-Identifier: Apache-2.0
#include "client/provision/provision.h"

#include <algorithm>

#include "client/provision/easy_connect.h"
#include "client/provision/stock.h"
#include "codec/base64.h"

namespace fairlead::client {

namespace {

// Short at first, since a device on a good network needs little more than its broker's answer.
constexpr Duration status_pause_min = std::chrono::milliseconds(50);
constexpr Duration status_pause_max = std::chrono::milliseconds(500);
constexpr Duration status_patience = std::chrono::minutes(5);  // the device's own fail-safe

Problem refused_by_device(const local::Obstacle& obstacle) {
  ProblemKind kind = obstacle.reason == "busy" ? ProblemKind::busy : ProblemKind::failed;
  return {kind, "the device says: " + plain_text(obstacle.words), {}, plain_text(obstacle.reason)};
}

local::ClientSecret secret_for(const Access& access, const local::Version& version) {
  local::ClientSecret out;
  out.security = version.security;
  out.rule = version.rule;
  out.username = access.button ? "button" : access.username;
  if (!access.button) out.code = SecretBytes::copy_of(as_view(access.code));
  return out;
}

std::unexpected<Problem> another_device(std::string_view what, const std::string& said,
                                        const std::string& wanted) {
  return problem(ProblemKind::conflict,
                 "the device says that its " + std::string(what) + " is '" + plain_text(said) +
                     "', wanted is '" + wanted + "'",
                 "Another device answers at this address; look which one it is.");
}

Answer<void> check_expected(const enroll::Offer& offer, const Expected& expected) {
  if (!expected.product_uri.empty() && offer.product_uri != expected.product_uri)
    return another_device("product URI", offer.product_uri, expected.product_uri);
  if (!expected.serial.empty() && offer.serial != expected.serial)
    return another_device("serial", offer.serial, expected.serial);
  if (!expected.model.empty() && offer.model != expected.model)
    return another_device("type", offer.model, expected.model);
  return {};
}

// What the device failed by; none: it is online.
Answer<std::optional<local::Obstacle>> watch(DeviceLink& link, const Bystander& bystander) {
  local::Progress last = local::Progress::checking;
  Duration pause = status_pause_min;
  for (Duration waited{}; waited < status_patience; waited += pause) {
    TRY(auto answer, link.say(local::command::AskStatus{}));
    auto* report = std::get_if<local::Report>(&answer);
    if (!report) return problem(ProblemKind::server_fault, "the device does not say how it is");
    if (report->progress != std::exchange(last, report->progress)) {
      bystander.tell("The device is " + std::string(to_string(report->progress)) + ".");
      if (bystander.progress) bystander.progress(report->progress);
    }
    if (report->progress == local::Progress::committed) return std::nullopt;
    if (report->progress == local::Progress::failed) return std::move(report->obstacle);
    bystander.wait(pause);
    pause = std::min(pause * 2, status_pause_max);
  }
  return problem(ProblemKind::unreachable, "the device did not come online in time");
}

Answer<void> take_grant(DeviceLink& link, const Granted& granted) {
  TRY(auto taken, link.say(local::command::TakeGrant{granted.grant, granted.owner}));
  if (auto* no = std::get_if<local::answer::No>(&taken))
    return std::unexpected(refused_by_device(no->obstacle));
  return {};
}

Answer<void> give_plainly(DeviceLink& link, const local::WifiCredentials& network) {
  local::command::UseWifi command{{network.ssid, network.passphrase.clone()}};
  TRY(auto taken, link.say(std::move(command)));
  if (auto* no = std::get_if<local::answer::No>(&taken))
    return std::unexpected(refused_by_device(no->obstacle));
  return {};
}

// By Wi-Fi Easy Connect, which needs a passphrase. A fault there leaves the other way open, unless
// the passphrase is for the key on the label alone.
Answer<void> give_network(DeviceLink& link, const local::WifiCredentials& network,
                          const std::string& label, const Bystander& bystander) {
  const bool has_it = std::ranges::find(link.capabilities, "dpp") != link.capabilities.end();
  if (network.passphrase.empty()) return give_plainly(link, network);
  if (!has_it && label.empty()) return give_plainly(link, network);
  if (!has_it)
    return problem(ProblemKind::conflict, "the device has no Wi-Fi Easy Connect",
                   "Provision it without saying what its label holds.");
  auto given = give_by_easy_connect(link, network, label, link.random());
  if (given) bystander.tell("The device was given the network by Wi-Fi Easy Connect.");
  if (given || !label.empty()) return given;
  bystander.tell("Wi-Fi Easy Connect: " + given.error().message +
                 ". The network is given without it.");
  return give_plainly(link, network);
}

Answer<Provisioned> through_session(DeviceLink& link, Api& server, const ClaimRequest& request,
                                    const std::optional<WifiWish>& wifi, Random& random,
                                    const Bystander& bystander) {
  std::optional<local::WifiCredentials> network;
  if (wifi) {
    TRY(auto heard, nearby_networks(link));
    TRY(network, wifi->choose(heard));
  }
  TRY(auto offer, collect_offer(link, {}, random));
  TRY(auto answer, claim_offer(server, offer.document, request));
  if (auto* waiting = std::get_if<Waiting>(&answer))
    return problem(ProblemKind::busy, waiting->why,
                   "`fairlead device approve " + waiting->device + "`, then provision again.");
  auto& granted = std::get<Granted>(answer);
  bystander.tell("The server granted access as " + granted.device + ".");
  if (network) {
    TRY_VOID(deliver_grant(link, granted, std::move(*network), *wifi, bystander));
  } else {
    TRY_VOID(deliver_grant(link, granted, bystander));
  }
  return Provisioned{std::move(granted.device)};
}

Answer<DeviceLink> open_ours(DeviceCarrier& device, const local::Version& version,
                             const Access& access, Random& random) {
  if (version.security == local::Security::none)
    return problem(ProblemKind::conflict, "the device talks without encryption only");
  TRY(auto link, DeviceLink::open(device, secret_for(access, version), random));
  link.capabilities = version.fairlead_capabilities;
  return link;
}

Answer<Provisioned> provision_stock(DeviceCarrier& device, const local::Version& version,
                                    const ProvisionRequest& request, Random& random,
                                    const Bystander& bystander) {
  if (!request.wifi)
    return problem(ProblemKind::conflict,
                   "the device has stock firmware, which takes a Wi-Fi network and no access to an "
                   "upstream",
                   "Say --wifi NETWORK to bring it there.");
  TRY(auto address, give_wifi(device, version, request.access, *request.wifi, random, bystander));
  return Provisioned{{}, std::move(address)};
}

}  // namespace

Answer<DeviceLink> open_device(DeviceCarrier& device, const Access& access, Random& random) {
  TRY(auto version, ask_version(device));
  if (is_stock(version))
    return problem(ProblemKind::conflict, "the device makes no Offers: it isn't one of ours");
  return open_ours(device, version, access, random);
}

Answer<CollectedOffer> collect_offer(DeviceLink& link, const Expected& expected, Random& random) {
  auto nonce = random.draw<enroll::OfferNonce>();
  TRY(auto answer, link.say(local::command::MakeOffer{nonce}));
  if (auto* no = std::get_if<local::answer::No>(&answer))
    return std::unexpected(refused_by_device(no->obstacle));
  auto* offer = std::get_if<local::answer::Offer>(&answer);
  auto decoded = offer ? enroll::decode_offer(offer->document)
                       : Result<enroll::SignedOffer>(fail(Errc::malformed, "there is none"));
  if (!decoded)
    return problem(ProblemKind::server_fault, "the device's Offer: " + decoded.error().context);
  if (decoded->offer.nonce != link.expected_nonce(nonce))
    return problem(ProblemKind::untrusted_server, "the Offer was not made in this session",
                   "Somebody may be between you and the device.");
  TRY_VOID(check_expected(decoded->offer, expected));
  return CollectedOffer{std::move(offer->document), std::move(decoded->offer)};
}

local::Proof proof_of(const Access& access) {
  return access.button ? local::Proof::button : local::Proof::code;
}

Answer<std::variant<Granted, Waiting>> claim_offer(Api& server, View offer,
                                                   const ClaimRequest& request) {
  json::object body{{"offer", to_base64(offer)}, {"proof", local::to_string(request.proof)}};
  if (!request.account.empty()) body["account"] = request.account;
  if (!request.name.empty()) body["name"] = request.name;
  if (!request.replaces.empty()) body["replaces"] = request.replaces;
  TRY(auto answer, server.post(api_path({"claims"}), body));
  std::string device = text_at(answer.value, "device");
  if (text_at(answer.value, "state") == "waiting")
    return Waiting{std::move(device), plain_text(text_at(answer.value, "why"))};
  auto grant = from_base64(text_at(answer.value, "grant"));
  auto owner = from_base64(text_at(answer.value, "owner"));
  if (!grant || !owner)
    return problem(ProblemKind::server_fault, "the server's answer holds no Grant");
  return Granted{std::move(device), std::move(*grant), std::move(*owner)};
}

Answer<std::vector<local::NearbyNetwork>> nearby_networks(DeviceLink& link) {
  TRY(auto answer, link.say(local::command::AskNetworks{}));
  auto* networks = std::get_if<local::answer::Networks>(&answer);
  if (networks) return std::move(networks->heard);
  return problem(ProblemKind::conflict, "the device joins no Wi-Fi networks",
                 "Its network is configured elsewhere.");
}

Answer<std::vector<local::NearbyNetwork>> networks_of(DeviceCarrier& device, const Access& access,
                                                      Random& random, const Bystander& bystander) {
  TRY(auto version, ask_version(device));
  if (is_stock(version)) return stock_networks(device, version, access, random, bystander);
  TRY(auto link, open_ours(device, version, access, random));
  auto heard = nearby_networks(link);
  (void)link.say(local::command::Cancel{});  // who comes next would hear "busy" for a minute
  return heard;
}

Answer<void> deliver_grant(DeviceLink& link, const Granted& granted, const Bystander& bystander) {
  TRY_VOID(take_grant(link, granted));
  TRY(auto obstacle, watch(link, bystander));
  if (obstacle) return std::unexpected(refused_by_device(*obstacle));
  return {};
}

Answer<void> deliver_grant(DeviceLink& link, const Granted& granted, local::WifiCredentials network,
                           const WifiWish& wish, const Bystander& bystander) {
  for (;;) {
    TRY_VOID(give_network(link, network, wish.label, bystander));
    TRY_VOID(take_grant(link, granted));
    TRY(auto obstacle, watch(link, bystander));
    if (!obstacle) return {};
    if (obstacle->reason != "wifi_wrong_passphrase")
      return std::unexpected(refused_by_device(*obstacle));
    bystander.tell("The device says: " + plain_text(obstacle->words));
    TRY(network.passphrase, wish.choose_passphrase());
  }
}

Answer<void> identify(DeviceLink& link, std::uint8_t seconds) {
  TRY(auto answer, link.say(local::command::Identify{seconds}));
  (void)link.say(local::command::Cancel{});
  if (auto* no = std::get_if<local::answer::No>(&answer))
    return problem(ProblemKind::failed, "the device says: " + plain_text(no->obstacle.words));
  return {};
}

Answer<Provisioned> provision(DeviceCarrier& device, Api& server, const ProvisionRequest& request,
                              Random& random, const Bystander& bystander) {
  TRY(auto version, ask_version(device));
  if (is_stock(version)) return provision_stock(device, version, request, random, bystander);
  TRY(auto link, open_ours(device, version, request.access, random));
  bystander.tell("The device knows the code.");
  ClaimRequest claim = request.claim;
  claim.proof = proof_of(request.access);
  auto outcome = through_session(link, server, claim, request.wifi, random, bystander);
  // Otherwise the next one would hear "busy" for a while. What it answers changes nothing.
  if (!outcome) (void)link.say(local::command::Cancel{});
  return outcome;
}

}  // namespace fairlead::client
