// SPDX-License-Identifier: Apache-2.0
#include "device/device.h"

#include "base/events.h"
#include "device/addresses.h"
#include "device/back_off.h"

namespace fairlead::device {

namespace {

constexpr Duration retry_first = std::chrono::seconds(2), refused_first = std::chrono::seconds(30);
constexpr Duration network_poll = std::chrono::milliseconds(500);

}  // namespace

Device::Device(const Config& config, Workshop workshop, Journal& journal, Log& log,
               std::optional<Identity> identity, UpstreamCandidates& upstreams, LocalDoor* door)
    : config_(config),
      shop_(std::move(workshop)),
      instance_(to_hex(shop_.random.bytes(8))),
      journal_(journal),
      log_(log),
      identity_(std::move(identity)),
      upstreams_(upstreams),
      door_(door),
      state_(state_of(identity_)),
      clock_(shop_.clock) {}
Device::~Device() = default;

void Device::reload() {
  auto loaded = load_identity(shop_.directory);
  if (loaded) identity_ = std::move(*loaded);
  renewal_due_ = {};
  // An identity that can't be read now: what is in memory was read or written by us before.
}

net::Task<void> Device::run() {
  auto following = follow_table();
  auto ended = co_await std::move(following);
  auto written = journal_.rests(state_of(identity_));
  ignore(written, "the next start says where the device stands");
  co_return ended;
}

net::Task<void> Device::follow_table() {
  Outcome outcome{Event::started, {}};
  for (;;) {
    if (provisioned_meanwhile() && find_row(state_, Event::provisioned))
      outcome = {Event::provisioned, {}};
    const Row* row = find_row(state_, outcome.event);
    if (!row) {
      std::string why = "no row for '" + std::string(to_string(outcome.event)) + "' in state '" +
                        std::string(to_string(state_)) + "'";
      co_return fail(Errc::internal, why);
    }
    if (outcome.failure && outcome.failure->reason == Reason::interrupted) co_return ok();
    advance(*row, outcome);
    if (row->next == State::finished) co_return ok();
    if (row->action == Action::wait || row->action == Action::wait_long) {
      if (config_.once)
        co_return fail(Errc::refused,
                       outcome.failure ? in_words(*outcome.failure) : std::string(row->why));
      auto waiting = wait(row->action);
      auto waited = co_await std::move(waiting);
      if (!waited) co_return ok();  // told to stop
      outcome = {Event::started, {}};
      continue;
    }
    if (row->action == Action::none) {
      outcome = {Event::started, {}};
      continue;
    }
    if (ends_before(row->action)) co_return ok();
    if (row->action == Action::onboard && door_) {
      auto letting = let_door_finish();
      auto let = co_await std::move(letting);
      if (!let) co_return ok();  // told to stop
      door_->owner_at_work(true);
    }
    auto performing = perform(row->action);
    outcome = co_await std::move(performing);
    if (door_) door_->owner_at_work(false);
  }
}

bool Device::provisioned_meanwhile() {
  bool provisioned = state_of(identity_) == State::provisioned && state_ != State::displaced;
  bool has_voucher = identity_ && identity_->has_credential();
  using Wanted = UpstreamCandidates::Wanted;
  upstreams_.want(provisioned ? Wanted::nothing : has_voucher ? Wanted::any : Wanted::chosen);
  if (!door_) return false;
  bool committed = door_->take_committed();
  if (committed) reload();
  door_->needed(state_of(identity_) != State::provisioned);
  return committed;
}

// What a client beside the device began comes to its end, good or bad, before the owner may begin:
// each would undo the other's keys.
AttemptTask<void> Device::let_door_finish() {
  while (door_->trying()) {
    auto sleeping = shop_.loop.sleep(network_poll);
    auto slept = co_await std::move(sleeping);
    CO_TRY_VOID(locally(std::move(slept), Reason::interrupted));
  }
  co_return Attempt<void>{};
}

// `initialize` ends where the field begins; a device that is not to connect ends before that.
bool Device::ends_before(Action action) const {
  if (config_.command == Command::initialize) return action != Action::initialize;
  return action == Action::connect && !config_.connect;
}

void Device::note(const Failure& failure) {
  Fields fields{{"detail", failure.detail}};
  log_.write(event_of(failure.reason), fields);
}

void Device::advance(const Row& row, const Outcome& outcome) {
  if (outcome.failure) {
    note(*outcome.failure);
    heed(*outcome.failure);
  }
  if (row.next != state_)
    log_(event::device_state, {{"from", std::string(to_string(state_))},
                               {"to", std::string(to_string(row.next))},
                               {"why", std::string(row.why)}});
  state_ = row.next;
  std::string text = outcome.failure ? in_words(*outcome.failure) : std::string(row.why);
  bool between = state_ == State::finished;
  if (between) return;
  // A search goes through many addresses; its obstacles are written down once, when the round is
  // over.
  if (state_ == State::seeking && outcome.failure) return;
  auto written = journal_.step(state_, outcome.failure, std::move(text));
  if (!written) note(local_failure(written.error()));
}

boost::asio::awaitable<Device::Outcome> Device::perform(Action action) {
  if (action == Action::seek) {
    auto seeking = seek();
    co_return co_await std::move(seeking);
  }
  if (action == Action::onboard) {
    auto onboarding = onboard_at_owners();
    co_return co_await std::move(onboarding);
  }
  if (action == Action::connect) {
    auto connecting = connect();
    co_return co_await std::move(connecting);
  }
  if (action == Action::serve) {
    auto serving = serve();
    co_return co_await std::move(serving);
  }
  if (auto chosen = upstreams_.next_try()) {
    auto asking = ask_upstream(std::move(*chosen));
    co_return co_await std::move(asking);
  }
  if (enrols_by_est()) {
    auto enrolling = enrol_at_est();
    co_return co_await std::move(enrolling);
  }
  auto initializing = act_initialize();
  auto initialized = co_await std::move(initializing);
  Outcome out{Event::done, {}};
  if (!initialized) out = {event_for(initialized.error().reason), initialized.error()};
  attempts_ = initialized ? 0 : attempts_ + 1;
  co_return out;
}

// No server is asked again before the time that it asked for, but none may ask for longer than we
// wait at most.
void Device::heed(const Failure& failure) {
  Duration asked = held_off(failure.retry_after, config_.retry_max, shop_.random.bytes(1)[0]);
  held_off_until_ = std::max(held_off_until_, std::chrono::steady_clock::now() + asked);
}

Duration Device::wait_time(Action action) {
  Duration round = std::exchange(search_wait_, Duration(0));
  if (action == Action::wait && round.count() > 0) return round;
  Duration most = config_.retry_max;
  if (action == Action::wait) most = std::min<Duration>(most, std::chrono::minutes(5));
  if (identity_) {
    auto reason = link_ ? link_->reason() : upstream::LinkReason::none;
    Duration delay =
        upstream::reconnect_delay(reason, attempts_ > 0 ? attempts_ - 1 : 0, shop_.random, most);
    return std::min(most, std::max(delay, round));
  }
  Duration first = action == Action::wait_long ? refused_first : retry_first;
  return back_off(first, attempts_, most, shop_.random.bytes(1)[0]);
}

AttemptTask<void> Device::wait(Action action) {
  Duration held = std::chrono::ceil<Duration>(held_off_until_ - std::chrono::steady_clock::now());
  Duration time = std::max(wait_time(action), held);
  auto failure = journal_.record().failure;
  log_(event::device_waits,
       {{"seconds", std::to_string((time.count() + 999) / 1000)},
        {"why", failure ? std::string(to_string(failure->reason)) : "another try is due"}});
  auto written = journal_.waits_until(shop_.clock() + time);
  ignore(written, "the wait is worth little on disk");
  // A new address ends the wait early: somebody plugged in the cable. Not after a refusal, which no
  // cable mends.
  bool watch = action == Action::wait;
  bool watch_upstreams = watch || state_ == State::uninitialized;  // a person may choose one
  auto before = network_addresses();
  while (time.count() > 0) {
    Duration part = watch_upstreams || door_ ? std::min(time, network_poll) : time;
    auto sleeping = shop_.loop.sleep(part);
    auto slept = co_await std::move(sleeping);
    CO_TRY_VOID(locally(std::move(slept), Reason::interrupted));
    time -= part;
    held -= part;
    if (door_ && door_->has_committed()) break;
    if (!watch_upstreams || held.count() > 0) continue;
    if (upstreams_.has_try()) {  // that is no reason to ask rendezvous servers earlier
      rendezvous_again_at_ = std::chrono::steady_clock::now() + time;
      break;
    }
    if (!watch) continue;
    auto now = network_addresses();
    if (now != before && !now.empty()) break;
  }
  co_return Attempt<void>{};
}

}  // namespace fairlead::device
