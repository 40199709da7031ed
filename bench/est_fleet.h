// SPDX-License-Identifier: Apache-2.0
// Devices by the thousand that come by EST: made by a CA of our own whose key the server is told to
// trust, so that each has its first certificate after one request.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "pki/authority.h"
#include "pki/est/messages.h"
#include "server_process.h"

namespace fairlead::bench {

template <auto Free>
struct Freeing {
  void operator()(auto* object) const { Free(object); }
};
template <class T, auto Free>
using OpensslOwned = std::unique_ptr<T, Freeing<Free>>;
using SslContext = OpensslOwned<SSL_CTX, SSL_CTX_free>;
using SslPtr = OpensslOwned<SSL, SSL_free>;
using SslSession = OpensslOwned<SSL_SESSION, SSL_SESSION_free>;

// For clients that judge no server: what that costs is the generator's. The key share that they
// offer is on P-256, as in the bare operations beside it.
SslContext make_client_context();

// A certificate with its key, in OpenSSL's form.
struct TlsIdentity {
  OpensslOwned<X509, X509_free> certificate;
  OpensslOwned<EVP_PKEY, EVP_PKEY_free> key;

  static Result<TlsIdentity> of(const crypto::Certificate& certificate,
                                const crypto::SoftwareKey& key);
};
// TCP and TLS to 127.0.0.1, blocking, no wait over 60 s; resumes the session if there is one.
Result<SslPtr> connect_tls(SSL_CTX* context, std::uint16_t port, const TlsIdentity& identity,
                           SSL_SESSION* session = nullptr);
void close_tls(SslPtr ssl);  // with its socket

// fairlead-server as the owner with EST, with or without its broker.
struct EstServer {
  FairleadServer server;
  std::uint16_t est_port, broker_port;

  // `plugin` empty: no broker. The broker's user has to reach `data`.
  static Result<EstServer> start(const std::string& program, const std::filesystem::path& data,
                                 const std::string& plugin = {});
};

struct EstDevice {
  std::unique_ptr<crypto::SoftwareKey> key;  // of the certificate in use
  std::optional<crypto::Certificate> certificate;
};

class EstFleet {
 public:
  // Makes the CA and tells the server to trust it.
  static Result<std::unique_ptr<EstFleet>> create(const EstServer& server);
  // simpleenroll, by a device certificate of our CA. From several threads at once.
  Result<EstDevice> enroll();
  // simplereenroll of `csr` on a connection of its own; the new certificate's DER. `session` is
  // resumed where there is one, and is the next one to resume afterwards.
  Result<Bytes> renew(const TlsIdentity& identity, View csr, SslSession& session);

 private:
  EstFleet(std::uint16_t port, std::unique_ptr<crypto::SoftwareKey> key, pki::Authority authority)
      : port_(port), key_(std::move(key)), authority_(std::move(authority)) {}
  Result<Bytes> post(est::Operation operation, View csr, const TlsIdentity& identity,
                     SslSession* session);

  const std::uint16_t port_;
  std::unique_ptr<crypto::SoftwareKey> key_;
  pki::Authority authority_;
  SslContext context_ = make_client_context();
  std::atomic<std::uint64_t> made_ = 0;
};

// Calls work(i) for every i below `count`, on `threads` threads, until one fails.
template <class Work>
Result<void> on_threads(std::size_t count, unsigned threads, Work work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  Result<void> outcome;
  std::vector<std::jthread> pool;
  for (unsigned t = 0; t < threads; ++t)
    pool.emplace_back([&] {
      for (std::size_t i = 0; (i = next++) < count;) {
        auto done = work(i);
        if (done) continue;
        next = count;
        std::lock_guard lock(mutex);
        if (outcome) outcome = fail(done.error());
      }
    });
  pool.clear();  // joins
  return outcome;
}

}  // namespace fairlead::bench
