// SPDX-License-Identifier: Apache-2.0
#include "disk/descriptor.h"

#include <cstring>

namespace fairlead::disk {

std::unexpected<Error> failure(const std::string& what, int error) {
  return fail(Errc::io, what + ": " + std::strerror(error));
}

Result<void> write_all(int fd, View content) {
  while (!content.empty()) {
    ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failure("writing");
    content = content.subspan(static_cast<std::size_t>(count));
  }
  return ok();
}

Result<std::size_t> read_some(int fd, std::span<std::uint8_t> into) {
  std::size_t all = 0;
  while (all < into.size()) {
    ssize_t count = ::read(fd, into.data() + all, into.size() - all);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("reading");
    if (count == 0) break;
    all += static_cast<std::size_t>(count);
  }
  return all;
}

Result<void> sync(int fd) {
  if (::fsync(fd) != 0) return failure("syncing");
  return ok();
}

}  // namespace fairlead::disk
