// SPDX-License-Identifier: Apache-2.0
#include "device/journal.h"

#include <gtest/gtest.h>

#include "device/identity.h"
#include "support/fdo_party.h"
#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

using test::FdoParty;
using test::must;

Clock noon() {
  return [] { return *from_rfc3339("2026-11-24T12:00:00Z"); };
}

Identity some_identity(std::uint64_t generation) {
  auto party = FdoParty::make(crypto::KeyType::p256, 1);
  Identity out{generation,
               "SN-1",
               "Sensor",
               keystore::KeyName("device"),
               hmac_key_name(generation),
               party.credential,
               false,
               {},
               {}};
  if (generation > 0) {
    out.onboarded = true;
    out.owner = crypto::sha256(as_view("owner"));
    out.operational = Operational{
        operational_key_name(generation, *out.owner),           DeviceId("d-1"), party.chain,
        {{"mqtts://broker:8883", "d-1", "fairlead/v1/a/d-1/"}}, party.chain,     noon()()};
  }
  return out;
}

TEST(Identity, RoundTripsWithAndWithoutAccess) {
  for (std::uint64_t generation : {0, 3}) {
    auto before = some_identity(generation);
    auto after = must(decode_identity(encode_identity(before)));
    EXPECT_EQ(encode_identity(after), encode_identity(before));
    EXPECT_EQ(state_of(after), generation ? State::provisioned : State::initialized);
  }
}

TEST(Identity, RefusesEveryTruncation) {
  Bytes whole = encode_identity(some_identity(1));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_identity(View(whole).first(size))) << size;
  whole.push_back(0);
  EXPECT_FALSE(decode_identity(whole));
}

TEST(Identity, ADamagedFileIsAnErrorAndNotAFreshDevice) {
  test::TemporaryDirectory folder;
  auto directory = must(StateDirectory::open(folder.path() / "state"));
  EXPECT_FALSE(must(load_identity(directory)));
  must(directory.write("identity", as_view("garbage")));
  EXPECT_FALSE(load_identity(directory).has_value());
}

// Cut at every step of the commit: what is read afterwards is the old identity or the new one,
// whole.
TEST(Identity, ACommitThatIsCutAnywhereLeavesTheOldOneOrTheNewOne) {
  int cuts = 0;
  for (int n = 0;; ++n) {
    test::TemporaryDirectory folder;
    {
      auto directory = must(StateDirectory::open(folder.path() / "state"));
      must(save_identity(directory, some_identity(0)));
    }
    int step = 0;
    bool fired = false;
    {
      auto directory =
          must(StateDirectory::open(folder.path() / "state", [&](std::string_view) -> Result<void> {
            if (step++ != n) return ok();
            fired = true;
            return fail(Errc::io, "power");
          }));
      auto saved = save_identity(directory, some_identity(1));
      EXPECT_EQ(saved.has_value(), !fired);
    }
    auto again = must(StateDirectory::open(folder.path() / "state"));
    auto identity = must(load_identity(again));
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->generation == 1, identity->operational.has_value());
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "state" / "identity.new"));
    if (!fired) break;
    ++cuts;
  }
  EXPECT_EQ(cuts, 4);
}

TEST(StateDirectory, LetsOneProgramIn) {
  test::TemporaryDirectory folder;
  auto first = must(StateDirectory::open(folder.path() / "state"));
  auto second = StateDirectory::open(folder.path() / "state");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::busy);
  EXPECT_TRUE(StateDirectory::look(folder.path() / "state").has_value());
}

TEST(Journal, KeepsWhatHappenedAcrossRestarts) {
  test::TemporaryDirectory folder;
  auto directory = must(StateDirectory::open(folder.path() / "state"));
  std::optional<Error> lost;
  auto journal = Journal::open(directory, noon(), lost);
  must(journal.step(State::initialized, Failure{Reason::rendezvous_unknown, "not known"}, "asked"));
  must(journal.waits_until(noon()()));
  auto again = Journal::open(directory, noon(), lost);
  EXPECT_FALSE(lost);
  EXPECT_EQ(encode_journal(again.record()), encode_journal(journal.record()));
  EXPECT_EQ(again.record().failure->reason, Reason::rendezvous_unknown);
}

TEST(Journal, CountsTheSameObstacleInsteadOfRepeatingIt) {
  test::TemporaryDirectory folder;
  auto directory = must(StateDirectory::open(folder.path() / "state"));
  std::optional<Error> lost;
  auto journal = Journal::open(directory, noon(), lost);
  for (int i = 0; i < 200; ++i)
    must(journal.step(State::initialized, Failure{Reason::rendezvous_unknown, "not known"},
                      "asked"));
  EXPECT_EQ(journal.record().entries.size(), 1u);
  EXPECT_EQ(journal.record().attempts, 200u);
  for (int i = 0; i < 200; ++i) must(journal.step(State::seeking, {}, std::to_string(i)));
  EXPECT_EQ(journal.record().entries.size(), journal_entries_max);
}

TEST(Journal, LetsTheObstacleStandWhileItIsTriedAgain) {
  test::TemporaryDirectory folder;
  auto directory = must(StateDirectory::open(folder.path() / "state"));
  std::optional<Error> lost;
  auto journal = Journal::open(directory, noon(), lost);
  Failure fault{Reason::owner_fault, "error 500"};
  for (int i = 0; i < 50; ++i) {
    must(journal.step(State::seeking, {}, "the owner is looked for"));
    must(journal.step(State::onboarding, {}, "the owner's address is known"));
    ASSERT_EQ(journal.record().failure.has_value(), i > 0);
    must(journal.step(State::initialized, fault, "error 500"));
  }
  EXPECT_EQ(journal.record().attempts, 50u);
  EXPECT_EQ(journal.record().entries.size(), 3u);  // the steps of one try
  must(journal.step(State::seeking, {}, "the owner is looked for"));
  must(journal.step(State::onboarding, {}, "the owner's address is known"));
  must(journal.step(State::connecting, {}, "the owner gave access"));
  EXPECT_FALSE(journal.record().failure);
  EXPECT_EQ(journal.record().attempts, 0u);
}

TEST(Journal, ThatCanNotBeReadStartsAfreshAndSaysSo) {
  test::TemporaryDirectory folder;
  auto directory = must(StateDirectory::open(folder.path() / "state"));
  must(directory.write("journal", as_view("{\"version\":1")));
  std::optional<Error> lost;
  auto journal = Journal::open(directory, noon(), lost);
  EXPECT_TRUE(lost);
  EXPECT_TRUE(journal.record().entries.empty());
}

}  // namespace
}  // namespace fairlead::device
