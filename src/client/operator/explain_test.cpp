// SPDX-License-Identifier: Apache-2.0
#include "client/operator/explain.h"

#include <gtest/gtest.h>

namespace fairlead::client {
namespace {

json::value event(std::string at, std::string text, std::string advice = "") {
  return json::object{{"at", at},     {"id", "X"},        {"level", "info"},
                      {"text", text}, {"advice", advice}, {"fields", json::object{{"guid", "g1"}}}};
}
json::value device(std::string state) {
  return json::object{{"id", "d1"}, {"name", "pump-17"}, {"serial", "SN-17"}, {"state", state}};
}
json::value timeline(json::array items) { return json::object{{"items", std::move(items)}}; }

TEST(Explain, SaysSomethingUsefulEvenOfDocumentsThatHoldNothing) {
  for (json::value odd : {json::value(nullptr), json::value("x"), json::value(json::object{}),
                          json::value(json::object{{"items", 7}})}) {
    auto story = explain(odd, odd, "SN-17");
    EXPECT_TRUE(story.events.empty());
    EXPECT_FALSE(story.next.empty());
  }
}

TEST(Explain, NamesTheDeviceByAllThatIsKnown) {
  EXPECT_EQ(explain(device("online"), timeline({}), "x").title, "pump-17 (id d1, serial SN-17)");
}

TEST(Explain, CountsTheTimeBetweenEventsAndGathersRepetitions) {
  auto story = explain(
      device("failed"),
      timeline({event("2026-11-24T12:00:00Z", "Imported."),
                event("2026-11-24T12:00:10Z", "Failed."), event("2026-11-24T12:00:20Z", "Failed."),
                event("2026-11-24T12:02:25Z", "Started.")}),
      "SN-17");
  ASSERT_EQ(story.events.size(), 3u);
  EXPECT_EQ(story.events[1].times, 2u);
  EXPECT_EQ(in_words(story.events[1].since_previous), "10 s");
  EXPECT_EQ(in_words(story.events[2].since_previous), "2 min 5 s");
}

TEST(Explain, WhatTheServerCountedIsCounted) {
  json::value counted = event("2026-11-24T12:00:00Z", "Refused.");
  counted.as_object()["times"] = 37;
  counted.as_object()["last"] = "2026-11-24T13:00:00Z";
  auto story = explain(device("failed"),
                       timeline({counted, event("2026-11-24T13:00:05Z", "Refused."),
                                 event("2026-11-24T13:00:15Z", "Started.")}),
                       "SN-17");
  ASSERT_EQ(story.events.size(), 2u);
  EXPECT_EQ(story.events[0].times, 38u);
  EXPECT_EQ(in_words(story.events[1].since_previous), "10 s");
}

TEST(Explain, WhoWasRefusedIsToldWhatToMendAndNotToWait) {
  auto of = [](std::string id, std::string advice) {
    json::value out = event("2026-11-24T12:00:00Z", id, advice);
    out.as_object()["id"] = id;
    return out;
  };
  auto refused = of("GRANT_REFUSED", "Mend the profile of DEVICE first.");
  auto stopped = of("TO2_FAILED", "The device tries again by itself.");
  for (std::string state : {"known", "failed", "offline", "granted"})
    EXPECT_EQ(explain(device(state), timeline({refused, stopped}), "SN-17").next,
              "Mend the profile of SN-17 first.")
        << state;
  EXPECT_EQ(explain(device("granted"), timeline({refused, of("GRANTED", "")}), "SN-17").next,
            explain(device("granted"), timeline({}), "SN-17").next);
}

TEST(Explain, OfADeviceThatNobodySawItSaysWhereItIsNotRegistered) {
  auto known = [](json::array rendezvous) {
    json::value out = device("known");
    out.as_object()["guid"] = "g1";
    out.as_object()["rendezvous"] = std::move(rendezvous);
    return out;
  };
  json::value failed = event("2026-11-24T12:00:00Z", "Failed.", "Add the owner there.");
  failed.as_object()["id"] = "TO0_FAILED";
  auto later = event("2026-11-24T12:01:00Z", "Named.");  // what came after hides nothing
  json::object away{
      {"server", "http://rv"}, {"last_error", "no route"}, {"registered_until", nullptr}};
  auto next = explain(known({away}), timeline({failed, later}), "SN-17").next;
  EXPECT_TRUE(next.starts_with("The rendezvous server http://rv does not know the device"));
  EXPECT_TRUE(next.ends_with("no route. Add the owner there.")) << next;
  json::object untried{{"server", "http://rv"}, {"last_error", ""}, {"registered_until", nullptr}};
  EXPECT_NE(explain(known({untried}), timeline({}), "x").next.find("not registered"),
            std::string::npos);
  json::object good{
      {"server", "http://rv"}, {"last_error", ""}, {"registered_until", "2026-11-25T12:00:00Z"}};
  EXPECT_TRUE(explain(known({good}), timeline({}), "x").next.starts_with("Connect the device"));
  EXPECT_NE(
      explain(known({}), timeline({}), "x").next.find("no rendezvous server where owners register"),
      std::string::npos);
}

TEST(Explain, FillsTheAdviceSoThatItCanBeCopied) {
  auto story = explain(device("known"),
                       timeline({event("2026-11-24T12:00:00Z", "Made.",
                                       "Extend `voucher extend {guid} --to X` for DEVICE.")}),
                       "SN-17");
  EXPECT_EQ(story.next, "Extend `voucher extend g1 --to X` for DEVICE.");
  story = explain(
      device("offline"),
      timeline({event("2026-11-24T12:00:00Z", "x", "`fairlead readmit DEVICE` helps {odd}")}),
      "SN-17");
  EXPECT_EQ(story.next, "`fairlead readmit SN-17` helps {odd}");
}

TEST(Explain, ABrokerThatIsAwayComesBeforeWhatTheDeviceCouldDo) {
  for (std::string state : {"granted", "online", "offline"}) {
    EXPECT_NE(explain(device(state), timeline({}), "d1", "not connected").next.find("BROKER_"),
              std::string::npos);
    EXPECT_EQ(explain(device(state), timeline({}), "d1", "connected").next.find("BROKER_"),
              std::string::npos);
  }
  EXPECT_EQ(explain(device("revoked"), timeline({}), "d1", "not connected").next.find("BROKER_"),
            std::string::npos);
}

TEST(Explain, WhoHasDecidedIsNotAskedToDecide) {
  auto of = [](std::string id) {
    json::value out = event("2026-11-24T12:00:00Z", "x");
    out.as_object()["id"] = id;
    return out;
  };
  auto next = [&](json::array events) {
    return explain(device("waiting"), timeline(std::move(events)), "SN-17").next;
  };
  EXPECT_NE(next({of("GRANT_PENDING")}).find("has to decide"), std::string::npos);
  EXPECT_NE(
      next({of("GRANT_PENDING"), of("DEVICE_APPROVED"), of("TO0_REGISTERED")}).find("asks again"),
      std::string::npos);
  EXPECT_NE(next({of("DEVICE_APPROVED"), of("GRANT_PENDING")}).find("has to decide"),
            std::string::npos);
}

json::value decision(std::string at, std::string id, std::string advice) {
  json::value out = event(at, id, advice);
  out.as_object()["id"] = id;
  return out;
}

TEST(Explain, WhatAPersonDecidedComesBeforeATryThatFailedBecauseOfIt) {
  auto next = [](std::string state, json::array events) {
    return explain(device(state), timeline(std::move(events)), "SN-17").next;
  };
  auto tried = event("2026-11-24T12:05:00Z", "Onboarding failed.", "Mend it.");
  auto rejected = decision("2026-11-24T12:00:00Z", "DEVICE_REJECTED", "`approve DEVICE` helps");
  auto approved = decision("2026-11-24T12:01:00Z", "DEVICE_APPROVED", "");
  EXPECT_EQ(next("failed", {rejected, tried}), "`approve SN-17` helps");
  EXPECT_EQ(next("failed", {rejected, approved, tried}), "Mend it.");
  EXPECT_EQ(next("failed", {tried}), "Mend it.");
  auto sold = decision("2026-11-24T12:00:00Z", "VOUCHER_HANDED_OVER", "Give {guid} to the buyer.");
  auto revoked = decision("2026-11-24T12:01:00Z", "DEVICE_REVOKED", "`readmit DEVICE`");
  EXPECT_EQ(next("revoked", {sold, tried}), "Give g1 to the buyer.");
  EXPECT_TRUE(next("revoked", {sold, revoked, tried}).starts_with("It is locked out."));
}

TEST(Explain, SaysWhichProfileDecidedAndWhichWill) {
  auto with = [](std::string decided, std::string next) {
    return explain(json::object{{"profile", decided},
                                {"next_profile", next},
                                {"next_profile_is_for", next.empty() ? "" : "groups a"}},
                   timeline({}), "d1")
        .profile;
  };
  EXPECT_EQ(with("", "p"), "p, which is for groups a");
  EXPECT_EQ(with("p", "p"), "p, which is for groups a");
  EXPECT_EQ(with("q", "p"), "q; next time: p, which is for groups a");
  EXPECT_EQ(with("", ""), "none matches");
}

TEST(Explain, TheStateDecidesWhereAnOldAdviceWouldMislead) {
  auto events = timeline({event("2026-11-24T12:00:00Z", "Failed.", "Mend the network."),
                          event("2026-11-24T12:00:01Z", "Tried.")});
  EXPECT_EQ(explain(device("online"), events, "d1").next, "Nothing: the device is connected.");
  EXPECT_EQ(explain(device("failed"), events, "d1").next, "Mend the network.");
  EXPECT_NE(explain(device("waiting"), events, "d1").next.find("device approve d1`"),
            std::string::npos);
  EXPECT_NE(explain(device("revoked"), events, "d1").next.find("readmit d1`"), std::string::npos);
  EXPECT_NE(explain(device("granted"), events, "d1").next.find("broker"), std::string::npos);
  EXPECT_NE(explain(device("of-the-future"), events, "d1").next.find("of-the-future"),
            std::string::npos);
}

TEST(Explain, LetsNoDeviceCommandTheTerminal) {
  auto story = explain(json::object{{"name", "a\x1b[2J"}},
                       timeline({event("2026-11-24T12:00:00Z", "b\x1b]0;x")}), "d1");
  EXPECT_EQ(story.title.find('\x1b'), std::string::npos);
  EXPECT_EQ(story.events[0].text.find('\x1b'), std::string::npos);
}

TEST(InWords, TakesTwoUnitsAtMost) {
  using namespace std::chrono;
  EXPECT_EQ(in_words(milliseconds(450)), "450 ms");
  EXPECT_EQ(in_words(milliseconds(59'999)), "59 s");
  EXPECT_EQ(in_words(hours(3) + minutes(20)), "3 h 20 min");
  EXPECT_EQ(in_words(days(5)), "5 d");
  EXPECT_EQ(in_words(seconds(-3)), "-3 s");
}

}  // namespace
}  // namespace fairlead::client
