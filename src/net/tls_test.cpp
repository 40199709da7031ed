// SPDX-License-Identifier: Apache-2.0
// Our client against our server over TLS: who is accepted, who is not, and what is said about it.
#include <gtest/gtest.h>

#include "crypto/hash.h"
#include "net/http.h"
#include "net/test_certificates.h"
#include "net/test_loop.h"

namespace fairlead::net {
namespace {

Task<HttpResponse> describe_client(HttpRequest request) {
  HttpResponse response;
  std::string text = "nobody";
  if (request.client_certificate) {
    text = request.client_certificate->common_name();
    text += request.client_certificate_valid ? " valid"
                                             : " not valid: " + request.client_certificate_problem;
  }
  if (request.tls_resumed) text += ", resumed";
  response.body = to_bytes(text);
  co_return response;
}

const TestIdentity& root() {
  static auto one = make_identity({.name = "Fairlead Test Root", .authority = true});
  return one;
}

struct TlsTest : testing::Test {
  ~TlsTest() override { t.stop(); }

  void serve(const TestIdentity& identity, bool ask_client = false,
             std::vector<crypto::Certificate> client_anchors = {}) {
    HttpServerOptions options;
    options.tls = TlsServer{identity.chain, identity.signer, ask_client, std::move(client_anchors)};
    auto made = HttpServer::listen(t.loop, t.log, std::move(options), describe_client);
    ASSERT_TRUE(made) << to_string(made.error());
    server = std::move(*made);
  }
  void serve_usual() {
    auto intermediate = make_identity({.name = "Test Issuer", .authority = true}, &root());
    authority = intermediate.certificate();
    usual = make_identity({.name = "x", .names = "DNS:localhost,IP:127.0.0.1"}, &intermediate);
    serve(usual);
  }
  Result<HttpResponse> ask(HttpClient& client, const std::string& host = "127.0.0.1",
                           Headers headers = {}) {
    HttpRequest request;
    request.method = "GET";
    request.headers = std::move(headers);
    auto url = parse_url("https://" + host + ":" + std::to_string(server->port())).value();
    return t.await(client.send(url, request, test_patience, 1024));
  }
  Result<HttpResponse> ask(TlsTrust trust, const std::string& host = "127.0.0.1") {
    HttpClient client(t.loop, TlsClient{std::move(trust), {}, nullptr});
    return ask(client, host);
  }
  std::string ask_as(const TestIdentity& identity) {
    HttpClient client(
        t.loop, TlsClient{{.anchors = {root().certificate()}}, identity.chain, identity.signer});
    auto answer = ask(client);
    return answer ? std::string(as_text(answer->body)) : to_string(answer.error());
  }

  LoopThread t;
  std::unique_ptr<HttpServer> server;
  TestIdentity usual;
  std::optional<crypto::Certificate> authority;
};

TEST_F(TlsTest, RefusesToAcceptJustAnyServer) {
  serve_usual();
  auto answer = ask(TlsTrust{});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::refused);
  EXPECT_EQ(ask(TlsTrust{.ignore_dates = true}).error().code, Errc::refused);
  EXPECT_EQ(ask(TlsTrust{.certificate_hash = Bytes(20)}).error().code, Errc::unsupported);
}

TEST_F(TlsTest, AnotherCertificateIsShownFromTheNextHandshakeOn) {
  serve_usual();
  HttpClient stays(t.loop, TlsClient{{.anchors = {root().certificate()}}, {}, nullptr});
  ASSERT_TRUE(ask(stays));
  auto next = make_identity({.name = "y", .names = "IP:127.0.0.1"}, &root());
  t.on_loop([&] { ASSERT_TRUE(server->use_tls({next.chain, next.signer})); });
  auto pinned = [](const TestIdentity& to) {
    return TlsTrust{.certificate_hash = to_bytes(View(to.certificate().fingerprint()))};
  };
  EXPECT_TRUE(ask(pinned(next)));
  EXPECT_EQ(ask(pinned(usual)).error().code, Errc::untrusted);
  EXPECT_TRUE(ask(stays)) << "a session of before is no obstacle";
  t.on_loop([&] { EXPECT_FALSE(server->use_tls({})); });
  EXPECT_TRUE(ask(pinned(next))) << "what can't be used changes nothing";
}

TEST_F(TlsTest, NamesTheIssuerThatIsNotTrusted) {
  serve_usual();
  auto other = make_identity({.name = "Other Root", .authority = true});
  auto answer = ask({.anchors = {other.certificate()}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::untrusted);
  EXPECT_EQ(answer.error().context,
            "certificate of 127.0.0.1 is issued by 'CN=Fairlead Test Root', which is not trusted");
  EXPECT_EQ(ask({.system_anchors = true}).error().code, Errc::untrusted);
}

TEST_F(TlsTest, RefusesASelfSignedStranger) {
  serve(make_identity({.name = "stranger", .names = "IP:127.0.0.1"}));
  auto answer = ask({.anchors = {root().certificate()}});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().context.find("signed by itself ('CN=stranger')"), std::string::npos);
}

TEST_F(TlsTest, RefusesACertificateForAnotherName) {
  serve(make_identity({.name = "127.0.0.1", .names = "DNS:other.example,IP:192.0.2.7"}, &root()));
  for (auto host : {"127.0.0.1", "localhost"}) {
    auto answer = ask({.anchors = {root().certificate()}}, host);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::untrusted);
    EXPECT_EQ(answer.error().context, "certificate of " + std::string(host) +
                                          " is for 'other.example', '192.0.2.7', not for '" + host +
                                          "'");
  }
}

