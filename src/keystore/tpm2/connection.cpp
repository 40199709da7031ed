// SPDX-License-Identifier: Apache-2.0
#include "keystore/tpm2/connection.h"

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace fairlead::keystore::tpm2 {

namespace {

constexpr int flush_attempts = 50;
constexpr auto flush_pause = std::chrono::milliseconds(20);

// Without layer, and a format-1 code without the number of the parameter, session or handle.
TSS2_RC bare(TSS2_RC code) {
  TSS2_RC number = code & ~TSS2_RC_LAYER_MASK;
  return number & TPM2_RC_FMT1 ? number & 0xBF : number;
}

// A resource manager passes the TPM's answers on under its own layer.
bool is_of_tpm(TSS2_RC code) {
  TSS2_RC layer = code & TSS2_RC_LAYER_MASK;
  return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER ||
         layer == TSS2_RESMGR_RC_LAYER;
}

struct Advice {
  TSS2_RC code;
  Errc errc;
  std::string_view words;
};
constexpr Advice advices[] = {
    {TPM2_RC_BAD_AUTH, Errc::refused, "the TPM refuses the authorisation value"},
    {TPM2_RC_AUTH_FAIL, Errc::refused,
     "the TPM refuses the authorisation value, and counts: after too many wrong ones it locks"},
    {TPM2_RC_LOCKOUT, Errc::refused,
     "the TPM is locked after too many wrong authorisation values; it opens by itself after its "
     "recovery time, or at once by tpm2_dictionarylockout --clear-lockout"},
    {TPM2_RC_INTEGRITY, Errc::untrusted,
     "the key belongs to another TPM, or this TPM has been cleared since the key was made"},
    {TPM2_RC_CURVE, Errc::unsupported, "this TPM does not have the curve"},
    {TPM2_RC_HASH, Errc::unsupported, "this TPM does not have the hash algorithm"},
    {TPM2_RC_HIERARCHY, Errc::refused, "the TPM's owner hierarchy is switched off"},
    {TPM2_RC_DISABLED, Errc::refused, "the command is switched off in the TPM"},
    {TPM2_RC_NV_SPACE, Errc::refused,
     "the TPM's memory for persistent keys is full; tpm2_getcap handles-persistent lists them"},
    {TPM2_RC_FAILURE, Errc::io, "the TPM is in failure mode: switch the machine off and on"},
    {TPM2_RC_OBJECT_MEMORY, Errc::busy,
     "other programs hold all of the TPM's slots for keys; use it through a resource manager "
     "(device:/dev/tpmrm0)"},
    {TPM2_RC_SESSION_MEMORY, Errc::busy,
     "other programs hold all of the TPM's slots for sessions; use it through a resource manager "
     "(device:/dev/tpmrm0)"},
    {TPM2_RC_SESSION_HANDLES, Errc::busy, "the TPM has no session left"},
    {TPM2_RC_RETRY, Errc::busy, "the TPM is busy"},
    {TPM2_RC_YIELDED, Errc::busy, "the TPM is busy"},
    {TPM2_RC_TESTING, Errc::busy, "the TPM is testing itself"},
    {TPM2_RC_NV_RATE, Errc::busy, "the TPM slows down writing to spare its memory"},
};

}  // namespace

Verdict verdict_of(TSS2_RC code) {
  if (code == TSS2_RC_SUCCESS) return Verdict::done;
  if (is_of_tpm(code)) {
    // The TPM was reset under us; whatever we had loaded is gone.
    if (bare(code) == TPM2_RC_INITIALIZE) return Verdict::lost;
    for (const Advice& advice : advices)
      if (advice.code == bare(code) && advice.errc == Errc::busy) return Verdict::again;
    return Verdict::failed;
  }
  switch (bare(code)) {
    case TSS2_BASE_RC_TRY_AGAIN:
      return Verdict::again;
    case TSS2_BASE_RC_IO_ERROR:
    case TSS2_BASE_RC_NO_CONNECTION:
    case TSS2_BASE_RC_BAD_SEQUENCE:
    case TSS2_BASE_RC_GENERAL_FAILURE:
    case TSS2_BASE_RC_MALFORMED_RESPONSE:
    case TSS2_BASE_RC_INSUFFICIENT_RESPONSE:
      return Verdict::lost;
    default:
      return Verdict::failed;
  }
}

Error in_words(TSS2_RC code, std::string_view what) {
  std::string start = std::string(what) + ": ";
  if (is_of_tpm(code))
    for (const Advice& advice : advices)
      if (advice.code == bare(code)) return {advice.errc, start + std::string(advice.words)};
  if (verdict_of(code) == Verdict::lost)
    return {Errc::io, start + "the TPM does not answer (" + Tss2_RC_Decode(code) + ")"};
  return {Errc::io, start + "the TPM says: " + Tss2_RC_Decode(code)};
}

Connection::~Connection() {
  if (esys_) Esys_Finalize(&esys_);
  if (tcti_) Tss2_TctiLdr_Finalize(&tcti_);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& tcti) {
  std::unique_ptr<Connection> out(new Connection);
  TSS2_RC code = Tss2_TctiLdr_Initialize(tcti.c_str(), &out->tcti_);
  if (code != TSS2_RC_SUCCESS)
    return fail(Errc::io, "no TPM can be reached by '" + tcti +
                              "': is it there, and may this user open it (group tss)? (" +
                              Tss2_RC_Decode(code) + ")");
  code = Esys_Initialize(&out->esys_, out->tcti_, nullptr);
  if (code != TSS2_RC_SUCCESS) return std::unexpected(in_words(code, "the TPM '" + tcti + "'"));
  return out;
}

// A machine's firmware starts its TPM; one of a laboratory may have been switched on and no more.
Result<void> Connection::start_up() {
  TPMI_YES_NO more = 0;
  TPMS_CAPABILITY_DATA* data = nullptr;
  TSS2_RC code =
      Esys_GetCapability(esys_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
                         TPM2_PT_FAMILY_INDICATOR, 1, &more, &data);
  Esys<TPMS_CAPABILITY_DATA> owned(data);
  if (is_of_tpm(code) && bare(code) == TPM2_RC_INITIALIZE)
    code = Esys_Startup(esys_, TPM2_SU_CLEAR);
  return check(code, "starting up");
}

Result<Esys<TPMS_CAPABILITY_DATA>> Connection::capability(TPM2_CAP kind, UINT32 first) {
  TPMI_YES_NO more = 0;
  TPMS_CAPABILITY_DATA* data = nullptr;
  TRY_VOID(check(Esys_GetCapability(esys_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, kind, first, 1,
                                    &more, &data),
                 "asking what the TPM can do"));
  return Esys<TPMS_CAPABILITY_DATA>(data);
}

Result<bool> Connection::has_curve(TPM2_ECC_CURVE curve) {
  TRY(auto answer, capability(TPM2_CAP_ECC_CURVES, curve));
  const TPML_ECC_CURVE& found = answer->data.eccCurves;
  return found.count == 1 && found.eccCurves[0] == curve;
}

Result<bool> Connection::has_algorithm(TPM2_ALG_ID algorithm) {
  TRY(auto answer, capability(TPM2_CAP_ALGS, algorithm));
  const TPML_ALG_PROPERTY& found = answer->data.algorithms;
  return found.count == 1 && found.algProperties[0].alg == algorithm;
}

Result<void> Connection::check(TSS2_RC code, std::string_view what) {
  verdict_ = verdict_of(code);
  if (verdict_ == Verdict::done) return ok();
  return std::unexpected(in_words(code, what));
}

// A busy TPM is asked again, or its slots would run out. Where the connection is gone, a resource
// manager frees what was held by it.
Slot::~Slot() {
  if (handle_ == ESYS_TR_NONE) return;
  TSS2_RC code = Esys_FlushContext(connection_->esys(), handle_);
  for (int n = 0; verdict_of(code) == Verdict::again && n < flush_attempts; ++n) {
    std::this_thread::sleep_for(flush_pause);
    code = Esys_FlushContext(connection_->esys(), handle_);
  }
  if (code != TSS2_RC_SUCCESS) Esys_TR_Close(connection_->esys(), &handle_);
}

Result<Slot> start_session(Connection& connection, ESYS_TR salt) {
  TPMT_SYM_DEF symmetric{};
  symmetric.algorithm = TPM2_ALG_AES;
  symmetric.keyBits.aes = 128;
  symmetric.mode.aes = TPM2_ALG_CFB;
  ESYS_TR handle = ESYS_TR_NONE;
  TRY_VOID(
      connection.check(Esys_StartAuthSession(connection.esys(), salt, ESYS_TR_NONE, ESYS_TR_NONE,
                                             ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_HMAC,
                                             &symmetric, TPM2_ALG_SHA256, &handle),
                       "starting a session"));
  Slot session(connection, handle);
  TRY_VOID(encrypt(connection, session, 0));
  return session;
}

Result<void> encrypt(Connection& connection, const Slot& session, TPMA_SESSION which) {
  return connection.check(Esys_TRSess_SetAttributes(connection.esys(), session.get(),
                                                    TPMA_SESSION_CONTINUESESSION | which, 0xFF),
                          "setting up a session");
}

Result<void> set_auth(Connection& connection, ESYS_TR handle, const SecretBytes& auth) {
  TPM2B_AUTH value{};
  value.size = static_cast<UINT16>(std::min(auth.size(), auth_bytes_max));
  std::ranges::copy(auth.reveal().first(value.size), value.buffer);
  Result<void> set =
      connection.check(Esys_TR_SetAuth(connection.esys(), handle, &value), "authorisation value");
  explicit_bzero(&value, sizeof value);
  return set;
}

}  // namespace fairlead::keystore::tpm2
