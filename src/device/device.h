// SPDX-License-Identifier: Apache-2.0
// Carries out what the flow table says, and writes down where the device stands.
#pragma once

#include <memory>
#include <optional>

#include "device/clock_judge.h"
#include "device/config.h"
#include "device/initialize.h"
#include "device/journal.h"
#include "device/local_door.h"
#include "device/onboard.h"
#include "device/rendezvous_search.h"
#include "device/renewal.h"
#include "device/upstream_candidates.h"
#include "device/upstream_link.h"

namespace fairlead::device {

class Device {
 public:
  // All outlive the device. `upstreams`: where else than at rendezvous the owner may be found.
  // `door`: how it may be provisioned from beside it; may be null.
  Device(const Config& config, Workshop workshop, Journal& journal, Log& log,
         std::optional<Identity> identity, UpstreamCandidates& upstreams,
         LocalDoor* door = nullptr);
  ~Device();

  // Runs until nothing is left to do (see Config::once), or the loop stops. refused, with the last
  // obstacle, where `once` ended it before its time.
  net::Task<void> run();

  State state() const { return state_; }

 private:
  struct Outcome {
    Event event;
    std::optional<Failure> failure;
  };
  net::Task<void> follow_table();
  AttemptTask<void> act_initialize();
  boost::asio::awaitable<Outcome> ask_upstream(UpstreamCandidates::Try at);
  bool enrols_by_est() const;
  boost::asio::awaitable<Outcome> enrol_at_est();
  void tell_granted();
  boost::asio::awaitable<Outcome> perform(Action action);
  boost::asio::awaitable<Outcome> seek();
  boost::asio::awaitable<std::optional<Outcome>> ask_rendezvous_next();  // none: nothing came of it
  bool take_upstream();  // the next one that the network names is where the owner may be
  Failure upstream_failed(Failure failure);
  boost::asio::awaitable<Outcome> onboard_at_owners();
  boost::asio::awaitable<Outcome> connect();
  boost::asio::awaitable<Outcome> serve();
  boost::asio::awaitable<Outcome> go_out_of_use();
  boost::asio::awaitable<bool> renew_now();  // whether there is a new certificate
  void plan_renewal(Duration wait);
  AttemptTask<void> wait(Action action);
  bool provisioned_meanwhile();  // by the door; then the identity is the new one
  AttemptTask<void> let_door_finish();
  bool ends_before(Action action) const;
  Duration wait_time(Action action);
  void advance(const Row& row, const Outcome& outcome);
  void note(const Failure& failure);
  void heed(const Failure& failure);  // a busy server's wish
  void reload();
  void compare_clocks(Time owners);  // proven to be its time of a moment ago
  Outcome search_over(std::optional<Failure> failure) const;
  bool certificate_expired() const;
  ModuleFacts module_facts();

  const Config& config_;
  Workshop shop_;
  const std::string instance_;  // drawn anew for each run of the program
  Journal& journal_;
  Log& log_;
  std::optional<Identity> identity_;
  UpstreamCandidates& upstreams_;
  LocalDoor* door_;
  State state_;

  std::unique_ptr<RendezvousSearch> search_;
  std::optional<UpstreamCandidates::Try> trying_;  // the owner is sought there
  bool upstreams_turn_ = false;
  std::optional<Duration> round_ended_;  // then how long to wait for the next
  std::chrono::steady_clock::time_point rendezvous_again_at_{};
  std::vector<fdo::Candidate> owners_;  // where TO2 is to be tried
  std::optional<fdo::To1d> to1d_;
  std::optional<Failure> round_failure_;  // what got furthest since the round began
  Duration search_wait_{0};
  std::unique_ptr<UpstreamLink> link_;
  ClockJudge clock_;
  std::chrono::steady_clock::time_point held_off_until_{};  // as busy servers asked
  std::chrono::steady_clock::time_point connected_since_{};
  std::chrono::steady_clock::time_point renewal_due_{};  // past: to be planned anew
  unsigned attempts_ = 0;
};

}  // namespace fairlead::device
