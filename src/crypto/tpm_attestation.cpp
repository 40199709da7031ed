// SPDX-License-Identifier: Apache-2.0
#include "crypto/tpm_attestation.h"

#include <openssl/x509v3.h>

#include "codec/tpm/structures.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

namespace {

constexpr char use_of_endorsement[] = "2.23.133.8.1";  // tcg-kp-EKCertificate

Result<PublicKey> public_key_of(const tpm::SigningKey& key) {
  return PublicKey::from_point(key.curve == tpm::Curve::p384 ? KeyType::p384 : KeyType::p256, key.x,
                               key.y);
}

// Part 1, 24.6: a key with these three was made by its TPM and exists nowhere else.
Result<void> check_bound(const tpm::SigningKey& key) {
  if (!(key.attributes & tpm::fixed_tpm) || !(key.attributes & tpm::fixed_parent))
    return fail(Errc::untrusted, "it is not fixed to its TPM: it could be copied");
  if (!(key.attributes & tpm::sensitive_data_origin))
    return fail(Errc::untrusted, "it was not made in its TPM: it could exist elsewhere");
  if (!(key.attributes & tpm::sign)) return fail(Errc::untrusted, "it may not sign");
  return ok();
}

// Part 1, 25.1.2: a restricted key signs nothing with the magic number in front but what the TPM
// says of its own accord. One that is not would sign a statement that its holder wrote.
Result<PublicKey> check_attestation_key(View area) {
  TRY(auto key, tpm::decode_signing_key(area));
  TRY_VOID(check_bound(key));
  if (!(key.attributes & tpm::restricted))
    return fail(Errc::untrusted, "it is not restricted to what its TPM says: it could sign lies");
  if (key.attributes & tpm::decrypt) return fail(Errc::untrusted, "it is not for signing alone");
  if (key.curve != tpm::Curve::p256) return fail(Errc::unsupported, "it is not of P-256");
  return public_key_of(key);
}

bool is_for_endorsement(X509* x509) {
  Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> uses(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(x509, NID_ext_key_usage, nullptr, nullptr)));
  for (int i = 0; uses && i < sk_ASN1_OBJECT_num(uses.get()); ++i) {
    char name[32];
    OBJ_obj2txt(name, sizeof name, sk_ASN1_OBJECT_value(uses.get(), i), 1);
    if (std::string_view(name) == use_of_endorsement) return true;
  }
  ERR_clear_error();
  return false;
}

}  // namespace

Bytes tpm_name_of(View area) {
  constexpr std::uint8_t sha256_number[] = {0x00, 0x0B};
  Bytes out = to_bytes(View(sha256_number));
  append(out, sha256(area));
  return out;
}

Result<void> check_tpm_statement(const TpmAttestation& attestation, const PublicKey& key,
                                 View qualifying_data) {
  TRY(auto signer, check_attestation_key(attestation.attestation_key).in("attestation key"));
  if (!signer.verify(attestation.statement, attestation.signature))
    return fail(Errc::untrusted, "statement: it is not signed by the attestation key");
  TRY(auto certified, tpm::decode_certify(attestation.statement));
  if (!equal(certified.qualifying, qualifying_data))
    return fail(Errc::untrusted, "statement: it was made for another Offer");
  if (certified.name != tpm_name_of(attestation.key))
    return fail(Errc::untrusted, "statement: it is about another key");
  TRY(auto area, tpm::decode_signing_key(attestation.key).in("key"));
  TRY_VOID(check_bound(area).in("key"));
  TRY(auto proven, public_key_of(area).in("key"));
  if (!(proven == key))
    return fail(Errc::untrusted, "key: it is another one than the certificate is asked for");
  return ok();
}

Result<void> check_endorsement_certificate(const Certificate& certificate, Time now) {
  if (now < certificate.not_before() || now > certificate.not_after())
    return fail(Errc::expired, "it is valid from " + to_rfc3339(certificate.not_before()) + " to " +
                                   to_rfc3339(certificate.not_after()) + ", the time here is " +
                                   to_rfc3339(now));
  const KeyType type = certificate.public_key().type();
  if (type != KeyType::rsa2048 && type != KeyType::p256)
    return fail(Errc::unsupported, "its key is neither RSA-2048 nor P-256");
  if (certificate.is_ca()) return fail(Errc::untrusted, "it is an authority's");
  const unsigned char* at = certificate.der().data();
  X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
  if (!x509 || !is_for_endorsement(x509.get()))
    return fail(Errc::untrusted, "it is not for an endorsement key (extended key usage " +
                                     std::string(use_of_endorsement) + ")");
  const std::uint32_t wanted = type == KeyType::p256 ? KU_KEY_AGREEMENT : KU_KEY_ENCIPHERMENT;
  const std::uint32_t usage = X509_get_key_usage(x509.get());
  if (usage == UINT32_MAX || !(usage & wanted))
    return fail(Errc::untrusted, "its key may not be used to send it secrets");
  return ok();
}

}  // namespace fairlead::crypto
