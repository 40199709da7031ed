// SPDX-License-Identifier: Apache-2.0
#include "device/stick_folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "crypto/hash.h"
#include "disk/folder.h"
#include "disk/whole_file.h"

namespace fairlead::device {

namespace {

constexpr const char* folder_name = "fairlead";
constexpr std::size_t stem_bytes_max = 48, hash_digits = 24;

// Small letters are others than capitals to us, and the same to FAT.
bool keeps_its_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

// Names of devices to DOS and its successors.
bool is_reserved(std::string_view stem) {
  constexpr std::string_view names[] = {"CON", "PRN", "AUX", "NUL"};
  bool numbered = stem.size() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT"));
  return numbered || std::ranges::find(names, stem) != std::end(names);
}

}  // namespace

std::string stick_file_stem(const std::string& serial) {
  bool plain = !serial.empty() && serial.size() <= stem_bytes_max &&
               std::ranges::all_of(serial, keeps_its_name) && !is_reserved(serial);
  return plain ? serial : "h-" + crypto::sha256(as_view(serial)).hex().substr(0, hash_digits);
}

Result<std::optional<StickFolder>> StickFolder::look(const std::filesystem::path& stick,
                                                     const std::string& serial) {
  const auto none = [](int error) { return error == ENOENT || error == ENOTDIR; };
  disk::Descriptor at(::open(stick.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!at) {
    if (none(errno)) return std::nullopt;
    return disk::failure(stick.string());
  }
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  disk::Descriptor folder(::openat(at.get(), folder_name, flags));
  if (!folder) {
    if (none(errno)) return std::nullopt;
    return disk::failure(folder_name);
  }
  return StickFolder(std::move(folder), stick_file_stem(serial));
}

Result<std::optional<std::string>> StickFolder::read(const std::string& name) const {
  // Not to wait for who might write into a pipe of that name.
  constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  disk::Descriptor file(::openat(folder_.get(), name.c_str(), flags));
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    if (errno == ELOOP) return fail(Errc::io, name + " is a link, which is not followed");
    return disk::failure(name);
  }
  struct stat about{};
  if (::fstat(file.get(), &about) != 0) return disk::failure(name);
  if (!S_ISREG(about.st_mode)) return fail(Errc::io, name + " is no file");
  TRY(std::string content, disk::read_all(file.get(), name, stick_file_bytes_max));
  if (content.empty()) return std::nullopt;
  return content;
}

Result<std::optional<std::string>> StickFolder::read() const { return read(bundle_name()); }

Result<void> StickFolder::write(std::string_view bundle) const {
  // What was left half-written where a stick was pulled. It is ours: nobody else writes while the
  // stick is here.
  ignore(disk::clear_unfinished(folder_.get()), "it is in nobody's way");
  return disk::write_file(folder_.get(), bundle_name(), as_view(bundle), 0644,
                          disk::IfThere::replace)
      .in(bundle_name());
}

Result<void> StickFolder::tell(std::string_view words) const {
  std::string name = stem_ + ".txt";
  auto before = read(name);
  if (before && *before && **before == words) return ok();
  return disk::write_file(folder_.get(), name, as_view(words), 0644, disk::IfThere::replace)
      .in(name);
}

}  // namespace fairlead::device
