// SPDX-License-Identifier: Apache-2.0
// A device's timeline in words, and what to do next.
#pragma once

#include <string>
#include <vector>

#include "client/operator/api.h"

namespace fairlead::client {

struct ExplainedEvent {
  Time at{}, until{};  // until: of the last one, where the same happened several times in a row
  unsigned times = 1;
  Duration since_previous{};  // 0 for the first
  std::string level, text;
};

struct Explanation {
  std::string title;  // "pump-17 (id 3f…, serial SN-0017)"
  std::string state, reason;
  std::string profile;                 // which decided, or will, and for whom it is; may be empty
  std::string key;                     // whether it is proven to live in hardware; may be empty
  std::vector<ExplainedEvent> events;  // oldest first
  std::string next;                    // what to do; never empty
};

// `device` and `timeline` as the API gives them; members that are missing leave gaps, not errors.
// `as` is how commands in the advice should name the device; `broker` is the server's word on it
// ("connected", "not connected"), empty where it is not known.
Explanation explain(const json::value& device, const json::value& timeline, const std::string& as,
                    std::string_view broker = {});

std::string in_words(Duration time);  // "450 ms", "12 s", "2 min 5 s", "3 h 20 min", "5 d 2 h"

}  // namespace fairlead::client
