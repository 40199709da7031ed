// SPDX-License-Identifier: Apache-2.0
#include "net/tls_context.h"

#include "net/tls_openssl.h"

namespace fairlead::net {

void TlsContextFree::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Result<TlsContext> make_client_context(const TlsClient& settings, const std::string& host) {
  const auto& trust = settings.trust;
  if (trust.certificate_hash || trust.authority_hash || trust.unauthenticated)
    return fail(Errc::unsupported, "trust by authorities only, not by hashes or unchecked");
  if (trust.anchors.empty() && !trust.system_anchors)
    return fail(Errc::refused, "no trust anchor says which peer to accept");
  TRY(auto context, make_context(TLS_client_method()));
  TRY_VOID(use_identity(context.get(), settings.chain, settings.key));
  TRY_VOID(add_anchors(context.get(), trust.anchors));
  if (trust.system_anchors && SSL_CTX_set_default_verify_paths(context.get()) != 1)
    return fail(Errc::io, "the system's trust anchors can't be read: " + openssl_words());
  auto* rules = SSL_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  if (trust.ignore_dates) X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
  // RFC 9525 §2: the Common Name is not a host name; §6.3: a wildcard is a whole label.
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) != 1) {
    ERR_clear_error();
    if (host.empty() || X509_VERIFY_PARAM_set1_host(rules, host.c_str(), 0) != 1)
      return fail(Errc::malformed, "'" + host + "' is no host name");
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return TlsContext(context.release());
}

}  // namespace fairlead::net
