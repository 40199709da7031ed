// SPDX-License-Identifier: Apache-2.0
// Files that profiles give to devices: of any size, in a folder that an operator fills.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "fdo/owner_modules.h"

namespace fairlead::server {

// Thread-safe. Several servers need the same files; nothing here copies them.
class FileShelf {
 public:
  explicit FileShelf(std::filesystem::path folder);
  ~FileShelf();

  // A plain file right in the folder: names with "/" or a dot in front are refused. Whether it is
  // there, and what it is, tells describe(): hashed at the first use, and again when it has
  // changed. The shelf outlives what it returns.
  std::shared_ptr<const fdo::FileSource> find(const std::string& name) const;

 private:
  struct Hashes;
  class File;
  std::filesystem::path folder_;
  std::unique_ptr<Hashes> hashes_;
};

}  // namespace fairlead::server
