// SPDX-License-Identifier: Apache-2.0
#include "device/rendezvous_search.h"

#include <gtest/gtest.h>

#include "device/onboard.h"
#include "support/random.h"

namespace fairlead::device {
namespace {

fdo::Directive at(std::string dns, std::optional<std::uint32_t> delay = {}) {
  fdo::Directive out;
  out.dns = std::move(dns);
  out.protocol = fdo::RvProtocol::http;
  out.delay_seconds = delay;
  return out;
}

std::string words(const RendezvousSearch::Step& step) {
  if (auto* t = std::get_if<RendezvousSearch::Try>(&step))
    return (t->bypass ? "owner " : "") + t->candidate.host;
  auto& wait = std::get<RendezvousSearch::Wait>(step);
  return (wait.round_over ? "over " : "wait ") + std::to_string(wait.time.count());
}

TEST(RendezvousSearch, TriesEveryDirectiveInOrderWaitsWithJitterAndBeginsAgain) {
  auto bypass = at("c");
  bypass.bypass = true;
  test::ScriptedRandom random;
  random.push(Bytes{0});
  random.push(Bytes{255});
  RendezvousSearch search(fdo::make_rendezvous_info({at("a", 100), at("b"), bypass}), random,
                          std::chrono::hours(1));
  std::vector<std::string> seen;
  for (int i = 0; i < 6; ++i) seen.push_back(words(search.next()));
  EXPECT_EQ(seen,
            (std::vector<std::string>{"a", "wait 75000", "b", "owner c", "over 150000", "a"}));
}

TEST(RendezvousSearch, NeverBecomesABusyLoopNorSleepsLongerThanAllowed) {
  test::ScriptedRandom random;
  RendezvousSearch none(fdo::make_rendezvous_info({at("a", 0)}), random, std::chrono::hours(1));
  none.next();
  EXPECT_EQ(words(none.next()), "over 1000");
  RendezvousSearch capped(fdo::make_rendezvous_info({at("a", 50'000)}), random,
                          std::chrono::seconds(5));
  capped.next();
  EXPECT_EQ(words(capped.next()), "over 5000");
}

TEST(RendezvousSearch, PassesOverTheOwnersDirectivesAndOtherTransports) {
  auto owner = at("o", 30), coap = at("x");
  owner.owner_only = true;
  coap.protocol = fdo::RvProtocol::coap;
  test::ScriptedRandom random;
  RendezvousSearch search(fdo::make_rendezvous_info({owner, coap, at("a")}), random,
                          std::chrono::hours(1));
  EXPECT_EQ(words(search.next()), "a");
  EXPECT_FALSE(
      RendezvousSearch(fdo::make_rendezvous_info({owner, coap}), random, std::chrono::hours(1))
          .usable());
}

TEST(Polling, BeginsAtOnceAndSlowsDownToFiveSeconds) {
  EXPECT_EQ(poll_pause(1), Duration(0));
  EXPECT_EQ(poll_pause(2), Duration(100));
  EXPECT_EQ(poll_pause(3), Duration(200));
  EXPECT_EQ(poll_pause(9), Duration(5000));
  EXPECT_EQ(poll_pause(100'000), Duration(5000));
}

}  // namespace
}  // namespace fairlead::device
