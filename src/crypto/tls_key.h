// SPDX-License-Identifier: Apache-2.0
// A keystore's key as OpenSSL's EVP_PKEY, so that TLS authenticates with it and it stays where it
// lives.
#pragma once

#include <memory>

#include "base/result.h"
#include "crypto/signer.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace fairlead::crypto {

struct TlsKeyFree {
  void operator()(evp_pkey_st* key) const;
};
using TlsKey = std::unique_ptr<evp_pkey_st, TlsKeyFree>;

// For SSL_CTX_use_PrivateKey (which takes a reference of its own) and SSL_use_PrivateKey, client or
// server, TLS 1.2 and 1.3; the certificate may be set before or after. Each handshake calls
// signer->sign() in the thread that drives it and waits for the answer; from several threads at
// once where they share the key. EC P-256 and P-384; other keys are Errc::unsupported. Only the
// hash that goes with the curve is signed with: libssl sees that and takes another of the peer's
// algorithms, or ends the handshake. The key can sign TLS messages and be compared; it can't
// verify, and it can't be exported.
Result<TlsKey> make_tls_key(std::shared_ptr<Signer> signer);

}  // namespace fairlead::crypto
