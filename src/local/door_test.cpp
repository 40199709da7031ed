// SPDX-License-Identifier: Apache-2.0
#include "local/test_door.h"

namespace fairlead::local {
namespace {

using Kind = Refusal::Kind;
using std::chrono::seconds;

TEST_F(DoorTest, AClosedDoorSaysHowToOpenIt) {
  Refusal refusal = refused(send(1, {"proto-ver", {}}));
  EXPECT_EQ(refusal.kind, Kind::closed);
  EXPECT_NE(refusal.why.find("button"), std::string::npos);
}

TEST_F(DoorTest, SaysItsVersionToAnybody) {
  door_.open(Opening::unprovisioned, now_);
  Actions actions = send(1, {"proto-ver", to_bytes("ESP")});
  auto version = decode_version(find<Reply>(actions)->body);
  ASSERT_TRUE(version);
  EXPECT_EQ(version->security, Security::srp);
  EXPECT_EQ(version->rule, NonceRule::counting);
  EXPECT_EQ(version->about.state, "new");
}

TEST_F(DoorTest, OfferGrantUpstreamAndOnlyThenCommit) {
  door_.open(Opening::unprovisioned, now_);
  auto client = connecting(1);
  EXPECT_EQ(status(*client, 1).progress, Progress::connecting);
  Actions online = door_.online(now_);
  EXPECT_TRUE(find<Commit>(online));
  EXPECT_EQ(door_.progress(), Progress::connecting);  // until it is on disk
  door_.committed(now_);
  EXPECT_EQ(status(*client, 1).progress, Progress::committed);
  EXPECT_EQ(status(*client, 1).proof, "code");
  now_ += limits::door_after_commit;  // reading on doesn't keep it open
  EXPECT_TRUE(find<Closed>(door_.on_deadline(now_)));
  EXPECT_FALSE(door_.is_open());
}

TEST_F(DoorTest, WhoProvedTheCodeChoosesTheUpstreamAndHearsWhatCameOfIt) {
  door_.open(Opening::unprovisioned, now_);
  auto client = session(1);
  Actions actions = say(*client, 1, command::ChooseUpstream{"https://edge:8040", Bytes(32, 7)});
  auto* choice = find<ChooseUpstream>(actions);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->uri, "https://edge:8040");
  EXPECT_EQ(choice->fingerprint, Bytes(32, 7));
  EXPECT_EQ(choice->proof, Proof::code);
  finish(*client, 1, door_.upstream_chosen(Obstacle{"conflict", "another key"}, now_));
  EXPECT_EQ(std::get<answer::No>(last_).obstacle.words, "another key");
  say(*client, 1, command::ChooseUpstream{});
  finish(*client, 1, door_.upstream_chosen({}, now_));
  EXPECT_TRUE(std::holds_alternative<answer::Done>(last_));
  EXPECT_TRUE(door_.upstream_chosen({}, now_).empty()) << "nobody waits for it";
}

TEST_F(DoorTest, AStickBringsItsGrantWithoutASession) {
  Actions out;
  EXPECT_EQ(door_.take_from_stick(Bytes(3'000, 8), Bytes(91, 9), out, now_)->reason, "closed");
  door_.open(Opening::unprovisioned, now_);
  EXPECT_FALSE(door_.take_from_stick(Bytes(3'000, 8), Bytes(91, 9), out, now_));
  auto* check = find<CheckGrant>(out);
  ASSERT_TRUE(check);
  EXPECT_EQ(check->proof, Proof::stick);
  EXPECT_EQ(door_.take_from_stick(Bytes(3'000, 8), {}, out, now_)->reason, "busy");
  EXPECT_TRUE(find<GoOnline>(door_.grant_checked({}, now_)));
  EXPECT_TRUE(find<RollBack>(door_.offline({"broker_unreachable", "no answer"}, now_)));
  EXPECT_EQ(door_.obstacle().words, "no answer");
  EXPECT_FALSE(door_.take_from_stick(Bytes(3'000, 8), {}, out, now_)) << "the same one again";
  door_.grant_checked({}, now_);
  EXPECT_TRUE(find<Commit>(door_.online(now_)));
  door_.committed(now_);
  EXPECT_EQ(door_.take_from_stick(Bytes(3'000, 8), {}, out, now_)->reason, "committed");
}

TEST_F(DoorTest, AStickWaitsForWhoIsThereAndIsRolledBackWhenNothingComesOfIt) {
  door_.open(Opening::unprovisioned, now_);
  auto client = session(1);
  Actions out;
  EXPECT_EQ(door_.take_from_stick(Bytes(3'000, 8), {}, out, now_)->reason, "busy");
  say(*client, 1, command::Cancel{});
  EXPECT_FALSE(door_.take_from_stick(Bytes(3'000, 8), {}, out, now_));
  auto other = session(2);
  say(*other, 2, command::Cancel{});
  EXPECT_EQ(door_.progress(), Progress::checking) << "not that client's to end";
  now_ += limits::fail_safe;
  EXPECT_TRUE(find<RollBack>(door_.on_deadline(now_)));
}

TEST_F(DoorTest, ARefusedUpstreamRollsBackAndSaysWhy) {
  door_.open(Opening::unprovisioned, now_);
  auto client = connecting(1);
  Actions failed = door_.offline({"broker_unreachable", "nobody answers"}, now_);
  EXPECT_TRUE(find<RollBack>(failed));
  Report report = status(*client, 1);
  EXPECT_EQ(report.progress, Progress::failed);
  EXPECT_EQ(report.obstacle.reason, "broker_unreachable");
  say(*client, 1, command::MakeOffer{});  // and again, without a new session
  finish(*client, 1, door_.offer_made(Bytes(10, 7), now_));
  EXPECT_EQ(door_.progress(), Progress::offered);
}

TEST_F(DoorTest, AGrantThatIsNotOursIsRolledBack) {
  door_.open(Opening::unprovisioned, now_);
  auto client = session(1);
  say(*client, 1, command::TakeGrant{Bytes(10, 8), Bytes(91, 9)});
  finish(*client, 1, door_.grant_checked(Obstacle{"no_offer", "of no Offer that is open"}, now_));
  EXPECT_EQ(std::get<answer::No>(last_).obstacle.reason, "no_offer");
  say(*client, 1, command::MakeOffer{});
  finish(*client, 1, door_.offer_made(Bytes(10, 7), now_));
  say(*client, 1, command::TakeGrant{Bytes(10, 8), Bytes(91, 9)});
  Actions checked = door_.grant_checked(Obstacle{"grant_wrong", "of another Offer"}, now_);
  EXPECT_TRUE(find<RollBack>(checked));
  EXPECT_FALSE(find<GoOnline>(checked));
  finish(*client, 1, checked);
  EXPECT_EQ(std::get<answer::No>(last_).obstacle.reason, "grant_wrong");
}

TEST_F(DoorTest, WhoLosesItsLinkMakesRoomAndMayComeBack) {
  door_.open(Opening::unprovisioned, now_);
  auto client = connecting(1);
  door_.left(2, now_);  // a stranger's going changes nothing
  EXPECT_EQ(status(*client, 1).progress, Progress::connecting);
  door_.left(1, now_);
  auto again = session(3);
  EXPECT_EQ(status(*again, 3).progress, Progress::connecting);
  Actions committing = door_.online(now_);
  EXPECT_TRUE(find<Commit>(committing));
}

TEST_F(DoorTest, WhatWasBegunIsRolledBackWhenNobodyComesBack) {
  door_.open(Opening::unprovisioned, now_);
  auto client = connecting(1);
  door_.left(1, now_);
  now_ += return_window;
  Actions late = door_.on_deadline(now_);
  EXPECT_TRUE(find<RollBack>(late));
  EXPECT_EQ(door_.progress(), Progress::failed);
  EXPECT_TRUE(door_.is_open());
}

TEST_F(DoorTest, TheFailSafeRollsBackWhatNobodyFinished) {
  door_.open(Opening::unprovisioned, now_);
  auto client = connecting(1);
  ASSERT_TRUE(door_.deadline());
  now_ += limits::fail_safe + seconds(1);
  Actions late = door_.on_deadline(now_);
  EXPECT_TRUE(find<RollBack>(late));
  EXPECT_EQ(door_.progress(), Progress::failed);
  EXPECT_TRUE(door_.is_open());                    // it offers itself again
  EXPECT_FALSE(find<Commit>(door_.online(now_)));  // too late
  auto other = session(2);
  EXPECT_EQ(status(*other, 2).obstacle.reason, "timed_out");
}

TEST_F(DoorTest, TheSameGrantAgainIsNoOtherGrant) {
  door_.open(Opening::unprovisioned, now_);
  auto client = connecting(1);
  Actions again = say(*client, 1, command::TakeGrant{Bytes(3'000, 8), Bytes(91, 9)});
  EXPECT_FALSE(find<CheckGrant>(again));
  EXPECT_TRUE(std::holds_alternative<answer::Done>(last_));
  say(*client, 1, command::TakeGrant{Bytes(3'000, 9), Bytes(91, 9)});
  EXPECT_EQ(std::get<answer::No>(last_).obstacle.reason, "busy");
}

TEST_F(DoorTest, ASecondClientHearsBusyUntilTheFirstIsQuiet) {
  door_.open(Opening::unprovisioned, now_);
  auto first = session(1);
  Conversation second(secret(), random_);
  EXPECT_EQ(refused(send(2, second.begin())).kind, Kind::busy);
  now_ += limits::session_idle - seconds(1);
  EXPECT_EQ(status(*first, 1).progress, Progress::waiting);  // which counts as use
  now_ += limits::session_idle + seconds(1);
  auto third = session(3);
  EXPECT_EQ(status(*third, 3).progress, Progress::waiting);
}

TEST_F(DoorTest, WhoComesAgainFromTheSameAddressWithTheCodeTakesItsOwnPlace) {
  door_.open(Opening::button, now_);
  auto first = session(1);
  auto again = [&](ClientSecret with) {
    Conversation client(std::move(with), random_);
    auto ask = [&](const Send& message) {
      return door_.on_request({9, "10.0.0.1", message.endpoint, message.body}, now_);
    };
    auto cmd1 = client.hear(find<Reply>(ask(client.begin()))->body);
    return ask(std::get<Send>(*cmd1));
  };
  Conversation early(secret(), random_);
  auto begin = early.begin();
  EXPECT_EQ(refused(door_.on_request({9, "10.0.0.1", begin.endpoint, begin.body}, now_)).kind,
            Kind::busy)
      << "the first still talks";
  now_ += limits::session_return;
  EXPECT_EQ(refused(again(secret("guess"))).kind, Kind::wrong_code);
  EXPECT_EQ(refused(again(secret("", "button"))).kind, Kind::busy);
  EXPECT_EQ(status(*first, 1).progress, Progress::waiting);
  now_ += limits::session_return;
  EXPECT_TRUE(find<Reply>(again(secret())));
  auto late = first->say(command::AskStatus{});
  EXPECT_EQ(refused(send(1, *late)).kind, Kind::busy);
}

TEST_F(DoorTest, StrangersWhoBeginHandshakesPushNobodyOut) {
  door_.open(Opening::unprovisioned, now_);
  Conversation client(secret(), random_);
  Actions first = send(1, client.begin());
  for (PeerId stranger = 100; stranger < 110; ++stranger) {
    Conversation other(secret("guess"), random_);
    door_.on_request({stranger, "10.9.9.9", "prov-session", other.begin().body}, now_);
  }
  auto cmd1 = client.hear(find<Reply>(first)->body);
  EXPECT_TRUE(find<Reply>(send(1, std::get<Send>(*cmd1))));
}

TEST_F(DoorTest, WrongCodesWaitLongerAndOnlyWhereTheyCameFrom) {
  door_.open(Opening::unprovisioned, now_);
  auto guess = [&](PeerId peer) {
    Conversation client(secret("guess"), random_);
    Actions first = send(peer, client.begin());
    if (!find<Reply>(first)) return refused(first);
    auto cmd1 = client.hear(find<Reply>(first)->body);
    return refused(send(peer, std::get<Send>(*cmd1)));
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(guess(1).kind, Kind::wrong_code);
  Refusal waiting = guess(1);
  EXPECT_EQ(waiting.kind, Kind::wait);
  EXPECT_NE(waiting.why.find("1 s"), std::string::npos) << waiting.why;
  EXPECT_EQ(guess(2).kind, Kind::wrong_code);  // another source
  now_ += seconds(2);
  EXPECT_EQ(guess(1).kind, Kind::wrong_code);
  now_ += seconds(1);
  EXPECT_EQ(guess(1).kind, Kind::wait);
  auto owner = session(3);
  EXPECT_EQ(status(*owner, 3).progress, Progress::waiting);
}

TEST_F(DoorTest, TooManyWrongCodesCloseTheDoor) {
  door_.open(Opening::unprovisioned, now_);
  Actions last;
  for (unsigned i = 0; i < limits::wrong_codes_max; ++i) {
    ASSERT_TRUE(door_.is_open()) << i;
    PeerId peer = 100 + i;
    Conversation client(secret("guess"), random_);
    auto cmd1 = client.hear(find<Reply>(send(peer, client.begin()))->body);
    last = send(peer, std::get<Send>(*cmd1));
  }
  EXPECT_TRUE(find<Closed>(last));
  EXPECT_FALSE(door_.is_open());
  door_.open(Opening::button, now_);
  EXPECT_EQ(door_.wrong_codes(), 0u);
  session(1);
}

TEST_F(DoorTest, ThePressedButtonLetsInWithoutACodeForAShortTime) {
  door_.open(Opening::button, now_);
  auto client = session(1, secret("", "button"));
  EXPECT_EQ(status(*client, 1).proof, "button");
  now_ += limits::button_window + seconds(1);
  door_.on_deadline(now_);
  Conversation late(secret("", "button"), random_);
  EXPECT_EQ(refused(send(2, late.begin())).kind, Kind::unsupported);
  door_.open(Opening::command, now_);
  Conversation never(secret("", "button"), random_);
  EXPECT_EQ(refused(send(2, never.begin())).kind, Kind::unsupported);
}

TEST_F(DoorTest, ThePressedButtonIsTold) {
  const auto state = [&] {
    Actions actions = send(1, {"proto-ver", to_bytes("ESP")});
    return decode_version(find<Reply>(actions)->body)->about.state;
  };
  door_.open(Opening::unprovisioned, now_);
  EXPECT_EQ(state(), "new");
  door_.open(Opening::button, now_);
  EXPECT_EQ(state(), "button");
  now_ += limits::button_window;
  EXPECT_EQ(state(), "new");
}

TEST_F(DoorTest, TheWindowClosesByItself) {
  door_.open(Opening::command, now_);
  EXPECT_EQ(door_.deadline(), now_ + limits::door_window);
  now_ += limits::door_window;
  EXPECT_TRUE(find<Closed>(door_.on_deadline(now_)));
  EXPECT_EQ(refused(send(1, {"proto-ver", {}})).kind, Kind::closed);
}

TEST_F(DoorTest, WhatIsNotSealedEndsTheSession) {
  door_.open(Opening::unprovisioned, now_);
  EXPECT_EQ(refused(send(1, {"fairlead", Bytes(40, 1)})).kind, Kind::malformed);
  auto client = session(1);
  EXPECT_EQ(refused(send(1, {"fairlead", Bytes(40, 1)})).kind, Kind::malformed);
  auto sealed = client->say(command::AskStatus{});
  EXPECT_EQ(refused(send(1, *sealed)).kind, Kind::malformed);
  EXPECT_EQ(refused(send(1, {"prov-session", Bytes(limits::local_message_bytes_max + 1)})).kind,
            Kind::malformed);
}

TEST_F(DoorTest, ASecondRequestWhileTheDriverWorksIsBusy) {
  door_.open(Opening::unprovisioned, now_);
  auto client = session(1);
  EXPECT_TRUE(find<MakeOffer>(say(*client, 1, command::MakeOffer{})));
  EXPECT_EQ(refused(send(1, {"fairlead", Bytes(40, 1)})).kind, Kind::busy);
}

TEST_F(DoorTest, OffersOfTwoSessionsAreToldApart) {
  door_.open(Opening::unprovisioned, now_);
  enroll::OfferNonce nonce{};
  auto first = session(1);
  Actions one = say(*first, 1, command::MakeOffer{nonce});
  EXPECT_EQ(find<MakeOffer>(one)->nonce, first->expected_nonce(nonce));
  finish(*first, 1, door_.offer_made(Bytes(10, 1), now_));
  auto second = session(1);
  EXPECT_NE(second->expected_nonce(nonce), first->expected_nonce(nonce));
}

TEST_F(DoorTest, IdentifyAndCancelAreAnsweredAtOnce) {
  door_.open(Opening::unprovisioned, now_);
  auto client = connecting(1);
  Actions blink = say(*client, 1, command::Identify{5});
  ASSERT_TRUE(find<Identify>(blink));
  EXPECT_EQ(find<Identify>(blink)->seconds, 5);
  EXPECT_TRUE(find<RollBack>(say(*client, 1, command::Cancel{})));
  EXPECT_EQ(door_.progress(), Progress::waiting);
  session(2);  // who gave up is not in the way
}

TEST_F(DoorTest, ASessionLeavesWhatAnotherBeganAlone) {
  door_.open(Opening::unprovisioned, now_);
  auto first = connecting(1);
  door_.left(1, now_);
  auto other = session(2);
  EXPECT_FALSE(find<RollBack>(say(*other, 2, command::Cancel{})));
  EXPECT_EQ(door_.progress(), Progress::connecting);
  EXPECT_FALSE(door_.has_session());  // and makes room
}

TEST_F(DoorTest, ClosingRollsBack) {
  door_.open(Opening::unprovisioned, now_);
  connecting(1);
  Actions closing = door_.close("the owner came by rendezvous");
  EXPECT_TRUE(find<RollBack>(closing));
  EXPECT_TRUE(find<Closed>(closing));
}

}  // namespace
}  // namespace fairlead::local
