// SPDX-License-Identifier: Apache-2.0
#include "device/flow.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fairlead::device {

namespace {

using S = State;
using E = Event;
using A = Action;

constexpr std::string_view from_beside = "somebody beside the device gave it access";

constexpr std::array rows{
    // At the factory.
    Row{S::uninitialized, E::started, A::initialize, S::initializing,
        "there is no credential: whoever is configured to give one is asked"},
    Row{S::initializing, E::done, A::seek, S::seeking, "the factory credential is in place"},
    Row{S::initializing, E::failed, A::wait, S::uninitialized,
        "the station could not be talked to"},
    Row{S::initializing, E::refused, A::wait_long, S::uninitialized,
        "the station can't initialise this device now"},

    // Zero-touch: from the rendezvous server to the owner.
    Row{S::initialized, E::started, A::seek, S::seeking, "the owner is looked for"},
    Row{S::seeking, E::done, A::onboard, S::onboarding, "the owner's address is known"},
    Row{S::seeking, E::failed, A::seek, S::seeking, "the next address is tried"},
    Row{S::seeking, E::refused, A::seek, S::seeking, "the next address is tried"},
    Row{S::seeking, E::exhausted, A::wait, S::initialized, "every address was tried"},
    Row{S::onboarding, E::done, A::connect, S::connecting, "the owner gave access to its upstream"},
    Row{S::onboarding, E::bare, A::none, S::onboarded,
        "the owner took the device and gave no access to an upstream"},
    Row{S::onboarding, E::failed, A::seek, S::seeking, "the next address is tried"},
    Row{S::onboarding, E::refused, A::seek, S::seeking, "the next address is tried"},
    Row{S::onboarded, E::started, A::none, S::finished, "nothing more was asked of the device"},

    // From beside the device, while the way above waits or fails (local_door.h).
    Row{S::uninitialized, E::provisioned, A::connect, S::connecting, from_beside},
    Row{S::initializing, E::provisioned, A::connect, S::connecting,
        "an upstream gave it access"},  // asked by itself, by EST, or from beside
    Row{S::initialized, E::provisioned, A::connect, S::connecting, from_beside},
    Row{S::seeking, E::provisioned, A::connect, S::connecting, from_beside},
    Row{S::onboarded, E::provisioned, A::connect, S::connecting, from_beside},
    Row{S::provisioned, E::provisioned, A::connect, S::connecting, from_beside},
    Row{S::displaced, E::provisioned, A::connect, S::connecting, from_beside},

    // In service.
    Row{S::provisioned, E::started, A::connect, S::connecting,
        "there is a certificate and an endpoint"},
    Row{S::connecting, E::done, A::serve, S::connected, "the broker accepted the certificate"},
    Row{S::connecting, E::failed, A::wait, S::provisioned, "the broker could not be talked to"},
    Row{S::connecting, E::refused, A::wait_long, S::displaced,
        "the broker does not let the device in"},
    Row{S::connecting, E::exhausted, A::seek, S::seeking,
        "the certificate has expired: the owner is asked for another"},
    Row{S::connected, E::done, A::none, S::finished, "the program ends"},
    Row{S::connected, E::failed, A::wait, S::provisioned, "the connection ended"},
    Row{S::connected, E::refused, A::wait_long, S::displaced, "the upstream took the access away"},

    // Out of use: what is left is the factory's, until somebody resets the device.
    Row{S::connected, E::dismissed, A::none, S::decommissioned,
        "the upstream took the device out of use"},
    Row{S::decommissioned, E::started, A::none, S::finished, "the device is out of use"},

    // Out of service: sold, admitted again, or neither. Broker and owners are asked in turn, and
    // every turn is paid for with a longer wait.
    Row{S::displaced, E::started, A::seek, S::seeking, "perhaps there is another owner by now"},
    Row{S::seeking, E::kept, A::connect, S::connecting,
        "no owner took the device: the upstream it has is tried again"},
};

template <class T>
struct Named {
  T value;
  std::string_view name;
};

constexpr std::array states{
    Named<S>{S::uninitialized, "uninitialized"},
    Named<S>{S::initialized, "initialized"},
    Named<S>{S::onboarded, "onboarded"},
    Named<S>{S::provisioned, "provisioned"},
    Named<S>{S::finished, "finished"},
    Named<S>{S::initializing, "initializing"},
    Named<S>{S::seeking, "seeking"},
    Named<S>{S::onboarding, "onboarding"},
    Named<S>{S::connecting, "connecting"},
    Named<S>{S::connected, "connected"},
    Named<S>{S::displaced, "displaced"},
    Named<S>{S::decommissioned, "decommissioned"},
};

}  // namespace

std::span<const Row> flow_table() { return rows; }

const Row* find_row(State state, Event event) {
  auto found = std::ranges::find_if(
      rows, [&](const Row& row) { return row.state == state && row.event == event; });
  return found == rows.end() ? nullptr : &*found;
}

std::string_view to_string(State state) {
  return std::ranges::find(states, state, &Named<S>::value)->name;
}

std::optional<State> parse_state(std::string_view text) {
  auto found = std::ranges::find(states, text, &Named<S>::name);
  if (found == states.end()) return std::nullopt;
  return found->value;
}

std::string_view in_words(State state) {
  switch (state) {
    case S::uninitialized:
      return "waits to be initialised at the factory";
    case S::initialized:
      return "has a credential and looks for its owner";
    case S::onboarded:
      return "is onboarded; its owner gave no access to an upstream";
    case S::provisioned:
      return "has access to its upstream and is not connected";
    case S::finished:
      return "has nothing left to do";
    case S::initializing:
      return "is talking to the factory station";
    case S::seeking:
      return "is asking for its owner";
    case S::onboarding:
      return "is talking to its owner";
    case S::connecting:
      return "is connecting to its upstream";
    case S::connected:
      return "is connected to its upstream";
    case S::displaced:
      return "is refused by its upstream and looks for another owner";
    case S::decommissioned:
      return "is out of use; `fairlead-device reset --yes` lets it begin anew";
  }
  std::unreachable();
}

std::string_view to_string(Event event) {
  switch (event) {
    case E::started:
      return "started";
    case E::done:
      return "done";
    case E::bare:
      return "bare";
    case E::failed:
      return "failed";
    case E::refused:
      return "refused";
    case E::exhausted:
      return "exhausted";
    case E::dismissed:
      return "dismissed";
    case E::provisioned:
      return "provisioned";
    case E::kept:
      return "kept";
  }
  std::unreachable();
}

std::string_view to_string(Action action) {
  switch (action) {
    case A::none:
      return "none";
    case A::initialize:
      return "initialize";
    case A::seek:
      return "seek";
    case A::onboard:
      return "onboard";
    case A::connect:
      return "connect";
    case A::serve:
      return "serve";
    case A::wait:
      return "wait";
    case A::wait_long:
      return "wait_long";
  }
  std::unreachable();
}

Event event_for(Reason reason) {
  switch (reason) {
    case Reason::station_unset:
    case Reason::station_refused:
    case Reason::rendezvous_refused:
    case Reason::rendezvous_unusable:
    case Reason::owner_refused:
    case Reason::voucher_wrong:
    case Reason::reuse_refused:
    case Reason::tls_untrusted:
    case Reason::key_failed:
    case Reason::grant_pending:
    case Reason::grant_refused:
    case Reason::grant_wrong:
    case Reason::action_impossible:
    case Reason::broker_refused:
    case Reason::revoked:
    case Reason::client_id_taken:
      return E::refused;
    default:
      return E::failed;
  }
}

}  // namespace fairlead::device
