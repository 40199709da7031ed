// SPDX-License-Identifier: Apache-2.0
#include "client/operator/voucher_import.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/limits.h"
#include "codec/cbor/writer.h"
#include "codec/pem.h"

namespace fairlead::client {
namespace {

std::string pem_of(const Bytes& content) { return pem::encode("OWNERSHIP VOUCHER", content); }

std::vector<FoundVoucher> split(const std::string& text, std::size_t portion = SIZE_MAX) {
  VoucherSplitter splitter("f");
  std::vector<FoundVoucher> out;
  for (std::size_t at = 0; at < text.size();) {
    auto size = std::min(portion, text.size() - at);
    splitter.put(std::string_view(text).substr(at, size), out);
    at += size;
  }
  splitter.finish(out);
  return out;
}

TEST(VoucherSplitter, RefusesWhatIsNoVoucherAndGoesOn) {
  std::string good = pem_of({1, 2, 3});
  const std::pair<std::string, std::string> cases[] = {
      {"-----BEGIN OWNERSHIP VOUCHER-----\n!!!\n-----END OWNERSHIP VOUCHER-----\n", "not base64"},
      {"-----BEGIN OWNERSHIP VOUCHER-----\n-----END OWNERSHIP VOUCHER-----\n", "nothing"},
      {"-----BEGIN OWNERSHIP VOUCHER-----\nAQID\n", "another voucher begins"},
      {"-----BEGIN OWNERSHIP VOUCHER-----\nAQID\n-----END CERTIFICATE-----\n", "another PEM block"},
      {pem_of(Bytes(limits::voucher_bytes_max + 1)), "larger"},
      {pem_of(Bytes(limits::voucher_bytes_max * 4)), "larger"}};
  for (const auto& [bad, why] : cases) {
    auto found = split(good + bad + pem_of({4}));
    ASSERT_EQ(found.size(), 3u) << why;
    EXPECT_TRUE(found[0].refusal.empty());
    EXPECT_NE(found[1].refusal.find(why), std::string::npos) << found[1].refusal;
    EXPECT_EQ(found[1].where, "f:4");
    EXPECT_EQ(found[2].pem, pem_of({4}));
  }
  auto cut = split(good + "-----BEGIN OWNERSHIP VOUCHER-----\nAQID");
  EXPECT_NE(cut.back().refusal.find("ends within"), std::string::npos);
}

TEST(VoucherSplitter, TakesTheLargestVoucherAndAnyPortions) {
  std::string text = "Bag\r\n" + pem_of(Bytes(limits::voucher_bytes_max, 7)) +
                     "-----BEGIN EC PRIVATE KEY-----\nAQID\n-----END EC PRIVATE KEY-----\n" +
                     pem_of({1});
  for (std::size_t portion : {std::size_t(1), std::size_t(7), std::size_t(4096), SIZE_MAX}) {
    auto found = split(text, portion);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_TRUE(found[0].refusal.empty()) << found[0].refusal;
    EXPECT_EQ(found[1].pem, pem_of({1}));
  }
}

TEST(VoucherSplitter, ALineWithoutEndTakesNoMemoryAndHidesNothing) {
  auto found = split(std::string(1024 * 1024, 'x') + "\n" + pem_of({1}), 4096);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].refusal.empty());
}

// An array of five with a byte string of `size` as its last.
Bytes cbor_voucher(std::size_t size) {
  cbor::Writer out;
  out.array(5).uint(101).uint(1).uint(2).uint(3).bytes(Bytes(size, 0x85));
  return out.take();
}
std::string text_of(const Bytes& bytes) { return std::string(as_text(bytes)); }

