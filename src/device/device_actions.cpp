// SPDX-License-Identifier: Apache-2.0
// What the actions of the flow table do. Who calls them, and what is waited for between them, is in
// device.cpp.
#include "base/events.h"
#include "base/limits.h"
#include "device/addresses.h"
#include "device/asking.h"
#include "device/device.h"
#include "device/est_enrolment.h"
#include "device/fetch.h"
#include "device/removal.h"
#include "device/resident.h"

namespace fairlead::device {

using std::chrono::steady_clock;

namespace {

// A connection that lasted so long ends a series of failures. A shorter one does not, so that a
// device which is let in, thrown out and granted again in a circle goes round ever more slowly.
constexpr Duration settled_after = std::chrono::minutes(1);
constexpr Duration pause_part = std::chrono::milliseconds(500);  // of waits that may end early
// How long one that the network named may take to prove itself, so that a stranger that is slow on
// purpose costs no more.
constexpr Duration prove_limit = std::chrono::seconds(30);

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

// Without a voucher, at the upstream that a person chose. The door's keys are used for it.
boost::asio::awaitable<Device::Outcome> Device::ask_upstream(UpstreamCandidates::Try at) {
  if (door_) {
    auto letting = let_door_finish();
    auto let = co_await std::move(letting);
    Outcome stopped{Event::failed, Failure{Reason::interrupted, "while asking an upstream"}};
    if (!let) co_return stopped;
    door_->owner_at_work(true);
  }
  log_(event::device_upstream_tried, {{"uri", at.which.uri}, {"source", at.which.source}});
  const auto which = at.which;
  LocalFacts facts{config_.serial.empty() ? machine_serial() : config_.serial, config_.model,
                   config_.product_uri, firmware_of(config_), config_.key_type};
  auto asking =
      ask_for_grant(shop_, std::move(facts), identity_, std::move(at), clock_.plausible(identity_));
  auto asked = co_await std::move(asking);
  if (!asked) {
    reload();  // a commit that failed in its last step may have happened
    upstreams_.tried(which, in_words(asked.error()), steady_clock::now());
    ++attempts_;
    Outcome out{event_for(asked.error().reason), std::move(asked.error())};
    co_return out;
  }
  attempts_ = 0;
  identity_ = std::move(*asked);
  renewal_due_ = {};
  upstreams_.tried(which, "gave access", steady_clock::now());
  tell_granted();
  Outcome out{Event::provisioned, {}};
  co_return out;
}

// A device that has a voucher is its owner's; one at the factory gets its voucher first.
bool Device::enrols_by_est() const {
  return !config_.est_url.empty() && config_.command != Command::initialize &&
         !(identity_ && identity_->has_credential());
}

boost::asio::awaitable<Device::Outcome> Device::enrol_at_est() {
  auto enrolling = enrol_by_est(shop_, config_, identity_, clock_.plausible(identity_));
  auto enrolled = co_await std::move(enrolling);
  if (!enrolled) {
    reload();  // a commit that failed in its last step may have happened
    ++attempts_;
    Outcome out{event_for(enrolled.error().reason), std::move(enrolled.error())};
    co_return out;
  }
  attempts_ = 0;
  identity_ = std::move(*enrolled);
  renewal_due_ = {};
  tell_granted();
  Outcome out{Event::provisioned, {}};
  co_return out;
}

void Device::tell_granted() {
  log_(event::device_granted,
       {{"device", identity_->operational->device.str()},
        {"endpoint", identity_->operational->endpoints[0].uri},
        {"not_after", to_rfc3339(identity_->operational->chain[0].not_after())}});
}

// Where nobody has vouched for a server but the network, the voucher decides in TO2 as it does
// after a rendezvous bypass (FDO 1.1 §3.7): whoever can't prove to be the owner gets nothing.
bool Device::take_upstream() {
  if (!identity_->has_credential()) return false;  // nothing to prove anything by
  auto next = upstreams_.next_try();
  if (!next) return false;
  log_(event::device_upstream_tried, {{"uri", next->which.uri}, {"source", next->which.source}});
  owners_ = {fdo::Candidate{true, next->url.host, next->url.port, {}, {}}};
  to1d_.reset();
  trying_ = std::move(next);
  return true;
}

// Rendezvous servers and what the network names by turns: neither many of these nor a slow one of
// those keeps the owner from being found by the other way.
boost::asio::awaitable<Device::Outcome> Device::seek() {
  const Outcome found{Event::done, {}};
  trying_.reset();
  upstreams_turn_ = !upstreams_turn_;
  if (upstreams_turn_ && take_upstream()) co_return found;
  if (!search_) {
    auto early = std::chrono::ceil<Duration>(rendezvous_again_at_ - steady_clock::now());
    if (early > Duration(0)) round_ended_ = early;
  }
  if (!search_ && !round_ended_) {
    search_ = std::make_unique<RendezvousSearch>(identity_->credential.rendezvous, shop_.random,
                                                 config_.retry_max);
    round_failure_.reset();
    if (!search_->usable()) {
      round_failure_ =
          Failure{Reason::rendezvous_unusable, "none of its directives is for http or https"};
      round_ended_ = config_.retry_max;
    }
  }
  while (!round_ended_) {
    auto asking = ask_rendezvous_next();
    auto asked = co_await std::move(asking);
    if (asked) co_return std::move(*asked);
    if (take_upstream()) co_return found;
  }
  if (take_upstream()) co_return found;
  search_wait_ = *std::exchange(round_ended_, std::nullopt);
  search_.reset();
  co_return search_over(round_failure_);
}

boost::asio::awaitable<std::optional<Device::Outcome>> Device::ask_rendezvous_next() {
  Outcome out{Event::failed, {}};
  if (rendezvous_again_at_ > steady_clock::now()) {  // between two directives
    auto sleeping = shop_.loop.sleep(pause_part);
    auto slept = co_await std::move(sleeping);
    if (!slept) out.failure = Failure{Reason::interrupted, "while looking for the owner"};
    if (!slept || (door_ && door_->has_committed())) co_return out;
    co_return std::nullopt;
  }
  auto step = search_->next();
  if (auto* pause = std::get_if<RendezvousSearch::Wait>(&step)) {
    if (pause->round_over)
      round_ended_ = pause->time;
    else
      rendezvous_again_at_ = steady_clock::now() + pause->time;
    co_return std::nullopt;
  }
  auto candidate = std::get<RendezvousSearch::Try>(step);
  owners_ = {candidate.candidate};
  to1d_.reset();
  out.event = Event::done;
  if (candidate.bypass) co_return out;
  auto asking = ask_rendezvous(shop_, *identity_, candidate.candidate, clock_.plausible(identity_));
  auto redirect = co_await std::move(asking);
  if (!redirect) {
    Failure failure = std::move(redirect.error());
    if (!round_failure_ || round_failure_->reason <= failure.reason) round_failure_ = failure;
    out = {event_for(failure.reason), std::move(failure)};
    co_return out;
  }
  owners_ = fdo::candidates(redirect->addresses);
  to1d_ = std::move(*redirect);
  std::string owners;
  for (const auto& each : owners_) owners += (owners.empty() ? "" : ", ") + text_of(each);
  log_(event::device_owner_found,
       {{"rendezvous", text_of(candidate.candidate)}, {"owners", owners}});
  co_return out;
}

Device::Outcome Device::search_over(std::optional<Failure> failure) const {
  if (failure && about_reachability(failure->reason) && network_addresses().empty())
    failure->reason = Reason::network_missing;
  if (failure && (config_.find_upstream || upstreams_.size() > 0))
    failure->detail += upstreams_.size() == 0
                           ? "; the network here names no upstream"
                           : "; none of " + std::to_string(upstreams_.size()) +
                                 " upstreams that are named here proved to be the owner";
  bool has_access = state_of(identity_) == State::provisioned && !certificate_expired();
  return {has_access ? Event::kept : Event::exhausted, std::move(failure)};
}

bool Device::certificate_expired() const {
  return clock_.plausible(identity_) &&
         identity_->operational->chain[0].not_after() < shop_.clock();
}

boost::asio::awaitable<Device::Outcome> Device::onboard_at_owners() {
  Failure failure{Reason::owner_unreachable, "the owner registered no address of http or https"};
  for (const fdo::Candidate& owner : owners_) {
    OwnerSought sought{owner, to1d_, clock_.plausible(identity_)};
    if (trying_) {
      sought.server_key = trying_->key;
      sought.prove_within = prove_limit;
    }
    Proposal proposal{config_.allow_credential_reuse, config_.kex, config_.cipher};
    auto onboarding =
        onboard(shop_, *identity_, module_facts(), std::move(sought), std::move(proposal));
    auto onboarded = co_await std::move(onboarding);
    if (!onboarded) {
      reload();  // a commit that failed in its last step may have happened
      failure = std::move(onboarded.error());
      if (failure.reason == Reason::interrupted) break;
      if (trying_) failure = upstream_failed(std::move(failure));
      heed(failure);
      if (&owner != &owners_.back()) note(failure);
      continue;
    }
    identity_ = std::move(*onboarded);
    if (trying_)
      upstreams_.tried(trying_->which, "proved to be the owner, and took the device",
                       steady_clock::now());
    renewal_due_ = {};
    search_.reset();
    round_ended_.reset();
    rendezvous_again_at_ = {};
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
    // Signed by the owner in this run.
    if (out.event == Event::done) compare_clocks(identity_->operational->server_time);
    co_return out;
  }
  bool counts = !trying_ || trying_->which.is_chosen();
  if (counts && (!round_failure_ || round_failure_->reason <= failure.reason))
    round_failure_ = failure;
  Outcome out{event_for(failure.reason), std::move(failure)};
  co_return out;
}

// A stranger's wish to be asked again later is none of the owner's.
Failure Device::upstream_failed(Failure failure) {
  upstreams_.tried(trying_->which, in_words(failure), steady_clock::now());
  failure.retry_after = Duration(0);
  return failure;
}

void Device::plan_renewal(Duration wait) { renewal_due_ = steady_clock::now() + wait; }

boost::asio::awaitable<bool> Device::renew_now() {
  if (identity_->operational->renewal_url.empty()) {
    plan_renewal(std::chrono::hours(24));  // another Grant may bring one
    co_return false;
  }
  auto renewing = renew(shop_, *identity_, clock_.plausible(identity_));
  auto outcome = co_await std::move(renewing);
  if (outcome.time_told) compare_clocks(*outcome.time_told);
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
  Duration wait = until_renewal(now, shop_.clock(), clock_.plausible(identity_), shop_.random);
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
  LinkSettings settings{firmware, config_.telemetry_interval, clock_.plausible(identity_),
                        instance_};
  link_ = std::make_unique<UpstreamLink>(shop_.loop, log_, shop_.keystore, shop_.clock, operational,
                                         settings);
  auto connecting = link_->connect();
  auto connected = co_await std::move(connecting);
  Outcome out{Event::done, {}};
  if (connected) {
    connected_since_ = steady_clock::now();
    let_go_of_memory();
    search_wait_ = Duration(0);
    // What a renewal has planned stands: by a clock that is far ahead every certificate is due.
    if (renewal_due_ <= connected_since_)
      plan_renewal(
          until_renewal(operational, shop_.clock(), clock_.plausible(identity_), shop_.random));
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
    if (link_->dismissed()) {
      auto going = go_out_of_use();
      co_return co_await std::move(going);
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
  if (steady_clock::now() - connected_since_ > settled_after) attempts_ = 0;
  ++attempts_;
  co_return out;
}

// The connection is up, and needs the key no more: what it says last is true.
boost::asio::awaitable<Device::Outcome> Device::go_out_of_use() {
  auto remove_it = [this] {
    return give_up_upstream(shop_.directory, shop_.keystore, work_folder(config_), identity_,
                            Afterwards::stays_out_of_use);
  };
  auto removing = shop_.loop.on_worker(remove_it);
  auto removed = co_await std::move(removing);
  Outcome out{Event::dismissed, {}};
  if (removed) {
    log_(event::device_decommissioned_here, {});
    auto saying = link_->say_wiped();
    auto said = co_await std::move(saying);
    (void)said;
    co_return out;
  }
  log_(event::device_wipe_unfinished, {{"why", removed.error().context}});
  reload();
  auto leaving = link_->disconnect();
  auto left = co_await std::move(leaving);
  (void)left;
  if (!identity_->decommissioned) out = {Event::failed, local_failure(removed.error())};
  co_return out;
}

void Device::compare_clocks(Time owners) {
  if (owners == Time{}) return;  // fdo.csr tells no time
  clock_.compare(owners);
  if (clock_.plausible(identity_)) return;
  Failure wrong{Reason::clock_wrong,
                "here it is " + to_rfc3339(shop_.clock()) + ", at the owner " + to_rfc3339(owners) +
                    "; until they agree, certificates' dates are not looked at"};
  note(wrong);
  auto written = journal_.step(state_, wrong, in_words(wrong));
  if (!written) note(local_failure(written.error()));
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
  out.clock_plausible = clock_.plausible(identity_);
  return out;
}

}  // namespace fairlead::device
