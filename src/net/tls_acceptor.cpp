// SPDX-License-Identifier: Apache-2.0
// The server's side of TLS. A client certificate is asked for if the settings say so, never
// required; what it is worth is recorded, also across resumption, and the operation decides.
#include "net/tls_openssl.h"

namespace fairlead::net {

struct TlsAcceptor::Impl {
  SslContextPtr context;
  bool has_anchors = false;
};

namespace {

constexpr char session_context[] = "fairlead";
constexpr std::size_t problem_bytes_max = 200;  // it travels in every session ticket

int check_client(X509_STORE_CTX* store_context, void* settings) {
  const auto& acceptor = *static_cast<const TlsAcceptor::Impl*>(settings);
  auto* ssl = static_cast<SSL*>(
      X509_STORE_CTX_get_ex_data(store_context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& peer = peer_of(ssl);
  auto certificate = from_x509(X509_STORE_CTX_get0_cert(store_context));
  if (!certificate) {
    peer.problem = to_string(certificate.error());
  } else {
    peer.certificate = std::move(*certificate);
    if (!acceptor.has_anchors) {
      peer.problem = "no authority for client certificates is configured";
    } else if (X509_verify_cert(store_context) == 1) {
      peer.valid = true;
    } else {
      peer.problem = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store_context));
    }
  }
  peer.problem.resize(std::min(peer.problem.size(), problem_bytes_max));
  ERR_clear_error();
  X509_STORE_CTX_set_error(store_context, X509_V_OK);
  return 1;  // the handshake goes on
}

// A ticket carries the client's certificate but not its chain, so the verdict travels along: "+",
// or "-" and the problem. Tickets are encrypted with a key of this context, so nobody else can
// write one.
int add_verdict(SSL* ssl, void*) {
  const auto& peer = peer_of(ssl);
  std::string verdict = (peer.valid ? "+" : "-") + peer.problem;
  if (SSL_session_reused(ssl))
    verdict = peer.recalled;  // the next ticket of a session that came by ticket
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), verdict.data(), verdict.size());
}

SSL_TICKET_RETURN take_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char*, std::size_t,
                              SSL_TICKET_STATUS status, void*) {
  if (status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW) {
    void* bytes = nullptr;
    std::size_t size = 0;
    SSL_SESSION_get0_ticket_appdata(session, &bytes, &size);
    peer_of(ssl).recalled.assign(static_cast<const char*>(bytes), bytes ? size : 0);
  }
  switch (status) {
    // TLS 1.3 tickets are for one use (RFC 8446 §C.4), so each resumption brings a new one.
    case SSL_TICKET_SUCCESS:
      return SSL_version(ssl) >= TLS1_3_VERSION ? SSL_TICKET_RETURN_USE_RENEW
                                                : SSL_TICKET_RETURN_USE;
    case SSL_TICKET_SUCCESS_RENEW:
      return SSL_TICKET_RETURN_USE_RENEW;
    case SSL_TICKET_EMPTY:
    case SSL_TICKET_NO_DECRYPT:
      return SSL_TICKET_RETURN_IGNORE_RENEW;
    default:
      return SSL_TICKET_RETURN_IGNORE;
  }
}

void name_authorities(SSL_CTX* context, const std::vector<crypto::Certificate>& anchors) {
  for (const auto& anchor : anchors)
    if (auto certificate = to_x509(anchor)) SSL_CTX_add_client_CA(context, certificate.get());
}

}  // namespace

void TlsSession::recall_client() {
  if (!SSL_session_reused(ssl_)) return;
  auto* leaf = SSL_get0_peer_certificate(ssl_);
  if (!leaf) return;
  auto certificate = from_x509(leaf);
  if (!certificate) return;
  peer_->certificate = std::move(*certificate);
  const auto& verdict = peer_->recalled;
  peer_->valid = verdict == "+";
  peer_->problem = verdict.starts_with('-') ? verdict.substr(1) : "";
  if (verdict.empty()) peer_->problem = "the resumed session says nothing of its certificate";
  if (peer_->valid && X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0) {
    peer_->valid = false;
    peer_->problem = X509_verify_cert_error_string(X509_V_ERR_CERT_HAS_EXPIRED);
  }
}

Result<std::unique_ptr<TlsAcceptor>> TlsAcceptor::create(const TlsServer& settings) {
  if (settings.chain.empty()) return fail(Errc::refused, "a TLS server needs a certificate");
  auto impl = std::make_unique<Impl>();
  TRY(impl->context, make_context(TLS_server_method()));
  auto* context = impl->context.get();
  TRY_VOID(use_identity(context, settings.chain, settings.key));
  // With TLS 1.2, only suites with forward secrecy and authenticated encryption.
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(session_context),
                                 sizeof session_context - 1);
  SSL_CTX_sess_set_cache_size(context, 1024);  // for clients without tickets
  SSL_CTX_set_session_ticket_cb(context, add_verdict, take_ticket, nullptr);
  if (settings.ask_client_certificate) {
    impl->has_anchors = !settings.client_anchors.empty();
    TRY_VOID(add_anchors(context, settings.client_anchors));
    name_authorities(context, settings.client_anchors);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_cert_verify_callback(context, check_client, impl.get());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  return std::make_unique<TlsAcceptor>(std::move(impl));
}

TlsAcceptor::TlsAcceptor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsAcceptor::~TlsAcceptor() = default;

Result<std::unique_ptr<TlsSession>> TlsAcceptor::open(int descriptor) {
  TRY(auto session, open_session(impl_->context.get(), descriptor));
  SSL_set_accept_state(session->ssl());
  return session;
}

}  // namespace fairlead::net
