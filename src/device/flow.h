// SPDX-License-Identifier: Apache-2.0
// The device's way from the factory to its upstream, as a table of rows that can be read from top
// to bottom. The table decides; the driver (device.h) only carries actions out and reports what
// came of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "device/reason.h"

namespace fairlead::device {

// Where a device stands. The first five are kept (or follow from what is kept); the others are on
// the way between.
enum class State : std::uint8_t {
  uninitialized,  // no credential
  initialized,    // has a factory or replacement credential, and no access to an upstream
  onboarded,      // an owner took it, and gave no access to an upstream
  provisioned,    // has a certificate and endpoints
  finished,       // nothing left to do in this run of the program
  initializing,   // talking to the factory station (DI)
  seeking,        // asking rendezvous servers for the owner (TO1)
  onboarding,     // talking to the owner (TO2)
  connecting,     // talking to the broker
  connected,
  displaced,      // the broker refused the device, which may have another owner by now
  decommissioned  // its upstream took it out of use; kept
};

enum class Event : std::uint8_t {
  started,      // the program starts, or a wait is over
  done,         // the action succeeded
  bare,         // onboarding succeeded without a grant
  failed,       // for a reason that may pass by itself
  refused,      // for a reason that a person has to mend
  exhausted,    // nothing is left to try in this round
  kept,         // the same, and the device still holds an access that it can try
  dismissed,    // the upstream took the device out of use, and its secrets are removed
  provisioned,  // it got access to an upstream: from beside, by asking one, by EST
};

enum class Action : std::uint8_t {
  none,
  initialize,  // DI
  seek,        // TO1 with the next rendezvous candidate
  onboard,     // TO2 with the owner's addresses
  connect,     // MQTT
  serve,       // telemetry until the connection ends
  wait,        // then `started` again
  wait_long    // the same, more slowly
};

struct Row {
  State state;
  Event event;
  Action action;
  State next;
  std::string_view why;
};

std::span<const Row> flow_table();
// The row for this event; nullptr if the event means nothing in this state (a bug of the driver).
const Row* find_row(State state, Event event);

std::string_view to_string(State state);  // "uninitialized"
std::string_view in_words(State state);   // "waits to be initialised at the factory"
std::optional<State> parse_state(std::string_view text);
std::string_view to_string(Event event);
std::string_view to_string(Action action);

// What a failure means for the table: refused if only a person can mend it.
Event event_for(Reason reason);

}  // namespace fairlead::device
