// SPDX-License-Identifier: Apache-2.0
#include "client/phone/setup.h"

#include <algorithm>

namespace fairlead::client {

namespace {

// The link or the session is gone, whatever became of what was said last.
bool lost(const Problem& problem) {
  return (problem.kind == ProblemKind::failed && problem.reason.empty()) ||
         problem.kind == ProblemKind::unreachable || problem.kind == ProblemKind::not_found ||
         problem.reason == local::to_string(local::Refusal::Kind::malformed);
}

bool is_about_wifi(const Trouble& trouble) {
  return trouble.remedy == Remedy::wifi_password || trouble.remedy == Remedy::wifi_network;
}

Answer<bool> is_online(Api& server, const std::string& device) {
  TRY(auto record, server.get(api_path({"devices", device})));
  return text_at(record.value, "state") == "online";
}

}  // namespace

PhoneSetup::PhoneSetup(SetupOrder order, SetupWorld world, BundleEntry kept)
    : order_(std::move(order)), world_(std::move(world)), kept_(std::move(kept)) {}

PhoneSetup::~PhoneSetup() {
  if (link_) (void)link_->say(local::command::Cancel{});
}

void PhoneSetup::tell(SetupStep step) {
  for (auto now = static_cast<std::size_t>(step); told_ <= now; ++told_)
    world_.done(static_cast<SetupStep>(told_));
}

Answer<void> PhoneSetup::open() {
  link_.reset();
  TRY(carrier_, world_.connect());
  TRY(auto link, open_device(*carrier_, order_.access, world_.random));
  link_.emplace(std::move(link));
  return {};
}

// A link that was lost meanwhile is made again, once.
template <class Do>
auto PhoneSetup::in_session(Do what) -> decltype(what(std::declval<DeviceLink&>())) {
  if (link_) {
    auto outcome = what(*link_);
    if (outcome || !lost(outcome.error())) return outcome;
  }
  TRY_VOID(open());
  auto outcome = what(*link_);
  if (!outcome && lost(outcome.error())) link_.reset();
  return outcome;
}

SetupPause PhoneSetup::go_on(Api* server) {
  if (auto pause = let_in()) return std::move(*pause);
  if (auto pause = know_network()) return std::move(*pause);
  if (auto pause = have_offer()) return std::move(*pause);
  if (auto pause = have_grant(server)) return std::move(*pause);
  if (auto pause = hand_over(server)) return std::move(*pause);
  if (link_) link_.reset();  // it is committed: there is nothing to take back
  return SetupDone{kept_->device};
}

PhoneSetup::Unless PhoneSetup::let_in() {
  if (told_ > static_cast<std::size_t>(SetupStep::let_in)) return std::nullopt;
  if (auto opened = open(); !opened) return trouble_of(SetupStage::opening, opened.error());
  tell(SetupStep::let_in);
  return std::nullopt;
}

PhoneSetup::Unless PhoneSetup::know_network() {
  if (joins_wifi_ == false || (joins_wifi_ && order_.wifi)) return std::nullopt;
  auto heard = in_session([](DeviceLink& link) { return nearby_networks(link); });
  if (heard) {
    joins_wifi_ = true;
    // What is known of the site needs no person where the device hears that network, or heard
    // nothing at all: then it finds out by trying.
    auto here = [&](const local::NearbyNetwork& each) {
      return order_.wifi && each.ssid == order_.wifi->ssid && each.why_not.empty();
    };
    bool try_known = order_.wifi && heard->empty();
    if (try_known || std::ranges::any_of(*heard, here)) return std::nullopt;
    return NetworkWanted{std::move(*heard)};
  }
  if (heard.error().kind != ProblemKind::conflict)
    return trouble_of(SetupStage::asking_networks, heard.error());
  joins_wifi_ = false;
  return std::nullopt;
}

PhoneSetup::Unless PhoneSetup::have_offer() {
  if (kept_) {
    tell(SetupStep::received);
    return std::nullopt;
  }
  auto offer = in_session([&](DeviceLink& link) { return collect_offer(link, {}, world_.random); });
  if (!offer) return trouble_of(SetupStage::making_offer, offer.error());
  BundleEntry entry;
  entry.serial = offer->offer.serial;
  entry.row = order_.picked.empty() ? entry.serial : order_.picked;
  entry.account = order_.account;
  entry.name = order_.site.empty() ? std::string() : order_.site + " " + entry.serial;
  entry.proof = proof_of(order_.access);
  entry.offer = std::move(offer->document);
  kept_ = std::move(entry);
  tell(SetupStep::received);
  return std::nullopt;
}

PhoneSetup::Unless PhoneSetup::have_grant(Api* server) {
  if (kept_->grant.empty()) {
    if (!server)
      return trouble_of(SetupStage::claiming, {ProblemKind::unreachable, "nobody is signed in"});
    ClaimRequest request{kept_->account, kept_->name, kept_->proof, kept_->replaces};
    auto answer = claim_offer(*server, kept_->offer, request);
    if (!answer) return trouble_of(SetupStage::claiming, answer.error());
    if (auto* waiting = std::get_if<Waiting>(&*answer))
      return trouble_of_waiting(std::move(waiting->why));
    auto& granted = std::get<Granted>(*answer);
    kept_->device = std::move(granted.device);
    kept_->grant = std::move(granted.grant);
    kept_->owner = std::move(granted.owner);
  }
  tell(SetupStep::registered);
  return std::nullopt;
}

Answer<void> PhoneSetup::deliver(DeviceLink& link) {
  Granted granted{kept_->device, kept_->grant, kept_->owner};
  Bystander bystander{[](std::string_view) {}, world_.wait,
                      [this](local::Progress progress) {
                        tell(SetupStep::sent);
                        world_.progress(progress);
                      }};
  if (!order_.wifi || joins_wifi_ == false) return deliver_grant(link, granted, bystander);
  WifiWish wish;  // another passphrase is a matter of the next try
  wish.choose_passphrase = []() -> Answer<SecretBytes> {
    return std::unexpected(Problem{ProblemKind::failed,
                                   "the network does not take this passphrase",
                                   {},
                                   "wifi_wrong_passphrase"});
  };
  local::WifiCredentials network{order_.wifi->ssid, order_.wifi->passphrase.clone()};
  return deliver_grant(link, granted, std::move(network), wish, bystander);
}

PhoneSetup::Unless PhoneSetup::hand_over(Api* server) {
  auto delivered = in_session([this](DeviceLink& link) -> Answer<void> {
    // It may have got on while the link was away.
    TRY(auto answer, link.say(local::command::AskStatus{}));
    auto* report = std::get_if<local::Report>(&answer);
    if (report && report->progress == local::Progress::committed) return {};
    return deliver(link);
  });
  // Once it is online it soon lets nobody in any more.
  if (!delivered && server && lost(delivered.error()))
    if (auto online = is_online(*server, kept_->device); online && *online) delivered = {};
  if (!delivered) {
    // It has no such Offer any more: somebody reset it.
    if (delivered.error().reason == "grant_wrong") {
      kept_.reset();
      told_ = static_cast<std::size_t>(SetupStep::identity);
    }
    Trouble trouble = trouble_of(SetupStage::handing_over, delivered.error());
    if (trouble.remedy == Remedy::wifi_network) order_.wifi.reset();
    if (is_about_wifi(trouble)) joins_wifi_ = true;
    return trouble;
  }
  kept_->delivered = true;
  tell(SetupStep::online);
  return std::nullopt;
}

}  // namespace fairlead::client
