// SPDX-License-Identifier: Apache-2.0
// The client's side of TLS: exactly one rule of TlsTrust decides whether the server is the right
// one.
#include <algorithm>

#include "crypto/hash.h"
#include "net/tls_openssl.h"

namespace fairlead::net {

struct TlsConnector::Impl {
  SslContextPtr context;
  TlsTrust trust;
};

namespace {

using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>>;
using StorePtr = std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>>;

bool has_hash(X509* certificate, const Bytes& wanted) {
  auto ours = from_x509(certificate);
  if (!ours) return false;
  auto alg = wanted.size() == size_bytes(crypto::HashAlg::sha384) ? crypto::HashAlg::sha384
                                                                  : crypto::HashAlg::sha256;
  return equal(crypto::hash(alg, {ours->der()}), wanted);
}

bool has_key(X509* certificate, const Bytes& wanted) {
  auto ours = from_x509(certificate);
  return ours && equal(ours->public_key().fingerprint(), wanted);
}

// The names that a certificate is for, as a person would look for them.
std::string names_of(X509* certificate) {
  std::string out;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && i < 5; ++i) {
    const auto* name = sk_GENERAL_NAME_value(names, i);
    std::string text;
    if (name->type == GEN_DNS) {
      text.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                  static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      const auto* bytes = ASN1_STRING_get0_data(name->d.iPAddress);
      if (ASN1_STRING_length(name->d.iPAddress) == 4)
        text = std::to_string(bytes[0]) + "." + std::to_string(bytes[1]) + "." +
               std::to_string(bytes[2]) + "." + std::to_string(bytes[3]);
      else
        text = "an IPv6 address";
    } else {
      continue;
    }
    out += (out.empty() ? "'" : ", '") + text + "'";
  }
  GENERAL_NAMES_free(names);
  return out.empty() ? "no host name" : out;
}

Error explain_refusal(X509_STORE_CTX* checked, const std::string& host) {
  auto* leaf = X509_STORE_CTX_get0_cert(checked);
  auto* at_fault = X509_STORE_CTX_get_current_cert(checked);
  if (!at_fault) at_fault = leaf;
  int error = X509_STORE_CTX_get_error(checked);
  auto certificate = "certificate of " + host;
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {Errc::untrusted,
              certificate + " is for " + names_of(leaf) + ", not for '" + host + "'"};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return {Errc::untrusted, certificate + " is issued by '" +
                                   name_words(X509_get_issuer_name(at_fault)) +
                                   "', which is not trusted"};
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return {Errc::untrusted, certificate + " is signed by itself ('" +
                                   name_words(X509_get_subject_name(leaf)) + "') and not trusted"};
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {Errc::expired, certificate + ": '" + name_words(X509_get_subject_name(at_fault)) +
                                 "' has expired, or this system's clock is wrong"};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {Errc::expired, certificate + ": '" + name_words(X509_get_subject_name(at_fault)) +
                                 "' is not valid yet, or this system's clock is wrong"};
    default:
      return {Errc::untrusted,
              certificate + " is not accepted: " + X509_verify_cert_error_string(error)};
  }
}

// The chain as presented, up to the one certificate whose hash was given; the names and dates as
// for any anchor.
std::optional<Error> check_authority(X509_STORE_CTX* presented, const Bytes& wanted,
                                     const std::string& host) {
  auto* chain = X509_STORE_CTX_get0_untrusted(presented);
  X509* authority = nullptr;
  for (int i = 0; i < sk_X509_num(chain) && !authority; ++i) {
    auto* candidate = sk_X509_value(chain, i);
    if (X509_check_ca(candidate) > 0 && has_hash(candidate, wanted)) authority = candidate;
  }
  if (!authority)
    return Error{Errc::untrusted,
                 "certificate of " + host + " is issued by '" +
                     name_words(X509_get_issuer_name(X509_STORE_CTX_get0_cert(presented))) +
                     "'; the expected authority is not in its chain"};
  StorePtr store(X509_STORE_new());
  StoreContextPtr check(X509_STORE_CTX_new());
  if (!store || !check || X509_STORE_add_cert(store.get(), authority) != 1 ||
      X509_STORE_CTX_init(check.get(), store.get(), X509_STORE_CTX_get0_cert(presented), chain) !=
          1 ||
      X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(check.get()),
                             X509_STORE_CTX_get0_param(presented)) != 1)
    return Error{Errc::internal, openssl_words()};
  if (X509_verify_cert(check.get()) == 1) return std::nullopt;
  return explain_refusal(check.get(), host);
}

