// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <mutex>

#include "base/result.h"
#include "client/apply/history.h"

namespace fairlead::tool {

// The journal beside a project: PROJECT.journal. One program at a time writes it.
class JournalFile {
 public:
  // What is there already, without holding it: an empty history if there is no file.
  static Result<client::History> read(const std::filesystem::path& path);
  // Takes off what was cut short at its end. busy: another program writes it.
  static Result<std::unique_ptr<JournalFile>> open(const std::filesystem::path& path);
  ~JournalFile();
  JournalFile(const JournalFile&) = delete;

  // Durable before it returns. From any thread.
  Result<void> add(const client::JournalLine& line);

 private:
  explicit JournalFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
  std::mutex mutex_;
};

}  // namespace fairlead::tool
