// SPDX-License-Identifier: Apache-2.0
#include "keystore/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <chrono>
#include <thread>

#include "disk/folder.h"

namespace fairlead::keystore {

namespace {

constexpr std::size_t file_bytes_max = 16 * 1024;
constexpr auto lock_deadline = std::chrono::seconds(5);

Result<void> check_private(const struct stat& status, const std::string& what) {
  if (status.st_uid != ::geteuid())
    return fail(Errc::refused, what + " belongs to another user (uid " +
                                   std::to_string(status.st_uid) +
                                   "): keys are read from one's own files only");
  if ((status.st_mode & 077) != 0) {
    constexpr char octal[] = "01234567";
    std::string mode{'0', octal[status.st_mode >> 6 & 7], octal[status.st_mode >> 3 & 7],
                     octal[status.st_mode & 7]};
    return fail(Errc::refused, what + " is open to group or others (mode " + mode +
                                   "): take that away with chmod go=");
  }
  return ok();
}

}  // namespace

Result<Directory> Directory::open(const std::filesystem::path& path, Checkpoint checkpoint) {
  TRY_VOID(disk::make_folder(path, 0700).in("keystore"));
  disk::Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return disk::failure("keystore " + path.string());
  Directory out(std::move(fd), path, std::move(checkpoint));
  struct stat status{};
  if (::fstat(out.fd_.get(), &status) != 0) return disk::failure("keystore " + path.string());
  TRY_VOID(check_private(status, "keystore directory " + path.string()));
  TRY_VOID(out.lock_and_clean());
  TRY_VOID(out.check_files());
  return out;
}

// Whoever is alone may clear away unfinished files: with others there, one of them may be writing
// just now.
Result<void> Directory::lock_and_clean() const {
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) {
    TRY_VOID(disk::clear_unfinished(fd_.get()).in("keystore " + path_.string()));
    TRY_VOID(sync());
  }
  auto deadline = std::chrono::steady_clock::now() + lock_deadline;
  while (::flock(fd_.get(), LOCK_SH | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return disk::failure("keystore " + path_.string() + ": locking");
    if (std::chrono::steady_clock::now() > deadline)
      return fail(Errc::busy, "keystore " + path_.string() + " is locked by another process");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return ok();
}

Result<void> Directory::check_files() const {
  TRY(auto names, list());
  for (const std::string& name : names) {
    struct stat status{};
    if (::fstatat(fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // another process removed it meanwhile
      return disk::failure("keystore " + path_.string() + ": " + name);
    }
    // The mode of a symbolic link says nothing; read() refuses links.
    if (!S_ISLNK(status.st_mode))
      TRY_VOID(check_private(status, "keystore file " + (path_ / name).string()));
  }
  return ok();
}

Result<void> Directory::sync() const {
  return disk::sync(fd_.get()).in("keystore " + path_.string());
}

Result<void> Directory::create(const std::string& name, View content) const {
  return disk::write_file(fd_.get(), name, content, 0600, disk::IfThere::conflict,
                          {&checkpoint_, "keystore.create"})
      .in("keystore " + path_.string());
}

Result<SecretBytes> Directory::read(const std::string& name) const {
  const std::string what = (path_ / name).string();
  disk::Descriptor file(
      ::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return fail(Errc::not_found, what + " does not exist");
  if (!file) return disk::failure(what);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return disk::failure(what);
  if (!S_ISREG(status.st_mode)) return fail(Errc::refused, what + " is not a plain file");
  TRY_VOID(check_private(status, "keystore file " + what));
  if (status.st_size > static_cast<off_t>(file_bytes_max))
    return fail(Errc::malformed, what + " is too long");
  SecretBytes out(static_cast<std::size_t>(status.st_size));
  TRY(std::size_t count, disk::read_some(file.get(), out.writable()).in(what));
  if (count < out.size()) return fail(Errc::io, what + " became shorter while it was read");
  return out;
}

Result<void> Directory::rename(const std::string& from, const std::string& to) const {
  TRY_VOID(step("rename.before"));
  if (::renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()) != 0) {
    if (errno == ENOENT) return fail(Errc::not_found, (path_ / from).string() + " does not exist");
    return disk::failure("keystore " + path_.string() + ": renaming " + from + " to " + to);
  }
  TRY_VOID(sync());
  return step("rename.done");
}

Result<void> Directory::remove(const std::string& name) const {
  TRY_VOID(step("remove.before"));
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
    return disk::failure("keystore " + path_.string() + ": removing " + name);
  TRY_VOID(sync());
  return step("remove.done");
}

Result<void> Directory::step(std::string_view point) const {
  return checkpoint_ ? checkpoint_("keystore." + std::string(point)) : ok();
}

Result<std::vector<std::string>> Directory::list() const {
  TRY(auto names, disk::list_folder(fd_.get()).in("keystore " + path_.string()));
  std::erase_if(names,
                [](const std::string& name) { return name.starts_with(disk::unfinished_prefix); });
  return names;
}

}  // namespace fairlead::keystore