TEST_F(TlsTest, DoesNotTakeTheCommonNameForAHostName) {
  serve(make_identity({.name = "localhost"}, &root()));
  EXPECT_EQ(ask({.anchors = {root().certificate()}}, "localhost").error().code, Errc::untrusted);
}

TEST_F(TlsTest, RefusesDatesUnlessToldToIgnoreThem) {
  for (bool expired : {true, false}) {
    serve(make_identity({.name = "x",
                         .names = "IP:127.0.0.1",
                         .begins_s = expired ? -7200 : 3600,
                         .ends_s = expired ? -3600 : 7200},
                        &root()));
    auto answer = ask({.anchors = {root().certificate()}});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::expired);
    EXPECT_NE(answer.error().context.find(expired ? "has expired" : "not valid yet"),
              std::string::npos);
    EXPECT_TRUE(ask({.anchors = {root().certificate()}, .ignore_dates = true}));
    t.stop();
    server.reset();
  }
}

TEST_F(TlsTest, AcceptsAnAnchoredChainByNameAndByAddress) {
  serve_usual();
  EXPECT_TRUE(ask({.anchors = {root().certificate()}}, "127.0.0.1"));
  EXPECT_TRUE(ask({.anchors = {root().certificate()}}, "localhost"));
  EXPECT_TRUE(ask({.anchors = {*authority}}));  // an intermediate may be the anchor
}

TEST_F(TlsTest, AcceptsExactlyThePinnedCertificate) {
  serve_usual();
  auto leaf = usual.certificate().der();
  for (auto alg : {crypto::HashAlg::sha256, crypto::HashAlg::sha384}) {
    auto pin = crypto::hash(alg, {leaf});
    auto answer = ask({.certificate_hash = pin});
    EXPECT_TRUE(answer) << to_string(answer.error());
    pin[0] ^= 1;
    answer = ask({.certificate_hash = pin});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::untrusted);
    EXPECT_NE(answer.error().context.find("not the one that was announced"), std::string::npos);
    // A pin is not undone by a weaker rule beside it.
    EXPECT_FALSE(ask({.certificate_hash = pin, .unauthenticated = true}));
    EXPECT_FALSE(ask({.anchors = {root().certificate()}, .certificate_hash = pin}));
  }
}

TEST_F(TlsTest, AcceptsExactlyThePinnedKeyUnderWhateverCertificate) {
  serve_usual();
  Bytes key = to_bytes(usual.certificate().public_key().fingerprint());
  EXPECT_TRUE(ask({.key_hash = key}));
  key[0] ^= 1;
  auto answer = ask({.key_hash = key, .unauthenticated = true});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::untrusted);
  EXPECT_EQ(ask(TlsTrust{.key_hash = Bytes(20)}).error().code, Errc::unsupported);
}

TEST_F(TlsTest, LooksWhoIsThereWithoutAskingAnything) {
  serve_usual();
  HttpClient client(t.loop, TlsClient{{.unauthenticated = true}, {}, nullptr});
  auto url = parse_url("https://127.0.0.1:" + std::to_string(server->port())).value();
  auto look = t.await(client.look(url, test_patience));
  ASSERT_TRUE(look) << to_string(look.error());
  EXPECT_EQ(look->address, "127.0.0.1");
  EXPECT_EQ(look->certificate.fingerprint(), usual.certificate().fingerprint());
  url.tls = false;
  EXPECT_EQ(t.await(client.look(url, test_patience)).error().code, Errc::unsupported);
}

TEST_F(TlsTest, AcceptsAChainToThePinnedAuthority) {
  serve_usual();
  for (auto alg : {crypto::HashAlg::sha256, crypto::HashAlg::sha384})
    EXPECT_TRUE(ask({.authority_hash = crypto::hash(alg, {authority->der()})}));
  auto of_leaf =
      ask({.authority_hash = crypto::hash(crypto::HashAlg::sha256, {usual.certificate().der()})});
  EXPECT_EQ(of_leaf.error().code, Errc::untrusted);  // the leaf is no authority
  auto absent = ask({.authority_hash = Bytes(32)});
  ASSERT_FALSE(absent);
  EXPECT_NE(
      absent.error().context.find("'CN=Test Issuer'; the expected authority is not in its chain"),
      std::string::npos);
}

