// SPDX-License-Identifier: Apache-2.0
// Shared by the TLS .cpp files of this room only: owners for OpenSSL's objects, its errors in
// words.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <vector>

#include "net/tls_session.h"

namespace fairlead::net {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using SslContextPtr = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<X509_free>>;

std::string openssl_words();       // the oldest error of this thread's queue, which it empties
int peer_index();                  // of the TlsPeer among an SSL's extra data
TlsPeer& peer_of(const SSL* ssl);  // of a TlsSession's SSL

X509Ptr to_x509(const crypto::Certificate& certificate);
Result<crypto::Certificate> from_x509(X509* certificate);
std::string name_words(const X509_NAME* name);  // RFC 2253 text

// TLS 1.2 and later, no renegotiation, small buffers.
Result<SslContextPtr> make_context(const SSL_METHOD* method);
// The certificate we show and the key for it. Nothing to do for an empty chain.
Result<void> use_identity(SSL_CTX* context, const std::vector<crypto::Certificate>& chain,
                          const std::shared_ptr<crypto::Signer>& key);
Result<void> add_anchors(SSL_CTX* context, const std::vector<crypto::Certificate>& anchors);
// A session on a descriptor that the caller keeps open.
Result<std::unique_ptr<TlsSession>> open_session(SSL_CTX* context, int descriptor);

}  // namespace fairlead::net
