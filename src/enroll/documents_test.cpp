// SPDX-License-Identifier: Apache-2.0
// Offers and Grants against documents that another program made from the grammar, and against our
// own encoder.
#include "enroll/documents.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "crypto/software_key.h"
#include "support/vectors.h"

namespace fairlead::enroll {
namespace {

namespace json = boost::json;
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
  return std::move(*result);
}

Bytes hex_at(const json::object& in, std::string_view name) {
  return from_hex(std::string_view(in.at(name).as_string())).value();
}

Errc refusal_of(const json::object& row) {
  return row.at("refusal").as_string() == "untrusted" ? Errc::untrusted : Errc::malformed;
}

class Documents : public testing::TestWithParam<int> {
 protected:
  json::value file_ = test::read_json_vector("enroll/documents.json");
  const json::object& suite_ =
      file_.as_array().at(static_cast<std::size_t>(GetParam())).as_object();
  crypto::PublicKey upstream_ = must(crypto::PublicKey::from_spki(hex_at(suite_, "upstream_spki")));
  crypto::Sha256 offer_hash_ = *crypto::Sha256::from(hex_at(suite_, "offer_hash"));
};

TEST_P(Documents, AnOfferThatAnotherProgramMadeIsRead) {
  auto read = must(decode_offer(hex_at(suite_, "offer")));
  EXPECT_EQ(read.offer.product_uri, "https://id.example/SN-1");
  EXPECT_EQ(read.offer.serial, "SN-1");
  EXPECT_EQ(read.offer.model, "Gateway Ü");
  EXPECT_EQ(read.offer.firmware, "2.1");
  EXPECT_EQ(read.offer.csr, hex_at(suite_, "csr"));
  EXPECT_EQ(read.offer.evidence, Evidence::fdo_voucher);
  EXPECT_EQ(to_hex(read.offer.nonce), "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(read.offer.keystore, "file");
  EXPECT_EQ(read.request.key.spki(), hex_at(suite_, "operational_spki"));
  EXPECT_EQ(read.hash, offer_hash_);
}

TEST_P(Documents, AGrantThatAnotherProgramMadeIsRead) {
  auto grant = must(decode_grant(hex_at(suite_, "grant"), upstream_, offer_hash_));
  EXPECT_EQ(grant.device, DeviceId("d-1"));
  ASSERT_EQ(grant.chain.size(), 2u);
  const auto& chain = suite_.at("chain").as_array();
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_EQ(to_hex(grant.chain[i].der()), std::string_view(chain[i].as_string()));
  ASSERT_EQ(grant.endpoints.size(), 2u);
  EXPECT_EQ(grant.endpoints[0].uri, "mqtts://broker.example:8883");
  EXPECT_EQ(grant.endpoints[0].client_id, "d-1");
  EXPECT_EQ(grant.endpoints[0].topic_prefix, "fairlead/v1/acme/d-1/");
  EXPECT_EQ(grant.endpoints[1].uri, "mqtts://[2001:db8::1]:8884");
  ASSERT_EQ(grant.anchors.size(), 1u);
  EXPECT_EQ(to_unix_ms(grant.server_time), 1767225600123);
}

TEST_P(Documents, WhatTheGrammarDoesNotAllowIsRefusedForWhatItIs) {
  const json::object& refused = suite_.at("refused").as_object();
  for (const auto& each : refused.at("offers").as_array()) {
    const json::object& row = each.as_object();
    auto read = decode_offer(hex_at(row, "document"));
    ASSERT_FALSE(read) << row.at("change");
    EXPECT_EQ(read.error().code, refusal_of(row)) << row.at("change") << read.error().context;
  }
  for (const auto& each : refused.at("grants").as_array()) {
    const json::object& row = each.as_object();
    auto read = decode_grant(hex_at(row, "document"), upstream_, offer_hash_);
    ASSERT_FALSE(read) << row.at("change");
    EXPECT_EQ(read.error().code, refusal_of(row)) << row.at("change") << read.error().context;
  }
}

TEST_P(Documents, EveryTruncationIsRefused) {
  Bytes offer = hex_at(suite_, "offer"), grant = hex_at(suite_, "grant");
  for (std::size_t size = 0; size < offer.size(); ++size)
    ASSERT_FALSE(decode_offer(View(offer).first(size))) << size;
  for (std::size_t size = 0; size < grant.size(); ++size)
    ASSERT_FALSE(decode_grant(View(grant).first(size), upstream_, offer_hash_)) << size;
}

// The same fields, written by our encoder: byte for byte the same but for the signature, which is
// random.
TEST_P(Documents, WeWriteWhatTheOtherProgramWrote) {
  auto type = GetParam() == 0 ? crypto::KeyType::p256 : crypto::KeyType::p384;
  std::size_t signature = 2 * crypto::coordinate_bytes(type);
  auto key = must(crypto::SoftwareKey::generate(type));
  auto unsigned_part = [&](Bytes document) {
    document.resize(document.size() - signature);
    return to_hex(document);
  };
  Bytes theirs = hex_at(suite_, "offer");
  auto offer = must(decode_offer(theirs)).offer;
  EXPECT_EQ(unsigned_part(must(encode_offer(offer, *key))), unsigned_part(theirs));
  theirs = hex_at(suite_, "grant");
  auto grant = must(decode_grant(theirs, upstream_, offer_hash_));
  EXPECT_EQ(unsigned_part(must(encode_grant(grant, *key))), unsigned_part(theirs));
}

INSTANTIATE_TEST_SUITE_P(Suites, Documents, testing::Values(0, 1),
                         [](const auto& info) { return info.param == 0 ? "P256" : "P384"; });

}  // namespace
}  // namespace fairlead::enroll
