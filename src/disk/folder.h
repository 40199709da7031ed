// SPDX-License-Identifier: Apache-2.0
// Folders whose files change only as a whole: a file is written beside its place under a name of
// its own, and gets the name that others look for when all of it is on the disk.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/checkpoint.h"
#include "disk/descriptor.h"

namespace fairlead::disk {

// Names of files that are being written begin so, and no other name may.
inline constexpr std::string_view unfinished_prefix = ".new-";

// Makes the folder with its parents where missing. The name of a new one is durable.
Result<void> make_folder(const std::filesystem::path& path, mode_t mode);
Result<std::vector<std::string>> list_folder(int folder);  // sorted, without "." and ".."
// Removes what a crash left half-written. For who is alone in the folder.
Result<void> clear_unfinished(int folder);

// Bytes that can still be written to the folder's file system.
Result<std::uint64_t> room_in(int folder);

// Named points for tests that want a program to die there: NAME.before, NAME.written, NAME.synced,
// NAME.done; NAME.linked where a taken name counts.
struct Steps {
  const Checkpoint* checkpoint = nullptr;
  std::string name;
  Result<void> at(std::string_view step) const;
};

enum class IfThere { replace, conflict };

// A file that is being written. Until it appears under its name it leaves nothing behind, but after
// a crash.
class NewFile {
 public:
  // In `folder`, which has to stay open while this lives.
  static Result<NewFile> begin(int folder, mode_t mode);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  Result<void> write(View part);
  // Durable when it returns without an error. conflict if the name is taken, where that counts.
  Result<void> appear(const std::string& name, IfThere if_there, const Steps& steps = {});

 private:
  NewFile(int folder, Descriptor file, std::string unfinished)
      : folder_(folder), file_(std::move(file)), unfinished_(std::move(unfinished)) {}

  int folder_;
  Descriptor file_;
  std::string unfinished_;  // empty: nothing is to be removed
};

// The whole of it: afterwards the file has its old content or the new one.
Result<void> write_file(int folder, const std::string& name, View content, mode_t mode,
                        IfThere if_there, const Steps& steps = {});

}  // namespace fairlead::disk
