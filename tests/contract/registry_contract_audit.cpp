// SPDX-License-Identifier: Apache-2.0
// The audit log: one chain, whoever writes, and nothing in it that was not done.
#include <thread>

#include "contract/registry_contract.h"
#include "crypto/hash_chain.h"
#include "registry/audit.h"

namespace fairlead::registry::test {

namespace {

AuditEntry deed(int number) {
  AuditEntry out;
  out.at = at(number);
  out.who = "ada";
  out.from = "api 192.0.2.7";
  out.account = account(1).id;
  out.event = "DEVICE_REVOKED";
  out.subject = "d-" + std::to_string(number);
  out.fields = {{"reason", "gestohlen \"süd\""}, {"odd", "\xff"}};
  return out;
}

// The link of the last one; fails where one does not follow the one before.
Bytes followed(const std::vector<AuditRecord>& records) {
  crypto::Sha256 link;
  std::uint64_t sequence = 0;
  for (const AuditRecord& each : records) {
    EXPECT_EQ(each.sequence, ++sequence);
    link = crypto::chain_link(link, crypto::sha256(as_view(each.entry)));
    EXPECT_EQ(each.link, to_bytes(View(link))) << each.sequence;
  }
  return to_bytes(View(link));
}

}  // namespace

TEST_P(RegistryContract, TheAuditLogIsAChainThatAnybodyCanFollow) {
  keep({AppendAudit{deed(1)}, AppendAudit{deed(2)}});
  keep({AppendAudit{deed(3)}});
  const auto records = must(registry_->audit_after(0, 10));
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(followed(records), records[2].link);
  EXPECT_EQ(records[0].account, account(1).id);
  EXPECT_EQ(records[0].entry,
            "{\"sequence\":1,\"at\":\"" + to_rfc3339(at(1)) +
                "\",\"who\":\"ada\",\"from\":\"api 192.0.2.7\",\"account\":\"" +
                account(1).id.str() +
                "\",\"event\":\"DEVICE_REVOKED\",\"subject\":\"d-1\",\"fields\":{\"reason\":"
                "\"gestohlen \\\"süd\\\"\",\"odd\":\"\xEF\xBF\xBD\"}}");
  EXPECT_EQ(must(registry_->audit_after(1, 1)), std::vector{records[1]});
  EXPECT_EQ(must(registry_->last_audit()), records[2]);
  EXPECT_TRUE(must(registry_->audit_after(3, 10)).empty());
}

TEST_P(RegistryContract, ADeedIsOnRecordIfAndOnlyIfItWasDone) {
  keep({InsertDevice{device(1)}});
  AuditEntry endless = deed(1);
  endless.subject = std::string(audit_entry_bytes_max, 'x');
  expect_error(registry_->write({AppendAudit{deed(1)}, InsertDevice{device(1)}}), Errc::conflict);
  expect_error(registry_->write({InsertDevice{device(2)}, AppendAudit{endless}}), Errc::malformed);
  EXPECT_FALSE(must(registry_->find_device(device(2).id)));
  EXPECT_EQ(must(registry_->last_audit()), std::nullopt);
  const std::vector<Transaction> batch = {{AppendAudit{deed(1)}, InsertDevice{device(1)}},
                                          {InsertDevice{device(2)}, AppendAudit{deed(2)}},
                                          {InsertDevice{device(3)}, AppendAudit{deed(3)}}};
  const auto outcomes = registry_->write(batch);
  expect_error(outcomes[0], Errc::conflict);
  must(outcomes[1]);
  must(outcomes[2]);
  const auto records = must(registry_->audit_after(0, 10));
  ASSERT_EQ(records.size(), 2u);  // no number is left out for the one that was not done
  EXPECT_EQ(records[0].sequence, 1u);
  EXPECT_NE(records[0].entry.find("d-2"), std::string::npos);
}

TEST_P(RegistryContract, ManyServersMakeOneChain) {
  std::vector<std::unique_ptr<Registry>> servers;
  for (int i = 0; i < 4; ++i) servers.push_back(must(place_->open()));
  std::vector<std::thread> threads;
  for (auto& server : servers)
    threads.emplace_back([&server] {
      for (int i = 0; i < 25; ++i) must(server->write({AppendAudit{deed(i)}}));
    });
  for (auto& thread : threads) thread.join();
  const auto records = must(registry_->audit_after(0, 1000));
  ASSERT_EQ(records.size(), 100u);
  followed(records);
}

}  // namespace fairlead::registry::test
