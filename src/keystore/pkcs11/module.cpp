// SPDX-License-Identifier: Apache-2.0
#include "keystore/pkcs11/module.h"

#include <dlfcn.h>

#include <map>
#include <mutex>

namespace fairlead::keystore::pkcs11 {

namespace {

struct Advice {
  CK_RV code;
  Verdict verdict;
  Errc errc;
  std::string_view words;
};
constexpr Advice advices[] = {
    {CKR_DEVICE_REMOVED, Verdict::lost, Errc::io, "the token was taken out: put it in again"},
    {CKR_TOKEN_NOT_PRESENT, Verdict::lost, Errc::io, "the token is not there: put it in again"},
    {CKR_TOKEN_NOT_RECOGNIZED, Verdict::lost, Errc::io, "the token in the slot is not recognised"},
    {CKR_SLOT_ID_INVALID, Verdict::lost, Errc::io, "the token's slot is gone"},
    {CKR_DEVICE_ERROR, Verdict::lost, Errc::io, "the token or its driver has a fault"},
    {CKR_SESSION_HANDLE_INVALID, Verdict::lost, Errc::io, "the session with the token was ended"},
    {CKR_SESSION_CLOSED, Verdict::lost, Errc::io, "the session with the token was ended"},
    {CKR_USER_NOT_LOGGED_IN, Verdict::lost, Errc::io, "the token has ended the login"},
    {CKR_OBJECT_HANDLE_INVALID, Verdict::lost, Errc::io, "the key is not in the token any more"},
    {CKR_KEY_HANDLE_INVALID, Verdict::lost, Errc::io, "the key is not in the token any more"},
    {CKR_CRYPTOKI_NOT_INITIALIZED, Verdict::lost, Errc::io, "the module was ended by another part"},
    {CKR_PIN_INCORRECT, Verdict::failed, Errc::refused,
     "the PIN is wrong; correct the credential, and start again: this program does not try a wrong "
     "PIN twice, since a token locks after a few"},
    {CKR_PIN_LEN_RANGE, Verdict::failed, Errc::refused,
     "the PIN has a length that no PIN has here"},
    {CKR_PIN_LOCKED, Verdict::failed, Errc::refused,
     "the PIN is locked after too many wrong ones: the security officer sets a new one "
     "(pkcs11-tool "
     "--login-type so --init-pin)"},
    {CKR_PIN_EXPIRED, Verdict::failed, Errc::refused, "the PIN has expired: set a new one"},
    {CKR_USER_PIN_NOT_INITIALIZED, Verdict::failed, Errc::refused,
     "the token has no user PIN yet (pkcs11-tool --init-pin)"},
    {CKR_TOKEN_WRITE_PROTECTED, Verdict::failed, Errc::refused, "the token is write-protected"},
    {CKR_DEVICE_MEMORY, Verdict::failed, Errc::refused, "the token is full"},
    {CKR_SESSION_COUNT, Verdict::failed, Errc::busy, "the token has no session left"},
    {CKR_MECHANISM_INVALID, Verdict::failed, Errc::unsupported, "the token can't do this"},
    {CKR_FUNCTION_NOT_SUPPORTED, Verdict::failed, Errc::unsupported, "the token can't do this"},
    {CKR_CURVE_NOT_SUPPORTED, Verdict::failed, Errc::unsupported, "the token lacks the curve"},
    {CKR_DOMAIN_PARAMS_INVALID, Verdict::failed, Errc::unsupported, "the token lacks the curve"},
};

const Advice* advice_for(CK_RV code) {
  for (const Advice& advice : advices)
    if (advice.code == code) return &advice;
  return nullptr;
}

std::string hexadecimal(CK_RV code) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 28; shift >= 0; shift -= 4) out += digits[code >> shift & 15];
  return "0x" + out;
}

}  // namespace

Verdict verdict_of(CK_RV code) {
  if (code == CKR_OK) return Verdict::done;
  const Advice* advice = advice_for(code);
  return advice ? advice->verdict : Verdict::failed;
}

Error in_words(CK_RV code, std::string_view what) {
  const Advice* advice = advice_for(code);
  const std::string start = std::string(what) + ": ";
  if (advice) return {advice->errc, start + std::string(advice->words)};
  return {Errc::io, start + "the token answers with the PKCS#11 code " + hexadecimal(code)};
}

namespace {

struct Loaded {
  const CK_FUNCTION_LIST* functions = nullptr;
  bool ours = false;  // to finalise: nobody else in this program had initialised it
  int users = 0;
};

// Loading and finalising exclude each other, so that nobody gets a module that is just ending.
std::mutex loaded_mutex;
std::map<std::string, Loaded>& loaded() {
  static std::map<std::string, Loaded> all;
  return all;
}

Result<Loaded> load_anew(const std::string& path) {
  // It stays in memory to the end of the program: many modules leave threads or handlers behind.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library)
    return fail(Errc::io, "PKCS#11 module can't be loaded: " + std::string(::dlerror()));
  auto entry = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (!entry || entry(&functions) != CKR_OK || !functions)
    return fail(Errc::refused, path + " is no PKCS#11 module");
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  CK_RV code = functions->C_Initialize(&arguments);
  if (code != CKR_OK && code != CKR_CRYPTOKI_ALREADY_INITIALIZED)
    return std::unexpected(in_words(code, "starting the PKCS#11 module " + path));
  return Loaded{functions, code == CKR_OK, 0};
}

}  // namespace

Result<std::shared_ptr<Module>> Module::load(const std::string& path) {
  std::lock_guard lock(loaded_mutex);
  auto there = loaded().find(path);
  if (there == loaded().end()) {
    TRY(Loaded fresh, load_anew(path));
    there = loaded().emplace(path, fresh).first;
  }
  ++there->second.users;
  return std::shared_ptr<Module>(new Module(path, there->second.functions));
}

Module::~Module() {
  std::lock_guard lock(loaded_mutex);
  auto ours = loaded().find(path_);
  if (--ours->second.users > 0) return;
  if (ours->second.ours) functions_->C_Finalize(nullptr);
  loaded().erase(ours);
}

}  // namespace fairlead::keystore::pkcs11
