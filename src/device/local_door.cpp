// SPDX-License-Identifier: Apache-2.0
#include "device/local_door.h"

#include <charconv>

#include "base/events.h"
#include "base/limits.h"
#include "device/device.h"

namespace fairlead::device {

using local::Actions;
using local::Refusal;

namespace {

constexpr Duration tick = std::chrono::milliseconds(500);
constexpr Duration closed_after_wrong_codes = std::chrono::minutes(10);
constexpr std::string_view cookie_name = "session=";

// Espressif's clients take any other status than 200 for failure; people read the words.
unsigned status_of(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::malformed:
    case Refusal::Kind::unsupported:
      return 400;
    case Refusal::Kind::wrong_code:
    case Refusal::Kind::closed:
      return 403;
    case Refusal::Kind::wait:
      return 429;
    case Refusal::Kind::busy:
      return 503;
    case Refusal::Kind::internal:
      break;
  }
  return 500;
}

void put(net::HttpResponse& to, const Refusal& refusal) {
  to.status = status_of(refusal.kind);
  to.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  to.headers.emplace_back("Fairlead-Reason", std::string(local::to_string(refusal.kind)));
  to.body = to_bytes(refusal.why + "\n");
}

local::DoorOptions options_for(local::DeviceSecrets secrets) {
  local::DoorOptions out;
  out.secrets = std::move(secrets);
  return out;
}

local::Obstacle obstacle_of(const Failure& failure) {
  return {std::string(to_string(failure.reason)), in_words(failure)};
}

}  // namespace

LocalDoor::LocalDoor(const Config& config, Workshop workshop, Log& log,
                     local::DeviceSecrets secrets, LocalFacts facts)
    : config_(config),
      shop_(std::move(workshop)),
      log_(log),
      facts_(std::move(facts)),
      door_(options_for(std::move(secrets)), shop_.random) {}
LocalDoor::~LocalDoor() = default;

Time LocalDoor::now() const {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return Time(std::chrono::duration_cast<Duration>(since));
}

bool LocalDoor::trying() const {
  return door_.progress() == local::Progress::checking ||
         door_.progress() == local::Progress::connecting;
}

void LocalDoor::press_button() { button_ = true; }

void LocalDoor::open_if_needed() {
  if (std::exchange(button_, false)) {
    door_.open(local::Opening::button, now());
    log_(event::device_door_open, {{"why", "its button was pressed"}});
  } else if (needed_ && !door_.is_open() && now() >= closed_until_) {
    door_.open(local::Opening::unprovisioned, now());
    log_(event::device_door_open, {{"why", "the device has no upstream"}});
  }
}

// There is a listener while the door is open, and none else: a provisioned device has nothing to
// knock at.
Result<void> LocalDoor::keep_listener() {
  if (!door_.is_open()) {
    server_.reset();
    return ok();
  }
  if (server_) return ok();
  net::HttpServerOptions options;
  auto colon = config_.local_listen.rfind(':');
  options.address = config_.local_listen.substr(0, colon);
  std::string_view port = std::string_view(config_.local_listen).substr(colon + 1);
  std::from_chars(port.data(), port.data() + port.size(), options.port);
  options.body_bytes_max = limits::local_message_bytes_max;
  options.connections_max = 16;
  options.connections_per_peer_max = 4;
  TRY(server_,
      net::HttpServer::listen(shop_.loop, log_, std::move(options),
                              [this](net::HttpRequest r) { return handle(std::move(r)); }));
  log_(event::device_door_listens,
       {{"address", options.address}, {"port", std::to_string(server_->port())}});
  return ok();
}

