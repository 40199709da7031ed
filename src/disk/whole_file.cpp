// SPDX-License-Identifier: Apache-2.0
#include "disk/whole_file.h"

#include <fcntl.h>

#include <array>
#include <cstring>

#include "disk/folder.h"

namespace fairlead::disk {

namespace {

// "512 MiB", "4 KiB", "100 bytes".
std::string size_in_words(std::size_t bytes) {
  if (bytes >= 1 << 20 && bytes % (1 << 20) == 0) return std::to_string(bytes >> 20) + " MiB";
  if (bytes >= 1 << 10) return std::to_string(bytes >> 10) + " KiB";
  return std::to_string(bytes) + " bytes";
}

}  // namespace

Result<std::string> read_all(int fd, const std::string& name, std::size_t bytes_max) {
  std::string out;
  std::array<std::uint8_t, 64 * 1024> part;
  for (;;) {
    TRY(std::size_t count, read_some(fd, part).in(name));
    out.append(as_text(View(part).first(count)));
    if (out.size() > bytes_max)
      return fail(Errc::io, name + ": larger than " + size_in_words(bytes_max));
    if (count < part.size()) return out;
  }
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file)
    return fail(errno == ENOENT ? Errc::not_found : Errc::io,
                path.string() + ": " + std::strerror(errno));
  return read_all(file.get(), path.string(), bytes_max);
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view content,
                          mode_t mode) {
  std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return failure(path.string());
  return write_file(folder.get(), path.filename().string(), as_view(content), mode,
                    IfThere::replace)
      .in(path.string());
}

}  // namespace fairlead::disk
