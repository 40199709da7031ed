// SPDX-License-Identifier: Apache-2.0
// Where vouchers to import come from, and what remembers them: files, folders, standard input; the
// journal and the report.
#pragma once

#include <cstdio>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "client/operator/voucher_import.h"

namespace fairlead::cli {

// Reads portion by portion; never a whole file.
class VoucherSource {
 public:
  // Files, folders (with everything below, in order of names), "-". failed if one can't be opened.
  static Answer<VoucherSource> open(const std::vector<std::string>& names);

  Answer<std::optional<client::FoundVoucher>> next();  // nullopt: the end
  bool ended() const { return found_.empty() && !file_ && files_.empty(); }
  std::uintmax_t bytes_read() const { return bytes_read_; }
  std::uintmax_t bytes_total() const { return bytes_total_; }  // 0: unknown
  // Files in which there was no voucher.
  const std::vector<std::string>& empty_files() const { return empty_files_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const {
      if (file != stdin) std::fclose(file);
    }
  };
  Answer<void> read_more();

  std::deque<std::string> files_;
  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  std::optional<client::VoucherSplitter> splitter_;
  std::deque<client::FoundVoucher> found_;
  std::uintmax_t bytes_read_ = 0, bytes_total_ = 0;
  std::vector<std::string> empty_files_;
};

// What is done, so that it is never sent again: a first line with server and account, then a line
// of hexadecimal per voucher. A line that was cut short by a crash counts for nothing.
class ImportJournal {
 public:
  // resume: reads what is there; failed if it is of another server or account. Else starts anew.
  static Answer<ImportJournal> open(const std::filesystem::path& file, const std::string& of,
                                    bool resume);
  client::DigestSet take_done() { return std::move(done_); }
  Answer<void> add(std::span<const crypto::Sha256> digests);  // durable when it returns

 private:
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
  client::DigestSet done_;
};

}  // namespace fairlead::cli
