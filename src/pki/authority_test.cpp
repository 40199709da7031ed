// SPDX-License-Identifier: Apache-2.0
#include "pki/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <set>
#include <thread>

#include "base/limits.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "support/random.h"
#include "support/temporary_directory.h"

namespace fairlead::pki {
namespace {

using namespace std::chrono_literals;
using crypto::Certificate;
using crypto::KeyType;
using crypto::SoftwareKey;
using testing::HasSubstr;
using testing::Not;

const Time now = from_unix_seconds(1'790'000'000);  // 2026-09-21T14:13:20Z

std::unique_ptr<SoftwareKey> make_key(KeyType type = KeyType::p256) {
  return std::move(*SoftwareKey::generate(type));
}

// A root, an intermediate below it, and the authority that the latter makes.
struct Ca {
  explicit Ca(KeyType type = KeyType::p256, Time end = now + 24h * 3650)
      : root_key(make_key(type)),
        key(make_key(type)),
        root(*create_root(*root_key, "Test Root", now - 48h, end, random)),
        root_authority(*Authority::open({root}, *root_key)),
        intermediate(*root_authority.issue_intermediate(key->public_key(), "Test Issuing CA", 0,
                                                        now - 24h, no_expiry, random)),
        authority(*Authority::open({intermediate, root}, *key)) {}

  crypto::SystemRandom random;
  std::unique_ptr<SoftwareKey> root_key, key;
  Certificate root;
  Authority root_authority;
  Certificate intermediate;
  Authority authority;
};

LeafSubject device_17() {
  return {"d-17", "SN 0017", {"urn:fairlead:d-17", "https://id.example/01?s=17"}};
}

struct Output {
  int status;
  std::string text;
};
Output run(const std::string& command) {
  Output out{-1, {}};
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return out;
  std::array<char, 4096> buffer;
  for (std::size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    out.text.append(buffer.data(), n);
  out.status = pclose(pipe);
  return out;
}

// What the openssl program makes of a certificate: its text, and its strict verdict.
struct Opinion {
  Output text, verdict;
};
Opinion ask_openssl(const Ca& ca, const Certificate& leaf, const std::string& options) {
  test::TemporaryDirectory folder;
  const std::string at = folder.path().string();
  std::ofstream(at + "/root.pem") << ca.root.pem();
  std::ofstream(at + "/ca.pem") << ca.intermediate.pem();
  std::ofstream(at + "/leaf.pem") << leaf.pem();
  return {run("openssl x509 -noout -text -in " + at + "/leaf.pem"),
          run("openssl verify -x509_strict -check_ss_sig -attime 1790000000 " + options +
              " -CAfile " + at + "/root.pem -untrusted " + at + "/ca.pem " + at + "/leaf.pem")};
}

class EachCaKey : public testing::TestWithParam<KeyType> {};
INSTANTIATE_TEST_SUITE_P(Keys, EachCaKey, testing::Values(KeyType::p256, KeyType::p384),
                         [](const auto& info) {
                           return info.param == KeyType::p256 ? "P256" : "P384";
                         });

TEST_P(EachCaKey, OperationalCertificateIsAcceptedStrictlyByOpenssl) {
  Ca ca(GetParam());
  for (KeyType type : {KeyType::p256, KeyType::p384, KeyType::rsa2048, KeyType::rsa3072}) {
    auto leaf = ca.authority.issue({}, make_key(type)->public_key(), device_17(), now, ca.random);
    ASSERT_TRUE(leaf) << leaf.error().context;
    auto [text, verdict] = ask_openssl(ca, *leaf, "-purpose sslclient");
    EXPECT_EQ(verdict.status, 0) << verdict.text;
    EXPECT_EQ(text.status, 0);
    for (std::string_view part :
         {"Version: 3", "Issuer: CN = Test Issuing CA",
          "Subject: CN = d-17, serialNumber = SN 0017",
          "X509v3 Basic Constraints: critical\n                CA:FALSE",
          "X509v3 Key Usage: critical\n                Digital Signature\n",
          "TLS Web Client Authentication\n", "X509v3 Subject Key Identifier",
          "X509v3 Authority Key Identifier",
          "URI:urn:fairlead:d-17, URI:https://id.example/01?s=17"})
      EXPECT_THAT(text.text, HasSubstr(part));
    EXPECT_NE(ask_openssl(ca, *leaf, "-purpose sslserver").verdict.status, 0);
  }
}

TEST_P(EachCaKey, OurOwnPathValidationAcceptsWhatWeIssue) {
  Ca ca(GetParam());
  auto leaf =
      *ca.authority.issue({}, make_key(KeyType::p384)->public_key(), device_17(), now, ca.random);
  EXPECT_EQ(leaf.common_name(), "d-17");
  EXPECT_EQ(leaf.san_uris(), device_17().san_uris);
  EXPECT_FALSE(leaf.is_ca());
  const std::vector<Certificate> anchors{ca.root}, chain{leaf, ca.intermediate};
  EXPECT_TRUE(crypto::validate_path(chain, {anchors, now, crypto::DateCheck::at_time}));
  EXPECT_FALSE(crypto::validate_path(chain, {anchors, now + 24h * 91, crypto::DateCheck::at_time}));
}

TEST_P(EachCaKey, ServerCertificateHoldsNamesAndAddresses) {
  Ca ca(GetParam());
  const ServerSubject subject{"edge box",
                              {"localhost", "*.edge.example", "Box-1.example"},
                              {{127, 0, 0, 1}, Bytes(16, 0xFE)}};
  auto leaf = ca.authority.issue_tls_server({}, make_key()->public_key(), subject, now, ca.random);
  ASSERT_TRUE(leaf) << leaf.error().context;
  for (std::string_view name : {"-verify_hostname localhost", "-verify_hostname x.edge.example",
                                "-verify_hostname box-1.example", "-verify_ip 127.0.0.1"}) {
    auto verdict = ask_openssl(ca, *leaf, "-purpose sslserver " + std::string(name)).verdict;
    EXPECT_EQ(verdict.status, 0) << verdict.text;
  }
  EXPECT_NE(ask_openssl(ca, *leaf, "-verify_hostname edge.example").verdict.status, 0);
  auto [text, as_client] = ask_openssl(ca, *leaf, "-purpose sslclient");
  EXPECT_NE(as_client.status, 0);
  EXPECT_THAT(text.text, HasSubstr("TLS Web Server Authentication\n"));
  EXPECT_THAT(text.text, HasSubstr("IP Address:FEFE:FEFE:FEFE:FEFE:FEFE:FEFE:FEFE:FEFE"));
}

TEST_P(EachCaKey, DeviceCertificateHasNoEndAndNoExtendedKeyUsage) {
  Ca ca(GetParam());
  auto leaf = *ca.authority.issue_device(make_key()->public_key(), device_17(), now, ca.random);
  EXPECT_EQ(to_rfc3339(leaf.not_after()), "9999-12-31T23:59:59.000Z");
  EXPECT_EQ(leaf.not_before(), now);
  auto [text, verdict] = ask_openssl(ca, leaf, "");
  EXPECT_EQ(verdict.status, 0) << verdict.text;
  EXPECT_THAT(text.text, HasSubstr("Not After : Dec 31 23:59:59 9999 GMT"));
  EXPECT_THAT(text.text, Not(HasSubstr("Extended Key Usage")));
  EXPECT_THAT(text.text, HasSubstr("serialNumber = SN 0017"));
}

TEST(Authority, CarriesSubjectsInFullUnicode) {
  Ca ca;
  std::string longest;
  for (int i = 0; i < 64; ++i) longest += "\xF0\x9F\x9B\x9F";  // 64 characters, 256 bytes
  for (const std::string& name :
       {std::string("Pumpe Süd 3"), std::string("泵"), longest, std::string(64, 'x')}) {
    auto leaf =
        ca.authority.issue({.organization = "Größe & Söhne", .organizational_unit = "Werk \"2\""},
                           make_key()->public_key(), {name, "A_1", {}}, now, ca.random);
    ASSERT_TRUE(leaf) << leaf.error().context;
    EXPECT_EQ(leaf->common_name(), name);
    auto verdict = ask_openssl(ca, *leaf, "-purpose sslclient").verdict;
    EXPECT_EQ(verdict.status, 0) << verdict.text;
  }
}

TEST(Authority, RefusesSubjectsInWords) {
  Ca ca;
  auto key = make_key();
  auto refusal = [&](LeafSubject subject) {
    auto leaf = ca.authority.issue({}, key->public_key(), subject, now, ca.random);
    auto device = ca.authority.issue_device(key->public_key(), subject, now, ca.random);
    if (leaf || device) return std::string("accepted");
    EXPECT_EQ(leaf.error().code, Errc::refused);
    return leaf.error().context;
  };
  EXPECT_EQ(refusal({"", "1", {}}), "common name is empty");
  EXPECT_EQ(refusal({std::string(65, 'x'), "1", {}}), "common name is longer than 64 characters");
  EXPECT_EQ(refusal({std::string(1'000'000, 'x'), "1", {}}),
            "common name is longer than 64 characters");
  for (std::string_view odd : {"\xFF", "a\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80"})
    EXPECT_EQ(refusal({std::string(odd), "1", {}}), "common name is not UTF-8");
  for (std::string_view odd :
       {std::string_view("a\0b", 3), std::string_view("a\nb"), std::string_view("\x7F"),
        std::string_view("\u0085"), std::string_view("d\u202Ecba"), std::string_view("d\u200B1")})
    EXPECT_EQ(refusal({std::string(odd), "1", {}}),
              "common name holds a control or invisible character");
  EXPECT_EQ(refusal({" d", "1", {}}), "common name begins or ends in a space");
  EXPECT_EQ(refusal({"d", std::string(65, '1'), {}}), "serial number is longer than 64 characters");
  EXPECT_EQ(refusal({"d", "1\r2", {}}), "serial number holds a control or invisible character");
  EXPECT_EQ(refusal({"Test Issuing CA", "", {}}), "the name to be certified is that of a CA");
}

TEST(Authority, RefusesUrisThatAreNone) {
  Ca ca;
  auto key = make_key();
  for (std::string uri :
       {std::string(), std::string("d-17"), std::string("//host/x"), std::string(":x"),
        std::string("urn:"), std::string("1urn:x"), std::string("u_rn:x"), std::string("urn:a b"),
        std::string("urn:\xC3\xA9"), std::string("urn:a\0b", 7), std::string("urn:<x>"),
        "urn:" + std::string(limits::subject_alternative_uri_bytes_max - 3, 'x')}) {
    auto leaf = ca.authority.issue({}, key->public_key(), {"d", "", {uri}}, now, ca.random);
    ASSERT_FALSE(leaf) << uri;
    EXPECT_EQ(leaf.error().code, Errc::refused);
    EXPECT_THAT(leaf.error().context, HasSubstr("URI"));
  }
  std::vector<std::string> many(limits::subject_alternative_names_max, "urn:x");
  EXPECT_TRUE(ca.authority.issue({}, key->public_key(), {"d", "", many}, now, ca.random));
  many.push_back("urn:x");
  EXPECT_FALSE(ca.authority.issue({}, key->public_key(), {"d", "", many}, now, ca.random));
  many.pop_back();
  for (auto& uri : many) uri.resize(limits::subject_alternative_uri_bytes_max, 'x');
  EXPECT_EQ(
      ca.authority.issue({}, key->public_key(), {"d", "", many}, now, ca.random).error().context,
      "certificate would be too long");
}

TEST(Authority, RefusesServersWithoutProperNames) {
  Ca ca;
  auto key = make_key();
  auto refused = [&](std::vector<std::string> names, std::vector<Bytes> addresses) {
    auto leaf = ca.authority.issue_tls_server({}, key->public_key(), {"s", names, addresses}, now,
                                              ca.random);
    return !leaf && leaf.error().code == Errc::refused;
  };
  EXPECT_TRUE(refused({}, {}));
  EXPECT_TRUE(refused({}, {{127, 0, 0}}));
  for (std::string name : {"", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b", "*", "*.com",
                           "a.*.com", "f*.x.com", "192.168.1.1", "\xC3\xA9.example"})
    EXPECT_TRUE(refused({name}, {})) << name;
  EXPECT_TRUE(refused({std::string(64, 'a') + ".example"}, {}));
  EXPECT_FALSE(refused({std::string(63, 'a') + ".example"}, {}));
}

TEST(Authority, RefusesKeysItShouldNotCertify) {
  Ca ca;
  auto own = ca.authority.issue({}, ca.key->public_key(), device_17(), now, ca.random);
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().context, "the key to be certified is the CA's own");
  auto rsa_ca = ca.root_authority.issue_intermediate(make_key(KeyType::rsa2048)->public_key(), "R",
                                                     0, now, now + 1h, ca.random);
  ASSERT_FALSE(rsa_ca);
  EXPECT_EQ(rsa_ca.error().code, Errc::unsupported);
  auto nameless =
      ca.authority.issue_device(make_key()->public_key(), {"d", "", {}}, now, ca.random);
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().context, "device certificate needs a serial number");
}

TEST(Authority, RefusesToOpenWhatIsNoCa) {
  Ca ca;
  auto key = make_key();
  auto leaf = *ca.authority.issue({}, key->public_key(), device_17(), now, ca.random);
  EXPECT_EQ(Authority::open({}, *key).error().code, Errc::untrusted);
  EXPECT_THAT(Authority::open({leaf, ca.intermediate}, *key).error().context,
              HasSubstr("is not a CA certificate"));
  EXPECT_THAT(Authority::open({ca.root}, *key).error().context, HasSubstr("is for another key"));
  EXPECT_THAT(Authority::open({ca.intermediate, leaf}, *ca.key).error().context,
              HasSubstr("names 'CN=Test Root' as its issuer"));
  auto rsa = make_key(KeyType::rsa2048);
  EXPECT_EQ(Authority::open({ca.root}, *rsa).error().code, Errc::unsupported);
  EXPECT_EQ(create_root(*rsa, "R", now, no_expiry, ca.random).error().code, Errc::unsupported);
}

TEST(Authority, KeepsToItsPathLength) {
  Ca ca;
  auto below = ca.authority.issue_intermediate(make_key()->public_key(), "Too deep", 0, now,
                                               now + 1h, ca.random);
  ASSERT_FALSE(below);
  EXPECT_THAT(below.error().context, HasSubstr("leaves no room"));
  auto text = ask_openssl(ca, ca.intermediate, "").text.text;
  EXPECT_THAT(text, HasSubstr("CA:TRUE, pathlen:0"));
  EXPECT_THAT(text, HasSubstr("Certificate Sign, CRL Sign"));
  auto deep =
      *ca.root_authority.issue_intermediate(ca.key->public_key(), "A", 1, now, now + 1h, ca.random);
  auto middle = *Authority::open({deep, ca.root}, *ca.key);
  auto key = make_key();
  EXPECT_TRUE(middle.issue_intermediate(key->public_key(), "B", 0, now, now + 1h, ca.random));
  EXPECT_FALSE(middle.issue_intermediate(key->public_key(), "B", 1, now, now + 1h, ca.random));
}

TEST(Authority, CutsValidityToThatOfItsChain) {
  Ca ca(KeyType::p256, now + 24h * 30);
  auto key = make_key();
  EXPECT_EQ(ca.intermediate.not_after(), ca.root.not_after());
  auto leaf = *ca.authority.issue({}, key->public_key(), device_17(), now, ca.random);
  EXPECT_EQ(leaf.not_before(), now - 1h);
  EXPECT_EQ(leaf.not_after(), ca.root.not_after());
  auto brief = *ca.authority.issue({.lifetime = 10min, .backdate = 5min}, key->public_key(),
                                   device_17(), now + 750ms, ca.random);
  EXPECT_EQ(brief.not_before(), now - 5min);
  EXPECT_EQ(brief.not_after(), now + 10min);
  auto early = *ca.authority.issue({}, key->public_key(), device_17(), now - 24h, ca.random);
  EXPECT_EQ(early.not_before(), ca.intermediate.not_before());
}

TEST(Authority, RefusesOutsideItsOwnValidity) {
  Ca ca(KeyType::p256, now + 24h * 30);
  auto key = make_key();
  for (Time when : {now - 24h * 3, now + 24h * 30, now + 24h * 31, Time{}, no_expiry + 1h}) {
    auto leaf = ca.authority.issue({}, key->public_key(), device_17(), when, ca.random);
    auto device = ca.authority.issue_device(key->public_key(), device_17(), when, ca.random);
    ASSERT_FALSE(leaf || device);
    EXPECT_EQ(leaf.error().code, Errc::expired);
  }
  for (LeafProfile odd : {LeafProfile{.lifetime = 0s},
                          {.lifetime = -1h},
                          {.backdate = -1s},
                          {.lifetime = Duration::max()},
                          {.backdate = Duration::max()}})
    EXPECT_EQ(ca.authority.issue(odd, key->public_key(), device_17(), now, ca.random).error().code,
              Errc::refused);
  EXPECT_FALSE(create_root(*key, "R", now, now, ca.random));
  EXPECT_FALSE(create_root(*key, "R", now, no_expiry + 1s, ca.random));
}

TEST(Authority, SerialIsPositiveAndSixteenBytesLong) {
  Ca ca;
  auto key = make_key();
  for (auto [drawn, expected] : {std::pair{"ff", "7f"}, {"80", "01"}, {"00", "01"}, {"01", "01"}}) {
    test::ScriptedRandom random;
    Bytes bytes(16, 0xAB);
    bytes[0] = from_hex(drawn)->front();
    random.push(bytes);
    auto leaf = *ca.authority.issue({}, key->public_key(), device_17(), now, random);
    bytes[0] = from_hex(expected)->front();
    EXPECT_EQ(leaf.serial(), bytes);
  }
}

TEST(Authority, IssuesFromSeveralThreadsAtOnce) {
  Ca ca;
  std::array<std::vector<Certificate>, 4> issued;
  {
    std::vector<std::jthread> threads;
    for (auto& own : issued)
      threads.emplace_back([&] {
        auto key = make_key();
        for (int i = 0; i < 50; ++i)
          own.push_back(*ca.authority.issue({}, key->public_key(), device_17(), now, ca.random));
      });
  }
  std::set<Bytes> serials;
  for (const auto& own : issued)
    for (const Certificate& each : own) {
      EXPECT_TRUE(each.signed_by(ca.key->public_key()));
      serials.insert(each.serial());
    }
  EXPECT_EQ(serials.size(), 200u);
}

TEST(Root, IsAcceptedStrictlyAndMayHaveNoEnd) {
  crypto::SystemRandom random;
  auto key = make_key();
  auto root = create_root(*key, "Device CA", now, no_expiry, random);
  ASSERT_TRUE(root) << root.error().context;
  EXPECT_TRUE(root->is_ca());
  EXPECT_EQ(root->not_after(), no_expiry);
  test::TemporaryDirectory folder;
  const std::string file = folder.path().string() + "/root.pem";
  std::ofstream(file) << root->pem();
  auto verdict = run("openssl verify -x509_strict -check_ss_sig -attime 1790000000 -CAfile " +
                     file + " " + file);
  EXPECT_EQ(verdict.status, 0) << verdict.text;
}

}  // namespace
}  // namespace fairlead::pki
