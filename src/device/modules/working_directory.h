// SPDX-License-Identifier: Apache-2.0
// The one folder in which an owner's files live. A name from outside never leads out of it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "disk/folder.h"

namespace fairlead::device {

// refused unless the name is relative, of at most 8 parts and 255 bytes, without "", ".", "..",
// control characters and the names of unfinished files.
Result<std::vector<std::string>> split_file_name(std::string_view name);

// A file that is being written beside its place. Without commit() it leaves nothing behind.
class NewFile {
 public:
  Result<void> write(View part);
  Result<void> commit();  // synced and moved into place

 private:
  friend class WorkingDirectory;
  NewFile(disk::Descriptor folder, disk::NewFile file, std::string name)
      : folder_(std::move(folder)), file_(std::move(file)), name_(std::move(name)) {}
  disk::Descriptor folder_;
  disk::NewFile file_;
  std::string name_;
};

// A file that is being read, as long as it was when it was opened.
class OpenFile {
 public:
  std::uint64_t left() const { return left_; }
  // The next `most` bytes, fewer only at the end; io if the file has become shorter.
  Result<Bytes> read(std::size_t most);

 private:
  friend class WorkingDirectory;
  OpenFile(disk::Descriptor file, std::uint64_t size) : file_(std::move(file)), left_(size) {}
  disk::Descriptor file_;
  std::uint64_t left_;
};

class WorkingDirectory {
 public:
  explicit WorkingDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  // Each part of the name is opened without following symbolic links, so none leads outside.
  // Folders are made. io, in the system's words for a full disk, if there is no room for `size`
  // bytes and a reserve for the device's own files.
  Result<NewFile> create(std::string_view name, std::uint64_t size = 0) const;
  Result<OpenFile> open(std::string_view name, std::uint64_t bytes_max) const;  // plain files only
  Result<void> make() const;              // the folder itself, 0700
  Result<void> clear() const;             // everything in it; links are removed, not followed
  Result<void> clear_unfinished() const;  // what a power cut left; while nobody writes
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace fairlead::device
