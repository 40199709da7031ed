// SPDX-License-Identifier: Apache-2.0
#include "keystore/tpm2/areas.h"

#include <tss2/tss2_mu.h>

namespace fairlead::keystore::tpm2 {

namespace {

constexpr TPMA_OBJECT bound =
    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_USERWITHAUTH;

TPMA_OBJECT guess_attribute(Guessing guessing) {
  return guessing == Guessing::nothing_to_guess ? TPMA_OBJECT_NODA : 0;
}

TPM2B_PUBLIC keyed_hash_area(TPM2_ALG_ID name_algorithm, TPMA_OBJECT attributes) {
  TPM2B_PUBLIC out{};
  TPMT_PUBLIC& area = out.publicArea;
  area.type = TPM2_ALG_KEYEDHASH;
  area.nameAlg = name_algorithm;
  area.objectAttributes = attributes;
  area.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
  return out;
}

std::optional<crypto::KeyType> curve_type(TPM2_ECC_CURVE curve) {
  if (curve == TPM2_ECC_NIST_P256) return crypto::KeyType::p256;
  if (curve == TPM2_ECC_NIST_P384) return crypto::KeyType::p384;
  return std::nullopt;
}

View view_of(const TPM2B_ECC_PARAMETER& part) { return {part.buffer, part.size}; }

}  // namespace

TPM2B_PUBLIC storage_key_area() {
  TPM2B_PUBLIC out{};
  TPMT_PUBLIC& area = out.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = bound | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_NODA |
                          TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
  TPMS_ECC_PARMS& ecc = area.parameters.eccDetail;
  ecc.symmetric.algorithm = TPM2_ALG_AES;
  ecc.symmetric.keyBits.aes = 128;
  ecc.symmetric.mode.aes = TPM2_ALG_CFB;
  ecc.scheme.scheme = TPM2_ALG_NULL;
  ecc.curveID = TPM2_ECC_NIST_P256;
  ecc.kdf.scheme = TPM2_ALG_NULL;
  return out;
}

TPM2B_PUBLIC signing_key_area(crypto::KeyType type, Guessing guessing) {
  const bool large = type == crypto::KeyType::p384;
  TPM2B_PUBLIC out{};
  TPMT_PUBLIC& area = out.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = bound | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_SIGN_ENCRYPT |
                          guess_attribute(guessing);
  TPMS_ECC_PARMS& ecc = area.parameters.eccDetail;
  ecc.symmetric.algorithm = TPM2_ALG_NULL;
  ecc.scheme.scheme = TPM2_ALG_ECDSA;
  ecc.scheme.details.ecdsa.hashAlg = large ? TPM2_ALG_SHA384 : TPM2_ALG_SHA256;
  ecc.curveID = large ? TPM2_ECC_NIST_P384 : TPM2_ECC_NIST_P256;
  ecc.kdf.scheme = TPM2_ALG_NULL;
  return out;
}

// Only an object that may sign and decrypt can leave its hash open (Part 2, TPMS_KEYEDHASH_PARMS),
// and FDO asks one secret for HMAC-SHA-256 and HMAC-SHA-384. XOR obfuscation, which "decrypt"
// stands for here, is offered by no command to the outside.
TPM2B_PUBLIC hmac_key_area(TPM2_ALG_ID name_algorithm, Guessing guessing) {
  return keyed_hash_area(name_algorithm, bound | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                             TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_DECRYPT |
                                             guess_attribute(guessing));
}

TPM2B_PUBLIC sealed_data_area(Guessing guessing) {
  return keyed_hash_area(TPM2_ALG_SHA256, bound | guess_attribute(guessing));
}

TPM2B_PUBLIC attestation_key_area(Guessing guessing) {
  TPM2B_PUBLIC out = signing_key_area(crypto::KeyType::p256, guessing);
  out.publicArea.objectAttributes |= TPMA_OBJECT_RESTRICTED;
  return out;
}

TPM2B_PUBLIC endorsement_key_area(crypto::KeyType type) {
  // Part 1, 23.3: whoever knows the endorsement hierarchy's value may use the key.
  static constexpr std::uint8_t policy[] = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8,
                                            0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7, 0x24,
                                            0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64,
                                            0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA};
  TPM2B_PUBLIC out{};
  TPMT_PUBLIC& area = out.publicArea;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                          TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |
                          TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
  area.authPolicy.size = sizeof policy;
  std::ranges::copy(policy, area.authPolicy.buffer);
  TPMT_SYM_DEF_OBJECT symmetric{};
  symmetric.algorithm = TPM2_ALG_AES;
  symmetric.keyBits.aes = 128;
  symmetric.mode.aes = TPM2_ALG_CFB;
  if (type == crypto::KeyType::p256) {
    area.type = TPM2_ALG_ECC;
    area.parameters.eccDetail = {
        symmetric, {TPM2_ALG_NULL, {}}, TPM2_ECC_NIST_P256, {TPM2_ALG_NULL, {}}};
    area.unique.ecc.x.size = area.unique.ecc.y.size = 32;
  } else {
    area.type = TPM2_ALG_RSA;
    area.parameters.rsaDetail = {symmetric, {TPM2_ALG_NULL, {}}, 2048, 0};
    area.unique.rsa.size = 256;
  }
  return out;
}

