// SPDX-License-Identifier: Apache-2.0
#include "support/soft_token.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace fairlead::test {

SoftHsm::SoftHsm(const std::vector<std::string>& tokens) {
  std::filesystem::create_directory(folder_.path() / "tokens");
  std::ofstream(folder_.path() / "softhsm2.conf")
      << "directories.tokendir = " << (folder_.path() / "tokens").string()
      << "\nobjectstore.backend = file\nlog.level = ERROR\n";
  for (const auto& [name, value] : environment()) ::setenv(name.c_str(), value.c_str(), 1);
  if (!std::filesystem::exists(softhsm_module))
    throw std::runtime_error("SoftHSM is missing; is the package softhsm2 installed?");
  for (const std::string& label : tokens) add_token(label);
}

SoftHsm::~SoftHsm() { ::unsetenv("SOFTHSM2_CONF"); }

Environment SoftHsm::environment() const {
  return {{"SOFTHSM2_CONF", (folder_.path() / "softhsm2.conf").string()}};
}

void SoftHsm::add_token(const std::string& label) {
  auto made = run_command({"softhsm2-util", "--init-token", "--free", "--label", label, "--pin",
                           "1234", "--so-pin", "5678"},
                          environment());
  if (made.status != 0) throw std::runtime_error("softhsm2-util: " + made.text);
}

std::filesystem::path SoftHsm::pin_file(const std::string& pin) {
  auto file = folder_.path() / ("pin-" + pin);
  if (!std::filesystem::exists(file)) std::ofstream(file) << pin << "\n";
  ::chmod(file.c_str(), 0400);
  return file;
}

std::string SoftHsm::address(const std::string& label, const std::string& object_prefix,
                             const std::string& module, const std::string& pin) {
  return "token=" + label + (object_prefix.empty() ? "" : ";object=" + object_prefix) +
         "?module-path=" + module + "&pin-source=file:" + pin_file(pin).string();
}

CommandOutput SoftHsm::tool(const std::string& label, std::vector<std::string> arguments,
                            const std::string& pin) {
  std::vector<std::string> all{"pkcs11-tool", "--module", softhsm_module, "--token-label",
                               label,         "--login",  "--pin",        pin};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_command(all, environment());
}

}  // namespace fairlead::test
