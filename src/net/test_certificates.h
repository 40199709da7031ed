// SPDX-License-Identifier: Apache-2.0
// For this room's tests: certificates of every kind that a peer may show, made on the spot.
#pragma once

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "crypto/certificate.h"
#include "crypto/software_key.h"

namespace fairlead::net {

struct CertificateWish {
  std::string name = "test";
  std::string names{};  // subjectAltName in OpenSSL's notation: "DNS:a.example,IP:127.0.0.1"
  bool authority = false;
  long begins_s = -3600;  // from now
  long ends_s = 3600;
};

// A certificate with its private key, kept both ways: for the code under test and for signing
// others.
struct TestIdentity {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> x509;
  std::vector<crypto::Certificate> chain;  // leaf first, without the root
  std::shared_ptr<crypto::Signer> signer;
  const crypto::Certificate& certificate() const { return chain.front(); }
};

inline void add_extension(X509* x509, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, x509, x509, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  ASSERT_TRUE(extension) << value;
  X509_add_ext(x509, extension, -1);
  X509_EXTENSION_free(extension);
}

inline crypto::Certificate certificate_of(X509* x509) {
  unsigned char* bytes = nullptr;
  int size = i2d_X509(x509, &bytes);
  auto out = crypto::Certificate::from_der(View(bytes, static_cast<std::size_t>(size)));
  OPENSSL_free(bytes);
  return out.value();
}

// Signed by `issuer`, or by itself.
inline TestIdentity make_identity(const CertificateWish& wish,
                                  const TestIdentity* issuer = nullptr) {
  static long serial = 1;
  TestIdentity out;
  out.key.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  out.x509.reset(X509_new(), X509_free);
  auto* x509 = out.x509.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), wish.begins_s);
  X509_gmtime_adj(X509_getm_notAfter(x509), wish.ends_s);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1, -1, 0);
  auto* signing = issuer ? issuer->x509.get() : x509;
  X509_set_issuer_name(x509, X509_get_subject_name(signing));
  X509_set_pubkey(x509, out.key.get());
  if (wish.authority) {
    add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(x509, NID_key_usage, "critical,keyCertSign,cRLSign");
  }
  if (!wish.names.empty()) add_extension(x509, NID_subject_alt_name, wish.names);
  X509_sign(x509, issuer ? issuer->key.get() : out.key.get(), EVP_sha256());
  out.chain = {certificate_of(x509)};
  bool issuer_is_root = !issuer || X509_NAME_cmp(X509_get_subject_name(issuer->x509.get()),
                                                 X509_get_issuer_name(issuer->x509.get())) == 0;
  if (!issuer_is_root)
    out.chain.insert(out.chain.end(), issuer->chain.begin(), issuer->chain.end());
  BIO* text = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(text, out.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* bytes = nullptr;
  auto size = BIO_get_mem_data(text, &bytes);
  out.signer = crypto::SoftwareKey::from_pem({bytes, static_cast<std::size_t>(size)}).value();
  BIO_free(text);
  return out;
}

}  // namespace fairlead::net