bool is_key_of(const TPMT_PUBLIC& area, const crypto::PublicKey& key) {
  if (area.type == TPM2_ALG_ECC) {
    auto type = curve_type(area.parameters.eccDetail.curveID);
    if (!type) return false;
    auto made = crypto::PublicKey::from_point(*type, view_of(area.unique.ecc.x),
                                              view_of(area.unique.ecc.y));
    return made && *made == key;
  }
  // The modulus stands whole in the key's DER, and 256 random bytes stand nowhere by chance.
  const Bytes der = key.spki();
  const View modulus(area.unique.rsa.buffer, area.unique.rsa.size);
  return area.type == TPM2_ALG_RSA && modulus.size() == 256 &&
         !std::ranges::search(der, modulus).empty();
}

bool is_storage_key(const TPMT_PUBLIC& area) {
  constexpr TPMA_OBJECT wanted =
      TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
  return (area.type == TPM2_ALG_ECC || area.type == TPM2_ALG_RSA) &&
         area.nameAlg == TPM2_ALG_SHA256 && (area.objectAttributes & wanted) == wanted &&
         (area.objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT) == 0;
}

Result<Description> describe(const WrappedKey& wrapped) {
  TRY(auto decoded, public_area(wrapped));
  const TPMT_PUBLIC& area = decoded.publicArea;
  Description out;
  if (area.type == TPM2_ALG_KEYEDHASH && (area.objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT)) {
    out.hmac = true;
    return out;
  }
  if (area.type == TPM2_ALG_KEYEDHASH) return out;
  auto type =
      area.type == TPM2_ALG_ECC ? curve_type(area.parameters.eccDetail.curveID) : std::nullopt;
  if (!type) return fail(Errc::unsupported, "TPM key file: only P-256 and P-384 are known");
  TRY(out.signing,
      crypto::PublicKey::from_point(*type, view_of(area.unique.ecc.x), view_of(area.unique.ecc.y)));
  return out;
}

Result<WrappedKey> wrapped_key(const TPM2B_PUBLIC& public_part, const TPM2B_PRIVATE& private_part) {
  std::uint8_t buffer[sizeof(TPM2B_PUBLIC) + sizeof(TPM2B_PRIVATE)];
  std::size_t public_end = 0;
  if (Tss2_MU_TPM2B_PUBLIC_Marshal(&public_part, buffer, sizeof buffer, &public_end) != 0)
    return fail(Errc::internal, "the TPM's public area can't be written");
  std::size_t private_end = public_end;
  if (Tss2_MU_TPM2B_PRIVATE_Marshal(&private_part, buffer, sizeof buffer, &private_end) != 0)
    return fail(Errc::internal, "the TPM's private area can't be written");
  return WrappedKey{Bytes(buffer, buffer + public_end),
                    Bytes(buffer + public_end, buffer + private_end)};
}

// A TPM2B_PUBLIC without its length.
Result<Bytes> bare_public_area(const WrappedKey& wrapped) {
  TRY_VOID(public_area(wrapped));
  return Bytes(wrapped.public_area.begin() + 2, wrapped.public_area.end());
}

Result<TPM2B_PUBLIC> public_area(const WrappedKey& wrapped) {
  TPM2B_PUBLIC out{};
  std::size_t end = 0;
  const Bytes& from = wrapped.public_area;
  if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(from.data(), from.size(), &end, &out) != 0 ||
      end != from.size())
    return fail(Errc::malformed, "TPM key file: the public part is damaged");
  return out;
}

Result<TPM2B_PRIVATE> private_area(const WrappedKey& wrapped) {
  TPM2B_PRIVATE out{};
  std::size_t end = 0;
  const Bytes& from = wrapped.private_area;
  if (Tss2_MU_TPM2B_PRIVATE_Unmarshal(from.data(), from.size(), &end, &out) != 0 ||
      end != from.size())
    return fail(Errc::malformed, "TPM key file: the private part is damaged");
  return out;
}

}  // namespace fairlead::keystore::tpm2
