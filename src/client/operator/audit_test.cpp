// SPDX-License-Identifier: Apache-2.0
#include "client/operator/audit.h"

#include <gtest/gtest.h>

#include "crypto/hash_chain.h"

namespace fairlead::client {
namespace {

// Three entries as a server gives them.
json::array log() {
  json::array out;
  crypto::Sha256 link;
  for (int i = 1; i <= 3; ++i) {
    std::string entry = "{\"sequence\":" + std::to_string(i) + ",\"who\":\"ada\"}";
    auto hash = crypto::sha256(as_view(entry));
    link = crypto::chain_link(link, hash);
    out.push_back(json::object{
        {"sequence", i}, {"entry", entry}, {"entry_sha256", hash.hex()}, {"link", link.hex()}});
  }
  return out;
}

std::string verdict(const json::array& items, std::optional<AuditHead> known = {}) {
  AuditChain chain(std::move(known));
  for (const auto& each : items)
    if (auto added = chain.add(each); !added) return added.error().message;
  if (auto finished = chain.finish(); !finished) return finished.error().message;
  return "good " + std::to_string(chain.head().sequence);
}

AuditHead head_of(const json::array& items) {
  AuditChain chain;
  for (const auto& each : items) EXPECT_TRUE(chain.add(each));
  return chain.head();
}

TEST(AuditChain, FollowsWhatWasWritten) {
  EXPECT_EQ(verdict(log()), "good 3");
  EXPECT_EQ(verdict({}), "good 0");
  auto withheld = log();
  withheld[1].get_object().erase("entry");
  EXPECT_EQ(verdict(withheld), "good 3");
}

TEST(AuditChain, FindsAnEntryThatWasChanged) {
  auto items = log();
  items[1].get_object()["entry"] = "{\"sequence\":2,\"who\":\"eve\"}";
  EXPECT_EQ(verdict(items), "entry 2 does not have the text that was written");
  items[1].get_object()["entry_sha256"] =
      crypto::sha256(as_view("{\"sequence\":2,\"who\":\"eve\"}")).hex();
  EXPECT_EQ(verdict(items), "entry 2 does not follow from those before");
}

TEST(AuditChain, FindsWhatWasLeftOutMovedOrPutIn) {
  auto items = log();
  items.erase(items.begin() + 1);
  EXPECT_EQ(verdict(items), "entry 2 is missing: '3' is in its place");
  items = log();
  std::swap(items[0], items[1]);
  EXPECT_EQ(verdict(items), "entry 1 is missing: '2' is in its place");
  items = log();
  items.insert(items.begin(), items[0]);
  EXPECT_EQ(verdict(items), "entry 2 is missing: '1' is in its place");
  items = log();
  items[0].get_object()["link"] = "00";
  EXPECT_EQ(verdict(items), "entry 1 has no hash");
}

TEST(AuditChain, AKnownHeadFindsALogThatWasWrittenAnewOrCut) {
  auto items = log();
  AuditHead known = head_of(items);
  EXPECT_EQ(verdict(items, known), "good 3");
  items.pop_back();
  EXPECT_EQ(verdict(items, known), "the log ends at entry 2, and entry 3 was known");
  auto another = log();
  known.link = crypto::Sha256();
  EXPECT_EQ(verdict(another, known), "entry 3 is another one than was known");
}

TEST(AuditHeads, ComeBackFromText) {
  AuditHead head = head_of(log());
  auto read = audit_head_from(to_text(head));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->sequence, 3u);
  EXPECT_EQ(read->link, head.link);
  for (const char* wrong : {"", "3", "3:", "3:00", ":", "x:00"})
    EXPECT_FALSE(audit_head_from(wrong));
}

}  // namespace
}  // namespace fairlead::client
