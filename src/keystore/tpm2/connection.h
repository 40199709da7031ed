// SPDX-License-Identifier: Apache-2.0
// One connection to a TPM 2.0 through tss2-esys, with what has to be given back at its end. For the
// .cpp files of this folder.
#pragma once

#include <tss2/tss2_esys.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace fairlead::keystore::tpm2 {

struct EsysFree {
  void operator()(void* memory) const { Esys_Free(memory); }
};
template <class T>
using Esys = std::unique_ptr<T, EsysFree>;

// What a TPM's or its software stack's answer means for the caller.
enum class Verdict {
  done,
  again,  // the TPM or its slots are taken just now: the same call may succeed soon
  lost,   // the connection is of no use any more: connect again
  failed
};
Verdict verdict_of(TSS2_RC code);

// An error for a person: what was done, what the TPM says, what to do.
Error in_words(TSS2_RC code, std::string_view what);

class Connection {
 public:
  // `tcti`: as tss2-tctildr reads it, NAME or NAME:SETTING, e.g. "device:/dev/tpmrm0". io, in
  // words.
  static Result<std::unique_ptr<Connection>> open(const std::string& tcti);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The first command. Starts the TPM up if nobody has done so.
  Result<void> start_up();

  ESYS_CONTEXT* esys() const { return esys_; }
  Result<bool> has_curve(TPM2_ECC_CURVE curve);
  Result<bool> has_algorithm(TPM2_ALG_ID algorithm);

  // ok, or the error in words; remembers the verdict for the caller who decides whether to repeat.
  Result<void> check(TSS2_RC code, std::string_view what);
  Verdict verdict() const { return verdict_; }

 private:
  Connection() = default;
  Result<Esys<TPMS_CAPABILITY_DATA>> capability(TPM2_CAP kind, UINT32 first);

  TSS2_TCTI_CONTEXT* tcti_ = nullptr;
  ESYS_CONTEXT* esys_ = nullptr;
  Verdict verdict_ = Verdict::done;
};

// A transient object or a session: its slot in the TPM is given back at the end, since a TPM has
// only three or so.
class Slot {
 public:
  Slot(Connection& connection, ESYS_TR handle) : connection_(&connection), handle_(handle) {}
  ~Slot();
  Slot(Slot&& other) noexcept
      : connection_(other.connection_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)) {}
  Slot& operator=(Slot&&) = delete;

  ESYS_TR get() const { return handle_; }
  void given_back() { handle_ = ESYS_TR_NONE; }  // the TPM freed it itself

 private:
  Connection* connection_;
  ESYS_TR handle_;
};

// A session that proves knowledge of an authorisation value without showing it, and encrypts the
// first parameter of commands and answers with a secret that only the storage key's TPM can have.
// `salt` may be ESYS_TR_NONE: then it encrypts nothing of worth and serves for authorisation only.
Result<Slot> start_session(Connection& connection, ESYS_TR salt);
// Which parameters the next commands encrypt: TPMA_SESSION_DECRYPT (to the TPM), _ENCRYPT (from
// it).
Result<void> encrypt(Connection& connection, const Slot& session, TPMA_SESSION which);

// Sets the authorisation value that `handle` will be used with. At most 32 bytes.
Result<void> set_auth(Connection& connection, ESYS_TR handle, const SecretBytes& auth);

inline constexpr std::size_t auth_bytes_max = 32;

}  // namespace fairlead::keystore::tpm2
