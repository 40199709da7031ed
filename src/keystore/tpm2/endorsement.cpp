// SPDX-License-Identifier: Apache-2.0
#include "keystore/tpm2/endorsement.h"

#include "base/limits.h"
#include "codec/der/reader.h"

namespace fairlead::keystore::tpm2 {

namespace {

// EK Credential Profile 2.5, 2.2.1.4 and 2.2.2: where the certificate is, and where makers keep the
// key, if they do.
constexpr TPM2_HANDLE certificate_rsa = 0x01C00002, certificate_p256 = 0x01C0000A;
constexpr TPM2_HANDLE kept_rsa = 0x81010001, kept_p256 = 0x81010002;
constexpr UINT16 read_bytes_max = 512;  // every TPM gives as much at a time

bool is_absent(TSS2_RC code) {
  return code != TSS2_RC_SUCCESS && verdict_of(code) == Verdict::failed &&
         (code & 0xBF) == TPM2_RC_HANDLE;
}

// ESYS_TR_NONE: there is nothing.
Result<ESYS_TR> look_up(const Bench& bench, TPM2_HANDLE handle, std::string_view what) {
  ESYS_TR found = ESYS_TR_NONE;
  TSS2_RC code =
      Esys_TR_FromTPMPublic(bench.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &found);
  if (is_absent(code)) return ESYS_TR_NONE;
  TRY_VOID(bench.connection.check(code, what));
  return found;
}

Result<Bytes> read_index(const Bench& bench, ESYS_TR index) {
  TPM2B_NV_PUBLIC* described = nullptr;
  TRY_VOID(
      bench.connection.check(Esys_NV_ReadPublic(bench.esys(), index, ESYS_TR_NONE, ESYS_TR_NONE,
                                                ESYS_TR_NONE, &described, nullptr),
                             "reading the endorsement certificate"));
  Esys<TPM2B_NV_PUBLIC> owned(described);
  const std::size_t size = described->nvPublic.dataSize;
  if (size > limits::certificate_bytes_max)
    return fail(Errc::malformed, "the TPM's endorsement certificate is too long");
  Bytes out;
  while (out.size() < size) {
    const auto at = static_cast<UINT16>(out.size());
    const auto next = static_cast<UINT16>(std::min<std::size_t>(read_bytes_max, size - at));
    TPM2B_MAX_NV_BUFFER* part = nullptr;
    TRY_VOID(bench.connection.check(Esys_NV_Read(bench.esys(), index, index, ESYS_TR_PASSWORD,
                                                 ESYS_TR_NONE, ESYS_TR_NONE, next, at, &part),
                                    "reading the endorsement certificate"));
    Esys<TPM2B_MAX_NV_BUFFER> owned_part(part);
    if (part->size == 0 || part->size > next)
      return fail(Errc::io, "the TPM gives another part of its certificate than was asked for");
    append(out, View(part->buffer, part->size));
  }
  return out;
}

// Some makers' indices are longer than what is in them.
Result<crypto::Certificate> first_certificate(View content) {
  der::Reader in(content);
  View certificate = in.element(der::sequence);
  TRY_VOID(in.status().in("the TPM's endorsement certificate"));
  return crypto::Certificate::from_der(certificate).in("the TPM's endorsement certificate");
}

Result<Slot> make_endorsement_key(const Bench& bench, const SecretBytes& auth,
                                  crypto::KeyType type) {
  TRY_VOID(set_auth(bench.connection, ESYS_TR_RH_ENDORSEMENT, auth));
  TRY(auto session, start_session(bench.connection, ESYS_TR_NONE));
  const TPM2B_PUBLIC area = endorsement_key_area(type);
  const TPM2B_SENSITIVE_CREATE sensitive{};
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION registers{};
  ESYS_TR made = ESYS_TR_NONE;
  TRY_VOID(bench.connection.check(
      Esys_CreatePrimary(bench.esys(), ESYS_TR_RH_ENDORSEMENT, session.get(), ESYS_TR_NONE,
                         ESYS_TR_NONE, &sensitive, &area, &outside, &registers, &made, nullptr,
                         nullptr, nullptr, nullptr),
      "making the endorsement key (the credential tpm2-endorsement-auth holds the endorsement "
      "hierarchy's authorisation value)"));
  return Slot(bench.connection, made);
}

Result<bool> holds(const Bench& bench, ESYS_TR handle, const crypto::PublicKey& key) {
  TPM2B_PUBLIC* area = nullptr;
  TRY_VOID(bench.connection.check(Esys_ReadPublic(bench.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE,
                                                  ESYS_TR_NONE, &area, nullptr, nullptr),
                                  "reading the endorsement key"));
  Esys<TPM2B_PUBLIC> owned(area);
  return is_key_of(area->publicArea, key);
}

struct EndorsementKey {
  ESYS_TR handle;
  std::optional<Slot> made;  // where no persistent one is there
};
Result<EndorsementKey> find_endorsement_key(const Bench& bench, const SecretBytes& auth,
                                            const crypto::PublicKey& key) {
  const TPM2_HANDLE kept = key.type() == crypto::KeyType::p256 ? kept_p256 : kept_rsa;
  TRY(ESYS_TR there, look_up(bench, kept, "looking for the endorsement key"));
  if (there != ESYS_TR_NONE) {
    TRY(bool suits, holds(bench, there, key));
    if (suits) return EndorsementKey{there, std::nullopt};
  }
  TRY(auto made, make_endorsement_key(bench, auth, key.type()));
  TRY(bool suits, holds(bench, made.get(), key));
  if (!suits)
    return fail(Errc::untrusted,
                "the TPM's certificate is for another endorsement key than it makes");
  const ESYS_TR handle = made.get();
  return EndorsementKey{handle, std::move(made)};
}

// Part 1, 19.4.9.3 and 23.3: the endorsement key may be used by whoever knows its hierarchy's
// value.
Result<Slot> endorsement_session(const Bench& bench, const SecretBytes& auth) {
  TPMT_SYM_DEF none{};
  none.algorithm = TPM2_ALG_NULL;
  ESYS_TR handle = ESYS_TR_NONE;
  TRY_VOID(bench.connection.check(
      Esys_StartAuthSession(bench.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                            ESYS_TR_NONE, nullptr, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, &handle),
      "starting a session"));
  Slot policy(bench.connection, handle);
  TRY_VOID(set_auth(bench.connection, ESYS_TR_RH_ENDORSEMENT, auth));
  TRY(auto proof, start_session(bench.connection, ESYS_TR_NONE));
  TPM2B_TIMEOUT* timeout = nullptr;
  TPMT_TK_AUTH* ticket = nullptr;
  TSS2_RC code = Esys_PolicySecret(bench.esys(), ESYS_TR_RH_ENDORSEMENT, policy.get(), proof.get(),
                                   ESYS_TR_NONE, ESYS_TR_NONE, nullptr, nullptr, nullptr, 0,
                                   &timeout, &ticket);
  Esys<TPM2B_TIMEOUT> owned_timeout(timeout);
  Esys<TPMT_TK_AUTH> owned_ticket(ticket);
  TRY_VOID(bench.connection.check(
      code,
      "using the endorsement key (the credential tpm2-endorsement-auth holds the endorsement "
      "hierarchy's authorisation value)"));
  return policy;
}

// Another seed, or another name. swtpm calls a secret that it can't decrypt a failure of its own,
// and goes on well.
bool is_for_another(const Bench& bench, TSS2_RC code) {
  if (code == TPM2_RC_FAILURE) return bench.connection.has_algorithm(TPM2_ALG_SHA256).has_value();
  return (code & 0xBF) == TPM2_RC_INTEGRITY || (code & 0xBF) == TPM2_RC_VALUE;
}

}  // namespace

Result<crypto::Certificate> read_endorsement_certificate(const Bench& bench) {
  for (TPM2_HANDLE handle : {certificate_rsa, certificate_p256}) {
    TRY(ESYS_TR index, look_up(bench, handle, "looking for the endorsement certificate"));
    if (index == ESYS_TR_NONE) continue;
    TRY(auto content, read_index(bench, index));
    return first_certificate(content);
  }
  return fail(Errc::not_found, "the TPM has no endorsement certificate for RSA-2048 or P-256");
}

Result<Tpm::Statement> certify(const Bench& bench, const KeyFile& key,
                               const KeyFile& attestation_key, View qualifying) {
  TPM2B_DATA data{};
  if (qualifying.size() > TPM2_SHA256_DIGEST_SIZE)
    return fail(Errc::internal, "a TPM certifies over at most 32 bytes");
  data.size = static_cast<UINT16>(qualifying.size());
  std::ranges::copy(qualifying, data.buffer);
  TRY(auto object, load(bench, key));
  TRY(auto signer, load(bench, attestation_key));
  TRY(auto object_session, session_for(bench, key));
  TRY(auto signer_session, session_for(bench, attestation_key));
  TPMT_SIG_SCHEME own_scheme{};
  own_scheme.scheme = TPM2_ALG_NULL;
  TPM2B_ATTEST* statement = nullptr;
  TPMT_SIGNATURE* signature = nullptr;
  TSS2_RC code = Esys_Certify(bench.esys(), object.get(), signer.get(), handle_of(object_session),
                              handle_of(signer_session), ESYS_TR_NONE, &data, &own_scheme,
                              &statement, &signature);
  Esys<TPM2B_ATTEST> owned_statement(statement);
  Esys<TPMT_SIGNATURE> owned_signature(signature);
  TRY_VOID(bench.connection.check(code, "certifying a key"));
  return Tpm::Statement{
      Bytes(statement->attestationData, statement->attestationData + statement->size),
      raw_signature(*signature, crypto::KeyType::p256)};
}

Result<SecretBytes> activate(const Bench& bench, const SecretBytes& endorsement_auth,
                             const crypto::Certificate& endorsement, const KeyFile& attestation_key,
                             const crypto::TpmCredential& credential) {
  TPM2B_ID_OBJECT object{};
  TPM2B_ENCRYPTED_SECRET secret{};
  if (credential.id_object.size() > sizeof object.credential ||
      credential.encrypted_secret.size() > sizeof secret.secret)
    return fail(Errc::malformed, "the credential is longer than a TPM takes");
  object.size = static_cast<UINT16>(credential.id_object.size());
  std::ranges::copy(credential.id_object, object.credential);
  secret.size = static_cast<UINT16>(credential.encrypted_secret.size());
  std::ranges::copy(credential.encrypted_secret, secret.secret);
  TRY(auto attester, load(bench, attestation_key));
  TRY(auto session, session_for(bench, attestation_key));
  TRY(auto key, find_endorsement_key(bench, endorsement_auth, endorsement.public_key()));
  TRY(auto policy, endorsement_session(bench, endorsement_auth));
  TPM2B_DIGEST* opened = nullptr;
  TSS2_RC code =
      Esys_ActivateCredential(bench.esys(), attester.get(), key.handle, handle_of(session),
                              policy.get(), ESYS_TR_NONE, &object, &secret, &opened);
  Esys<TPM2B_DIGEST> owned(opened);
  if (is_for_another(bench, code)) return fail(Errc::untrusted, "it was sealed to another TPM");
  TRY_VOID(bench.connection.check(code, "opening what was sealed to this TPM"));
  auto out = SecretBytes::copy_of(View(opened->buffer, opened->size));
  explicit_bzero(opened->buffer, sizeof opened->buffer);
  return out;
}

}  // namespace fairlead::keystore::tpm2
