// SPDX-License-Identifier: Apache-2.0
// The device's place on a USB stick: in its folder `fairlead`, the device's bundle and a few words
// for whoever plugs the stick into a computer. Without that folder a stick is not for us, and
// nothing is written to it. Strangers write on sticks, and sticks are pulled at any moment. Blocks,
// as long as the stick does.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "disk/descriptor.h"

namespace fairlead::device {

inline constexpr std::size_t stick_file_bytes_max = 128 * 1024;  // one entry with its documents

// Names that FAT, which knows no capital letters and forbids some signs, keeps as they are: the
// serial, or, where that would be changed or is too long, "h-" and 24 digits of its hash.
std::string stick_file_stem(const std::string& serial);

class StickFolder {
 public:
  // None: there is no stick, or no folder on it. `stick`: where it is mounted. Links are not
  // followed.
  static Result<std::optional<StickFolder>> look(const std::filesystem::path& stick,
                                                 const std::string& serial);

  // None: there is none, or an empty one, which is what is left of one on a stick that was pulled.
  // io: it is no file, too large, or the stick is gone.
  Result<std::optional<std::string>> read() const;
  // On the stick as a whole when it returns: the one before, or the new one.
  Result<void> write(std::string_view bundle) const;
  Result<void> tell(std::string_view words) const;  // written only where they are others

  std::string bundle_name() const { return stem_ + ".json"; }

 private:
  StickFolder(disk::Descriptor folder, std::string stem)
      : folder_(std::move(folder)), stem_(std::move(stem)) {}
  Result<std::optional<std::string>> read(const std::string& name) const;

  disk::Descriptor folder_;
  std::string stem_;
};

}  // namespace fairlead::device
