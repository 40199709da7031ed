// SPDX-License-Identifier: Apache-2.0
// Requests and certs-only messages. tests/vectors/pki/README.md says what each file is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "base/limits.h"
#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "crypto/certificate.h"
#include "crypto/software_key.h"
#include "support/temporary_directory.h"
#include "support/vectors.h"

namespace fairlead::crypto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Bytes file(const std::string& name) { return to_bytes(test::read_vector("pki/" + name)); }

void expect_refused(const Result<CertificateRequest>& result, Errc code, std::string_view words) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << to_string(result.error());
  EXPECT_THAT(result.error().context, HasSubstr(std::string(words)));
}

// A request with these pieces, signed as it should be.
Bytes request_of(Signer& key, View subject, View attributes) {
  Bytes info = der::sequence_of({der::unsigned_integer({}), subject, key.public_key().spki(),
                                 der::element(der::context_constructed(0), attributes)});
  Bytes signature = *ecdsa_raw_to_der(key.public_key().type(), key.sign(info)->raw);
  return der::sequence_of({info, der::sequence_of({der::object_identifier("1.2.840.10045.4.3.2")}),
                           der::bit_string_of(signature)});
}
Bytes name_of(std::string_view oid, std::uint8_t tag, View text) {
  return der::sequence_of({der::element(
      der::set, der::sequence_of({der::object_identifier(oid), der::element(tag, text)}))});
}
Bytes alternative_names(View names) {
  Bytes san = der::element(der::octet_string, der::element(der::sequence, names));
  Bytes extensions =
      der::sequence_of({der::sequence_of({der::object_identifier("2.5.29.17"), san})});
  return der::sequence_of(
      {der::object_identifier("1.2.840.113549.1.9.14"), der::element(der::set, extensions)});
}

TEST(Csr, EveryTruncationAndTrailingBytesAreMalformed) {
  const Bytes good = file("p256.csr");
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_EQ(decode_csr(View(good).first(length)).error().code, Errc::malformed) << length;
  Bytes longer = good;
  longer.push_back(0);
  expect_refused(decode_csr(longer), Errc::malformed, "trailing");
  expect_refused(decode_csr(Bytes(limits::csr_bytes_max + 1, 0x30)), Errc::malformed, "too long");
}

TEST(Csr, AnyChangedByteIsRefused) {
  const Bytes good = file("p256.csr");
  for (std::size_t i = 0; i < good.size(); ++i)
    for (std::uint8_t flip : Bytes{0x01, 0x20, 0x80}) {
      Bytes changed = good;
      changed[i] ^= flip;
      EXPECT_FALSE(decode_csr(changed)) << "byte " << i;
    }
}

TEST(Csr, AWrongSignatureIsUntrusted) {
  Bytes changed = file("p256.csr");
  changed.back() ^= 1;
  expect_refused(decode_csr(changed), Errc::untrusted, "signature is wrong");
}

TEST(Csr, AnAlgorithmThatDoesNotGoWithTheKeyIsUnsupported) {
  expect_refused(decode_csr(file("wrong-hash.csr")), Errc::unsupported, "algorithm");
  expect_refused(decode_csr(file("sha1.csr")), Errc::unsupported, "algorithm");
  expect_refused(decode_csr(file("secp256k1.csr")), Errc::unsupported, "P-256");
}

TEST(Csr, AnAmbiguousOrUnprintableNameIsRefused) {
  expect_refused(decode_csr(file("two-names.csr")), Errc::malformed, "twice");
  auto key = std::move(*SoftwareKey::generate(KeyType::p256));
  for (std::string_view text :
       {std::string_view("a\0b", 3), std::string_view("a\nb"), std::string_view("a\x7F"),
        std::string_view("\xC3"), std::string_view("\xED\xA0\x80")}) {
    Bytes subject = name_of("2.5.4.3", der::utf8_string, as_view(text));
    expect_refused(decode_csr(request_of(*key, subject, {})), Errc::malformed, "text");
    Bytes san = alternative_names(der::element(der::context(6), as_view(text)));
    expect_refused(decode_csr(request_of(*key, der::sequence_of({}), san)), Errc::malformed,
                   "text");
  }
  Bytes bmp = name_of("2.5.4.3", 0x1E, as_view("ab"));
  expect_refused(decode_csr(request_of(*key, bmp, {})), Errc::malformed, "unsupported kind");
}

