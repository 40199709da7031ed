// SPDX-License-Identifier: Apache-2.0
#include "tool/journal_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "disk/descriptor.h"
#include "disk/whole_file.h"

namespace fairlead::tool {

namespace {

constexpr std::size_t journal_bytes_max = 512 * 1024 * 1024;

std::unexpected<Error> file_error(const std::filesystem::path& path) {
  return fail(Errc::io, path.string() + ": " + std::strerror(errno));
}

}  // namespace

Result<client::History> JournalFile::read(const std::filesystem::path& path) {
  auto text = disk::read_file(path, journal_bytes_max);
  if (!text && text.error().code == Errc::not_found) return client::History();
  if (!text) return fail(text.error());
  return client::History::read(*text).in(path.string());
}

Result<std::unique_ptr<JournalFile>> JournalFile::open(const std::filesystem::path& path) {
  int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) return file_error(path);
  std::unique_ptr<JournalFile> out(new JournalFile(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::busy, path.string() + ": another program works on this project");
  TRY(auto text, disk::read_all(descriptor, path.string(), journal_bytes_max));
  auto end = text.rfind('\n');
  std::size_t whole = end == text.npos ? 0 : end + 1;
  if (whole != text.size() && ::ftruncate(descriptor, static_cast<off_t>(whole)) != 0)
    return file_error(path);
  return out;
}

JournalFile::~JournalFile() { ::close(descriptor_); }

Result<void> JournalFile::add(const client::JournalLine& line) {
  std::string text = client::to_line(line) + "\n";
  std::lock_guard lock(mutex_);
  TRY_VOID(disk::write_all(descriptor_, as_view(text)).in("the journal"));
  if (::fdatasync(descriptor_) != 0) return disk::failure("the journal");
  return ok();
}

}  // namespace fairlead::tool
