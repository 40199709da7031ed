// SPDX-License-Identifier: Apache-2.0
#include "crypto/tls_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <atomic>
#include <thread>

#include "crypto/openssl.h"
#include "crypto/software_key.h"

namespace fairlead::crypto {
namespace {

using ContextPtr = Owned<SSL_CTX, SSL_CTX_free>;
using SslPtr = Owned<SSL, SSL_free>;

// Counts, and fails when told to: a keystore whose hardware is gone.
class WatchedSigner final : public Signer {
 public:
  explicit WatchedSigner(KeyType type) : key_(std::move(*SoftwareKey::generate(type))) {}
  const PublicKey& public_key() const override { return key_->public_key(); }
  Result<Signature> sign(View message) override {
    ++count;
    if (broken) return fail(Errc::io, "token was pulled out");
    return key_->sign(message);
  }
  SoftwareKey& key() { return *key_; }

  std::atomic<int> count = 0;
  bool broken = false;

 private:
  std::unique_ptr<SoftwareKey> key_;
};

// Self-signed, by OpenSSL alone.
X509Ptr certificate_for(WatchedSigner& signer) {
  SecretBytes der = signer.key().pkcs8();
  const unsigned char* at = der.reveal().data();
  PkeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  X509Ptr x509(X509_new());
  X509_set_version(x509.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("peer"), -1, -1, 0);
  X509_set_issuer_name(x509.get(), X509_get_subject_name(x509.get()));
  X509_set_pubkey(x509.get(), key.get());
  EXPECT_GT(X509_sign(x509.get(), key.get(), md_for(hash_for(signer.public_key().type()))), 0);
  return x509;
}

struct Side {
  std::shared_ptr<WatchedSigner> signer;
  X509Ptr certificate;
  ContextPtr context;

  explicit Side(KeyType type, int version)
      : signer(std::make_shared<WatchedSigner>(type)),
        certificate(certificate_for(*signer)),
        context(SSL_CTX_new(TLS_method())) {
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
    TlsKey key = std::move(*make_tls_key(signer));
    EXPECT_EQ(SSL_CTX_use_certificate(context.get(), certificate.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context.get(), key.get()), 1) << openssl_error();
    EXPECT_EQ(SSL_CTX_check_private_key(context.get()), 1) << openssl_error();
  }
  void trust(const Side& other) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), other.certificate.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
};

struct Outcome {
  bool done = false;
  std::string errors;
};

Outcome shake_hands(Side& client, Side& server) {
  SslPtr c(SSL_new(client.context.get())), s(SSL_new(server.context.get()));
  BIO *c_end = nullptr, *s_end = nullptr;
  BIO_new_bio_pair(&c_end, 0, &s_end, 0);
  SSL_set_bio(c.get(), c_end, c_end);
  SSL_set_bio(s.get(), s_end, s_end);
  SSL_set_connect_state(c.get());
  SSL_set_accept_state(s.get());
  Outcome out;
  auto step = [&](SSL* ssl) {
    ERR_clear_error();
    int result = SSL_do_handshake(ssl);
    if (result == 1) return true;
    int error = SSL_get_error(ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return true;
    const char* data = nullptr;
    int flags = 0;
    while (unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
      const char* reason = ERR_reason_error_string(code);
      out.errors += std::string(reason ? reason : "?") +
                    (flags & ERR_TXT_STRING ? std::string(" ") + data : "") + "; ";
    }
    return false;
  };
  for (int i = 0; i < 20; ++i) {
    if (!step(c.get()) || !step(s.get())) return out;
    if (SSL_is_init_finished(c.get()) && SSL_is_init_finished(s.get())) break;
  }
  // One byte each way: in TLS 1.3 the server's verdict on the client arrives after the client is
  // done.
  char byte = 'x';
  out.done = SSL_write(c.get(), "c", 1) == 1 && SSL_read(s.get(), &byte, 1) == 1 && byte == 'c' &&
             SSL_write(s.get(), "s", 1) == 1 && SSL_read(c.get(), &byte, 1) == 1 && byte == 's';
  return out;
}

struct TlsKeyHandshake : testing::TestWithParam<std::tuple<int, KeyType>> {
  int version() const { return std::get<0>(GetParam()); }
  KeyType type() const { return std::get<1>(GetParam()); }
};

TEST_P(TlsKeyHandshake, BothSidesSignThroughTheirKeystore) {
  Side client(type(), version()), server(type(), version());
  client.trust(server);
  server.trust(client);
  Outcome outcome = shake_hands(client, server);
  EXPECT_TRUE(outcome.done) << outcome.errors;
  EXPECT_EQ(client.signer->count, 1);
  EXPECT_EQ(server.signer->count, 1);
}

TEST_P(TlsKeyHandshake, AKeystoreThatFailsEndsTheHandshakeAndSaysWhy) {
  Side client(type(), version()), server(type(), version());
  client.trust(server);
  server.trust(client);
  client.signer->broken = true;
  Outcome outcome = shake_hands(client, server);
  EXPECT_FALSE(outcome.done);
  EXPECT_THAT(outcome.errors, testing::HasSubstr("token was pulled out"));
}

TEST_P(TlsKeyHandshake, AnUntrustedPeerIsStillRefused) {
  Side client(type(), version()), server(type(), version()), stranger(type(), version());
  client.trust(stranger);
  EXPECT_FALSE(shake_hands(client, server).done);
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsKeyHandshake,
                         testing::Combine(testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                                          testing::Values(KeyType::p256, KeyType::p384)));

// Such a peer exists: Mbed TLS 2 offers SHA-512 first. The key signs with SHA-256 only.
TEST(TlsKey, APeerThatPrefersAnotherHashGetsTheOneThatGoesWithTheCurve) {
  Side client(KeyType::p256, TLS1_2_VERSION), server(KeyType::p256, TLS1_2_VERSION);
  client.trust(server);
  ASSERT_EQ(
      SSL_CTX_set1_sigalgs_list(client.context.get(), "ECDSA+SHA512:ECDSA+SHA384:ECDSA+SHA256"), 1);
  Outcome outcome = shake_hands(client, server);
  EXPECT_TRUE(outcome.done) << outcome.errors;
}

TEST(TlsKey, APeerThatKnowsOnlyAnotherHashIsRefused) {
  Side client(KeyType::p256, TLS1_2_VERSION), server(KeyType::p256, TLS1_2_VERSION);
  client.trust(server);
  ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client.context.get(), "ECDSA+SHA512"), 1);
  EXPECT_FALSE(shake_hands(client, server).done);
  EXPECT_EQ(server.signer->count, 0);
}

