// SPDX-License-Identifier: Apache-2.0
// The directory in which a device keeps what survives a restart. Files change only as a whole.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/checkpoint.h"
#include "base/result.h"
#include "disk/descriptor.h"

namespace fairlead::device {

class StateDirectory {
 public:
  // Makes the directory (0700) where missing and takes a lock: one program per directory (busy
  // otherwise). Clears away what a crash left half-written.
  static Result<StateDirectory> open(const std::filesystem::path& path,
                                     Checkpoint checkpoint = no_checkpoint);
  // For looking only (status): no lock, nothing made, nothing cleared. not_found if there is none.
  static Result<StateDirectory> look(const std::filesystem::path& path);

  // Written beside, synced, moved into place: afterwards the file has its old content or the new
  // one. Points asked: NAME.before, NAME.written, NAME.synced, NAME.done.
  Result<void> write(const std::string& name, View content) const;
  Result<std::optional<Bytes>> read(
      const std::string& name) const;                  // empty if absent; at most 1 MiB
  Result<void> remove(const std::string& name) const;  // durable; no error if absent
  Result<std::uint64_t> room() const;                  // bytes that can still be written here

  const std::filesystem::path& path() const { return path_; }

 private:
  StateDirectory(disk::Descriptor fd, std::filesystem::path path, Checkpoint checkpoint)
      : fd_(std::move(fd)), path_(std::move(path)), checkpoint_(std::move(checkpoint)) {}

  disk::Descriptor fd_;  // with the lock
  std::filesystem::path path_;
  Checkpoint checkpoint_;
};

}  // namespace fairlead::device
