// SPDX-License-Identifier: Apache-2.0
#include "keystore/tpm2/bench.h"

namespace fairlead::keystore::tpm2 {

namespace {

// A fixed-width big-endian half of a signature; TPMs may leave leading zeros away.
void append_padded(Bytes& to, const TPM2B_ECC_PARAMETER& part, std::size_t width) {
  to.insert(to.end(), width > part.size ? width - part.size : 0, 0);
  append(to, View(part.buffer, part.size));
}

}  // namespace

crypto::Signature raw_signature(const TPMT_SIGNATURE& made, crypto::KeyType type) {
  const TPMS_SIGNATURE_ECDSA& ecdsa = made.signature.ecdsa;
  crypto::Signature out;
  append_padded(out.raw, ecdsa.signatureR, crypto::coordinate_bytes(type));
  append_padded(out.raw, ecdsa.signatureS, crypto::coordinate_bytes(type));
  return out;
}

Result<KeyFile> create(const Bench& bench, Wrapped kind, const TPM2B_PUBLIC& area, View data) {
  TRY(auto session, start_session(bench.connection, bench.storage_key.handle));
  TRY_VOID(encrypt(bench.connection, session, TPMA_SESSION_DECRYPT));
  TPM2B_SENSITIVE_CREATE sensitive{};
  TPMS_SENSITIVE_CREATE& secrets = sensitive.sensitive;
  secrets.userAuth.size = static_cast<UINT16>(bench.key_auth.size());
  std::ranges::copy(bench.key_auth.reveal(), secrets.userAuth.buffer);
  secrets.data.size = static_cast<UINT16>(data.size());
  std::ranges::copy(data, secrets.data.buffer);
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION registers{};
  TPM2B_PRIVATE* private_part = nullptr;
  TPM2B_PUBLIC* public_part = nullptr;
  TSS2_RC code = Esys_Create(bench.esys(), bench.storage_key.handle, session.get(), ESYS_TR_NONE,
                             ESYS_TR_NONE, &sensitive, &area, &outside, &registers, &private_part,
                             &public_part, nullptr, nullptr, nullptr);
  Esys<TPM2B_PRIVATE> owned_private(private_part);
  Esys<TPM2B_PUBLIC> owned_public(public_part);
  explicit_bzero(&sensitive, sizeof sensitive);
  TRY_VOID(bench.connection.check(code, "making a key"));
  TRY(auto wrapped, wrapped_key(*public_part, *private_part));
  return KeyFile{kind, bench.key_auth.empty(), bench.storage_key.id.handle, std::move(wrapped)};
}

Result<Slot> load(const Bench& bench, const KeyFile& key) {
  TRY(auto public_part, public_area(key.wrapped));
  TRY(auto private_part, private_area(key.wrapped));
  if (!key.empty_auth && bench.key_auth.empty())
    return fail(Errc::refused,
                "the key wants an authorisation value, and there is none: put it "
                "into the credential tpm2-key-auth");
  ESYS_TR loaded = ESYS_TR_NONE;
  TRY_VOID(bench.connection.check(
      Esys_Load(bench.esys(), bench.storage_key.handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                ESYS_TR_NONE, &private_part, &public_part, &loaded),
      "loading the key"));
  Slot slot(bench.connection, loaded);
  if (!key.empty_auth) TRY_VOID(set_auth(bench.connection, loaded, bench.key_auth));
  return slot;
}

Result<std::optional<Slot>> session_for(const Bench& bench, const KeyFile& key) {
  if (key.empty_auth) return std::optional<Slot>();
  TRY(auto session, start_session(bench.connection, bench.storage_key.handle));
  return std::optional<Slot>(std::move(session));
}
ESYS_TR handle_of(const std::optional<Slot>& session) {
  return session ? session->get() : ESYS_TR_PASSWORD;
}

}  // namespace fairlead::keystore::tpm2