std::optional<Error> check_trust(X509_STORE_CTX* presented, const TlsTrust& trust,
                                 const std::string& host) {
  if (trust.certificate_hash) {
    if (has_hash(X509_STORE_CTX_get0_cert(presented), *trust.certificate_hash)) return std::nullopt;
    return Error{Errc::untrusted,
                 "certificate of " + host + " is not the one that was announced (issuer '" +
                     name_words(X509_get_issuer_name(X509_STORE_CTX_get0_cert(presented))) + "')"};
  }
  if (trust.key_hash) {
    if (has_key(X509_STORE_CTX_get0_cert(presented), *trust.key_hash)) return std::nullopt;
    return Error{Errc::untrusted, "the key of " + host + " is another one than was chosen"};
  }
  if (trust.authority_hash) return check_authority(presented, *trust.authority_hash, host);
  if (!trust.anchors.empty() || trust.system_anchors) {
    if (X509_verify_cert(presented) == 1) return std::nullopt;
    return explain_refusal(presented, host);
  }
  if (trust.unauthenticated) return std::nullopt;
  return Error{Errc::refused, "no rule says which server to accept"};
}

int check_server(X509_STORE_CTX* presented, void* settings) {
  const auto& connector = *static_cast<const TlsConnector::Impl*>(settings);
  auto* ssl = static_cast<SSL*>(
      X509_STORE_CTX_get_ex_data(presented, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& peer = peer_of(ssl);
  if (auto shown = from_x509(X509_STORE_CTX_get0_cert(presented))) peer.certificate = *shown;
  peer.refusal = check_trust(presented, connector.trust, peer.expected_host);
  ERR_clear_error();
  if (peer.refusal) {
    // The alert tells the server no more than that.
    if (X509_STORE_CTX_get_error(presented) == X509_V_OK)
      X509_STORE_CTX_set_error(presented, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
  }
  peer.valid = true;
  X509_STORE_CTX_set_error(presented, X509_V_OK);
  return 1;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  peer_of(ssl).resumption = TlsResumption(session, SSL_SESSION_free);
  return 1;  // we own it now
}

bool is_hash_size(const std::optional<Bytes>& hash) {
  return !hash || hash->size() == 32 || hash->size() == 48;
}

}  // namespace

Result<std::unique_ptr<TlsConnector>> TlsConnector::create(const TlsClient& settings) {
  const auto& trust = settings.trust;
  if (trust.anchors.empty() && !trust.system_anchors && !trust.certificate_hash &&
      !trust.key_hash && !trust.authority_hash && !trust.unauthenticated)
    return fail(Errc::refused, "no trust anchor or other rule says which TLS server to accept");
  if (!is_hash_size(trust.certificate_hash) || !is_hash_size(trust.authority_hash))
    return fail(Errc::unsupported, "a certificate hash is neither SHA-256 nor SHA-384");
  if (trust.key_hash && trust.key_hash->size() != crypto::Sha256::size_bytes)
    return fail(Errc::unsupported, "the hash of a key is not SHA-256");
  auto impl = std::make_unique<Impl>();
  impl->trust = trust;
  TRY(impl->context, make_context(TLS_client_method()));
  auto* context = impl->context.get();
  TRY_VOID(use_identity(context, settings.chain, settings.key));
  TRY_VOID(add_anchors(context, trust.anchors));
  if (trust.system_anchors && SSL_CTX_set_default_verify_paths(context) != 1)
    return fail(Errc::io, "the system's trust anchors can't be read: " + openssl_words());
  auto* rules = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  if (trust.ignore_dates) X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
  // RFC 9525 §2: the Common Name is not a host name; §6.3: a wildcard is a whole label.
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_CTX_set_cert_verify_callback(context, check_server, impl.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  return std::make_unique<TlsConnector>(std::move(impl));
}

TlsConnector::TlsConnector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsConnector::~TlsConnector() = default;

Result<std::unique_ptr<TlsSession>> TlsConnector::open(int descriptor, const std::string& host,
                                                       const TlsResumption& resume) {
  TRY(auto session, open_session(impl_->context.get(), descriptor));
  auto* ssl = session->ssl();
  session->peer().expected_host = host;
  // An address is looked for among the certificate's addresses, and is no server name (RFC 6066
  // §3).
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) != 1) {
    ERR_clear_error();
    if (SSL_set1_host(ssl, host.c_str()) != 1 || SSL_set_tlsext_host_name(ssl, host.c_str()) != 1)
      return fail(Errc::internal, openssl_words());
  }
  if (resume && SSL_SESSION_is_resumable(resume.get())) SSL_set_session(ssl, resume.get());
  SSL_set_connect_state(ssl);
  return session;
}

}  // namespace fairlead::net
