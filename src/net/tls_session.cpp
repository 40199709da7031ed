// SPDX-License-Identifier: Apache-2.0
#include "net/tls_session.h"

#include <sys/socket.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "base/limits.h"
#include "crypto/tls_key.h"
#include "net/tls_openssl.h"

namespace fairlead::net {

namespace {

// OpenSSL's own socket BIO writes with write(2), so that a peer that hung up would end the process
// by SIGPIPE.
int descriptor_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int socket_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  auto count = ::send(descriptor_of(bio), bytes, size, MSG_NOSIGNAL);
  if (count < 0) {
    if (would_block()) BIO_set_retry_write(bio);
    return 0;
  }
  *written = static_cast<std::size_t>(count);
  return 1;
}

int socket_read(BIO* bio, char* into, std::size_t room, std::size_t* read) {
  BIO_clear_retry_flags(bio);
  auto count = ::recv(descriptor_of(bio), into, room, 0);
  if (count > 0) {
    *read = static_cast<std::size_t>(count);
    return 1;
  }
  if (count == 0) {
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  } else if (would_block()) {
    BIO_set_retry_read(bio);
  }
  return 0;
}

long socket_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return 0;
}

int socket_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    BIO_meth_set_write_ex(made, socket_write);
    BIO_meth_set_read_ex(made, socket_read);
    BIO_meth_set_ctrl(made, socket_control);
    BIO_meth_set_create(made, socket_create);
    return made;
  }();
  return method;
}

}  // namespace

int peer_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

TlsPeer& peer_of(const SSL* ssl) {
  return *static_cast<TlsPeer*>(SSL_get_ex_data(ssl, peer_index()));
}

std::string openssl_words() {
  auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "OpenSSL error " + std::to_string(code);
}

X509Ptr to_x509(const crypto::Certificate& certificate) {
  const auto* bytes = certificate.der().data();
  return X509Ptr(d2i_X509(nullptr, &bytes, static_cast<long>(certificate.der().size())));
}

Result<crypto::Certificate> from_x509(X509* certificate) {
  unsigned char* bytes = nullptr;
  int size = i2d_X509(certificate, &bytes);
  if (size <= 0) return fail(Errc::malformed, "certificate can't be encoded");
  Bytes der(bytes, bytes + size);
  OPENSSL_free(bytes);
  return crypto::Certificate::from_der(der);
}

std::string name_words(const X509_NAME* name) {
  std::unique_ptr<BIO, OpensslFree<BIO_free_all>> text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), name, 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* bytes = nullptr;
  auto size = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<std::size_t>(std::max(0l, size))};
}

Result<SslContextPtr> make_context(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method));
  if (!context) return fail(Errc::internal, openssl_words());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(context.get(),
                            limits::certificate_bytes_max * limits::certificate_chain_max);
  return context;
}

Result<void> use_identity(SSL_CTX* context, const std::vector<crypto::Certificate>& chain,
                          const std::shared_ptr<crypto::Signer>& key) {
  if (chain.empty()) return ok();
  if (!key) return fail(Errc::internal, "a certificate without its key");
  if (chain.front().public_key() != key->public_key())
    return fail(Errc::untrusted,
                "the certificate '" + chain.front().subject() + "' is for another key");
  auto leaf = to_x509(chain.front());
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1)
    return fail(Errc::malformed, "own certificate: " + openssl_words());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    auto link = to_x509(chain[i]);
    if (!link || SSL_CTX_add1_chain_cert(context, link.get()) != 1)
      return fail(Errc::malformed, "own certificate chain: " + openssl_words());
  }
  TRY(auto pkey, crypto::make_tls_key(key));
  if (SSL_CTX_use_PrivateKey(context, pkey.get()) != 1)
    return fail(Errc::unsupported, "own key: " + openssl_words());
  return ok();
}

Result<void> add_anchors(SSL_CTX* context, const std::vector<crypto::Certificate>& anchors) {
  auto* store = SSL_CTX_get_cert_store(context);
  for (const auto& anchor : anchors) {
    auto certificate = to_x509(anchor);
    if (!certificate || X509_STORE_add_cert(store, certificate.get()) != 1)
      return fail(Errc::malformed, "trust anchor '" + anchor.subject() + "': " + openssl_words());
  }
  return ok();
}

Result<std::unique_ptr<TlsSession>> open_session(SSL_CTX* context, int descriptor) {
  SSL* ssl = SSL_new(context);
  if (!ssl) return fail(Errc::internal, openssl_words());
  auto session = std::make_unique<TlsSession>(ssl);
  BIO* bio = BIO_new(socket_method());
  if (!bio) return fail(Errc::internal, openssl_words());
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
  SSL_set_bio(ssl, bio, bio);
  return session;
}

TlsSession::TlsSession(ssl_st* ssl) : ssl_(ssl), peer_(std::make_unique<TlsPeer>()) {
  SSL_set_ex_data(ssl_, peer_index(), peer_.get());
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

Io TlsSession::outcome(int result) {
  int saved_errno = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return {Io::Kind::wait_read};
    case SSL_ERROR_WANT_WRITE:
      return {Io::Kind::wait_write};
    case SSL_ERROR_ZERO_RETURN:
      return {Io::Kind::closed};
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      ERR_clear_error();
      return {Io::Kind::failed, 0,
              saved_errno ? std::strerror(saved_errno) : "the connection was cut"};
    default:
      break;
  }
  broken_ = true;
  // A peer that closes without close_notify may be an attacker who cuts the text short.
  bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  auto words = openssl_words();
  return {Io::Kind::failed, 0, cut ? "the connection was cut" : words};
}

Io TlsSession::handshake() {
  ERR_clear_error();
  errno = 0;
  int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    if (SSL_is_server(ssl_)) recall_client();
    return {Io::Kind::done};
  }
  return outcome(result);
}

Io TlsSession::read(char* into, std::size_t room) {
  ERR_clear_error();
  errno = 0;
  Io io{Io::Kind::done};
  int result = SSL_read_ex(ssl_, into, room, &io.count);
  return result == 1 ? io : outcome(result);
}

Io TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  errno = 0;
  Io io{Io::Kind::done};
  int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &io.count);
  return result == 1 ? io : outcome(result);
}

bool TlsSession::has_buffered() const { return SSL_has_pending(ssl_) == 1; }

bool TlsSession::resumed() const { return SSL_session_reused(ssl_) == 1; }

Bytes TlsSession::unique_binding() const {
  if (SSL_version(ssl_) != TLS1_2_VERSION) return {};
  Bytes out(EVP_MAX_MD_SIZE);
  // In a full handshake the client finishes first, in a short one the server.
  auto size = resumed() ? SSL_get_finished(ssl_, out.data(), out.size())
                        : SSL_get_peer_finished(ssl_, out.data(), out.size());
  out.resize(std::min(size, out.size()));
  return out;
}

void TlsSession::shut_down() {
  if (!SSL_is_init_finished(ssl_)) return;
  ERR_clear_error();
  if (!broken_) SSL_shutdown(ssl_);
  // A cut connection says nothing against its session: without this, OpenSSL would not resume it.
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ERR_clear_error();
}

}  // namespace fairlead::net
