// SPDX-License-Identifier: Apache-2.0
#include "device/modules/working_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace fairlead::device {

namespace {

constexpr std::size_t name_bytes_max = 255, parts_max = 8;
constexpr std::string_view unfinished_suffix = ".fairlead-new";

std::unexpected<Error> io_failure(const std::string& what, int error = errno) {
  if (error == ELOOP || error == ENOTDIR)
    return fail(Errc::refused, what + ": a symbolic link or file stands where a folder is due");
  return fail(error == ENOENT ? Errc::not_found : Errc::io, what + ": " + std::strerror(error));
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = other.release();
    }
    return *this;
  }
  ~Fd() { close(); }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  void close() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd_;
};

enum class Missing { make, refuse };

// The folder that holds the last part of the name.
Result<Fd> open_folder(const std::filesystem::path& root, const std::vector<std::string>& parts,
                       Missing missing) {
  Fd at(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (at.get() < 0) return io_failure("working directory " + root.string());
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const char* part = parts[i].c_str();
    if (missing == Missing::make && ::mkdirat(at.get(), part, 0755) != 0 && errno != EEXIST)
      return io_failure("folder " + parts[i]);
    Fd next(::openat(at.get(), part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (next.get() < 0) return io_failure("folder " + parts[i]);
    at = std::move(next);
  }
  return at;
}

}  // namespace

Result<std::vector<std::string>> split_file_name(std::string_view name) {
  auto refuse = [&](const char* why) {
    return fail(Errc::refused, "file name " + std::string(why));
  };
  if (name.empty() || name.size() > name_bytes_max)
    return refuse("is empty or longer than 255 bytes");
  if (std::ranges::any_of(name,
                          [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }))
    return refuse("has a control character");
  if (name.front() == '/')
    return refuse("is absolute: only names inside the working directory are taken");
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= name.size();) {
    std::size_t end = std::min(name.find('/', begin), name.size());
    std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || part == ".") return refuse("has an empty part");
    if (part == "..") return refuse("leads out of the working directory");
    if (part.ends_with(unfinished_suffix)) return refuse("ends like that of an unfinished file");
    parts.emplace_back(part);
    if (parts.size() > parts_max) return refuse("has more than 8 parts");
    begin = end + 1;
  }
  return parts;
}

Result<void> WorkingDirectory::make() const {
  std::error_code error;
  std::filesystem::create_directories(path_.parent_path(), error);
  if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST)
    return io_failure("working directory " + path_.string());
  return ok();
}

Result<void> WorkingDirectory::clear() const {
  std::error_code error;
  std::filesystem::directory_iterator entries(path_, error);
  if (error == std::errc::no_such_file_or_directory) return ok();
  while (!error && entries != std::filesystem::directory_iterator()) {
    std::filesystem::remove_all(entries->path(), error);
    if (!error) entries.increment(error);
  }
  if (error) return fail(Errc::io, "clearing " + path_.string() + ": " + error.message());
  return ok();
}

Result<std::unique_ptr<NewFile>> WorkingDirectory::create(std::string_view name) const {
  TRY(auto parts, split_file_name(name));
  TRY_VOID(make());
  TRY(auto folder, open_folder(path_, parts, Missing::make));
  std::string unfinished = parts.back() + std::string(unfinished_suffix);
  if (::unlinkat(folder.get(), unfinished.c_str(), 0) != 0 && errno != ENOENT)
    return io_failure("file " + parts.back());
  Fd file(::openat(folder.get(), unfinished.c_str(),
                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (file.get() < 0) return io_failure("file " + parts.back());
  return std::unique_ptr<NewFile>(new NewFile(folder.release(), file.release(), parts.back()));
}

Result<Bytes> WorkingDirectory::read(std::string_view name, std::uint64_t bytes_max) const {
  TRY(auto parts, split_file_name(name));
  TRY(auto folder, open_folder(path_, parts, Missing::refuse));
  // Not to be held up by a pipe that somebody put there.
  Fd file(
      ::openat(folder.get(), parts.back().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::string what = "file " + std::string(name);
  if (file.get() < 0) return io_failure(what);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return io_failure(what);
  if (!S_ISREG(status.st_mode)) return fail(Errc::refused, what + " is not a plain file");
  Bytes out;
  std::uint8_t part[4096];
  for (;;) {
    ssize_t count = ::read(file.get(), part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_failure(what);
    if (count == 0) return out;
    if (out.size() + static_cast<std::uint64_t>(count) > bytes_max)
      return fail(Errc::refused, what + " is larger than the " + std::to_string(bytes_max) +
                                     " bytes that may be sent");
    append(out, View(part, static_cast<std::size_t>(count)));
  }
}

NewFile::~NewFile() {
  if (!committed_) ::unlinkat(folder_, (name_ + std::string(unfinished_suffix)).c_str(), 0);
  ::close(file_);
  ::close(folder_);
}

Result<void> NewFile::write(View part) {
  while (!part.empty()) {
    ssize_t count = ::write(file_, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return io_failure("writing " + name_);
    part = part.subspan(static_cast<std::size_t>(count));
  }
  return ok();
}

Result<void> NewFile::commit() {
  std::string unfinished = name_ + std::string(unfinished_suffix);
  if (::fsync(file_) != 0) return io_failure("writing " + name_);
  if (::renameat(folder_, unfinished.c_str(), folder_, name_.c_str()) != 0)
    return io_failure("writing " + name_);
  committed_ = true;
  if (::fsync(folder_) != 0) return io_failure("writing " + name_);
  return ok();
}

}  // namespace fairlead::device