TEST_F(TlsTest, RefusesAPinnedAuthorityThatDidNotIssueTheLeaf) {
  // The right CA certificate is in the chain for show; the leaf is somebody else's.
  auto shown = make_identity({.name = "Shown", .authority = true}, &root());
  auto stranger = make_identity({.name = "x", .names = "IP:127.0.0.1"});
  stranger.chain.push_back(shown.certificate());
  serve(stranger);
  auto answer =
      ask({.authority_hash = crypto::hash(crypto::HashAlg::sha256, {shown.certificate().der()})});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::untrusted);
}

TEST_F(TlsTest, RefusesAPinnedAuthoritysCertificateForAnotherName) {
  auto issuer = make_identity({.name = "Issuer", .authority = true}, &root());
  serve(make_identity({.name = "x", .names = "DNS:other.example"}, &issuer));
  auto pin = crypto::hash(crypto::HashAlg::sha256, {issuer.certificate().der()});
  EXPECT_EQ(ask({.authority_hash = pin}).error().code, Errc::untrusted);
}

TEST_F(TlsTest, AcceptsAnyoneOnlyWhenToldSo) {
  serve(make_identity({.name = "stranger"}));
  EXPECT_TRUE(ask({.unauthenticated = true}));
}

TEST_F(TlsTest, RecordsAClientCertificateAndWhatItIsWorth) {
  auto clients = make_identity({.name = "Clients", .authority = true});
  serve(make_identity({.name = "x", .names = "IP:127.0.0.1"}, &root()), true,
        {clients.certificate()});
  EXPECT_EQ(ask_as({}), "nobody");
  EXPECT_EQ(ask_as(make_identity({.name = "device 1"}, &clients)), "device 1 valid");
  auto late = make_identity({.name = "late", .begins_s = -20, .ends_s = -10}, &clients);
  EXPECT_EQ(ask_as(late), "late not valid: certificate has expired");
  EXPECT_EQ(ask_as(make_identity({.name = "stranger"})),
            "stranger not valid: self-signed certificate");
}

TEST_F(TlsTest, RemembersAClientCertificateAcrossResumption) {
  auto clients = make_identity({.name = "Clients", .authority = true});
  auto between = make_identity({.name = "Between", .authority = true}, &clients);
  auto device = make_identity({.name = "device 1"}, &between);
  auto late = make_identity({.name = "late", .begins_s = -20, .ends_s = -10}, &clients);
  serve(make_identity({.name = "x", .names = "IP:127.0.0.1"}, &root()), true,
        {clients.certificate()});
  struct {
    const TestIdentity& who;
    const char* answer;
  } const cases[] = {{device, "device 1 valid"}, {late, "late not valid: certificate has expired"}};
  for (const auto& c : cases) {
    HttpClient client(t.loop,
                      TlsClient{{.anchors = {root().certificate()}}, c.who.chain, c.who.signer});
    for (int i = 0; i < 3; ++i) {
      auto answer = ask(client, "127.0.0.1", {{"Connection", "close"}});
      ASSERT_TRUE(answer) << to_string(answer.error());
      EXPECT_EQ(as_text(answer->body), std::string(c.answer) + (i > 0 ? ", resumed" : ""));
    }
  }
}

TEST_F(TlsTest, KeepsAConnectionOpenForTheNextRequest) {
  serve_usual();
  HttpClient client(t.loop, TlsClient{{.anchors = {root().certificate()}}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(as_text(ask(client).value().body), "nobody");
  EXPECT_EQ(server->connections(), 1u);
}

TEST_F(TlsTest, RefusesAKeyThatIsNotTheCertificates) {
  auto one = make_identity({.name = "one"}), other = make_identity({.name = "other"});
  HttpServerOptions options;
  options.tls = TlsServer{one.chain, other.signer, false, {}};
  auto made = HttpServer::listen(t.loop, t.log, std::move(options), describe_client);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().context.find("is for another key"), std::string::npos);
}

TEST_F(TlsTest, LogsAFailedHandshakeAndServesOthers) {
  serve_usual();
  t.start();
  RawPeer peer(server->port());
  peer.send("GET / HTTP/1.1\r\n\r\n");  // not TLS
  peer.read_all();
  EXPECT_NE(t.log.await("TLS_HANDSHAKE_FAILED").find("http request"), std::string::npos);
  EXPECT_TRUE(ask({.anchors = {root().certificate()}}));
}

TEST_F(TlsTest, GivesUpOnASilentHandshake) {
  usual = make_identity({.name = "x", .names = "IP:127.0.0.1"}, &root());
  HttpServerOptions options;
  options.header_deadline = Duration(50);
  options.tls = TlsServer{usual.chain, usual.signer, false, {}};
  server = HttpServer::listen(t.loop, t.log, std::move(options), describe_client).value();
  t.start();
  RawPeer peer(server->port());
  EXPECT_EQ(peer.read_all(), "");
}

}  // namespace
}  // namespace fairlead::net
