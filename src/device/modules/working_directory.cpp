// SPDX-License-Identifier: Apache-2.0
#include "device/modules/working_directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

namespace fairlead::device {

namespace {

constexpr std::size_t name_bytes_max = 255, parts_max = 8;
// What an owner's files leave for identity, journal and keys, which may share the disk.
constexpr std::uint64_t reserve_bytes = 256 * 1024;

std::unexpected<Error> io_failure(const std::string& what, int error = errno) {
  if (error == ELOOP || error == ENOTDIR)
    return fail(Errc::refused, what + ": a symbolic link or file stands where a folder is due");
  if (error == ENOENT) return fail(Errc::not_found, what + ": " + std::strerror(error));
  return disk::failure(what, error);
}

enum class Missing { make, refuse };

// The folder that holds the last part of the name.
Result<disk::Descriptor> open_folder(const std::filesystem::path& root,
                                     const std::vector<std::string>& parts, Missing missing) {
  disk::Descriptor at(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!at) return io_failure("working directory " + root.string());
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const char* part = parts[i].c_str();
    if (missing == Missing::make) {
      if (::mkdirat(at.get(), part, 0755) == 0)
        TRY_VOID(disk::sync(at.get()).in("folder " + parts[i]));
      else if (errno != EEXIST)
        return io_failure("folder " + parts[i]);
    }
    disk::Descriptor next(
        ::openat(at.get(), part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return io_failure("folder " + parts[i]);
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
    if (part.starts_with(disk::unfinished_prefix))
      return refuse("begins like that of an unfinished file");
    parts.emplace_back(part);
    if (parts.size() > parts_max) return refuse("has more than 8 parts");
    begin = end + 1;
  }
  return parts;
}

Result<void> WorkingDirectory::make() const {
  return disk::make_folder(path_, 0700).in("working directory");
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

Result<void> WorkingDirectory::clear_unfinished() const {
  std::error_code error;
  std::filesystem::recursive_directory_iterator entries(path_, error);
  if (error == std::errc::no_such_file_or_directory) return ok();
  std::error_code removing;
  while (!error && !removing && entries != std::filesystem::recursive_directory_iterator()) {
    if (entries->path().filename().string().starts_with(disk::unfinished_prefix))
      std::filesystem::remove(entries->path(), removing);
    entries.increment(error);
  }
  if (removing) error = removing;
  if (error) return fail(Errc::io, "clearing " + path_.string() + ": " + error.message());
  return ok();
}

Result<NewFile> WorkingDirectory::create(std::string_view name, std::uint64_t size) const {
  TRY(auto parts, split_file_name(name));
  TRY_VOID(make());
  TRY(auto folder, open_folder(path_, parts, Missing::make));
  std::string what = "file " + parts.back();
  TRY(std::uint64_t room, disk::room_in(folder.get()).in(what));
  if (room < reserve_bytes || room - reserve_bytes < size) return disk::failure(what, ENOSPC);
  TRY(auto file, disk::NewFile::begin(folder.get(), 0644).in(what));
  return NewFile(std::move(folder), std::move(file), parts.back());
}

Result<OpenFile> WorkingDirectory::open(std::string_view name, std::uint64_t bytes_max) const {
  TRY(auto parts, split_file_name(name));
  TRY(auto folder, open_folder(path_, parts, Missing::refuse));
  // Not to be held up by a pipe that somebody put there.
  disk::Descriptor file(
      ::openat(folder.get(), parts.back().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::string what = "file " + std::string(name);
  if (!file) return io_failure(what);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return io_failure(what);
  if (!S_ISREG(status.st_mode)) return fail(Errc::refused, what + " is not a plain file");
  auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > bytes_max)
    return fail(Errc::refused, what + " is larger than the " + std::to_string(bytes_max) +
                                   " bytes that may be sent");
  return OpenFile(std::move(file), size);
}

Result<Bytes> OpenFile::read(std::size_t most) {
  Bytes out(static_cast<std::size_t>(std::min<std::uint64_t>(most, left_)));
  TRY(std::size_t count, disk::read_some(file_.get(), out));
  if (count < out.size()) return fail(Errc::io, "the file became shorter while it was sent");
  left_ -= count;
  return out;
}

Result<void> NewFile::write(View part) { return file_.write(part).in("file " + name_); }

Result<void> NewFile::commit() {
  return file_.appear(name_, disk::IfThere::replace).in("file " + name_);
}

}  // namespace fairlead::device
