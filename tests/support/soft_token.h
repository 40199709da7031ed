// SPDX-License-Identifier: Apache-2.0
// Tokens of SoftHSM, for this process and for tools that a test runs.
#pragma once

#include "support/child_process.h"
#include "support/temporary_directory.h"

namespace fairlead::test {

inline constexpr char softhsm_module[] = "/usr/lib/softhsm/libsofthsm2.so";

// SoftHSM keeps its tokens where $SOFTHSM2_CONF says, and reads that when its module is
// initialised: make this first, and one at a time. Throws std::runtime_error where SoftHSM is
// missing.
class SoftHsm {
 public:
  explicit SoftHsm(const std::vector<std::string>& tokens);  // add_token() for each
  ~SoftHsm();

  // A token with the user PIN "1234". It is seen by keystores that are opened when no other is
  // open.
  void add_token(const std::string& label);
  // The PIN in a file, as pin-source wants it.
  std::filesystem::path pin_file(const std::string& pin);
  // "token=LABEL?module-path=...&pin-source=file:..."
  std::string address(const std::string& label, const std::string& object_prefix = "",
                      const std::string& module = softhsm_module, const std::string& pin = "1234");
  // pkcs11-tool with the module and the PIN, on this token.
  CommandOutput tool(const std::string& label, std::vector<std::string> arguments,
                     const std::string& pin = "1234");
  Environment environment() const;
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryDirectory folder_;
};

}  // namespace fairlead::test
