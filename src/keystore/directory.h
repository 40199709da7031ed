// SPDX-License-Identifier: Apache-2.0
// A private directory whose files change only as a whole. Knows nothing of keys.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/checkpoint.h"
#include "base/result.h"
#include "base/secret.h"
#include "disk/descriptor.h"

namespace fairlead::keystore {

class Directory {
 public:
  // Makes the directory (0700) and its parents where missing, and clears away what a crash left.
  // refused if the directory or a file in it belongs to another user or can be reached by group or
  // others; io otherwise. Holds a shared lock on the directory while it lives. Points asked:
  // keystore.create, .rename and .remove, with the steps of disk/folder.h.
  static Result<Directory> open(const std::filesystem::path& path, Checkpoint checkpoint = {});

  // Names are plain file names, checked by the caller. Durable when these return without an error.
  Result<void> create(const std::string& name, View content) const;  // conflict if it is there
  Result<SecretBytes> read(const std::string& name) const;           // not_found; at most 16 KiB
  Result<void> rename(const std::string& from, const std::string& to) const;  // not_found
  Result<void> remove(const std::string& name) const;                         // no error if absent
  Result<std::vector<std::string>> list() const;  // sorted; without what is being written

 private:
  Directory(disk::Descriptor fd, std::filesystem::path path, Checkpoint checkpoint)
      : fd_(std::move(fd)), path_(std::move(path)), checkpoint_(std::move(checkpoint)) {}
  Result<void> lock_and_clean() const;
  Result<void> check_files() const;
  Result<void> sync() const;
  Result<void> step(std::string_view point) const;

  disk::Descriptor fd_;  // with the lock
  std::filesystem::path path_;
  Checkpoint checkpoint_;
};

}  // namespace fairlead::keystore
