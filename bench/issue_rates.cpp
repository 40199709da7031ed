// SPDX-License-Identifier: Apache-2.0
#include "issue_rates.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "pki/authority.h"
#include "rate.h"

namespace fairlead::bench {

namespace {

template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, decltype([](T* object) { Free(object); })>;
using Pkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using PkeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

// The ceiling: EVP with everything prepared.
class Bare {
 public:
  explicit Bare(crypto::KeyType type)
      : digest_(crypto::size_bytes(crypto::hash_for(type)), 0x5A),
        key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC",
                               type == crypto::KeyType::p384 ? "P-384" : "P-256")),
        signing_(EVP_PKEY_CTX_new(key_.get(), nullptr)),
        verifying_(EVP_PKEY_CTX_new(key_.get(), nullptr)) {
    EVP_PKEY_sign_init(signing_.get());
    EVP_PKEY_verify_init(verifying_.get());
  }
  bool sign() {
    length_ = signature_.size();
    return EVP_PKEY_sign(signing_.get(), signature_.data(), &length_, digest_.data(),
                         digest_.size()) == 1;
  }
  bool sign_and_verify() {
    return sign() && EVP_PKEY_verify(verifying_.get(), signature_.data(), length_, digest_.data(),
                                     digest_.size()) == 1;
  }

 private:
  Bytes digest_;
  Pkey key_;
  PkeyContext signing_, verifying_;
  std::array<std::uint8_t, 128> signature_{};
  std::size_t length_ = 0;
};

const Time now = from_unix_seconds(1'790'000'000);

// What one writes without a template.
class LibraryBuilder {
 public:
  LibraryBuilder(const crypto::Certificate& ca, const crypto::SoftwareKey& key)
      : digest_(key.public_key().type() == crypto::KeyType::p384 ? EVP_sha384() : EVP_sha256()) {
    const unsigned char* at = ca.der().data();
    ca_.reset(d2i_X509(nullptr, &at, static_cast<long>(ca.der().size())));
    const SecretBytes pkcs8 = key.pkcs8();
    at = pkcs8.reveal().data();
    key_.reset(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.reveal().size())));
  }

  bool issue(const crypto::CertificateRequest& request, Random& random) const {
    Owned<X509, X509_free> x509(X509_new());
    const Bytes serial = random.bytes(16), spki = request.key.spki();
    const unsigned char* at = spki.data();
    Pkey subject(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
    Owned<BIGNUM, BN_free> number(BN_bin2bn(serial.data(), 16, nullptr));
    BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509.get()));
    X509_set_version(x509.get(), X509_VERSION_3);
    ASN1_TIME_set(X509_getm_notBefore(x509.get()), to_unix_seconds(now));
    ASN1_TIME_set(X509_getm_notAfter(x509.get()), to_unix_seconds(now + std::chrono::days(90)));
    X509_set_issuer_name(x509.get(), X509_get_subject_name(ca_.get()));
    X509_NAME_add_entry_by_NID(X509_get_subject_name(x509.get()), NID_commonName, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(request.common_name.data()),
                               static_cast<int>(request.common_name.size()), -1, 0);
    X509_set_pubkey(x509.get(), subject.get());
    return add(x509.get(), NID_basic_constraints, "critical,CA:FALSE") &&
           add(x509.get(), NID_key_usage, "critical,digitalSignature") &&
           add(x509.get(), NID_ext_key_usage, "clientAuth") &&
           add(x509.get(), NID_authority_key_identifier, "keyid") &&
           add(x509.get(), NID_subject_key_identifier, "hash") &&
           X509_sign(x509.get(), key_.get(), digest_) > 0 && i2d_X509(x509.get(), nullptr) > 0;
  }

 private:
  bool add(X509* x509, int nid, const char* value) const {
    X509V3_CTX context;
    X509V3_set_ctx(&context, ca_.get(), x509, nullptr, nullptr, 0);
    Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    return extension && X509_add_ext(x509, extension.get(), -1) == 1;
  }

  const EVP_MD* digest_;
  Owned<X509, X509_free> ca_;
  Pkey key_;
};

}  // namespace

Result<IssueRates> measure_issue(crypto::KeyType type, double seconds) {
  if (!crypto::is_ec(type)) return fail(Errc::unsupported, "P-256 and P-384 only");
  crypto::SystemRandom random;
  TRY(auto ca_key, crypto::SoftwareKey::generate(type));
  TRY(auto device_key, crypto::SoftwareKey::generate(type));
  TRY(auto root, pki::create_root(*ca_key, "Bench Root", now - std::chrono::hours(2),
                                  now + std::chrono::days(3650), random));
  TRY(auto authority, pki::Authority::open({root}, *ca_key));
  TRY(auto csr, crypto::create_csr(*device_key, {"device-000017", "", {}}));
  const pki::LeafProfile profile;
  const pki::LeafSubject subject{"device-000017", "", {}};
  const LibraryBuilder builder(root, *ca_key);
  Bare bare(type);
  auto template_only = [&] {
    return authority.issue_der(profile, device_key->public_key(), subject, now, random).has_value();
  };
  auto request_to_der = [&] {
    auto request = crypto::decode_csr(csr);
    return request && authority.issue_der(profile, request->key, subject, now, random);
  };
  auto request_to_certificate = [&] {
    auto request = crypto::decode_csr(csr);
    return request && authority.issue(profile, request->key, subject, now, random);
  };
  auto library_builder = [&] {
    auto request = crypto::decode_csr(csr);
    return request && builder.issue(*request, random);
  };
  Rate rates[6];
  constexpr int rounds = 10;
  for (int i = 0; i < rounds; ++i) {
    const double turn = seconds / rounds;
    if (!rates[0].run_for(turn, [&] { return bare.sign(); }) ||
        !rates[1].run_for(turn, [&] { return bare.sign_and_verify(); }) ||
        !rates[2].run_for(turn, template_only) || !rates[3].run_for(turn, request_to_der) ||
        !rates[4].run_for(turn, request_to_certificate) || !rates[5].run_for(turn, library_builder))
      return fail(Errc::internal, "a certificate could not be made");
  }
  return IssueRates{rates[0].per_second(), rates[1].per_second(), rates[2].per_second(),
                    rates[3].per_second(), rates[4].per_second(), rates[5].per_second()};
}

}  // namespace fairlead::bench
