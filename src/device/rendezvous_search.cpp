// SPDX-License-Identifier: Apache-2.0
#include "device/rendezvous_search.h"

#include <algorithm>

namespace fairlead::device {

namespace {
constexpr Duration round_pause_min =
    std::chrono::seconds(1);  // a Delaysec of 0 must not make a busy loop
}

RendezvousSearch::RendezvousSearch(fdo::RendezvousInfo info, Random& random, Duration wait_max)
    : info_(std::move(info)), random_(random), wait_max_(wait_max) {}

bool RendezvousSearch::usable() const {
  return std::ranges::any_of(info_.directives, [](const fdo::Directive& directive) {
    return !fdo::candidates(directive, fdo::RvSide::device).empty();
  });
}

RendezvousSearch::Step RendezvousSearch::next() {
  for (;;) {
    const fdo::Directive& directive = info_.directives[directive_];
    auto candidates = fdo::candidates(directive, fdo::RvSide::device);
    if (candidate_ < candidates.size()) return Try{candidates[candidate_++], directive.bypass};
    std::uint32_t seconds = fdo::delay_after(info_, directive_);
    bool last = directive_ + 1 == info_.directives.size();
    // A directive for the other side is not ours to wait after, unless it is the last.
    bool ours = !directive.owner_only;
    candidate_ = 0;
    directive_ = last ? 0 : directive_ + 1;
    if (!last && (seconds == 0 || !ours)) continue;
    Duration time = std::chrono::milliseconds(fdo::jittered_ms(seconds, random_.bytes(1)[0]));
    if (last) time = std::max(time, round_pause_min);
    return Wait{std::min(time, wait_max_), last};
  }
}

}  // namespace fairlead::device
