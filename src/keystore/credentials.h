// SPDX-License-Identifier: Apache-2.0
// What opens a keystore: PINs and authorisation values, one file each in a directory, as systemd
// hands them over (LoadCredential=, systemd.exec(5)). Never on a command line, where every user of
// the machine sees them, nor in a configuration file.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace fairlead::keystore {

class Credentials {
 public:
  // No directory, no credentials.
  explicit Credentials(std::filesystem::path directory = {}) : directory_(std::move(directory)) {}
  // `configured`, or where it is empty the one that systemd names in $CREDENTIALS_DIRECTORY.
  static Credentials from_environment(const std::filesystem::path& configured);

  // The content of the file NAME without one line end; nothing where there is no such file. refused
  // if others can read the file or group can write it; malformed if it is empty or longer than
  // `bytes_max`; io otherwise.
  Result<std::optional<SecretBytes>> find(std::string_view name, std::size_t bytes_max) const;

  // Where a person puts the credential NAME, in words.
  std::string place_of(std::string_view name) const;

 private:
  std::filesystem::path directory_;
};

// One credential file by its full path, checked as above; not_found where there is none.
Result<SecretBytes> read_credential(const std::filesystem::path& file, std::size_t bytes_max);

}  // namespace fairlead::keystore
