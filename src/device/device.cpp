// SPDX-License-Identifier: Apache-2.0
#include "device/device.h"

#include <ifaddrs.h>
#include <net/if.h>

#include <set>

#include "base/events.h"
#include "base/limits.h"
#include "device/fetch.h"

namespace fairlead::device {

namespace {

constexpr Duration retry_first = std::chrono::seconds(2), refused_first = std::chrono::seconds(30);
// A connection that lasted so long ends a series of failures. A shorter one does not, so that a
// device which is let in, thrown out and granted again in a circle goes round ever more slowly.
constexpr Duration settled_after = std::chrono::minutes(1);
constexpr Duration network_poll = std::chrono::milliseconds(500);
constexpr Duration clock_error_max = std::chrono::hours(24);

Duration monotonic() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

// "Nov  2 2026", the first day on which this program can run.
Time build_day() {
  constexpr std::string_view date = __DATE__, months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  unsigned month = static_cast<unsigned>(months.find(date.substr(0, 3)) / 3 + 1);
  unsigned day = static_cast<unsigned>((date[4] == ' ' ? 0 : date[4] - '0') * 10 + date[5] - '0');
  int year = (date[7] - '0') * 1000 + (date[8] - '0') * 100 + (date[9] - '0') * 10 + date[10] - '0';
  auto built = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return std::chrono::sys_days(built) - std::chrono::days(1);  // time zones
}

// The addresses that a network gave us; a change of them is worth an early try.
std::set<std::string> network_addresses() {
  std::set<std::string> out;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return out;
  for (auto* each = all; each; each = each->ifa_next) {
    if (!each->ifa_addr || (each->ifa_flags & IFF_LOOPBACK) || !(each->ifa_flags & IFF_RUNNING))
      continue;
    auto* bytes = reinterpret_cast<const std::uint8_t*>(each->ifa_addr);
    std::size_t size = each->ifa_addr->sa_family == AF_INET    ? 16
                       : each->ifa_addr->sa_family == AF_INET6 ? 28
                                                               : 0;
    if (size > 0) out.insert(std::string(each->ifa_name) + to_hex(View(bytes, size)));
  }
  ::freeifaddrs(all);
  return out;
}

bool about_reachability(Reason reason) {
  return reason == Reason::dns_failed || reason == Reason::station_unreachable ||
         reason == Reason::rendezvous_unreachable || reason == Reason::owner_unreachable ||
         reason == Reason::broker_unreachable;
}

std::string text_of(const fdo::Candidate& candidate) {
  net::Url url{candidate.tls, candidate.host, candidate.port, "/"};
  return std::string(candidate.tls ? "https://" : "http://") + url.authority();
}

}  // namespace

Time clock_floor(const std::optional<Identity>& identity) {
  Time floor = build_day();
  if (identity && identity->operational)
    floor = std::max(floor, identity->operational->server_time);
  return floor;
}

Device::Device(const Config& config, Workshop workshop, Journal& journal, Log& log,
               std::optional<Identity> identity, LocalDoor* door)
    : config_(config),
      shop_(std::move(workshop)),
      journal_(journal),
      log_(log),
      identity_(std::move(identity)),
      door_(door),
      state_(state_of(identity_)) {}
Device::~Device() = default;

// Before the floor, or far from what the owner said, a clock is no judge of certificates' dates.
bool Device::clock_plausible() const {
  Time now = shop_.clock();
  if (now < clock_floor(identity_)) return false;
  if (!owner_clock_) return true;
  Duration off = now.time_since_epoch() - monotonic() - *owner_clock_;
  return off < clock_error_max && off > -clock_error_max;
}

// After a Grant of this run: its time is the owner's, signed a moment ago.
void Device::compare_clocks() {
  Time owners = identity_->operational->server_time;
  if (owners == Time{}) return;  // fdo.csr tells no time
  owner_clock_ = owners.time_since_epoch() - monotonic();
  if (clock_plausible()) return;
  Failure wrong{Reason::clock_wrong,
                "here it is " + to_rfc3339(shop_.clock()) + ", at the owner " + to_rfc3339(owners) +
                    "; until they agree, certificates' dates are not looked at"};
  note(wrong);
  auto written = journal_.step(state_, wrong, in_words(wrong));
  if (!written) note(local_failure(written.error()));
}

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
  if (outcome.failure) note(*outcome.failure);
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
  auto initializing = act_initialize();
  auto initialized = co_await std::move(initializing);
  Outcome out{Event::done, {}};
  if (!initialized) out = {event_for(initialized.error().reason), initialized.error()};
  attempts_ = initialized ? 0 : attempts_ + 1;
  co_return out;
}

