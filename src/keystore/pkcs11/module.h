// SPDX-License-Identifier: Apache-2.0
// A PKCS#11 module: a library that drives tokens, loaded while the program runs. For the .cpp files
// of this folder.
#pragma once

#include <p11-kit/pkcs11.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fairlead::keystore::pkcs11 {

// What a module's answer means for the caller.
enum class Verdict {
  done,
  lost,  // sessions or handles are of no use any more: the token was taken out, or reset
  failed
};
Verdict verdict_of(CK_RV code);

// An error for a person: what was done, what the token says, what to do.
Error in_words(CK_RV code, std::string_view what);

// Initialised once per program however many keystores use it, as the specification wants it;
// finalised with the last. Thread-safe.
class Module {
 public:
  // `path` as dlopen() takes it. io: no such library; refused: it is no PKCS#11 module.
  static Result<std::shared_ptr<Module>> load(const std::string& path);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  const CK_FUNCTION_LIST& functions() const { return *functions_; }

 private:
  Module(std::string path, const CK_FUNCTION_LIST* functions)
      : path_(std::move(path)), functions_(functions) {}

  std::string path_;
  const CK_FUNCTION_LIST* functions_;
};

}  // namespace fairlead::keystore::pkcs11
