// SPDX-License-Identifier: Apache-2.0
#include "est_fleet.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <charconv>
#include <cstring>
#include <fstream>

#include "codec/pem.h"

namespace fairlead::bench {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr auto start_deadline = 60s;
constexpr std::size_t answer_bytes_max = 64 * 1024;

std::string openssl_words() {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  ERR_clear_error();
  return text;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

// EST's port has to be named: a Grant says it.
std::uint16_t free_port() {
  int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  bool good = ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
              ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(probe);
  return good ? ntohs(address.sin_port) : std::uint16_t{0};
}

Result<std::string> read_answer(SSL* ssl) {
  std::string received;
  std::size_t whole = 0;
  while (whole == 0 || received.size() < whole) {
    char buffer[8 * 1024];
    int count = SSL_read(ssl, buffer, sizeof buffer);
    if (count <= 0) return fail(Errc::io, "the answer was cut off: " + openssl_words());
    received.append(buffer, static_cast<std::size_t>(count));
    if (received.size() > answer_bytes_max) return fail(Errc::malformed, "too long an answer");
    auto end = received.find("\r\n\r\n");
    if (whole != 0 || end == std::string::npos) continue;
    constexpr std::string_view length = "\r\nContent-Length: ";
    auto at = received.find(length);
    if (at > end) return fail(Errc::malformed, "an answer without its length");
    std::size_t size = 0;
    std::from_chars(received.data() + at + length.size(), received.data() + end, size);
    whole = end + 4 + size;
  }
  return received;
}

}  // namespace

SslContext make_client_context() {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set1_groups_list(context.get(), "P-256");
  SSL_CTX_set_mode(context.get(), SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
  return context;
}

Result<TlsIdentity> TlsIdentity::of(const crypto::Certificate& certificate,
                                    const crypto::SoftwareKey& key) {
  TlsIdentity out;
  const unsigned char* at = certificate.der().data();
  out.certificate.reset(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
  const SecretBytes pkcs8 = key.pkcs8();
  at = pkcs8.reveal().data();
  out.key.reset(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.reveal().size())));
  if (!out.certificate || !out.key) return fail(Errc::internal, openssl_words());
  return out;
}

Result<SslPtr> connect_tls(SSL_CTX* context, std::uint16_t port, const TlsIdentity& identity,
                           SSL_SESSION* session) {
  SslPtr ssl(SSL_new(context));
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (!ssl || socket < 0) return fail(Errc::io, std::string("no socket: ") + std::strerror(errno));
  SSL_set_fd(ssl.get(), socket);
  int on = 1;
  timeval limit{60, 0};
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address = loopback(port);
  auto connected = [&]() -> Result<void> {
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      return fail(Errc::io, "port " + std::to_string(port) + ": " + std::strerror(errno));
    if (SSL_use_certificate(ssl.get(), identity.certificate.get()) != 1 ||
        SSL_use_PrivateKey(ssl.get(), identity.key.get()) != 1)
      return fail(Errc::internal, openssl_words());
    if (session && SSL_set_session(ssl.get(), session) != 1)
      return fail(Errc::internal, openssl_words());
    if (SSL_connect(ssl.get()) != 1) return fail(Errc::io, "TLS: " + openssl_words());
    return ok();
  }();
  if (connected) return ssl;
  close_tls(std::move(ssl));
  return fail(connected.error());
}

void close_tls(SslPtr ssl) {
  int socket = SSL_get_fd(ssl.get());
  // Not to be taken for a broken session, which would not be resumed.
  SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ssl.reset();
  ::close(socket);
}

Result<EstServer> EstServer::start(const std::string& program, const std::filesystem::path& data,
                                   const std::string& plugin) {
  const std::uint16_t fdo = free_port(), api = free_port(), est = free_port(), broker = free_port();
  const auto config = data / "bench.toml", log = data / "server.log";
  std::ofstream(config) << "data = \"" << (data / "data").string()
                        << "\"\nlog_level = \"info\"\n[fdo]\nport = " << fdo
                        << "\n[api]\nport = " << api << "\n[est]\nport = " << est
                        << "\n[broker]\nenabled = " << (plugin.empty() ? "false" : "true")
                        << "\nport = " << broker << "\nplugin = \"" << plugin << "\"\n";
  TRY(auto process, Process::start({program, "--config", config.string()}, log));
  EstServer out{{std::move(process), fdo, api, {}}, est, broker};
  for (auto waited = 0ms; waited < start_deadline; waited += 10ms) {
    std::getline(std::ifstream(data / "data" / "admin-token"), out.server.token);
    if (!out.server.token.empty() && out.server.owner_key()) return out;
    if (!out.server.process.running()) break;
    std::this_thread::sleep_for(10ms);
  }
  return fail(Errc::io, program + " did not start; see " + log.string());
}

Result<std::unique_ptr<EstFleet>> EstFleet::create(const EstServer& server) {
  crypto::SystemRandom random;
  const Time now = from_unix_seconds(std::time(nullptr));
  TRY(auto key, crypto::SoftwareKey::generate(crypto::KeyType::p256));
  TRY(auto root, pki::create_root(*key, "Bench maker", now, pki::no_expiry, random));
  TRY(auto authority, pki::Authority::open({root}, *key));
  std::string body =
      json::serialize(json::object{{"pem", pem::encode("PUBLIC KEY", key->public_key().spki())},
                                   {"name", "bench maker"},
                                   {"kind", "device_ca"}});
  TRY_VOID(server.server.api("/api/v1/trusted-keys", "application/json",
                             to_bytes(std::string_view(body))));
  return std::unique_ptr<EstFleet>(
      new EstFleet(server.est_port, std::move(key), std::move(authority)));
}

Result<EstDevice> EstFleet::enroll() {
  crypto::SystemRandom random;
  const std::string serial = "EST-" + std::to_string(made_++);
  TRY(auto device_key, crypto::SoftwareKey::generate(crypto::KeyType::p256));
  TRY(auto idevid, authority_.issue_device(device_key->public_key(), {serial, serial, {}},
                                           from_unix_seconds(std::time(nullptr)), random));
  TRY(auto identity, TlsIdentity::of(idevid, *device_key));
  EstDevice out;
  TRY(out.key, crypto::SoftwareKey::generate(crypto::KeyType::p256));
  TRY(auto csr, crypto::create_csr(*out.key, {}));
  TRY(auto der, post(est::Operation::simpleenroll, csr, identity, nullptr));
  TRY(out.certificate, crypto::Certificate::from_der(der));
  return out;
}

Result<Bytes> EstFleet::renew(const TlsIdentity& identity, View csr, SslSession& session) {
  return post(est::Operation::simplereenroll, csr, identity, &session);
}

Result<Bytes> EstFleet::post(est::Operation operation, View csr, const TlsIdentity& identity,
                             SslSession* session) {
  SSL_SESSION* before = session ? session->get() : nullptr;
  TRY(auto ssl, connect_tls(context_.get(), port_, identity, before));
  if (before && SSL_session_reused(ssl.get()) != 1)
    return fail(Errc::refused, "the server did not resume the session");
  const std::string body = est::encode_body(csr);
  std::string request = "POST " + est::target_of(operation, {}) +
                        " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/pkcs10\r\n"
                        "Content-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body;
  SSL_write(ssl.get(), request.data(), static_cast<int>(request.size()));
  auto answer = read_answer(ssl.get());
  if (answer && session) session->reset(SSL_get1_session(ssl.get()));
  close_tls(std::move(ssl));
  if (!answer) return fail(answer.error());
  std::string_view content = std::string_view(*answer).substr(answer->find("\r\n\r\n") + 4);
  if (!answer->starts_with("HTTP/1.1 200"))
    return fail(Errc::refused, answer->substr(0, 20) + " " + std::string(content));
  TRY(auto der, est::decode_body(to_bytes(content), answer_bytes_max));
  TRY(auto certificates, crypto::decode_certs_only(der));
  return certificates.front().der();
}

}  // namespace fairlead::bench
