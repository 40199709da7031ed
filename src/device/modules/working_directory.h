// SPDX-License-Identifier: Apache-2.0
// The one folder in which an owner's files live. A name from outside never leads out of it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::device {

// refused unless the name is relative, of at most 8 parts and 255 bytes, without "", ".", ".." and
// control characters.
Result<std::vector<std::string>> split_file_name(std::string_view name);

// A file that is being written beside its place. Without commit() it leaves nothing behind.
class NewFile {
 public:
  ~NewFile();
  NewFile(const NewFile&) = delete;
  Result<void> write(View part);
  Result<void> commit();  // synced and moved into place

 private:
  friend class WorkingDirectory;
  NewFile(int folder, int file, std::string name)
      : folder_(folder), file_(file), name_(std::move(name)) {}
  int folder_, file_;
  std::string name_;
  bool committed_ = false;
};

class WorkingDirectory {
 public:
  explicit WorkingDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  // Each part of the name is opened without following symbolic links, so none leads outside.
  // Folders are made.
  Result<std::unique_ptr<NewFile>> create(std::string_view name) const;
  Result<Bytes> read(std::string_view name, std::uint64_t bytes_max) const;  // plain files only
  Result<void> make() const;   // the folder itself, 0700
  Result<void> clear() const;  // everything in it; links are removed, not followed
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace fairlead::device