net::Task<void> LocalDoor::run() {
  std::string complaint;
  for (;;) {
    open_if_needed();
    auto listening = keep_listener();
    std::string why = listening ? "" : listening.error().context;
    if (!why.empty() && why != complaint) log_(event::device_door_failed, {{"why", why}});
    complaint = why;
    if (auto deadline = door_.deadline(); deadline && *deadline <= now()) {
      auto performing = perform(door_.on_deadline(now()), nullptr);
      CO_TRY_VOID(co_await std::move(performing));
    }
    auto sleeping = shop_.loop.sleep(tick);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

// "session=<number>", as stock clients send it back; anything else is a new client.
local::PeerId LocalDoor::peer_of(const net::HttpRequest& request, bool& is_new) {
  auto cookie = net::find_header(request.headers, "Cookie");
  std::uint32_t number = 0;
  if (cookie && cookie->starts_with(cookie_name)) {
    std::string_view digits = cookie->substr(cookie_name.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
  }
  is_new = number == 0;
  while (number == 0)
    for (std::uint8_t byte : shop_.random.bytes(4)) number = number << 8 | byte;
  return number;
}

net::Task<net::HttpResponse> LocalDoor::handle(net::HttpRequest request) {
  net::HttpResponse answer;
  answer.status = 500;
  if (request.method != "POST" || !request.target.starts_with('/')) {
    put(answer, {Refusal::Kind::unsupported, "send POST to an endpoint of local provisioning"});
    co_return answer;
  }
  bool is_new = false;
  local::PeerId peer = peer_of(request, is_new);
  if (is_new) answer.headers.emplace_back("Set-Cookie", "session=" + std::to_string(peer));
  local::Request asked{peer, request.peer, request.target.substr(1), std::move(request.body)};
  auto actions = door_.on_request(std::move(asked), now());
  auto performing = perform(std::move(actions), &answer);
  CO_TRY_VOID(co_await std::move(performing));
  co_return answer;
}

net::Task<void> LocalDoor::perform(Actions actions, net::HttpResponse* answer) {
  for (std::size_t i = 0; i < actions.size(); ++i) {
    local::Action action = std::move(actions[i]);
    Actions more;
    if (auto* reply = std::get_if<local::Reply>(&action); reply && answer) {
      answer->status = 200;
      answer->body = std::move(reply->body);
    } else if (auto* refuse = std::get_if<local::Refuse>(&action); refuse && answer) {
      put(*answer, refuse->refusal);
      log_(event::device_door_refused,
           {{"kind", std::string(local::to_string(refuse->refusal.kind))},
            {"why", refuse->refusal.why}});
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
      roll_back(back->why);
    } else if (auto* identify = std::get_if<local::Identify>(&action)) {
      log_(event::device_identify, {{"seconds", std::to_string(identify->seconds)}});
    } else if (std::holds_alternative<local::SetNetwork>(action)) {
      local::Obstacle none{"unsupported", "this device's network is configured elsewhere"};
      more = door_.network_set(std::move(none), now());
    } else if (auto* closed = std::get_if<local::Closed>(&action)) {
      if (door_.wrong_codes() >= limits::wrong_codes_max)
        closed_until_ = now() + closed_after_wrong_codes;
      log_(event::device_door_closed, {{"why", closed->why}});
    }
    std::ranges::move(more, std::back_inserter(actions));
  }
  co_return ok();
}

net::Task<Actions> LocalDoor::make_offer(enroll::OfferNonce nonce) {
  if (owner_at_work_) {
    auto busy = fail(Errc::busy, "the device's owner is taking it by rendezvous just now");
    co_return door_.offer_made(Result<Bytes>(busy), now());
  }
  auto make_it = [this, nonce]() -> Result<LocalOffer> {
    TRY(auto identity, load_identity(shop_.directory));
    return make_local_offer(shop_, facts_, identity, nonce);
  };
  auto making = shop_.loop.on_worker(make_it);
  auto made = co_await std::move(making);
  if (!made) co_return door_.offer_made(Result<Bytes>(fail(made.error())), now());
  offer_hash_ = made->hash;
  log_(event::device_offer_made, {{"serial", facts_.serial}});
  co_return door_.offer_made(std::move(made->document), now());
}

net::Task<Actions> LocalDoor::check_grant(local::CheckGrant grant) {
  if (!offer_hash_) {
    local::Obstacle none{"no_offer", "ask for an Offer first"};
    co_return door_.grant_checked(std::move(none), now());
  }
  auto check_it = [&]() -> Result<Identity> {
    TRY(auto identity, load_identity(shop_.directory));
    bool plausible = shop_.clock() >= clock_floor(identity);
    return accept_local_grant(shop_, facts_, identity, *offer_hash_, grant, plausible);
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
    actions = door_.offline(obstacle_of(connected.error()), now());
  }
  auto performing = perform(std::move(actions), nullptr);
  CO_TRY_VOID(co_await std::move(performing));
  co_return ok();
}

net::Task<Actions> LocalDoor::commit() {
  if (!staged_) co_return Actions{};
  Identity next = *staged_;
  auto commit_it = [&]() -> Result<void> {
    TRY_VOID(save_identity(shop_.directory, next));
    ignore(sweep_keys(shop_.keystore, next), "old keys are swept at the next start too");
    return ok();
  };
  auto committing = shop_.loop.on_worker(commit_it);
  auto committed = co_await std::move(committing);
  if (!committed) {
    Failure failure = local_failure(committed.error());
    co_return door_.offline(obstacle_of(failure), now());
  }
  staged_.reset();
  offer_hash_.reset();
  committed_ = true;
  co_return door_.committed(now());
}

void LocalDoor::roll_back(const std::string& why) {
  bool had = staged_.has_value();
  staged_.reset();
  if (had) log_(event::device_rolled_back, {{"why", why}});
}

}  // namespace fairlead::device
