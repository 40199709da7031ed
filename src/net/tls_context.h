// SPDX-License-Identifier: Apache-2.0
// TLS settings for a library that runs TLS by itself (an MQTT client, say) and takes an OpenSSL
// context.
#pragma once

#include <memory>
#include <string>

#include "net/tls.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace fairlead::net {

struct TlsContextFree {
  void operator()(ssl_ctx_st* context) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, TlsContextFree>;

// Our certificate and key, TLS 1.2 or later, and a check of the peer: a chain to one of the anchors
// (or the system's, if so set) and a certificate for `host`, a name or a numeric address. Trust by
// hashes or by nothing is unsupported here; refused without any anchor.
Result<TlsContext> make_client_context(const TlsClient& settings, const std::string& host);

}  // namespace fairlead::net