TEST(Csr, RequestsOfOpenSslAreRead) {
  for (auto [name, type] :
       {std::pair{"p256", KeyType::p256}, {"p384", KeyType::p384}, {"rsa2048", KeyType::rsa2048}}) {
    auto request = decode_csr(file(std::string(name) + ".csr"));
    ASSERT_TRUE(request) << to_string(request.error());
    EXPECT_EQ(request->key.type(), type);
    EXPECT_EQ(request->common_name, "Gerät 1");
    EXPECT_THAT(request->san_uris, ElementsAre("urn:example:device:1"));
    EXPECT_THAT(request->san_dns, ElementsAre("device.example.com"));
    EXPECT_EQ(request->challenge_password, "1234 abcd");
    EXPECT_EQ(request->subject_der.front(), 0x30);
  }
}

TEST(Csr, WhatWeWriteWeRead) {
  for (KeyType type : {KeyType::p256, KeyType::p384, KeyType::rsa2048}) {
    auto key = std::move(*SoftwareKey::generate(type));
    auto der = create_csr(
        *key, {.common_name = "Gerät 2", .serial_number = "SN_2", .san_uris = {"urn:a", "urn:b"}});
    ASSERT_TRUE(der);
    auto request = decode_csr(*der);
    ASSERT_TRUE(request) << to_string(request.error());
    EXPECT_EQ(request->key, key->public_key());
    EXPECT_EQ(request->common_name, "Gerät 2");
    EXPECT_THAT(request->san_uris, ElementsAre("urn:a", "urn:b"));
    EXPECT_FALSE(request->challenge_password);
  }
}

TEST(Csr, ARequestMayBeAlmostEmpty) {
  auto key = std::move(*SoftwareKey::generate(KeyType::p256));
  auto request = decode_csr(*create_csr(*key, {}));
  ASSERT_TRUE(request) << to_string(request.error());
  EXPECT_EQ(request->common_name, "");
  EXPECT_EQ(to_hex(request->subject_der), "3000");
}

TEST(Csr, AKeystoreThatFailsIsSaid) {
  struct Broken final : Signer {
    std::unique_ptr<SoftwareKey> key = std::move(*SoftwareKey::generate(KeyType::p256));
    const PublicKey& public_key() const override { return key->public_key(); }
    Result<Signature> sign(View) override { return fail(Errc::io, "token was pulled out"); }
  } broken;
  auto der = create_csr(broken, {.common_name = "x", .serial_number = "", .san_uris = {}});
  ASSERT_FALSE(der);
  EXPECT_EQ(der.error().code, Errc::io);
}

TEST(CertsOnly, EveryTruncationAndTrailingBytesAreRefused) {
  const Bytes good = file("leaf-and-issuing.p7");
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(decode_certs_only(View(good).first(length))) << length;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decode_certs_only(longer));
  EXPECT_FALSE(decode_certs_only(file("p256.csr")));
  EXPECT_FALSE(decode_certs_only(encode_certs_only({})));
}

TEST(CertsOnly, WhatOpenSslWroteIsRead) {
  auto certificates = decode_certs_only(file("leaf-and-issuing.p7"));
  ASSERT_TRUE(certificates) << to_string(certificates.error());
  ASSERT_EQ(certificates->size(), 2u);
  EXPECT_EQ(certificates->at(0).common_name(), "Gerät 1");
  EXPECT_EQ(certificates->at(1).common_name(), "Issuing");
}

TEST(CertsOnly, AsManyAsAChainMayHaveAndNoMore) {
  auto chain = std::move(*Certificate::from_pem(test::read_vector("pki/deep-chain.pem")));
  ASSERT_EQ(chain.size(), limits::certificate_chain_max + 1);
  EXPECT_FALSE(decode_certs_only(encode_certs_only(chain)));
  chain.pop_back();
  auto back = decode_certs_only(encode_certs_only(chain));
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_EQ(*back, chain);
}

// The other way round: its own program reads what we write.
TEST(CertsOnly, OpenSslReadsWhatWeWrite) {
  auto chain = std::move(*decode_certs_only(file("leaf-and-issuing.p7")));
  Bytes der = encode_certs_only(chain);
  EXPECT_EQ(der, file("leaf-and-issuing.p7"));
  test::TemporaryDirectory folder;
  const std::string path = (folder.path() / "certs.p7").string();
  std::ofstream(path, std::ios::binary) << as_text(der);
  std::FILE* pipe =
      ::popen(("openssl pkcs7 -inform DER -print_certs -in " + path + " 2>&1").c_str(), "r");
  ASSERT_TRUE(pipe);
  std::string printed(64 * 1024, '\0');
  printed.resize(std::fread(printed.data(), 1, printed.size(), pipe));
  EXPECT_EQ(::pclose(pipe), 0) << printed;
  auto read = Certificate::from_pem(printed);
  ASSERT_TRUE(read) << printed;
  EXPECT_EQ(*read, chain);
}

}  // namespace
}  // namespace fairlead::crypto
