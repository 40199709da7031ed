// SPDX-License-Identifier: Apache-2.0
// FDO 1.1 §3.7: the order in which a device tries what its rendezvous information names, for ever.
// No I/O, no clock: says what to do next.
#pragma once

#include <variant>

#include "base/random.h"
#include "base/time.h"
#include "fdo/rendezvous.h"

namespace fairlead::device {

class RendezvousSearch {
 public:
  struct Try {
    fdo::Candidate candidate;
    bool bypass = false;  // the candidate is the owner itself: no TO1
  };
  struct Wait {
    Duration time;
    bool round_over = false;  // everything was tried once; from the start after the wait
  };
  using Step = std::variant<Try, Wait>;

  // No wait is longer than `wait_max`, or shorter than 1 s at the end of a round.
  RendezvousSearch(fdo::RendezvousInfo info, Random& random, Duration wait_max);

  Step next();          // call again when what it named has failed
  bool usable() const;  // false: nothing in it is for a device that speaks http and https

 private:
  fdo::RendezvousInfo info_;
  Random& random_;
  Duration wait_max_;
  std::size_t directive_ = 0, candidate_ = 0;
};

}  // namespace fairlead::device