AttemptTask<void> Device::act_initialize() {
  if (config_.manufacturer.empty())
    co_return give_up(Reason::station_unset, "no manufacturer is configured");
  FactoryFacts facts{config_.serial.empty() ? machine_serial() : config_.serial, config_.model,
                     config_.key_type};
  if (facts.serial.empty())
    co_return give_up(Reason::station_unset,
                      "the machine has no serial number: set one with --serial");
  auto initializing = initialize(shop_, facts, config_.manufacturer);
  auto identity = co_await std::move(initializing);
  if (!identity) {
    reload();  // a commit that failed in its last step may have happened
    co_return std::unexpected(std::move(identity.error()));
  }
  identity_ = std::move(*identity);
  log_(event::device_initialized,
       {{"guid", fdo::to_text(identity_->credential.guid)}, {"serial", identity_->serial}});
  co_return Attempt<void>{};
}

boost::asio::awaitable<Device::Outcome> Device::seek() {
  if (!search_) {
    search_ = std::make_unique<RendezvousSearch>(identity_->credential.rendezvous, shop_.random,
                                                 config_.retry_max);
    round_failure_.reset();
  }
  if (!search_->usable()) {
    search_.reset();
    search_wait_ = config_.retry_max;
    co_return search_over(
        Failure{Reason::rendezvous_unusable, "none of its directives is for http or https"});
  }
  for (;;) {
    auto step = search_->next();
    if (auto* pause = std::get_if<RendezvousSearch::Wait>(&step)) {
      if (pause->round_over) {
        search_wait_ = pause->time;
        search_.reset();
        co_return search_over(round_failure_);
      }
      auto sleeping = shop_.loop.sleep(pause->time);
      auto slept = co_await std::move(sleeping);
      if (slept) continue;
      Outcome out{Event::failed, Failure{Reason::interrupted, "while looking for the owner"}};
      co_return out;
    }
    auto candidate = std::get<RendezvousSearch::Try>(step);
    owners_ = {candidate.candidate};
    to1d_.reset();
    if (candidate.bypass) {
      Outcome out{Event::done, {}};
      co_return out;
    }
    auto asking = ask_rendezvous(shop_, *identity_, candidate.candidate, clock_plausible());
    auto redirect = co_await std::move(asking);
    if (!redirect) {
      Failure failure = std::move(redirect.error());
      if (!round_failure_ || round_failure_->reason <= failure.reason) round_failure_ = failure;
      Outcome out{event_for(failure.reason), std::move(failure)};
      co_return out;
    }
    owners_ = fdo::candidates(redirect->addresses);
    to1d_ = std::move(*redirect);
    std::string owners;
    for (const auto& each : owners_) owners += (owners.empty() ? "" : ", ") + text_of(each);
    log_(event::device_owner_found,
         {{"rendezvous", text_of(candidate.candidate)}, {"owners", owners}});
    Outcome out{Event::done, {}};
    co_return out;
  }
}

Device::Outcome Device::search_over(std::optional<Failure> failure) const {
  if (failure && about_reachability(failure->reason) && network_addresses().empty())
    failure->reason = Reason::network_missing;
  bool has_access = state_of(identity_) == State::provisioned && !certificate_expired();
  return {has_access ? Event::kept : Event::exhausted, std::move(failure)};
}

