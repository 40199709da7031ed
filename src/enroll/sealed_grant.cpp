// SPDX-License-Identifier: Apache-2.0
#include "enroll/sealed_grant.h"

#include "base/limits.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"
#include "crypto/aead.h"

namespace fairlead::enroll {

namespace {

constexpr std::uint64_t sealed_version = 1;
constexpr crypto::Aead alg = crypto::Aead::aes256_gcm;
constexpr std::string_view aad = "fairlead sealed grant 1";

}  // namespace

// sealed-grant = [1, id-object, encrypted-secret, nonce, ciphertext]
Result<Bytes> seal_grant(View grant, const crypto::PublicKey& endorsement_key,
                         View attestation_key_name, Random& random) {
  const SecretBytes secret(random.bytes(crypto::credential_secret_bytes));
  TRY(auto credential,
      crypto::make_tpm_credential(endorsement_key, attestation_key_name, secret, random));
  const Bytes nonce = random.bytes(crypto::sizes(alg).nonce);
  TRY(auto ciphertext, crypto::seal(alg, secret.reveal(), nonce, as_view(aad), grant));
  cbor::Writer out;
  out.array(5).uint(sealed_version).bytes(credential.id_object).bytes(credential.encrypted_secret);
  out.bytes(nonce).bytes(ciphertext);
  return out.take();
}

// A Grant is a tagged COSE_Sign1.
bool is_sealed_grant(View document) {
  constexpr std::uint8_t array_of_five = 0x85;
  return !document.empty() && document[0] == array_of_five;
}

Result<SealedGrant> decode_sealed_grant(View document) {
  constexpr std::size_t tag = 16;
  cbor::Reader in(document);
  SealedGrant out;
  in.array(5);
  if (in.uint() != sealed_version) in.fail_here("of another version");
  out.credential.id_object = to_bytes(in.bytes(crypto::id_object_bytes_max));
  out.credential.encrypted_secret = to_bytes(in.bytes(crypto::encrypted_secret_bytes_max));
  out.nonce = to_bytes(in.bytes(crypto::sizes(alg).nonce));
  out.ciphertext = to_bytes(in.bytes(limits::grant_bytes_max + tag));
  if (out.nonce.size() != crypto::sizes(alg).nonce) in.fail_here("a nonce of another length");
  TRY_VOID(in.finish().in("sealed grant"));
  return out;
}

Result<Bytes> open_grant(const SealedGrant& sealed, const SecretBytes& secret) {
  if (secret.size() != crypto::credential_secret_bytes)
    return fail(Errc::untrusted, "sealed grant: the TPM gave out a secret of another length");
  return crypto::open(alg, secret.reveal(), sealed.nonce, as_view(aad), sealed.ciphertext)
      .in("sealed grant");
}

}  // namespace fairlead::enroll
