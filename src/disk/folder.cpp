// SPDX-License-Identifier: Apache-2.0
#include "disk/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace fairlead::disk {

Result<void> make_folder(const std::filesystem::path& path, mode_t mode) {
  std::error_code error;
  std::filesystem::path whole = std::filesystem::absolute(path, error).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  if (std::filesystem::is_directory(whole, error)) return ok();
  std::filesystem::create_directories(whole.parent_path(), error);
  if (error) return fail(Errc::io, path.string() + ": " + error.message());
  if (::mkdir(whole.c_str(), mode) != 0 && errno != EEXIST) return failure(path.string());
  Descriptor parent(::open(whole.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return failure(path.string());
  return sync(parent.get()).in(path.string());
}

Result<std::vector<std::string>> list_folder(int folder) {
  Descriptor own(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* stream = own ? ::fdopendir(own.get()) : nullptr;
  if (!stream) return failure("listing");
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
  if (error != 0) return failure("listing", error);
  std::ranges::sort(out);
  return out;
}

Result<void> clear_unfinished(int folder) {
  TRY(auto names, list_folder(folder));
  for (const std::string& name : names)
    if (name.starts_with(unfinished_prefix) && ::unlinkat(folder, name.c_str(), 0) != 0 &&
        errno != ENOENT)
      return failure("clearing away " + name);
  return ok();
}

Result<std::uint64_t> room_in(int folder) {
  struct statvfs volume{};
  if (::fstatvfs(folder, &volume) != 0) return failure("looking for room");
  return std::uint64_t{volume.f_bavail} * volume.f_frsize;
}

Result<void> Steps::at(std::string_view step) const {
  if (!checkpoint || !*checkpoint) return ok();
  return (*checkpoint)(name + "." + std::string(step));
}

Result<NewFile> NewFile::begin(int folder, mode_t mode) {
  std::array<std::uint8_t, 8> drawn{};
  if (::getrandom(drawn.data(), drawn.size(), 0) != drawn.size()) return failure("drawing a name");
  std::string unfinished = std::string(unfinished_prefix) + to_hex(View(drawn));
  Descriptor file(::openat(folder, unfinished.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file) return failure("making a file");
  return NewFile(folder, std::move(file), std::move(unfinished));
}

NewFile::NewFile(NewFile&& other) noexcept
    : folder_(other.folder_),
      file_(std::move(other.file_)),
      unfinished_(std::exchange(other.unfinished_, {})) {}

NewFile::~NewFile() {
  if (!unfinished_.empty()) ::unlinkat(folder_, unfinished_.c_str(), 0);
}

Result<void> NewFile::write(View part) { return write_all(file_.get(), part); }

Result<void> NewFile::appear(const std::string& name, IfThere if_there, const Steps& steps) {
  TRY_VOID(steps.at("written"));
  TRY_VOID(sync(file_.get()));
  TRY_VOID(steps.at("synced"));
  if (if_there == IfThere::conflict) {
    // link, not rename: it refuses by itself where the name is taken, whoever took it.
    if (::linkat(folder_, unfinished_.c_str(), folder_, name.c_str(), 0) != 0) {
      if (errno == EEXIST) return fail(Errc::conflict, name + " is there already");
      return failure(name);
    }
    TRY_VOID(steps.at("linked"));
    ::unlinkat(folder_, unfinished_.c_str(), 0);
  } else if (::renameat(folder_, unfinished_.c_str(), folder_, name.c_str()) != 0) {
    return failure(name);
  }
  unfinished_.clear();
  TRY_VOID(sync(folder_));
  return steps.at("done");
}

Result<void> write_file(int folder, const std::string& name, View content, mode_t mode,
                        IfThere if_there, const Steps& steps) {
  TRY_VOID(steps.at("before"));
  TRY(auto file, NewFile::begin(folder, mode));
  TRY_VOID(file.write(content));
  return file.appear(name, if_there, steps);
}

}  // namespace fairlead::disk
