// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace fairlead::test {

// A directory of its own for one test (0700), removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();  // throws std::filesystem::filesystem_error where there is no room
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace fairlead::test
