// SPDX-License-Identifier: Apache-2.0
// Transactions: what is refused, what is whole, what is durable, who sees it.
#include "contract/registry_contract.h"

#include <atomic>
#include <thread>

namespace fairlead::registry::test {

void RegistryContract::SetUp() {
  place_ = GetParam().fresh();
  registry_ = must(place_->open());
}

void RegistryContract::reopen() {
  registry_.reset();
  registry_ = must(place_->open());
}

void RegistryContract::keep(Transaction transaction) {
  must(registry_->write(std::move(transaction)));
  reopen();
}

// Refusals first.

TEST_P(RegistryContract, ATransactionWhoseLastChangeFailsLeavesNothing) {
  keep({InsertVoucher{voucher(1)}});
  expect_error(registry_->write({PutAccount{account(1)}, InsertDevice{device(1)},
                                 AppendEvent{event(1, "DEVICE_KNOWN")}, PutSession{session(1)},
                                 InsertVoucher{voucher(1)}}),
               Errc::conflict);
  reopen();
  EXPECT_FALSE(must(registry_->find_account(account(1).id)));
  EXPECT_FALSE(must(registry_->find_device(device(1).id)));
  EXPECT_FALSE(must(registry_->find_session(session(1).id)));
  EXPECT_TRUE(must(registry_->events_of(device(1).id, 10)).empty());
}

TEST_P(RegistryContract, ARemovalIsUndoneWithItsTransaction) {
  keep({PutSession{session(1)}, InsertVoucher{voucher(1)}});
  expect_error(registry_->write({RemoveSession{session(1).id}, RemoveVoucher{voucher(1).guid},
                                 SetCertificateState{{1}, CertificateState::revoked, at(0)}}),
               Errc::conflict);
  EXPECT_EQ(must(registry_->find_session(session(1).id)), session(1));
  EXPECT_EQ(must(registry_->find_voucher(voucher(1).guid)), voucher(1));
}

TEST_P(RegistryContract, TransactionsOfABatchSucceedAndFailEachForItself) {
  const std::vector<Transaction> batch = {
      {InsertDevice{device(1)}, PutKey{device_key(1, 1)}},
      {PutAccount{account(9)}, InsertDevice{device(1)}},  // sees the one before: conflict
      {InsertDevice{device(2)}},
      {UpdateDevice{device(2), 7}},
      {},
      {InsertSetting{"leader", {1}}}};
  const auto outcomes = registry_->write(batch);
  ASSERT_EQ(outcomes.size(), batch.size());
  EXPECT_TRUE(outcomes[0]);
  expect_error(outcomes[1], Errc::conflict);
  EXPECT_TRUE(outcomes[2]);
  expect_error(outcomes[3], Errc::conflict);
  EXPECT_TRUE(outcomes[4]);
  EXPECT_TRUE(outcomes[5]);
  reopen();
  EXPECT_TRUE(must(registry_->find_device(device(1).id)));
  EXPECT_TRUE(must(registry_->find_device(device(2).id)));
  EXPECT_FALSE(must(registry_->find_account(account(9).id)));
  EXPECT_TRUE(must(registry_->find_setting("leader")));
}

TEST_P(RegistryContract, AnEmptyBatchHasNoOutcomes) {
  EXPECT_TRUE(registry_->write(std::span<const Transaction>()).empty());
}

TEST_P(RegistryContract, TextThatNotEveryBackEndCanKeepIsMalformedAndHurtsNobodyElse) {
  for (const std::string& bad : {std::string("a\0b", 3), std::string("a\xff"), std::string("\xc3"),
                                 std::string("\xed\xa0\x80")}) {
    Device odd = device(1);
    odd.serial = bad;
    Device odd_group = device(1);
    odd_group.groups.push_back(bad);
    const std::vector<Transaction> batch = {{PutAccount{account(1)}, InsertDevice{odd}},
                                            {InsertDevice{odd_group}},
                                            {PutSetting{"fine", {1}}}};
    const auto outcomes = registry_->write(batch);
    expect_error(outcomes[0], Errc::malformed);
    expect_error(outcomes[1], Errc::malformed);
    EXPECT_TRUE(outcomes[2]);
    EXPECT_FALSE(must(registry_->find_account(account(1).id)));
  }
}

TEST_P(RegistryContract, AskingByTextThatCannotBeStoredFindsNothing) {
  keep({PutSession{session(1)}, InsertDevice{device(1)}});
  const std::string bad("\xff\0'", 3);
  EXPECT_FALSE(must(registry_->find_session(bad)));
  EXPECT_FALSE(must(registry_->find_device(DeviceId(bad))));
  EXPECT_FALSE(must(registry_->find_setting(bad)));
  EXPECT_FALSE(must(registry_->find_user(UserId(bad))));
  DeviceFilter filter;
  filter.search = bad;
  EXPECT_TRUE(must(registry_->devices(filter, {})).empty());
}

TEST_P(RegistryContract, ATimelineEventWithBrokenTextIsMendedRatherThanLost) {
  TimelineEvent odd = event(1, "DEVICE_SAID");
  odd.fields = {{"text", std::string("a\xff"
                                     "b\0c",
                                     5)}};
  keep({AppendEvent{odd}});
  const auto events = must(registry_->events_of(device(1).id, 10));
  ASSERT_EQ(events.size(), 1u);
  ASSERT_EQ(events[0].fields.size(), 1u);
  EXPECT_EQ(events[0].fields[0].value,
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd"
            "c");
}

TEST_P(RegistryContract, QuotesAndPercentSignsAreOnlyText) {
  Device odd = device(1);
  odd.name = "'); DROP TABLE devices; --";
  odd.serial = "100%_\\";
  keep({InsertDevice{odd}});
  EXPECT_EQ(must(registry_->find_device(odd.id)), odd);
  DeviceFilter filter;
  for (const char* search : {"%", "_", "10_", "%00", "' OR 1=1"}) {
    filter.search = search;
    EXPECT_TRUE(must(registry_->devices(filter, {})).empty()) << search;
  }
  filter.search = "100%_";
  EXPECT_EQ(must(registry_->devices(filter, {})).size(), 1u);
}

// Sizes.

TEST_P(RegistryContract, EmptyTextAndBytesComeBackEmpty) {
  Device empty;
  empty.id = DeviceId("d");
  Voucher bare;
  bare.guid = {1};
  keep({InsertDevice{empty}, InsertVoucher{bare}, PutSession{{"s", {}, at(0)}},
        PutSetting{"empty", {}}, PutKey{DeviceKey{}}, AppendEvent{TimelineEvent{}}});
  empty.revision = 1;
  EXPECT_EQ(must(registry_->find_device(empty.id)), empty);
  EXPECT_EQ(must(registry_->find_voucher(bare.guid)), bare);
  EXPECT_EQ(must(registry_->find_session("s")), (Session{"s", {}, at(0)}));
  const auto setting = must(registry_->find_setting("empty"));
  ASSERT_TRUE(setting);
  EXPECT_TRUE(setting->empty());
  EXPECT_EQ(must(registry_->keys_of(DeviceId())).size(), 1u);
  EXPECT_EQ(must(registry_->events_of(DeviceId(), 5)).size(), 1u);
}

TEST_P(RegistryContract, LargeBytesAndLongTextComeBackAsTheyWere) {
  Bytes large(8 * 1024 * 1024);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::uint8_t>(i * 31 >> 3);
  Profile lengthy = profile(1);
  lengthy.document = std::string(1024 * 1024, 'x') + "ü";
  keep({PutSetting{"large", large}, PutProfile{lengthy, std::nullopt}});
  EXPECT_EQ(must(registry_->find_setting("large")), large);
  EXPECT_EQ(must(registry_->find_profile(lengthy.id)), lengthy);
}

TEST_P(RegistryContract, ExtremeTimesAndNumbersComeBackAsTheyWere) {
  Device d = device(1);
  d.created = from_unix_ms(-1);
  d.changed = from_unix_ms(253'402'300'799'999);  // 9999-12-31
  Profile low = profile(1);
  low.priority = std::numeric_limits<std::int64_t>::min();
  keep({InsertDevice{d}, PutProfile{low, std::nullopt}});
  EXPECT_EQ(must(registry_->find_device(d.id)), d);
  EXPECT_EQ(must(registry_->find_profile(low.id)), low);
}

// Several at once.

TEST_P(RegistryContract, TwoServersSeeEachOthersWrites) {
  auto other = must(place_->open());
  must(registry_->write({InsertDevice{device(1)}, PutSession{session(1)}}));
  EXPECT_EQ(must(other->find_device(device(1).id)), device(1));
  Session continued = session(1);
  continued.state = {1, 2, 3};
  must(other->write({PutSession{continued}}));
  EXPECT_EQ(must(registry_->find_session(continued.id)), continued);
  expect_error(other->write({InsertDevice{device(1)}}), Errc::conflict);
  must(other->write({RemoveSession{continued.id}}));
  EXPECT_FALSE(must(registry_->find_session(continued.id)));
}

TEST_P(RegistryContract, OnlyOneOfManyServersIsFirst) {
  std::vector<std::unique_ptr<Registry>> servers;
  for (int i = 0; i < 4; ++i) servers.push_back(must(place_->open()));
  std::atomic<int> firsts = 0, conflicts = 0;
  std::vector<std::thread> threads;
  for (auto& server : servers)
    threads.emplace_back([&firsts, &conflicts, &server] {
      for (int i = 0; i < 25; ++i) {
        auto outcome = server->write({InsertSetting{"leader-" + std::to_string(i), {1}}});
        if (outcome)
          ++firsts;
        else if (outcome.error().code == Errc::conflict)
          ++conflicts;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(firsts, 25);
  EXPECT_EQ(conflicts, 75);
}

TEST_P(RegistryContract, ARevisionLetsNoUpdateGetLostAmongFourThreads) {
  must(registry_->write({InsertDevice{device(1)}}));
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int done = 0; done < 20;) {
        auto found = registry_->find_device(device(1).id);
        if (!found || !*found) return void(++failures);
        Device changed = **found;
        changed.last_seen += std::chrono::milliseconds(1);
        auto outcome = registry_->write({UpdateDevice{changed, changed.revision}});
        if (outcome) ++done;
        if (!outcome && outcome.error().code != Errc::conflict) return void(++failures);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  const auto device_now = must(registry_->find_device(device(1).id));
  ASSERT_TRUE(device_now);
  EXPECT_EQ(device_now->revision, 81u);
  EXPECT_EQ(device_now->last_seen, device(1).last_seen + std::chrono::milliseconds(80));
}

TEST_P(RegistryContract, ReadersNeverSeeHalfATransaction) {
  must(registry_->write({PutSetting{"a", {0}}, PutSetting{"b", {0}}}));
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t)
    readers.emplace_back([&] {
      while (!stop) {  // b is read first: with whole transactions, a is never older than b
        auto b = registry_->find_setting("b"), a = registry_->find_setting("a");
        if (!a || !b || !*a || !*b || (**a)[0] < (**b)[0]) ++torn;
      }
    });
  for (std::uint8_t i = 1; i < 100; ++i)
    must(registry_->write({PutSetting{"b", {i}}, PutSetting{"a", {i}}}));
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
}

}  // namespace fairlead::registry::test
