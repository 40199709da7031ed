// SPDX-License-Identifier: Apache-2.0
#include "keystore/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace fairlead::keystore {

namespace {

// Group may read: where the service is not root's, systemd lets it in by an access control list,
// whose mask shows in the place of the group's bits.
constexpr mode_t forbidden_mode = 027;

Result<SecretBytes> read_open_file(int fd, const std::string& what, std::size_t bytes_max) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return fail(Errc::io, what + ": " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fail(Errc::refused, what + " is not a plain file");
  if ((status.st_mode & forbidden_mode) != 0)
    return fail(Errc::refused, what + " is open to others: a secret is for its owner (chmod 0400)");
  SecretBytes buffer(bytes_max + 2);  // a line end, and a byte that shows that it is too long
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    ssize_t count = ::read(fd, buffer.writable().data() + filled, buffer.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(Errc::io, what + ": " + std::strerror(errno));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  View content = buffer.reveal().first(filled);
  if (!content.empty() && content.back() == '\n') content = content.first(content.size() - 1);
  if (content.empty()) return fail(Errc::malformed, what + " is empty");
  if (content.size() > bytes_max)
    return fail(Errc::malformed,
                what + " is longer than " + std::to_string(bytes_max) + " characters");
  return SecretBytes::copy_of(content);
}

}  // namespace

Credentials Credentials::from_environment(const std::filesystem::path& configured) {
  const char* systemd = std::getenv("CREDENTIALS_DIRECTORY");
  return Credentials(configured.empty() && systemd ? systemd : configured);
}

Result<SecretBytes> read_credential(const std::filesystem::path& file, std::size_t bytes_max) {
  const std::string what = "credential " + file.string();
  int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT) return fail(Errc::not_found, what + " does not exist");
  if (fd < 0) return fail(Errc::io, what + ": " + std::strerror(errno));
  auto read = read_open_file(fd, what, bytes_max);
  ::close(fd);
  return read;
}

Result<std::optional<SecretBytes>> Credentials::find(std::string_view name,
                                                     std::size_t bytes_max) const {
  if (directory_.empty()) return std::nullopt;
  auto read = read_credential(directory_ / name, bytes_max);
  if (!read && read.error().code == Errc::not_found) return std::nullopt;
  TRY(auto secret, std::move(read));
  return std::optional<SecretBytes>(std::move(secret));
}

std::string Credentials::place_of(std::string_view name) const {
  return directory_.empty()
             ? "the file '" + std::string(name) + "' in the folder that keystore_credentials names"
             : (directory_ / name).string();
}

}  // namespace fairlead::keystore
