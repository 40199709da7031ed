// SPDX-License-Identifier: Apache-2.0
// Files of people's, named by a path: read as a whole, replaced as a whole.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fairlead::disk {

// not_found: there is no such file. io: it can't be read, or is larger than `bytes_max`.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);
// What an open descriptor has left; `name` is for the error's words.
Result<std::string> read_all(int fd, const std::string& name, std::size_t bytes_max);

// Never seen half-written; durable when it returns without an error.
Result<void> replace_file(const std::filesystem::path& path, std::string_view content, mode_t mode);

}  // namespace fairlead::disk
