// SPDX-License-Identifier: Apache-2.0
#include "keystore/tpm2/storage_key.h"

#include "keystore/tpm2/areas.h"

namespace fairlead::keystore::tpm2 {

namespace {

// The first is the guidance's; the second is ours, for machines where the first is taken.
constexpr TPM2_HANDLE candidates[] = {0x81000001, 0x8100F1D0};

Result<Bytes> name_of(Connection& connection, ESYS_TR handle) {
  TPM2B_NAME* name = nullptr;
  TRY_VOID(connection.check(Esys_TR_GetName(connection.esys(), handle, &name),
                            "reading the storage key"));
  Esys<TPM2B_NAME> owned(name);
  return Bytes(name->name, name->name + name->size);
}

bool is_absent(TSS2_RC code) {
  return code != TSS2_RC_SUCCESS && verdict_of(code) == Verdict::failed &&
         (code & 0xBF) == TPM2_RC_HANDLE;
}

// What is at `handle`; nothing if nothing is.
Result<std::optional<StorageKey>> look(Connection& connection, TPM2_HANDLE handle) {
  ESYS_TR found = ESYS_TR_NONE;
  TSS2_RC code = Esys_TR_FromTPMPublic(connection.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &found);
  if (is_absent(code)) return std::nullopt;
  TRY_VOID(connection.check(code, "looking for the storage key"));
  TRY(auto name, name_of(connection, found));
  return std::optional(StorageKey{{handle, std::move(name)}, found});
}

Result<bool> can_store(Connection& connection, const StorageKey& key) {
  TPM2B_PUBLIC* area = nullptr;
  TRY_VOID(connection.check(Esys_ReadPublic(connection.esys(), key.handle, ESYS_TR_NONE,
                                            ESYS_TR_NONE, ESYS_TR_NONE, &area, nullptr, nullptr),
                            "reading the storage key"));
  Esys<TPM2B_PUBLIC> owned(area);
  return is_storage_key(area->publicArea);
}

// The same template gives the same key for as long as the TPM has its owner seed.
Result<Slot> make_primary(Connection& connection, const Slot& session) {
  const TPM2B_PUBLIC area = storage_key_area();
  const TPM2B_SENSITIVE_CREATE sensitive{};
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION registers{};
  ESYS_TR made = ESYS_TR_NONE;
  TRY_VOID(connection.check(
      Esys_CreatePrimary(connection.esys(), ESYS_TR_RH_OWNER, session.get(), ESYS_TR_NONE,
                         ESYS_TR_NONE, &sensitive, &area, &outside, &registers, &made, nullptr,
                         nullptr, nullptr, nullptr),
      "making the storage key (the credential tpm2-owner-auth holds the owner's authorisation "
      "value)"));
  return Slot(connection, made);
}

std::unexpected<Error> another_tpm() {
  return fail(Errc::untrusted,
              "these keys belong to another TPM, or this TPM has been cleared since they were "
              "made: they can't be used here. If the folder was copied from another machine, take "
              "it away and initialise this one; if the TPM was cleared, the identity is lost and "
              "the device needs a new one");
}

Result<StorageKey> make(Connection& connection, const SecretBytes& owner_auth, TPM2_HANDLE at,
                        const std::optional<StorageKeyId>& known) {
  TRY_VOID(set_auth(connection, ESYS_TR_RH_OWNER, owner_auth));
  TRY(auto session, start_session(connection, ESYS_TR_NONE));
  TRY(auto primary, make_primary(connection, session));
  TRY(auto name, name_of(connection, primary.get()));
  if (known && known->name != name) return another_tpm();
  ESYS_TR persistent = ESYS_TR_NONE;
  TRY_VOID(connection.check(
      Esys_EvictControl(connection.esys(), ESYS_TR_RH_OWNER, primary.get(), session.get(),
                        ESYS_TR_NONE, ESYS_TR_NONE, at, &persistent),
      "keeping the storage key in the TPM"));
  return StorageKey{{at, std::move(name)}, persistent};
}

}  // namespace

Result<StorageKey> find_storage_key(Connection& connection, const SecretBytes& owner_auth,
                                    const std::optional<StorageKeyId>& known) {
  if (known) {
    TRY(auto there, look(connection, known->handle));
    if (!there) return make(connection, owner_auth, known->handle, known);
    if (there->id != *known) return another_tpm();
    return std::move(*there);
  }
  for (TPM2_HANDLE handle : candidates) {
    TRY(auto there, look(connection, handle));
    if (!there) return make(connection, owner_auth, handle, std::nullopt);
    TRY(bool suits, can_store(connection, *there));
    if (suits) return std::move(*there);
  }
  return fail(Errc::refused,
              "the TPM's handles 0x81000001 and 0x8100F1D0 hold keys that can't wrap others; free "
              "one of them with tpm2_evictcontrol");
}

}  // namespace fairlead::keystore::tpm2