bool Device::certificate_expired() const {
  return clock_plausible() && identity_->operational->chain[0].not_after() < shop_.clock();
}

boost::asio::awaitable<Device::Outcome> Device::onboard_at_owners() {
  Failure failure{Reason::owner_unreachable, "the owner registered no address of http or https"};
  for (const fdo::Candidate& owner : owners_) {
    OwnerSought sought{owner, to1d_, clock_plausible()};
    Proposal proposal{config_.allow_credential_reuse, config_.kex, config_.cipher};
    auto onboarding =
        onboard(shop_, *identity_, module_facts(), std::move(sought), std::move(proposal));
    auto onboarded = co_await std::move(onboarding);
    if (!onboarded) {
      reload();  // a commit that failed in its last step may have happened
      failure = std::move(onboarded.error());
      if (failure.reason == Reason::interrupted) break;
      if (&owner != &owners_.back()) note(failure);
      continue;
    }
    identity_ = std::move(*onboarded);
    renewal_due_ = {};
    search_.reset();
    round_failure_.reset();
    log_(event::device_onboarded,
         {{"guid", fdo::to_text(identity_->credential.guid)}, {"owner", text_of(owner)}});
    Outcome out{Event::done, {}};
    if (state_of(identity_) != State::provisioned)
      out = {Event::bare, Failure{Reason::grant_missing, "its plan for this device had none"}};
    else
      log_(event::device_granted,
           {{"device", identity_->operational->device.str()},
            {"endpoint", identity_->operational->endpoints[0].uri},
            {"not_after", to_rfc3339(identity_->operational->chain[0].not_after())}});
    if (out.event == Event::done) compare_clocks();
    co_return out;
  }
  if (!round_failure_ || round_failure_->reason <= failure.reason) round_failure_ = failure;
  Outcome out{event_for(failure.reason), std::move(failure)};
  co_return out;
}

void Device::plan_renewal(Duration wait) { renewal_due_ = std::chrono::steady_clock::now() + wait; }

boost::asio::awaitable<bool> Device::renew_now() {
  if (identity_->operational->renewal_url.empty()) {
    plan_renewal(std::chrono::hours(24));  // another Grant may bring one
    co_return false;
  }
  auto renewing = renew(shop_, *identity_, clock_plausible());
  auto outcome = co_await std::move(renewing);
  if (!outcome.renewed) {
    const Failure& failure = *outcome.failure;
    Duration wait =
        until_next_try(*identity_->operational, shop_.clock(), outcome.come_again, shop_.random);
    log_(event::device_renewal_failed,
         {{"why", failure.detail}, {"seconds", std::to_string(wait.count() / 1000)}});
    reload();  // a commit that failed in its last step may have happened
    plan_renewal(wait);
    co_return false;
  }
  identity_ = std::move(*outcome.renewed);
  const Operational& now = *identity_->operational;
  log_(event::device_renewed, {{"serial_number", to_hex(now.chain[0].serial())},
                               {"not_after", to_rfc3339(now.chain[0].not_after())}});
  // By a clock that is far ahead the new one is overdue as well; not again before a third of its
  // life.
  Duration least = (now.chain[0].not_after() - now.server_time) / 3;
  Duration wait = until_renewal(now, shop_.clock(), clock_plausible(), shop_.random);
  plan_renewal(std::max(wait, least));
  co_return true;
}

