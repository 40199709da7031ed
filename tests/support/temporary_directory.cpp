// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_directory.h"

#include <stdlib.h>

#include <cerrno>
#include <string>

namespace fairlead::test {

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "fairlead-test-XXXXXX").string();
  if (!::mkdtemp(name.data()))
    throw std::filesystem::filesystem_error("temporary directory", name,
                                            std::error_code(errno, std::generic_category()));
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // what is left in /tmp hurts nobody
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace fairlead::test
