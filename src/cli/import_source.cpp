// SPDX-License-Identifier: Apache-2.0
#include "cli/import_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fairlead::cli {

namespace {

constexpr std::size_t portion_bytes = 256 * 1024;
constexpr std::size_t journal_line_max = 4096;

std::unexpected<Problem> file_problem(const std::string& name) {
  return problem(ProblemKind::failed, name + ": " + std::strerror(errno));
}

Answer<std::vector<std::string>> files_below(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> out;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code unreadable;
    if (at->is_regular_file(unreadable)) out.push_back(at->path().string());
  }
  if (error) return problem(ProblemKind::failed, folder + ": " + error.message());
  std::ranges::sort(out);
  return out;
}

}  // namespace

Answer<VoucherSource> VoucherSource::open(const std::vector<std::string>& names) {
  VoucherSource out;
  bool size_known = true;
  for (const auto& name : names) {
    std::error_code error;
    if (name == "-") {
      size_known = false;
      out.files_.push_back(name);
    } else if (std::filesystem::is_directory(name, error)) {
      TRY(auto files, files_below(name));
      out.files_.insert(out.files_.end(), files.begin(), files.end());
    } else if (::access(name.c_str(), R_OK) != 0) {
      return file_problem(name);
    } else {
      size_known = size_known && std::filesystem::is_regular_file(name, error);
      out.files_.push_back(name);
    }
  }
  for (const auto& file : out.files_) {
    std::error_code error;
    auto size = file == "-" ? 0 : std::filesystem::file_size(file, error);
    if (!error) out.bytes_total_ += size;
  }
  if (!size_known) out.bytes_total_ = 0;
  return out;
}

namespace {

// Archives are not unpacked here: their programs do it, and leave nothing on the disk either.
Answer<void> refuse_archive(const std::string& name, std::string_view begin) {
  using std::string_view_literals::operator""sv;
  constexpr std::size_t tar_mark = 257;
  auto advice = [&](std::string_view unpack) {
    return problem(ProblemKind::failed, name + " is an archive",
                   "Unpack it on the way: " + std::string(unpack) + " " + name +
                       " | fairlead voucher import -");
  };
  if (begin.starts_with("PK\x03\x04")) return advice("unzip -p");
  if (begin.starts_with("\x1f\x8b") ||
      begin.starts_with("\xfd"
                        "7zXZ\0"sv) ||
      begin.starts_with("\x28\xb5\x2f\xfd") ||
      (begin.size() > tar_mark && begin.substr(tar_mark).starts_with("ustar")))
    return advice("tar -xOf");
  return {};
}

}  // namespace

Answer<std::optional<client::FoundVoucher>> VoucherSource::next() {
  while (found_.empty()) {
    if (!file_ && files_.empty()) return std::optional<client::FoundVoucher>();
    TRY_VOID(read_more());
  }
  auto out = std::optional(std::move(found_.front()));
  found_.pop_front();
  return out;
}

Answer<void> VoucherSource::read_more() {
  const bool first_portion = !file_;
  if (first_portion) {
    name_ = files_.front();
    files_.pop_front();
    file_.reset(name_ == "-" ? stdin : std::fopen(name_.c_str(), "re"));
    if (!file_) return file_problem(name_);
    splitter_.emplace(name_ == "-" ? "standard input" : name_);
  }
  std::string portion(portion_bytes, '\0');
  portion.resize(std::fread(portion.data(), 1, portion.size(), file_.get()));
  bytes_read_ += portion.size();
  if (first_portion) TRY_VOID(refuse_archive(name_, portion));
  std::vector<client::FoundVoucher> found;
  splitter_->put(portion, found);
  if (portion.size() < portion_bytes) {
    if (std::ferror(file_.get())) return file_problem(name_);
    splitter_->finish(found);
    if (!splitter_->found_any()) empty_files_.push_back(name_);
    file_.reset();
  }
  std::ranges::move(found, std::back_inserter(found_));
  return {};
}

Answer<ImportJournal> ImportJournal::open(const std::filesystem::path& file, const std::string& of,
                                          bool resume) {
  ImportJournal out;
  out.path_ = file;
  std::string first = "fairlead-import 1 " + of + "\n";
  std::string tail;  // what follows the last line end: cut off before anything is appended
  bool exists = false;
  if (resume) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "re"), std::fclose);
    if (!in && errno != ENOENT) return file_problem(file.string());
    char line[journal_line_max];
    for (bool head = true; in && std::fgets(line, sizeof line, in.get()); head = false) {
      std::string_view text(line);
      if (head && !text.ends_with('\n') && first.starts_with(text)) break;  // cut short at birth
      if (head && text != first)
        return problem(ProblemKind::failed,
                       file.string() + " is the journal of another server or account",
                       "Import without --resume, or name another --report.");
      exists = true;
      if (!text.ends_with('\n')) {
        tail = text;
        break;
      }
      if (head) continue;
      text.remove_suffix(1);
      if (auto digest = crypto::Sha256::from_hex_text(text)) out.done_.insert(*digest);
    }
  }
  out.file_.reset(std::fopen(file.c_str(), exists ? "ae" : "we"));
  if (!out.file_) return file_problem(file.string());
  if (exists && !tail.empty()) std::fputs("\n", out.file_.get());
  if (!exists) std::fputs(first.c_str(), out.file_.get());
  TRY_VOID(out.add({}));
  return out;
}

Answer<void> ImportJournal::add(std::span<const crypto::Sha256> digests) {
  for (const auto& digest : digests)
    if (std::fputs((digest.hex() + "\n").c_str(), file_.get()) < 0)
      return file_problem(path_.string());
  if (std::fflush(file_.get()) != 0 || ::fdatasync(::fileno(file_.get())) != 0)
    return file_problem(path_.string());
  return {};
}

}  // namespace fairlead::cli
