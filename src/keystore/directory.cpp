// SPDX-License-Identifier: Apache-2.0
#include "keystore/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include "crypto/system_random.h"

namespace fairlead::keystore {

namespace {

constexpr std::size_t file_bytes_max = 16 * 1024;
constexpr std::string_view unfinished_prefix = ".new-";  // no key name begins with a dot
constexpr auto lock_deadline = std::chrono::seconds(5);

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

std::unexpected<Error> io_failure(const std::string& what, int error = errno) {
  return fail(Errc::io, what + ": " + std::strerror(error));
}

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

Result<std::vector<std::string>> entries(int fd, const std::string& path) {
  Fd own(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* stream = own.get() < 0 ? nullptr : ::fdopendir(own.get());
  if (!stream) return io_failure("keystore " + path);
  own.release();
  std::vector<std::string> out;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") out.emplace_back(name);
    errno = 0;
  }
  int error = errno;
  ::closedir(stream);
  if (error != 0) return io_failure("keystore " + path, error);
  std::ranges::sort(out);
  return out;
}

Result<void> write_all(int fd, View content) {
  while (!content.empty()) {
    ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return io_failure("writing");
    content = content.subspan(static_cast<std::size_t>(count));
  }
  if (::fsync(fd) != 0) return io_failure("syncing");
  return ok();
}

// The name that `make` gives to a new directory has to survive too, so its parent is synced.
Result<void> make_directory(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path whole = std::filesystem::absolute(path, error).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  if (std::filesystem::is_directory(whole, error)) return ok();
  std::filesystem::create_directories(whole.parent_path(), error);
  if (error) return fail(Errc::io, "keystore " + path.string() + ": " + error.message());
  if (::mkdir(whole.c_str(), 0700) != 0 && errno != EEXIST)
    return io_failure("keystore " + path.string());
  Fd parent(::open(whole.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.get() < 0 || ::fsync(parent.get()) != 0)
    return io_failure("keystore " + path.string());
  return ok();
}

}  // namespace

Directory::Directory(Directory&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

Directory::~Directory() {
  if (fd_ >= 0) ::close(fd_);  // gives up the lock
}

Result<Directory> Directory::open(const std::filesystem::path& path) {
  TRY_VOID(make_directory(path));
  int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return io_failure("keystore " + path.string());
  Directory out(fd, path);
  struct stat status{};
  if (::fstat(fd, &status) != 0) return io_failure("keystore " + path.string());
  TRY_VOID(check_private(status, "keystore directory " + path.string()));
  TRY_VOID(out.lock_and_clean());
  TRY_VOID(out.check_files());
  return out;
}

// Whoever is alone may clear away unfinished files: with others there, one of them may be writing
// just now.
Result<void> Directory::lock_and_clean() const {
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) {
    TRY(auto names, entries(fd_, path_.string()));
    for (const std::string& name : names)
      if (name.starts_with(unfinished_prefix) && ::unlinkat(fd_, name.c_str(), 0) != 0)
        return io_failure("keystore " + path_.string() + ": clearing away " + name);
    TRY_VOID(sync());
  }
  auto deadline = std::chrono::steady_clock::now() + lock_deadline;
  while (::flock(fd_, LOCK_SH | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return io_failure("keystore " + path_.string() + ": locking");
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
    if (::fstatat(fd_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // another process removed it meanwhile
      return io_failure("keystore " + path_.string() + ": " + name);
    }
    // The mode of a symbolic link says nothing; read() refuses links.
    if (!S_ISLNK(status.st_mode))
      TRY_VOID(check_private(status, "keystore file " + (path_ / name).string()));
  }
  return ok();
}

Result<void> Directory::sync() const {
  if (::fsync(fd_) != 0) return io_failure("keystore " + path_.string() + ": syncing");
  return ok();
}

Result<void> Directory::create(const std::string& name, View content) const {
  crypto::SystemRandom random;
  const std::string unfinished = std::string(unfinished_prefix) + to_hex(random.bytes(8));
  Fd file(::openat(fd_, unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   0600));
  if (file.get() < 0) return io_failure("keystore " + path_.string());
  Result<void> written = write_all(file.get(), content);
  // link, not rename: it refuses by itself where the name is taken, whoever took it.
  int linked = written ? ::linkat(fd_, unfinished.c_str(), fd_, name.c_str(), 0) : -1;
  int error = errno;
  ::unlinkat(fd_, unfinished.c_str(), 0);
  if (!written) return std::move(written).in("keystore " + path_.string());
  if (linked != 0 && error == EEXIST)
    return fail(Errc::conflict, "keystore " + path_.string() + ": " + name + " is there already");
  if (linked != 0) return io_failure("keystore " + path_.string() + ": " + name, error);
  return sync();
}

Result<SecretBytes> Directory::read(const std::string& name) const {
  const std::string what = (path_ / name).string();
  Fd file(::openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return fail(Errc::not_found, what + " does not exist");
  if (file.get() < 0) return io_failure(what);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return io_failure(what);
  if (!S_ISREG(status.st_mode)) return fail(Errc::refused, what + " is not a plain file");
  TRY_VOID(check_private(status, "keystore file " + what));
  if (status.st_size > static_cast<off_t>(file_bytes_max))
    return fail(Errc::malformed, what + " is too long");
  SecretBytes out(static_cast<std::size_t>(status.st_size));
  std::span<std::uint8_t> left = out.writable();
  while (!left.empty()) {
    ssize_t count = ::read(file.get(), left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_failure(what);
    if (count == 0) return fail(Errc::io, what + " became shorter while it was read");
    left = left.subspan(static_cast<std::size_t>(count));
  }
  return out;
}

Result<void> Directory::rename(const std::string& from, const std::string& to) const {
  if (::renameat(fd_, from.c_str(), fd_, to.c_str()) != 0) {
    if (errno == ENOENT) return fail(Errc::not_found, (path_ / from).string() + " does not exist");
    return io_failure("keystore " + path_.string() + ": renaming " + from + " to " + to);
  }
  return sync();
}

Result<void> Directory::remove(const std::string& name) const {
  if (::unlinkat(fd_, name.c_str(), 0) != 0 && errno != ENOENT)
    return io_failure("keystore " + path_.string() + ": removing " + name);
  return sync();
}

Result<std::vector<std::string>> Directory::list() const {
  TRY(auto names, entries(fd_, path_.string()));
  std::erase_if(names, [](const std::string& name) { return name.starts_with(unfinished_prefix); });
  return names;
}

}  // namespace fairlead::keystore
