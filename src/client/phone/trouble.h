// SPDX-License-Identifier: Apache-2.0
// What keeps a person from bringing a device in, as a phone says it: in short, what to do, and what
// the next try begins with.
#pragma once

#include <string>

#include "client/operator/problem.h"

namespace fairlead::client {

enum class SetupStage { opening, asking_networks, making_offer, claiming, handing_over };

// What a person gives or does before the next try.
enum class Remedy {
  again,          // nothing more than to try again
  code,           // the code of the label
  wifi_password,  // of the same network
  wifi_network,   // another one
  patience,       // somebody else is at the device; it is tried again meanwhile
  server,         // to be where the server can be reached; it is tried again meanwhile
  decision,       // somebody else approves the device; the server is asked again meanwhile
  sign_in,        // at the server
  none            // this device can't be brought in by this person
};
bool waits(Remedy remedy);                  // it is tried again without a person
std::string_view to_string(Remedy remedy);  // "wifi_password"

struct Trouble {
  Remedy remedy = Remedy::again;
  std::string title;   // "Wrong Wi-Fi password"
  std::string advice;  // what to do, in a sentence or two
  std::string detail;  // what the device or the server said itself; may be empty
};

Trouble trouble_of(SetupStage stage, const Problem& problem);
// The server has the Offer, and a person has to decide about it; `why` as it says.
Trouble trouble_of_waiting(std::string why);

}  // namespace fairlead::client
