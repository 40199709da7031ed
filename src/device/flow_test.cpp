// SPDX-License-Identifier: Apache-2.0
#include "device/flow.h"

#include <gtest/gtest.h>

#include <set>

namespace fairlead::device {
namespace {

TEST(Flow, HasOneRowPerStateAndEvent) {
  std::set<std::pair<State, Event>> seen;
  for (const Row& row : flow_table())
    EXPECT_TRUE(seen.insert({row.state, row.event}).second)
        << to_string(row.state) << " " << to_string(row.event);
}

TEST(Flow, EveryStateThatAWaitOrAStartCanMeetGoesOn) {
  for (const Row& row : flow_table()) {
    bool waits =
        row.action == Action::wait || row.action == Action::wait_long || row.action == Action::none;
    if (waits && row.next != State::finished)
      EXPECT_TRUE(find_row(row.next, Event::started)) << to_string(row.next);
  }
}

TEST(Flow, NoFailureIsADeadEnd) {
  for (const Row& row : flow_table()) {
    if (row.action == Action::none || row.action == Action::wait || row.action == Action::wait_long)
      continue;
    EXPECT_TRUE(find_row(row.next, Event::failed)) << to_string(row.next);
    EXPECT_TRUE(find_row(row.next, Event::refused)) << to_string(row.next);
  }
}

TEST(Flow, ARefusedDeviceAsksForAnotherOwnerAndThenItsUpstreamAgainWithOneLongWaitARound) {
  State state = State::connecting;
  std::string way;
  for (Event event : {Event::refused, Event::started, Event::kept, Event::refused}) {
    const Row* row = find_row(state, event);
    ASSERT_TRUE(row);
    way += std::string(to_string(row->action)) + " ";
    state = row->next;
  }
  EXPECT_EQ(way, "wait_long seek connect wait_long ");
}

TEST(Flow, AnEventThatMeansNothingHasNoRow) {
  EXPECT_FALSE(find_row(State::connected, Event::bare));
}

TEST(Flow, NamesOfStatesRoundTrip) {
  for (const Row& row : flow_table()) EXPECT_EQ(parse_state(to_string(row.state)), row.state);
  EXPECT_FALSE(parse_state("nowhere"));
}

TEST(Reasons, HaveNamesWordsAndEventsAndRoundTrip) {
  for (int i = 0; i <= static_cast<int>(Reason::fault); ++i) {
    auto reason = static_cast<Reason>(i);
    EXPECT_EQ(parse_reason(to_string(reason)), reason);
    EXPECT_TRUE(in_words({reason, "xyz"}).contains("xyz"));
  }
}

TEST(Reasons, AFullDiskIsSaidToBeOne) {
  EXPECT_EQ(local_failure({Errc::io, "writing: No space left on device"}).reason,
            Reason::disk_full);
  EXPECT_EQ(local_failure({Errc::io, "writing: Input/output error"}).reason,
            Reason::storage_failed);
}

}  // namespace
}  // namespace fairlead::device
