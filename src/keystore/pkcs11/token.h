// SPDX-License-Identifier: Apache-2.0
// A token, and sessions with it. For the .cpp files of this folder.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/secret.h"
#include "keystore/pkcs11/module.h"
#include "keystore/pkcs11/uri.h"

namespace fairlead::keystore::pkcs11 {

inline constexpr std::size_t pin_bytes_max = 255;

// One session, in the hands of one thread.
class Session {
 public:
  Session(const CK_FUNCTION_LIST& functions, CK_SESSION_HANDLE handle, std::uint64_t epoch)
      : functions_(functions), handle_(handle), epoch_(epoch) {}

  const CK_FUNCTION_LIST& p11() const { return functions_; }
  CK_SESSION_HANDLE handle() const { return handle_; }
  // Which connection with the token this is; object handles are good within one.
  std::uint64_t epoch() const { return epoch_; }

  // ok, or the error in words; remembers the verdict for the token.
  Result<void> check(CK_RV code, std::string_view what) {
    verdict_ = verdict_of(code);
    if (verdict_ == Verdict::done) return ok();
    return std::unexpected(in_words(code, what));
  }
  Verdict verdict() const { return verdict_; }

 private:
  const CK_FUNCTION_LIST& functions_;
  CK_SESSION_HANDLE handle_;
  std::uint64_t epoch_;
  Verdict verdict_ = Verdict::done;
};

// Thread-safe; up to sessions_max calls run at once, others wait for a session for some seconds. A
// token that was taken out is looked for at each call, and opened again when it is back.
class Token {
 public:
  static constexpr std::size_t sessions_max = 32;

  // Finds the one token that matches and logs in. io: none there. refused: several match; the PIN
  // is missing, wrong or locked, or the next wrong one would lock it.
  static Result<std::shared_ptr<Token>> open(std::shared_ptr<Module> module, TokenUri uri,
                                             SecretBytes pin);
  ~Token();

  // job(Session&), a second time with a new connection if the first was lost. A job keeps no state
  // in the token between its calls, so it can be repeated whole.
  template <class Job>
  auto run(Job job) -> decltype(job(std::declval<Session&>())) {
    for (bool again = true;; again = false) {
      TRY(Session session, take());
      auto result = job(session);
      const bool lost = !result && session.verdict() == Verdict::lost;
      give_back(session, lost);
      if (!lost || !again) return result;
    }
  }

 private:
  Token(std::shared_ptr<Module> module, TokenUri uri, SecretBytes pin)
      : module_(std::move(module)), uri_(std::move(uri)), pin_(std::move(pin)) {}

  const CK_FUNCTION_LIST& p11() const { return module_->functions(); }
  std::string name() const;
  Result<CK_SLOT_ID> find_slot() const;
  bool matches(const CK_TOKEN_INFO& info) const;
  Result<Session> take();
  void give_back(const Session& session, bool lost);
  Result<void> connect();  // with mutex_ held
  Result<void> log_in(CK_SLOT_ID slot, CK_SESSION_HANDLE session);
  Result<CK_SESSION_HANDLE> open_session(CK_SLOT_ID slot) const;
  void close(CK_SESSION_HANDLE session) const { p11().C_CloseSession(session); }

  std::shared_ptr<Module> module_;
  TokenUri uri_;
  SecretBytes pin_;

  std::mutex mutex_;
  std::condition_variable returned_;
  std::optional<CK_SLOT_ID> slot_;       // while connected
  std::uint64_t epoch_ = 0;              // counts connections
  std::vector<CK_SESSION_HANDLE> idle_;  // of this epoch
  std::size_t taken_ = 0;                // of any epoch
  std::optional<Error> pin_refusal_;     // never tried again
};

}  // namespace fairlead::keystore::pkcs11