TEST(TlsKey, AKeyForAnotherCertificateIsRefusedInEitherOrder) {
  Side side(KeyType::p256, TLS1_3_VERSION);
  for (KeyType type : {KeyType::p256, KeyType::p384}) {
    auto stranger = std::make_shared<WatchedSigner>(type);
    TlsKey key = std::move(*make_tls_key(stranger));
    ContextPtr certificate_first(SSL_CTX_new(TLS_method()));
    EXPECT_EQ(SSL_CTX_use_certificate(certificate_first.get(), side.certificate.get()), 1);
    EXPECT_NE(SSL_CTX_use_PrivateKey(certificate_first.get(), key.get()), 1);
    // libssl then drops the key; there must be none to go on with.
    ContextPtr key_first(SSL_CTX_new(TLS_method()));
    EXPECT_EQ(SSL_CTX_use_PrivateKey(key_first.get(), key.get()), 1);
    SSL_CTX_use_certificate(key_first.get(), side.certificate.get());
    EXPECT_NE(SSL_CTX_check_private_key(key_first.get()), 1);
  }
  ERR_clear_error();
}

TEST(TlsKey, TheRightKeyMayBeSetBeforeItsCertificate) {
  auto signer = std::make_shared<WatchedSigner>(KeyType::p256);
  X509Ptr certificate = certificate_for(*signer);
  TlsKey key = std::move(*make_tls_key(signer));
  ContextPtr context(SSL_CTX_new(TLS_method()));
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context.get(), key.get()), 1);
  EXPECT_EQ(SSL_CTX_use_certificate(context.get(), certificate.get()), 1);
  EXPECT_EQ(SSL_CTX_check_private_key(context.get()), 1) << openssl_error();
}

TEST(TlsKey, RsaIsUnsupported) {
  std::shared_ptr<Signer> rsa = std::move(*SoftwareKey::generate(KeyType::rsa2048));
  auto key = make_tls_key(rsa);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, Errc::unsupported);
}

TEST(TlsKey, ItCanNotBeExported) {
  auto signer = std::make_shared<WatchedSigner>(KeyType::p256);
  TlsKey key = std::move(*make_tls_key(signer));
  unsigned char* der = nullptr;
  EXPECT_LE(i2d_PrivateKey(key.get(), &der), 0);
  ERR_clear_error();
}

TEST(TlsKey, ItOwnsItsSigner) {
  auto signer = std::make_shared<WatchedSigner>(KeyType::p256);
  std::weak_ptr<Signer> watch = signer;
  TlsKey key = std::move(*make_tls_key(std::move(signer)));
  EXPECT_FALSE(watch.expired());
  key.reset();
  EXPECT_TRUE(watch.expired());
}

TEST(TlsKey, OtherEcKeysOfTheProcessAreNotTouched) {
  auto signer = std::make_shared<WatchedSigner>(KeyType::p256);
  TlsKey key = std::move(*make_tls_key(signer));
  PkeyPtr ordinary(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  ASSERT_TRUE(ordinary);
  EXPECT_STREQ(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(ordinary.get())), "default");
}

TEST(TlsKey, SeveralThreadsShakeHandsWithOneKey) {
  Side client(KeyType::p256, TLS1_3_VERSION), server(KeyType::p256, TLS1_3_VERSION);
  client.trust(server);
  server.trust(client);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 10; ++n) good += shake_hands(client, server).done ? 1 : 0;
      });
  }
  EXPECT_EQ(good, 40);
}

}  // namespace
}  // namespace fairlead::crypto
