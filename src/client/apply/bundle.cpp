// SPDX-License-Identifier: Apache-2.0
#include "client/apply/bundle.h"

#include <algorithm>

namespace fairlead::client {

bool holds_undelivered(const std::vector<BundleEntry>& entries, std::string_view row) {
  return std::ranges::any_of(entries, [&](const BundleEntry& each) {
    return each.row == row && !each.grant.empty() && !each.delivered;
  });
}

Answer<void> exchange(BundleEntry& entry, Api& server) {
  if (!entry.grant.empty()) return {};
  ClaimRequest request{entry.account, entry.name, entry.proof, entry.replaces};
  auto answer = claim_offer(server, entry.offer, request);
  if (!answer) {
    bool decided = answer.error().kind == ProblemKind::forbidden ||
                   answer.error().kind == ProblemKind::conflict ||
                   answer.error().kind == ProblemKind::not_found ||
                   answer.error().kind == ProblemKind::bad_request;
    if (!decided) return std::unexpected(std::move(answer).error());
    entry.why = answer.error().message;
    return {};
  }
  if (auto* waiting = std::get_if<Waiting>(&*answer)) {
    entry.device = std::move(waiting->device);
    entry.why = std::move(waiting->why);
    return {};
  }
  auto& granted = std::get<Granted>(*answer);
  entry.device = std::move(granted.device);
  entry.grant = std::move(granted.grant);
  entry.owner = std::move(granted.owner);
  entry.why.clear();
  return {};
}

}  // namespace fairlead::client
