// SPDX-License-Identifier: Apache-2.0
// Shared by crypto's own .cpp files only: owners for OpenSSL's objects, and its last error in
// words.
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "crypto/key.h"

namespace fairlead::crypto {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freer<Free>>;

using PkeyPtr = Owned<EVP_PKEY, EVP_PKEY_free>;
using PkeyContextPtr = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using MdContextPtr = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using X509Ptr = Owned<X509, X509_free>;

// Takes the whole error queue of this thread; the first entry in words.
inline std::string openssl_error() {
  unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown OpenSSL error";
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "OpenSSL error " + std::to_string(code);
}

const EVP_MD* md_for(HashAlg alg);  // fetched once
// An empty key with the parameters of the curve, to copy from: importing a point this way takes 8
// µs, by the decoder 180 µs.
const EVP_PKEY* curve_template(KeyType curve);
PkeyPtr pkey_from_point(KeyType curve, View uncompressed);  // null if the point is not on the curve

struct PublicKey::Impl {
  KeyType type;
  Bytes spki;
  Bytes point;  // EC only
  PkeyPtr pkey;
};

// `signature` as OpenSSL has it: ECDSA-Sig-Value in DER, or RSA's, with PKCS#1 v1.5.
bool verify_openssl(const PublicKey::Impl& key, HashAlg alg, View digest, View signature);

}  // namespace fairlead::crypto
