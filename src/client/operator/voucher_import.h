// SPDX-License-Identifier: Apache-2.0
// The import of any number of vouchers as a machine without I/O: vouchers go in, requests come out,
// answers go in, refusals and what is done come out.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_set>
#include <utility>

#include "client/operator/problem.h"
#include "client/operator/voucher_splitter.h"

namespace fairlead::client {

inline constexpr std::size_t import_batch_vouchers_max = 1000;      // the server's limit
inline constexpr std::size_t import_batch_bytes_max = 1000 * 1000;  // it takes 1 MiB
inline constexpr unsigned import_attempts_max = 6;                  // without any answer in between

using DigestSet = std::unordered_set<crypto::Sha256, FixedBytesHash>;

struct ImportOptions {
  std::string account{};  // empty: the server's choice
  bool dry_run = false;
};

struct ImportRefusal {
  std::string where, file;
  std::size_t number = 0;    // in its file, from 1
  std::string guid, reason;  // guid may be empty
};

struct ImportCounts {
  std::uint64_t imported = 0, unchanged = 0, refused = 0;
  std::uint64_t done_before = 0;  // by an earlier run, or the same voucher twice
  std::uint64_t seen() const { return imported + unchanged + refused + done_before; }
};

class VoucherImport {
 public:
  using Batch = std::vector<FoundVoucher>;

  // `done`: digests of an earlier run's journal; these are never sent again.
  VoucherImport(ImportOptions options, DigestSet done)
      : options_(std::move(options)), done_(std::move(done)) {}

  void add(FoundVoucher voucher);
  bool wants_more() const;  // false when there is enough for several requests
  // The next batch within both limits; empty when nothing waits, or when `more_comes` and what
  // waits does not fill one.
  Batch take(bool more_comes);
  ApiRequest request_for(const Batch& batch) const;

  enum class Next { go_on, wait };  // wait: the server is busy or gone; wait_time() before the next
  // What the server said. A batch that it can't read is halved and tried again, down to the one
  // voucher at fault. A problem ends the import: not authenticated, forbidden, gone for too long, …
  Answer<Next> answered(Batch batch, const Result<ApiResponse>& response);
  Duration wait_time() const;  // 1 s, 2 s, 4 s, … after each attempt without an answer

  const ImportCounts& counts() const { return counts_; }
  std::vector<ImportRefusal> take_refusals() { return std::exchange(refusals_, {}); }
  // Imported or found unchanged since the last call: for the journal. Empty on a dry run.
  std::vector<crypto::Sha256> take_done() { return std::exchange(newly_done_, {}); }

 private:
  void refuse(const FoundVoucher& voucher, std::string guid, std::string reason);
  void put_back(Batch batch);
  Answer<void> record(const Batch& batch, const ApiResponse& response);

  ImportOptions options_;
  DigestSet done_, sent_;  // sent_: in this run, so that a voucher found twice goes once
  std::deque<Batch> again_;
  std::deque<FoundVoucher> waiting_;
  std::size_t waiting_bytes_ = 0;
  unsigned attempts_ = 0;
  bool attempt_counted_ = false;  // since the last take()
  ImportCounts counts_;
  std::vector<ImportRefusal> refusals_;
  std::vector<crypto::Sha256> newly_done_;
};

}  // namespace fairlead::client