boost::asio::awaitable<Device::Outcome> Device::connect() {
  const bool expired = certificate_expired();
  // What an earlier run staged may be the only certificate that the broker still takes; and an
  // expired one may get its successor, if the upstream's policy says so.
  if (expired || is_renewal_staged(shop_.directory, *identity_)) {
    auto renewing = renew_now();
    bool renewed = co_await std::move(renewing);
    if (expired && !renewed) {
      Outcome out{Event::exhausted, {}};
      co_return out;
    }
  }
  const Operational& operational = *identity_->operational;
  std::string firmware = firmware_of(config_);
  LinkSettings settings{firmware, config_.telemetry_interval, clock_plausible()};
  link_ = std::make_unique<UpstreamLink>(shop_.loop, log_, shop_.keystore, shop_.clock, operational,
                                         settings);
  auto connecting = link_->connect();
  auto connected = co_await std::move(connecting);
  Outcome out{Event::done, {}};
  if (connected) {
    connected_since_ = std::chrono::steady_clock::now();
    search_wait_ = Duration(0);
    // What a renewal has planned stands: by a clock that is far ahead every certificate is due.
    if (renewal_due_ <= connected_since_)
      plan_renewal(until_renewal(operational, shop_.clock(), clock_plausible(), shop_.random));
  } else {
    Failure failure = std::move(connected.error());
    if (about_reachability(failure.reason) && network_addresses().empty())
      failure.reason = Reason::network_missing;
    out = {event_for(failure.reason), std::move(failure)};
    ++attempts_;
  }
  co_return out;
}

boost::asio::awaitable<Device::Outcome> Device::serve() {
  Outcome out{Event::done, {}};
  if (config_.once) {
    auto leaving = link_->disconnect();
    auto left = co_await std::move(leaving);
    (void)left;
    co_return out;
  }
  for (;;) {
    auto serving = link_->serve(renewal_due_);
    auto served = co_await std::move(serving);
    if (!served) {
      out = {event_for(served.error().reason), served.error()};
      break;
    }
    auto renewing = renew_now();
    bool renewed = co_await std::move(renewing);
    if (!renewed) continue;
    // With the old certificate still up: leave in order, come back with the new one at once.
    auto leaving = link_->disconnect();
    auto left = co_await std::move(leaving);
    (void)left;
    auto connecting = connect();
    out = co_await std::move(connecting);
    if (out.event == Event::exhausted)
      out = {Event::failed, Failure{Reason::clock_wrong, "the new certificate has expired, too"}};
    if (out.event != Event::done) break;
  }
  if (std::chrono::steady_clock::now() - connected_since_ > settled_after) attempts_ = 0;
  ++attempts_;
  co_return out;
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
  return std::min(most, first * (1 << std::min(attempts_, 7u)));
}

AttemptTask<void> Device::wait(Action action) {
  Duration time = wait_time(action);
  auto failure = journal_.record().failure;
  log_(event::device_waits,
       {{"seconds", std::to_string((time.count() + 999) / 1000)},
        {"why", failure ? std::string(to_string(failure->reason)) : "another try is due"}});
  auto written = journal_.waits_until(shop_.clock() + time);
  ignore(written, "the wait is worth little on disk");
  // A new address ends the wait early: somebody plugged in the cable. Not after a refusal, which no
  // cable mends.
  bool watch = action == Action::wait;
  auto before = network_addresses();
  while (time.count() > 0) {
    Duration part = watch || door_ ? std::min(time, network_poll) : time;
    auto sleeping = shop_.loop.sleep(part);
    auto slept = co_await std::move(sleeping);
    CO_TRY_VOID(locally(std::move(slept), Reason::interrupted));
    time -= part;
    if (door_ && door_->has_committed()) break;
    if (!watch) continue;
    auto now = network_addresses();
    if (now != before && !now.empty()) break;
  }
  co_return Attempt<void>{};
}

ModuleFacts Device::module_facts() {
  ModuleFacts out;
  out.work = work_folder(config_);
  out.product_uri = config_.product_uri;
  out.firmware = firmware_of(config_);
  out.upstream_uri = config_.upstream_uri;
  out.commands = config_.commands;
  out.command_seconds_max = config_.command_seconds_max;
  out.download_bytes_max = config_.download_bytes_max;
  out.upload_bytes_max = config_.upload_bytes_max;
  out.wget_bytes_max = config_.wget_bytes_max;
  if (config_.wget_bytes_max > 0) out.fetch = fetch_with(shop_.loop);
  out.log = &log_;
  out.clock = shop_.clock;
  out.clock_plausible = clock_plausible();
  return out;
}

}  // namespace fairlead::device
