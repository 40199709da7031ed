// SPDX-License-Identifier: Apache-2.0
#include "device/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>

#include "disk/folder.h"

namespace fairlead::device {

namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;

}  // namespace

Result<StateDirectory> StateDirectory::open(const std::filesystem::path& path,
                                            Checkpoint checkpoint) {
  std::string where = "state directory " + path.string();
  TRY_VOID(disk::make_folder(path, 0700).in("state directory"));
  disk::Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return disk::failure(where);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::busy, where + " is in use by another program");
  TRY_VOID(disk::clear_unfinished(fd.get()).in(where));
  return StateDirectory(std::move(fd), path, std::move(checkpoint));
}

Result<StateDirectory> StateDirectory::look(const std::filesystem::path& path) {
  disk::Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return fail(Errc::not_found, "there is no state directory " + path.string());
  if (!fd) return disk::failure("state directory " + path.string());
  return StateDirectory(std::move(fd), path, no_checkpoint);
}

Result<void> StateDirectory::write(const std::string& name, View content) const {
  return disk::write_file(fd_.get(), name, content, 0600, disk::IfThere::replace,
                          {&checkpoint_, name})
      .in("writing " + name + " in " + path_.string());
}

Result<std::optional<Bytes>> StateDirectory::read(const std::string& name) const {
  std::string where = "reading " + name + " in " + path_.string();
  disk::Descriptor file(::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::optional<Bytes>();
  if (!file) return disk::failure(where);
  Bytes out;
  std::uint8_t part[4096];
  for (;;) {
    TRY(std::size_t count, disk::read_some(file.get(), part).in(where));
    if (count == 0) return std::optional(std::move(out));
    if (out.size() + count > file_bytes_max) return fail(Errc::malformed, where + ": too large");
    append(out, View(part, count));
  }
}

Result<void> StateDirectory::remove(const std::string& name) const {
  std::string where = "removing " + name + " in " + path_.string();
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT) return disk::failure(where);
  return disk::sync(fd_.get()).in(where);
}

Result<std::uint64_t> StateDirectory::room() const {
  return disk::room_in(fd_.get()).in("state directory " + path_.string());
}

}  // namespace fairlead::device
