// SPDX-License-Identifier: Apache-2.0
#include "device/local_door.h"

#include <algorithm>

#include "base/events.h"
#include "base/limits.h"
#include "device/clock_judge.h"

namespace fairlead::device {

using local::Actions;

namespace {

constexpr Duration tick = std::chrono::milliseconds(500);
constexpr const char* owner_has_it = "the device's owner is taking it by rendezvous just now";
constexpr Duration closed_after_wrong_codes = std::chrono::minutes(10);

local::DoorOptions options_for(local::DeviceSecrets secrets, const LocalFacts& facts,
                               const LocalDoor::Radio& radio) {
  local::DoorOptions out;
  out.wifi = radio.wifi != nullptr;
  out.easy_connect = radio.wifi && radio.enrollee && radio.label;
  out.secrets = std::move(secrets);
  out.about = {facts.product_uri, {}, facts.model, facts.serial, facts.firmware, {}};
  return out;
}

// The upstream's name for this device, by which a network that was set for it is known again. It
// outlives renewals.
std::string name_of_access(const std::optional<Identity>& identity) {
  return identity && identity->operational ? identity->operational->device.str() : "";
}

local::Obstacle obstacle_of(const Failure& failure) {
  return {std::string(to_string(failure.reason)), in_words(failure)};
}

}  // namespace

LocalDoor::LocalDoor(const Config& config, Workshop workshop, Log& log,
                     local::DeviceSecrets secrets, LocalFacts facts, Radio radio)
    : config_(config),
      shop_(std::move(workshop)),
      log_(log),
      facts_(std::move(facts)),
      door_(options_for(std::move(secrets), facts_, radio), shop_.random),
      hooks_(config, shop_.directory, log_),
      offers_(OutstandingOffers::load(shop_.directory)) {
  if (!radio.wifi) return;
  wifi_ = std::make_unique<LocalWifi>(config_, shop_.directory, shop_.loop, log_,
                                      std::move(radio.wifi));
  if (radio.enrollee && radio.label)
    easy_connect_ = std::make_unique<LocalEasyConnect>(
        shop_.loop, log_, *wifi_, std::move(radio.enrollee), std::move(*radio.label));
}

Time LocalDoor::now() const {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return Time(std::chrono::duration_cast<Duration>(since));
}

bool LocalDoor::trying() const {
  return door_.progress() == local::Progress::checking ||
         door_.progress() == local::Progress::joining ||
         door_.progress() == local::Progress::connecting;
}

void LocalDoor::press_button() { button_ = true; }

void LocalDoor::open_if_needed() {
  std::string why;
  if (std::exchange(button_, false)) {
    door_.open(local::Opening::button, now());
    why = "its button was pressed";
  } else if (needed_.value_or(false) && !config_.local_by_button_only && !door_.is_open() &&
             now() >= closed_until_) {
    door_.open(local::Opening::unprovisioned, now());
    why = "the device has no upstream";
  }
  if (why.empty()) return;
  log_(event::device_door_open, {{"why", std::move(why)}});
  // Whoever comes in a moment finds the list ready.
  if (wifi_) shop_.loop.spawn("look for networks", look_around());
}

// What is in a carrier's way is said once, until it changes.
void LocalDoor::offer_by(Way& way) {
  auto offered = way.carrier->offer(door_.is_open());
  std::string why = offered ? "" : offered.error().context;
  if (!why.empty() && why != way.complaint) log_(event::device_door_failed, {{"why", why}});
  way.complaint = std::move(why);
}

net::Task<void> LocalDoor::run() {
  auto settle_it = [this]() -> Result<std::string> {
    TRY(auto identity, load_identity(shop_.directory));
    std::string access = name_of_access(identity);
    hooks_.settle_network(access);
    return access;
  };
  auto settling = shop_.loop.on_worker(settle_it);
  CO_TRY(std::string access, co_await std::move(settling));
  if (wifi_) {
    auto settling_wifi = wifi_->settle(std::move(access));
    CO_TRY_VOID(co_await std::move(settling_wifi));
  }
  if (easy_connect_ && config_.call_for_network)
    shop_.loop.spawn("calls for a network",
                     easy_connect_->call_while([this] { return wants_network(); }));
  for (;;) {
    open_if_needed();
    for (Way& way : ways_) offer_by(way);
    if (auto deadline = door_.deadline(); deadline && *deadline <= now()) {
      auto performing = perform(door_.on_deadline(now()), nullptr);
      CO_TRY_VOID(co_await std::move(performing));
    }
    auto sleeping = shop_.loop.sleep(tick);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

net::Task<LocalAnswer> LocalDoor::ask(local::Request request) {
  LocalAnswer answer;
  auto actions = door_.on_request(std::move(request), now());
  auto performing = perform(std::move(actions), &answer);
  CO_TRY_VOID(co_await std::move(performing));
  co_return answer;
}

void LocalDoor::left(local::PeerId peer) { door_.left(peer, now()); }

net::Task<void> LocalDoor::perform(Actions actions, LocalAnswer* answer) {
  for (std::size_t i = 0; i < actions.size(); ++i) {
    local::Action action = std::move(actions[i]);
    Actions more;
    if (auto* reply = std::get_if<local::Reply>(&action); reply && answer) {
      *answer = std::move(reply->body);
    } else if (auto* refuse = std::get_if<local::Refuse>(&action); refuse && answer) {
      log_(event::device_door_refused,
           {{"kind", std::string(local::to_string(refuse->refusal.kind))},
            {"why", refuse->refusal.why}});
      *answer = std::move(refuse->refusal);
    } else if (auto* offer = std::get_if<local::MakeOffer>(&action)) {
      auto making = make_offer(offer->nonce);
      CO_TRY(more, co_await std::move(making));
    } else if (auto* grant = std::get_if<local::CheckGrant>(&action)) {
      auto checking = check_grant(std::move(*grant));
      CO_TRY(more, co_await std::move(checking));
    } else if (std::holds_alternative<local::GoOnline>(action)) {
      shop_.loop.spawn("try the upstream", go_online());
    } else if (std::holds_alternative<local::Commit>(action)) {
      auto committing = commit();
      CO_TRY(more, co_await std::move(committing));
    } else if (auto* back = std::get_if<local::RollBack>(&action)) {
      auto rolling = roll_back(std::move(back->why));
      CO_TRY_VOID(co_await std::move(rolling));
    } else if (auto* identify = std::get_if<local::Identify>(&action)) {
      auto identifying = this->identify(identify->seconds);
      CO_TRY_VOID(co_await std::move(identifying));
    } else if (auto* network = std::get_if<local::SetNetwork>(&action)) {
      auto setting = set_network(std::move(network->settings));
      CO_TRY(more, co_await std::move(setting));
    } else if (std::holds_alternative<local::LookAround>(action)) {
      shop_.loop.spawn("look for networks", look_around());
    } else if (std::holds_alternative<local::ShowNetworks>(action)) {
      auto showing = show_networks();
      CO_TRY(more, co_await std::move(showing));
    } else if (auto* join = std::get_if<local::JoinWifi>(&action)) {
      shop_.loop.spawn("join a network", join_wifi(std::move(join->network)));
    } else if (std::holds_alternative<local::KeepWifi>(action)) {
      auto keeping = wifi_->keep();
      ignore(co_await std::move(keeping), "it is said; the network stays until the next start");
    } else if (auto* tunnel = std::get_if<local::UseTunnel>(&action)) {
      auto using_it = use_tunnel(std::move(*tunnel));
      CO_TRY(more, co_await std::move(using_it));
    } else if (auto* choice = std::get_if<local::ChooseUpstream>(&action)) {
      more = choose(*choice);
    } else if (auto* closed = std::get_if<local::Closed>(&action)) {
      if (door_.wrong_codes() >= limits::wrong_codes_max)
        closed_until_ = now() + closed_after_wrong_codes;
      log_(event::device_door_closed, {{"why", closed->why}});
    }
    std::ranges::move(more, std::back_inserter(actions));
  }
  co_return ok();
}

net::Task<Bytes> LocalDoor::write_offer(enroll::OfferNonce nonce) {
  if (owner_at_work_) co_return fail(Errc::busy, owner_has_it);
  auto make_it = [this, nonce]() -> Result<LocalOffer> {
    TRY(auto identity, load_identity(shop_.directory));
    TRY(auto offer, make_local_offer(shop_, facts_, identity, nonce));
    TRY_VOID(offers_.add(offer.hash, shop_.directory));
    return offer;
  };
  auto making = shop_.loop.on_worker(make_it);
  CO_TRY(auto made, co_await std::move(making));
  if (!made.unproven_because.empty())
    log_(event::device_key_unproven, {{"why", made.unproven_because}});
  log_(event::device_offer_made, {{"serial", facts_.serial}});
  co_return std::move(made.document);
}

net::Task<Actions> LocalDoor::make_offer(enroll::OfferNonce nonce) {
  auto writing = write_offer(nonce);
  auto written = co_await std::move(writing);
  co_return door_.offer_made(std::move(written), now());
}

bool LocalDoor::is_open_offer(const crypto::Sha256& offer) const {
  return std::ranges::count(offers_.newest_first(), offer) > 0;
}

net::Task<Bytes> LocalDoor::offer_for_stick() {
  return write_offer(*enroll::OfferNonce::from(shop_.random.bytes(enroll::OfferNonce::size_bytes)));
}

net::Task<std::optional<local::Obstacle>> LocalDoor::grant_from_stick(Bytes grant, Bytes owner) {
  if (owner_at_work_) co_return local::Obstacle{"busy", owner_has_it};
  Actions actions;
  auto obstacle = door_.take_from_stick(std::move(grant), std::move(owner), actions, now());
  if (obstacle) co_return obstacle;
  auto performing = perform(std::move(actions), nullptr);
  CO_TRY_VOID(co_await std::move(performing));
  while (trying()) {
    auto sleeping = shop_.loop.sleep(tick);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
  if (door_.progress() == local::Progress::committed) co_return std::nullopt;
  obstacle = door_.obstacle();
  if (obstacle->words.empty()) obstacle = local::Obstacle{"busy", "somebody else came between"};
  co_return obstacle;
}

net::Task<Actions> LocalDoor::check_grant(local::CheckGrant grant) {
  if (offers_.newest_first().empty()) {
    local::Obstacle none{"no_offer", "ask for an Offer first"};
    co_return door_.grant_checked(std::move(none), now());
  }
  auto check_it = [&]() -> Result<Identity> {
    TRY(auto identity, load_identity(shop_.directory));
    bool plausible = shop_.clock() >= clock_floor(identity);
    return accept_local_grant(shop_, facts_, identity, offers_.newest_first(), grant, plausible);
  };
  auto checking = shop_.loop.on_worker(check_it);
  auto checked = co_await std::move(checking);
  if (!checked) {
    Failure failure{Reason::grant_wrong, checked.error().context};
    co_return door_.grant_checked(obstacle_of(failure), now());
  }
  staged_ = std::move(*checked);
  log_(event::device_grant_staged, {{"proof", std::string(local::to_string(grant.proof))},
                                    {"device", staged_->operational->device.str()},
                                    {"endpoint", staged_->operational->endpoints[0].uri}});
  co_return door_.grant_checked(std::nullopt, now());
}

net::Task<void> LocalDoor::look_around() {
  auto looking = wifi_->networks();
  auto networks = co_await std::move(looking);
  (void)networks;  // whoever asks for them later gets them at once
  co_return ok();
}

net::Task<Actions> LocalDoor::show_networks() {
  auto looking = wifi_->networks();
  CO_TRY(auto networks, co_await std::move(looking));
  co_return door_.networks_seen(std::move(networks));
}

net::Task<void> LocalDoor::join_wifi(local::WifiCredentials network) {
  auto joining = wifi_->join(std::move(network), name_of_access(staged_));
  auto joined = co_await std::move(joining);
  Actions actions;
  if (joined) {
    actions = door_.wifi_joined(std::move(*joined), now());
  } else if (joined.error().reason != Reason::interrupted) {
    auto reverting = wifi_->revert();
    auto reverted = co_await std::move(reverting);
    (void)reverted;  // it is said, and done again before the next trial
    auto stock = joined.error().reason == Reason::wifi_not_found
                     ? local::config::FailReason::network_not_found
                     : local::config::FailReason::auth_error;
    actions = door_.wifi_failed(obstacle_of(joined.error()), stock, now());
  }
  auto performing = perform(std::move(actions), nullptr);
  co_return co_await std::move(performing);
}

net::Task<Actions> LocalDoor::use_tunnel(local::UseTunnel tunnel) {
  if (auto* open = std::get_if<local::command::OpenTunnel>(&tunnel.how)) {
    auto opening = easy_connect_->open(std::move(open->uri));
    co_return door_.tunnel_opened(co_await std::move(opening));
  }
  if (auto* carry = std::get_if<local::command::Carry>(&tunnel.how)) {
    auto carrying = easy_connect_->carry(std::move(carry->content));
    co_return door_.tunnel_carried(co_await std::move(carrying));
  }
  auto closing = easy_connect_->close();
  auto network = co_await std::move(closing);
  co_return door_.tunnel_closed(std::move(network), now());
}

// Calls are for when nobody is beside the device, and nothing else leads to its upstream.
bool LocalDoor::wants_network() const {
  return needed_.value_or(false) && !door_.has_session() && !trying() && !has_network();
}

// The upstream has the last word: only who was let in there commits.
net::Task<void> LocalDoor::go_online() {
  Identity trying = *staged_;  // a roll-back may come meanwhile
  std::optional<Identity> identity = trying;
  LinkSettings settings{facts_.firmware, config_.telemetry_interval,
                        shop_.clock() >= clock_floor(identity)};
  UpstreamLink link(shop_.loop, log_, shop_.keystore, shop_.clock, *trying.operational, settings);
  auto connecting = link.connect();
  auto connected = co_await std::move(connecting);
  Actions actions;
  if (connected) {
    auto leaving = link.disconnect();
    auto left = co_await std::move(leaving);
    (void)left;  // the flow connects again, whatever became of this connection
    actions = door_.online(now());
  } else {
    Failure failure = std::move(connected.error());
    if (wifi_) {
      auto explaining = wifi_->explain(std::move(failure), trying.operational->endpoints[0].uri);
      failure = co_await std::move(explaining);
    }
    actions = door_.offline(obstacle_of(failure), now());
  }
  auto performing = perform(std::move(actions), nullptr);
  CO_TRY_VOID(co_await std::move(performing));
  co_return ok();
}

net::Task<Actions> LocalDoor::commit() {
  if (!staged_) co_return Actions{};
  Identity next = *staged_;
  if (wifi_) {
    auto storing = wifi_->store();
    auto stored = co_await std::move(storing);
    if (!stored) {
      Failure failure{Reason::wifi_not_stored, stored.error().context};
      co_return door_.offline(obstacle_of(failure), now());
    }
  }
  auto commit_it = [&]() -> Result<void> {
    TRY_VOID(hooks_.keep_with(name_of_access(next)));
    TRY_VOID(save_identity(shop_.directory, next));
    ignore(offers_.clear(shop_.directory), "they are of a key that is in use now");
    ignore(sweep_keys(shop_.keystore, next), "old keys are swept at the next start too");
    hooks_.keep_network();
    return ok();
  };
  auto committing = shop_.loop.on_worker(commit_it);
  auto committed = co_await std::move(committing);
  if (!committed) {
    Failure failure = local_failure(committed.error());
    co_return door_.offline(obstacle_of(failure), now());
  }
  if (wifi_) {
    auto keeping = wifi_->keep();
    auto kept = co_await std::move(keeping);
    (void)kept;  // it is said, and done again at the next start
  }
  staged_.reset();
  committed_ = true;
  co_return door_.committed(now());
}

net::Task<void> LocalDoor::roll_back(std::string why) {
  bool had = staged_.has_value();
  staged_.reset();
  if (had) log_(event::device_rolled_back, {{"why", why}});
  auto revert_it = [this]() -> Result<void> {
    hooks_.revert_network();
    return ok();
  };
  auto reverting = shop_.loop.on_worker(revert_it);
  CO_TRY_VOID(co_await std::move(reverting));
  if (!wifi_) co_return ok();
  if (easy_connect_) {
    auto dropping = easy_connect_->drop();
    ignore(co_await std::move(dropping), "the next exchange begins with it, too");
  }
  auto leaving = wifi_->revert();
  auto left = co_await std::move(leaving);
  (void)left;  // it is said, and done again before the next trial
  co_return ok();
}

net::Task<Actions> LocalDoor::set_network(local::NetworkSettings settings) {
  auto set_it = [&]() -> Result<void> { return hooks_.set_network(settings); };
  auto setting = shop_.loop.on_worker(set_it);
  auto set = co_await std::move(setting);
  std::optional<local::Obstacle> obstacle;
  if (!set) {
    bool elsewhere = set.error().code == Errc::unsupported;
    obstacle = local::Obstacle{elsewhere ? "unsupported" : "network_refused", set.error().context};
  }
  co_return door_.network_set(std::move(obstacle), now());
}

Actions LocalDoor::choose(const local::ChooseUpstream& choice) {
  auto chosen = chooser_ ? chooser_(choice)
                         : Result<void>(fail(Errc::unsupported, "this device finds no upstreams"));
  std::optional<local::Obstacle> obstacle;
  if (!chosen) obstacle = local::Obstacle{"not_chosen", chosen.error().context};
  return door_.upstream_chosen(std::move(obstacle), now());
}

net::Task<void> LocalDoor::identify(std::uint8_t seconds) {
  log_(event::device_identify, {{"seconds", std::to_string(seconds)}});
  auto show_it = [this, seconds] { return hooks_.identify(seconds); };
  auto showing = shop_.loop.on_worker(show_it);
  auto shown = co_await std::move(showing);
  if (!shown)
    log_(event::device_hook_failed, {{"what", "identify"}, {"why", shown.error().context}});
  co_return ok();
}

}  // namespace fairlead::device
