// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "upstream/access/table_file.h"
#include "upstream/access/topics.h"

namespace fairlead::upstream {

using table_file::OpenTable;

Result<void> check_entry(const AccessEntry& entry) {
  if (entry.state != AccessState::active && entry.state != AccessState::revoked)
    return fail(Errc::refused, "access entry: unknown state");
  if (entry.role != AccessRole::device && entry.role != AccessRole::service)
    return fail(Errc::refused, "access entry: unknown role");
  const auto& device = entry.device_id;
  if (!is_topic_level(device) || device.contains(':') ||
      device.size() > limits::access_device_id_bytes_max)
    return fail(Errc::refused, "access entry: '" + device +
                                   "' can't be a device id (1 to 64 printable ASCII characters "
                                   "without / : + # $ and space)");
  const auto& prefix = entry.topic_prefix;
  if (prefix.size() < 2 || prefix.size() > limits::access_topic_prefix_bytes_max)
    return fail(Errc::refused, "access entry of " + device + ": topic prefix of " +
                                   std::to_string(prefix.size()) + " bytes instead of 2 to 128");
  // Without the closing slash "a/b" would open "a/bc" as well.
  if (prefix.back() != '/' || prefix.front() == '/' || prefix.front() == '$' ||
      prefix.contains("//"))
    return fail(Errc::refused, "access entry of " + device + ": topic prefix '" + prefix +
                                   "' must be whole levels, the last with its '/'");
  auto is_plain = [](char c) { return c > ' ' && c < 0x7F && c != '+' && c != '#'; };
  if (!std::ranges::all_of(prefix, is_plain))
    return fail(Errc::refused, "access entry of " + device +
                                   ": topic prefix with a wildcard, space or control character");
  return ok();
}

struct AccessReader::Impl {
  std::string path;
  OpenTable table;
};

namespace {

// A table that is just being replaced may be open before its successor is there.
Result<OpenTable> open_newest(const std::string& path) {
  for (int i = 0;; ++i) {
    TRY(auto table, table_file::open_table(path, O_RDONLY));
    TRY(auto status, table_file::read_status(table).in(path));
    if (!status.superseded) return table;
    if (i == 8)
      return fail(Errc::malformed,
                  "access table " + path + " is marked as superseded, and nothing newer is there");
  }
}

}  // namespace

Result<std::unique_ptr<AccessReader>> AccessReader::open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  TRY(impl->table, open_newest(path));
  return std::make_unique<AccessReader>(std::move(impl));
}

AccessReader::AccessReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AccessReader::~AccessReader() = default;

Result<std::optional<AccessEntry>> AccessReader::find(
    const CertificateFingerprint& fingerprint) const {
  TRY(auto found, table_file::search(impl_->table, fingerprint));
  if (found.slot) return std::optional<AccessEntry>(std::move(found.entry));
  if (found.torn > 0)
    return fail(Errc::malformed,
                "not found, but " + std::to_string(found.torn) +
                    " damaged entries of the access table are where it might have been");
  return std::optional<AccessEntry>();
}

Result<AccessStatus> AccessReader::status() const { return table_file::read_status(impl_->table); }

std::optional<std::vector<CertificateFingerprint>> AccessReader::taken_away(
    std::uint64_t after, std::uint64_t upto) const {
  using namespace table_file;
  if (upto < after || upto - after > recent_count) return std::nullopt;
  std::array<std::uint8_t, recent_count * taken_bytes> recent;
  if (!read_exactly(impl_->table.file.get(), recent, recent_offset)) return std::nullopt;
  std::vector<CertificateFingerprint> out;
  for (auto number = after + 1; number <= upto; ++number) {
    auto one = std::span(recent).subspan(number % recent_count * taken_bytes).first<taken_bytes>();
    auto fingerprint = decode_taken(one, number, impl_->table.layout.table_id);
    if (!fingerprint) return std::nullopt;
    out.push_back(*fingerprint);
  }
  return out;
}

Result<AccessReader::Reload> AccessReader::reload_if_superseded() {
  struct stat now{};
  if (::stat(impl_->path.c_str(), &now) != 0)
    return fail(errno == ENOENT ? Errc::not_found : Errc::io,
                "access table " + impl_->path + ": " + table_file::errno_words(errno));
  bool same = now.st_dev == impl_->table.device && now.st_ino == impl_->table.inode;
  if (same) {
    TRY(auto about, status());
    if (static_cast<std::uint64_t>(now.st_size) != impl_->table.layout.file_bytes())
      return fail(Errc::malformed, "the access table has changed its size");
    if (!about.superseded) return Reload::unchanged;
  }
  TRY(impl_->table, open_newest(impl_->path));
  return Reload::reloaded;
}

}  // namespace fairlead::upstream
