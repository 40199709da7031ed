// SPDX-License-Identifier: Apache-2.0
#include "device/state_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace fairlead::device {

namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr std::string_view unfinished_suffix = ".new";

std::unexpected<Error> io_failure(const std::string& what, int error = errno) {
  return fail(Errc::io, what + ": " + std::strerror(error));
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<void> write_all(int fd, View content) {
  while (!content.empty()) {
    ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return io_failure("writing");
    content = content.subspan(static_cast<std::size_t>(count));
  }
  return ok();
}

Result<void> clear_unfinished(int fd) {
  int own = ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = own < 0 ? nullptr : ::fdopendir(own);
  if (!stream) return io_failure("listing");
  std::vector<std::string> unfinished;
  while (const dirent* entry = ::readdir(stream))
    if (std::string_view(entry->d_name).ends_with(unfinished_suffix))
      unfinished.emplace_back(entry->d_name);
  ::closedir(stream);
  for (const std::string& name : unfinished)
    if (::unlinkat(fd, name.c_str(), 0) != 0 && errno != ENOENT)
      return io_failure("clearing away " + name);
  return ok();
}

}  // namespace

Result<StateDirectory> StateDirectory::open(const std::filesystem::path& path,
                                            Checkpoint checkpoint) {
  std::error_code error;
  std::string where = "state directory " + path.string();
  std::filesystem::create_directories(path.parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return io_failure(where);
  int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return io_failure(where);
  StateDirectory out(fd, path, std::move(checkpoint));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::busy, where + " is in use by another program");
  TRY_VOID(clear_unfinished(fd).in(where));
  return out;
}

Result<StateDirectory> StateDirectory::look(const std::filesystem::path& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return fail(Errc::not_found, "there is no state directory " + path.string());
  if (fd < 0) return io_failure("state directory " + path.string());
  return StateDirectory(fd, path, no_checkpoint);
}

StateDirectory::~StateDirectory() {
  if (fd_ >= 0) ::close(fd_);  // gives up the lock
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      checkpoint_(std::move(other.checkpoint_)) {}

Result<void> StateDirectory::write(const std::string& name, View content) const {
  std::string where = "writing " + name + " in " + path_.string();
  std::string unfinished = name + std::string(unfinished_suffix);
  TRY_VOID(checkpoint_(name + ".before").in(where));
  {
    Fd file(::openat(fd_, unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                     0600));
    if (file.get() < 0) return io_failure(where);
    TRY_VOID(write_all(file.get(), content).in(where));
    TRY_VOID(checkpoint_(name + ".written").in(where));
    if (::fsync(file.get()) != 0) return io_failure(where);
  }
  TRY_VOID(checkpoint_(name + ".synced").in(where));
  if (::renameat(fd_, unfinished.c_str(), fd_, name.c_str()) != 0) return io_failure(where);
  if (::fsync(fd_) != 0) return io_failure(where);
  return checkpoint_(name + ".renamed").in(where);
}

Result<std::optional<Bytes>> StateDirectory::read(const std::string& name) const {
  std::string where = "reading " + name + " in " + path_.string();
  Fd file(::openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return std::optional<Bytes>();
  if (file.get() < 0) return io_failure(where);
  Bytes out;
  std::uint8_t part[4096];
  for (;;) {
    ssize_t count = ::read(file.get(), part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_failure(where);
    if (count == 0) return std::optional(std::move(out));
    if (out.size() + static_cast<std::size_t>(count) > file_bytes_max)
      return fail(Errc::malformed, where + ": too large");
    append(out, View(part, static_cast<std::size_t>(count)));
  }
}

Result<void> StateDirectory::remove(const std::string& name) const {
  if (::unlinkat(fd_, name.c_str(), 0) != 0 && errno != ENOENT)
    return io_failure("removing " + name + " in " + path_.string());
  if (::fsync(fd_) != 0) return io_failure("removing " + name + " in " + path_.string());
  return ok();
}

Result<std::uint64_t> StateDirectory::room() const {
  struct statvfs disk{};
  if (::fstatvfs(fd_, &disk) != 0) return io_failure("state directory " + path_.string());
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

}  // namespace fairlead::device
