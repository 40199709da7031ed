// SPDX-License-Identifier: Apache-2.0
#include "keystore/pkcs11/token.h"

#include <chrono>

namespace fairlead::keystore::pkcs11 {

namespace {

constexpr auto session_deadline = std::chrono::seconds(10);
constexpr CK_ULONG slots_max = 256;

// Token information is padded with blanks (PKCS#11 2.40, CK_TOKEN_INFO).
template <std::size_t N>
std::string_view unpadded(const unsigned char (&field)[N]) {
  std::string_view text(reinterpret_cast<const char*>(field), N);
  const std::size_t end = text.find_last_not_of(std::string_view(" \0", 2));
  return text.substr(0, end == text.npos ? 0 : end + 1);
}

}  // namespace

Result<std::shared_ptr<Token>> Token::open(std::shared_ptr<Module> module, TokenUri uri,
                                           SecretBytes pin) {
  std::shared_ptr<Token> out(new Token(std::move(module), std::move(uri), std::move(pin)));
  std::lock_guard lock(out->mutex_);
  TRY_VOID(out->connect());
  return out;
}

Token::~Token() {
  for (CK_SESSION_HANDLE session : idle_) close(session);
}

std::string Token::name() const {
  return uri_.token.empty() ? "the token" : "the token '" + uri_.token + "'";
}

bool Token::matches(const CK_TOKEN_INFO& info) const {
  auto fits = [](const std::string& wanted, std::string_view found) {
    return wanted.empty() || wanted == found;
  };
  return (info.flags & CKF_TOKEN_INITIALIZED) && fits(uri_.token, unpadded(info.label)) &&
         fits(uri_.manufacturer, unpadded(info.manufacturerID)) &&
         fits(uri_.model, unpadded(info.model)) && fits(uri_.serial, unpadded(info.serialNumber));
}

Result<CK_SLOT_ID> Token::find_slot() const {
  CK_ULONG count = slots_max;
  std::vector<CK_SLOT_ID> slots(slots_max);
  CK_RV code = p11().C_GetSlotList(CK_TRUE, nullptr, &count);  // looks for new tokens
  count = slots_max;
  if (code == CKR_OK) code = p11().C_GetSlotList(CK_TRUE, slots.data(), &count);
  if (code != CKR_OK) return std::unexpected(in_words(code, "looking for " + name()));
  std::optional<CK_SLOT_ID> found;
  for (CK_SLOT_ID slot : std::span(slots).first(count)) {
    CK_TOKEN_INFO info{};
    if (p11().C_GetTokenInfo(slot, &info) != CKR_OK || !matches(info)) continue;
    if (found)
      return fail(Errc::refused,
                  "several tokens match: say which by serial= (pkcs11-tool "
                  "--list-token-slots shows them)");
    found = slot;
  }
  if (found) return *found;
  return fail(Errc::io, name() +
                            " is not there: put it in, or correct the name (pkcs11-tool "
                            "--list-token-slots shows what is there)");
}

Result<CK_SESSION_HANDLE> Token::open_session(CK_SLOT_ID slot) const {
  CK_SESSION_HANDLE session = 0;
  CK_RV code =
      p11().C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session);
  if (code != CKR_OK) return std::unexpected(in_words(code, name()));
  return session;
}

Result<void> Token::log_in(CK_SLOT_ID slot, CK_SESSION_HANDLE session) {
  if (pin_refusal_) return std::unexpected(*pin_refusal_);
  CK_TOKEN_INFO info{};
  CK_RV code = p11().C_GetTokenInfo(slot, &info);
  if (code != CKR_OK) return std::unexpected(in_words(code, name()));
  if ((info.flags & CKF_LOGIN_REQUIRED) == 0) return ok();
  if (pin_.empty())
    return fail(Errc::refused, name() +
                                   " wants a PIN: put it into the credential pkcs11-pin, or "
                                   "name its file by pin-source=file:PATH");
  // A service that starts again and again must not be what locks a token.
  if (info.flags & CKF_USER_PIN_FINAL_TRY)
    return fail(Errc::refused, name() +
                                   " locks at the next wrong PIN: log in once by hand with the "
                                   "right one (pkcs11-tool --login --list-objects), then "
                                   "start again");
  code = p11().C_Login(session, CKU_USER, const_cast<CK_UTF8CHAR_PTR>(pin_.reveal().data()),
                       pin_.size());
  if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return ok();
  Error why = in_words(code, name());
  if (why.code == Errc::refused) pin_refusal_ = why;
  return std::unexpected(std::move(why));
}

Result<void> Token::connect() {
  TRY(CK_SLOT_ID slot, find_slot());
  TRY(CK_SESSION_HANDLE session, open_session(slot));
  auto logged_in = log_in(slot, session);
  if (!logged_in) {
    close(session);
    return logged_in;
  }
  slot_ = slot;
  ++epoch_;
  idle_ = {session};  // also keeps the login, which ends with the last session
  return ok();
}

Result<Session> Token::take() {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, session_deadline, [this] { return taken_ < sessions_max; }))
    return fail(Errc::busy, name() + " is busy: all of its sessions are in use");
  if (!slot_) TRY_VOID(connect());
  if (idle_.empty()) {
    auto fresh = open_session(*slot_);
    if (fresh)
      idle_.push_back(*fresh);
    else
      TRY_VOID(connect());  // the token may have been taken out and put back
  }
  Session out(p11(), idle_.back(), epoch_);
  idle_.pop_back();
  ++taken_;
  return out;
}

void Token::give_back(const Session& session, bool lost) {
  std::lock_guard lock(mutex_);
  --taken_;
  returned_.notify_one();
  const bool current = session.epoch() == epoch_ && slot_;
  if (current && !lost) {
    idle_.push_back(session.handle());
    return;
  }
  close(session.handle());
  if (!current) return;
  for (CK_SESSION_HANDLE idle : idle_) close(idle);
  idle_.clear();
  slot_.reset();
}

}  // namespace fairlead::keystore::pkcs11
