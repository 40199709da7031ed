// SPDX-License-Identifier: Apache-2.0
// What `fairlead login` keeps: a token per server, in a file that only its owner may read.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "cli/command.h"

namespace fairlead::cli {

struct Login {
  std::string token, user, expires, ca;  // ca: file of the trusted authority; may be empty
};

// {"last":"URL","servers":{"URL":{"token","user","expires","ca"}}}
struct Credentials {
  std::string last;  // server of the last login: the default
  std::map<std::string, Login> servers;
};

// Empty if there is no such file. failed if others may read it, as ssh does with its keys.
Answer<Credentials> load_credentials(const std::filesystem::path& file);
Answer<void> save_credentials(const std::filesystem::path& file, const Credentials& credentials);

// $XDG_CONFIG_HOME/fairlead/credentials or ~/.config/fairlead/credentials; "" without either.
std::filesystem::path credentials_path(const char* xdg_config_home, const char* home);

}  // namespace fairlead::cli
