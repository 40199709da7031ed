// SPDX-License-Identifier: Apache-2.0
// A file descriptor with one owner, and what every user of descriptors needs.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::disk {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = other.release();
    }
    return *this;
  }
  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  void close() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd_;
};

// io, with `what` and the system's words for `error`.
std::unexpected<Error> failure(const std::string& what, int error = errno);

Result<void> write_all(int fd, View content);
// Up to `into`'s size; fewer only at the end of the file.
Result<std::size_t> read_some(int fd, std::span<std::uint8_t> into);
Result<void> sync(int fd);  // of a folder: the names in it

}  // namespace fairlead::disk