TEST(VoucherSplitter, TakesCborOneAfterTheOtherInAnyPortions) {
  std::string text =
      text_of(cbor_voucher(3)) + text_of(cbor_voucher(60'000)) + text_of(cbor_voucher(0));
  for (std::size_t portion : {std::size_t(1), std::size_t(1000), SIZE_MAX}) {
    auto found = split(text, portion);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].pem, pem_of(cbor_voucher(3)));
    EXPECT_EQ(found[1].pem, pem_of(cbor_voucher(60'000)));
    EXPECT_EQ(found[2].where, "f: voucher 3");
    EXPECT_EQ(found[2].number, 3u);
  }
}

TEST(VoucherSplitter, RefusesWhatFollowsSomethingElseInCborAsOne) {
  auto found = split(text_of(cbor_voucher(3)) + "\x01" + text_of(cbor_voucher(3)), 7);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NE(found[1].refusal.find("can't be told apart"), std::string::npos);
  auto cut = split(text_of(cbor_voucher(3)) + text_of(cbor_voucher(30)).substr(0, 20));
  ASSERT_EQ(cut.size(), 2u);
  EXPECT_NE(cut[1].refusal.find("ends within"), std::string::npos);
  auto endless = split(text_of(cbor_voucher(limits::voucher_bytes_max + 1)));
  ASSERT_EQ(endless.size(), 1u);
  EXPECT_FALSE(endless[0].refusal.empty());
  EXPECT_EQ(endless[0].file, "f");
}

FoundVoucher voucher(unsigned n) {
  Bytes content{static_cast<std::uint8_t>(n), static_cast<std::uint8_t>(n >> 8),
                static_cast<std::uint8_t>(n >> 16)};
  return {"f:" + std::to_string(n), pem_of(content), crypto::sha256(content), {}};
}

ApiResponse results(std::size_t count, std::string_view result = "imported") {
  boost::json::array rows;
  for (std::size_t i = 0; i < count; ++i)
    rows.push_back({{"index", i}, {"guid", "g"}, {"result", result}, {"reason", "why"}});
  return {200, {}, boost::json::serialize(boost::json::object{{"results", rows}})};
}

TEST(VoucherImport, BelievesNoAnswerThatLeavesAVoucherOut) {
  for (std::string body :
       {"", "{}", "[]", R"({"results":[]})", R"({"results":[7,8]})",
        R"({"results":[{"index":0,"result":"imported"},{"index":0,"result":"imported"}]})",
        R"({"results":[{"index":0,"result":"imported"},{"index":2,"result":"imported"}]})",
        R"({"results":[{"index":-1,"result":"imported"},{"index":1,"result":"imported"}]})",
        R"({"results":[{"index":0,"result":"eaten"},{"index":1,"result":"imported"}]})"}) {
    VoucherImport import({}, {});
    import.add(voucher(1));
    import.add(voucher(2));
    auto next = import.answered(import.take(false), ApiResponse{200, {}, body});
    ASSERT_FALSE(next) << body;
    EXPECT_EQ(next.error().kind, ProblemKind::server_fault);
  }
}

TEST(VoucherImport, EndsWhereTryingAgainWouldNotHelp) {
  for (unsigned status : {401u, 403u, 404u, 500u}) {
    VoucherImport import({}, {});
    import.add(voucher(1));
    auto batch = import.take(false);
    EXPECT_FALSE(import.answered(batch, ApiResponse{status, {}, {}})) << status;
    EXPECT_TRUE(import.take_done().empty());
  }
}

TEST(VoucherImport, WaitsLongerEachTimeForABusyServerAndGivesUpInTheEnd) {
  VoucherImport import({}, {});
  import.add(voucher(1));
  for (unsigned n = 1; n < import_attempts_max; ++n) {
    auto next = import.answered(import.take(false), fail(Errc::timed_out, "30 s"));
    ASSERT_TRUE(next);
    EXPECT_EQ(*next, VoucherImport::Next::wait);
    EXPECT_EQ(import.wait_time(), std::chrono::seconds(1 << (n - 1)));
  }
  auto last = import.answered(import.take(false), ApiResponse{503, {}, {}});
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().kind, ProblemKind::busy);
}

TEST(VoucherImport, CountsRequestsThatFailTogetherAsOneAttempt) {
  VoucherImport import({}, {});
  for (unsigned n = 0; n < 4 * import_batch_vouchers_max; ++n) import.add(voucher(n));
  std::vector<VoucherImport::Batch> batches;
  for (int n = 0; n < 4; ++n) batches.push_back(import.take(true));
  for (auto& batch : batches)
    ASSERT_TRUE(import.answered(std::move(batch), fail(Errc::io, "connection refused")));
  EXPECT_EQ(import.wait_time(), std::chrono::seconds(1));
}

TEST(VoucherImport, NarrowsABatchThatIsRefusedWholeDownToTheOneAtFault) {
  VoucherImport import({}, {});
  for (unsigned n = 0; n < 10; ++n) import.add(voucher(n));
  std::string bad = voucher(6).pem;
  for (auto batch = import.take(false); !batch.empty(); batch = import.take(false)) {
    auto request = import.request_for(batch);
    bool is_bad = request.body.find(bad) != std::string::npos;
    auto size = batch.size();
    ASSERT_TRUE(
        import.answered(std::move(batch), is_bad ? ApiResponse{400, {}, {}} : results(size)));
  }
  EXPECT_EQ(import.counts().imported, 9u);
  auto refusals = import.take_refusals();
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].where, "f:6");
}

TEST(VoucherImport, FillsBatchesToTheirLimitsAndNoFurther) {
  VoucherImport import({"acme", true}, {});
  for (unsigned n = 0; n < import_batch_vouchers_max + 1; ++n) import.add(voucher(n));
  auto first = import.take(true);
  EXPECT_EQ(first.size(), import_batch_vouchers_max);
  EXPECT_EQ(import.request_for(first).target, "/api/v1/vouchers/import?account=acme&dry_run=true");
  EXPECT_TRUE(import.take(true).empty());  // not full, and more comes
  EXPECT_EQ(import.take(false).size(), 1u);

  VoucherImport large({}, {});
  for (std::uint8_t n = 0; n < 20; ++n) {
    Bytes content(60'000, n);
    large.add({"f", pem_of(content), crypto::sha256(content), {}});
  }
  auto batch = large.take(true);
  EXPECT_LE(large.request_for(batch).body.size(), import_batch_bytes_max);
  EXPECT_GT(batch.size(), 10u);
}

TEST(VoucherImport, NeverSendsWhatIsDoneNorTheSameTwice) {
  VoucherImport import({}, {voucher(1).digest});
  import.add(voucher(1));
  import.add(voucher(2));
  import.add(voucher(2));
  auto batch = import.take(false);
  ASSERT_EQ(batch.size(), 1u);
  ASSERT_TRUE(import.answered(batch, results(1, "unchanged")));
  EXPECT_EQ(import.counts().done_before, 2u);
  EXPECT_EQ(import.counts().unchanged, 1u);
  EXPECT_EQ(import.take_done(), std::vector{voucher(2).digest});
}

TEST(VoucherImport, ADryRunAndARefusalLeaveNothingDone) {
  VoucherImport dry({"", true}, {});
  dry.add(voucher(1));
  ASSERT_TRUE(dry.answered(dry.take(false), results(1)));
  EXPECT_TRUE(dry.take_done().empty());
  VoucherImport import({}, {});
  import.add(voucher(1));
  ASSERT_TRUE(import.answered(import.take(false), results(1, "refused")));
  EXPECT_TRUE(import.take_done().empty());
  EXPECT_EQ(import.take_refusals().at(0).reason, "why");
}

}  // namespace
}  // namespace fairlead::client
