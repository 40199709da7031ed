// SPDX-License-Identifier: Apache-2.0
// The template's bytes against those of OpenSSL's own builder, given the same inputs.
#include "pki/certificate_template.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "pki/authority.h"

namespace fairlead::pki {
namespace {

using namespace std::chrono_literals;
using crypto::Certificate;
using crypto::KeyType;
using crypto::SoftwareKey;

template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, decltype([](T* object) { Free(object); })>;
using X509Ptr = Owned<X509, X509_free>;
using PkeyPtr = Owned<EVP_PKEY, EVP_PKEY_free>;

const Time now = from_unix_seconds(1'790'000'000);

X509Ptr parse(const Certificate& certificate) {
  const unsigned char* at = certificate.der().data();
  return X509Ptr(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
}

PkeyPtr parse(const crypto::PublicKey& key) {
  const Bytes spki = key.spki();
  const unsigned char* at = spki.data();
  return PkeyPtr(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
}

void add_name(X509_NAME* name, int nid, int type, std::string_view text) {
  ASSERT_EQ(X509_NAME_add_entry_by_NID(name, nid, type,
                                       reinterpret_cast<const unsigned char*>(text.data()),
                                       static_cast<int>(text.size()), -1, 0),
            1);
}

void add_extension(X509* x509, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  ASSERT_TRUE(extension) << value;
  ASSERT_EQ(X509_add_ext(x509, extension.get(), -1), 1);
}

void add_key_identifier(X509* x509) {
  // RFC 7093: of the key's bits, by another road than the code's.
  const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(x509);
  const crypto::Sha256 digest = crypto::sha256(
      View(ASN1_STRING_get0_data(bits), static_cast<std::size_t>(ASN1_STRING_length(bits))));
  Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> id(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(id.get(), digest.data(), 20);
  ASSERT_EQ(X509_add1_ext_i2d(x509, NID_subject_key_identifier, id.get(), 0, 0), 1);
}

struct Input {
  KeyType ca_key, subject_key;
  LeafProfile profile;
  LeafSubject subject;
  const char* uris;  // as the configuration syntax writes them
};

// tbsCertificate of `ours`, built anew by OpenSSL from what should be in it.
Bytes slow_path(const Input& input, const Certificate& ca, const Certificate& ours,
                const crypto::PublicKey& subject_key) {
  X509Ptr x509(X509_new()), issuer = parse(ca);
  PkeyPtr key = parse(subject_key);
  X509_set_version(x509.get(), X509_VERSION_3);
  const Bytes serial = ours.serial();
  Owned<BIGNUM, BN_free> number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509.get()));
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), to_unix_seconds(now - input.profile.backdate));
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), to_unix_seconds(now + input.profile.lifetime));
  X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer.get()));
  X509_NAME* name = X509_get_subject_name(x509.get());
  if (!input.profile.organization.empty())
    add_name(name, NID_organizationName, V_ASN1_UTF8STRING, input.profile.organization);
  if (!input.profile.organizational_unit.empty())
    add_name(name, NID_organizationalUnitName, V_ASN1_UTF8STRING,
             input.profile.organizational_unit);
  add_name(name, NID_commonName, V_ASN1_UTF8STRING, input.subject.common_name);
  if (!input.subject.serial_number.empty())
    add_name(name, NID_serialNumber, V_ASN1_PRINTABLESTRING, input.subject.serial_number);
  X509_set_pubkey(x509.get(), key.get());
  add_extension(x509.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(x509.get(), issuer.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(x509.get(), issuer.get(), NID_ext_key_usage, "clientAuth");
  add_extension(x509.get(), issuer.get(), NID_authority_key_identifier, "keyid:always");
  add_key_identifier(x509.get());
  if (input.uris) add_extension(x509.get(), issuer.get(), NID_subject_alt_name, input.uris);
  const bool p384 = input.ca_key == KeyType::p384;
  PkeyPtr any_key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", p384 ? "P-384" : "P-256"));
  EXPECT_GT(X509_sign(x509.get(), any_key.get(), p384 ? EVP_sha384() : EVP_sha256()), 0);
  unsigned char* der = nullptr;
  int length = i2d_re_X509_tbs(x509.get(), &der);
  Bytes out(der, der + length);
  OPENSSL_free(der);
  return out;
}

TEST(CertificateTemplate, EqualsOpensslsBuilderByteForByte) {
  const Input inputs[] = {
      {KeyType::p256, KeyType::p256, {}, {"d-17", "", {}}, nullptr},
      {KeyType::p256, KeyType::p384, {}, {"d-17", "SN 0017", {"urn:x:1"}}, "URI:urn:x:1"},
      {KeyType::p384,
       KeyType::p256,
       {.organization = "Größe", .organizational_unit = "Werk 2"},
       {"Pumpe Süd", "17", {"urn:x:1", "https://id.example/01?s=17"}},
       "URI:urn:x:1,URI:https://id.example/01?s=17"},
      // Past 2049 the encoding of a time changes.
      {KeyType::p384, KeyType::rsa3072, {.lifetime = 24h * 365 * 40}, {"d", "1", {}}, nullptr},
  };
  crypto::SystemRandom random;
  for (const Input& input : inputs) {
    auto ca_key = std::move(*SoftwareKey::generate(input.ca_key));
    auto subject_key = std::move(*SoftwareKey::generate(input.subject_key));
    auto root = *create_root(*ca_key, "Root", now - 48h, no_expiry, random);
    auto authority = *Authority::open({root}, *ca_key);
    auto ours =
        *authority.issue(input.profile, subject_key->public_key(), input.subject, now, random);
    der::Reader outer(ours.der());
    View tbs = outer.enter(der::sequence).element(der::sequence);
    EXPECT_EQ(to_hex(tbs), to_hex(slow_path(input, root, ours, subject_key->public_key())));
  }
}

// Gives a prepared signature, to meet the shortest and the longest encoding on purpose.
class FixedSigner final : public crypto::Signer {
 public:
  explicit FixedSigner(Bytes raw) : raw_(std::move(raw)) {}
  const crypto::PublicKey& public_key() const override { return key_->public_key(); }
  Result<crypto::Signature> sign(View) override { return crypto::Signature{raw_}; }

 private:
  std::unique_ptr<SoftwareKey> key_ = std::move(*SoftwareKey::generate(KeyType::p256));
  Bytes raw_;
};

TEST(CertificateTemplate, WritesTheOuterLengthForSignaturesOfEverySize) {
  for (std::size_t zeros : {0u, 1u, 5u, 31u}) {
    Bytes raw(64, 0xFF);
    for (std::size_t i = 0; i < zeros; ++i) raw[i] = raw[32 + i] = 0;
    FixedSigner signer(raw);
    const CertificateTemplate made(KeyType::p256, der::sequence_of({}), {});
    const Bytes spki = signer.public_key().spki(), filler(200, 0);
    const Bytes name = der::element(der::octet_string, filler);
    auto certificate = made.sign({{}, now, now, name, spki, {}}, signer);
    ASSERT_TRUE(certificate);
    der::Reader outer(*certificate);
    der::Reader parts = outer.enter(der::sequence);
    parts.element(der::sequence);
    parts.element(der::sequence);
    EXPECT_EQ(crypto::ecdsa_der_to_raw(KeyType::p256, parts.bit_string_octets()).value(), raw);
    EXPECT_TRUE(parts.finish());
    EXPECT_TRUE(outer.finish());
  }
}

TEST(CertificateTemplate, PassesOnWhatTheSignerSays) {
  class Broken final : public crypto::Signer {
   public:
    const crypto::PublicKey& public_key() const override { return key_->public_key(); }
    Result<crypto::Signature> sign(View) override { return fail(Errc::io, "token is gone"); }
    std::unique_ptr<SoftwareKey> key_ = std::move(*SoftwareKey::generate(KeyType::p256));
  } broken;
  const CertificateTemplate made(KeyType::p256, der::sequence_of({}), {});
  auto certificate = made.sign({{}, now, now, {}, broken.public_key().spki(), {}}, broken);
  ASSERT_FALSE(certificate);
  EXPECT_EQ(certificate.error().code, Errc::io);
  EXPECT_EQ(certificate.error().context, "signing the certificate: token is gone");
}

}  // namespace
}  // namespace fairlead::pki
