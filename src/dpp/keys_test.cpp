// SPDX-License-Identifier: Apache-2.0
#include "dpp/keys.h"

#include <gtest/gtest.h>

#include "support/vectors.h"

namespace fairlead::dpp {
namespace {

using crypto::Curve;
using test::hex_at;

// What the two of one recorded exchange know, computed from their private keys.
struct Computed {
  Transcript said;
  SharedSecrets shared;
};

crypto::CurveKey key_at(Curve curve, const boost::json::value& json, std::string_view pointer) {
  return crypto::curve_key_from_scalar(curve, hex_at(json, pointer)).value();
}

Computed compute(Curve curve, const crypto::CurveKey& bi, const crypto::CurveKey& br,
                 const crypto::CurveKey& pi, const crypto::CurveKey& pr, bool mutual) {
  Computed out;
  out.said.initiator_protocol = pi.point;
  out.said.responder_protocol = pr.point;
  out.said.responder_bootstrap = br.point;
  out.shared.m = shared_x(br.scalar.reveal(), pi.point).value();
  out.shared.n = shared_x(pr.scalar.reveal(), pi.point).value();
  EXPECT_TRUE(equal(out.shared.m.reveal(), shared_x(pi.scalar.reveal(), br.point)->reveal()));
  if (mutual) {
    out.said.initiator_bootstrap = bi.point;
    auto sum = add_scalars(curve, br.scalar.reveal(), pr.scalar.reveal());
    out.shared.l = shared_x(sum->reveal(), bi.point).value();
  }
  return out;
}

TEST(DppKeys, AgreeWithTheSpecificationsExample) {
  auto json = test::read_json_vector("dpp/specification-p256.json");
  auto bi = key_at(Curve::p256, json, "/initiator/bootstrap_private");
  auto br = key_at(Curve::p256, json, "/responder/bootstrap_private");
  auto pi = key_at(Curve::p256, json, "/initiator/protocol_private");
  auto pr = key_at(Curve::p256, json, "/responder/protocol_private");
  EXPECT_EQ(bootstrap_key(bi.point).spki, hex_at(json, "/initiator/bootstrap_spki"));
  EXPECT_EQ(bootstrap_key(br.point).spki, hex_at(json, "/responder/bootstrap_spki"));
  EXPECT_EQ(encode_protocol_key(pi.point), hex_at(json, "/initiator/protocol_public"));
  EXPECT_EQ(encode_protocol_key(pr.point), hex_at(json, "/responder/protocol_public"));
  for (bool mutual : {true, false}) {
    Computed c = compute(Curve::p256, bi, br, pi, pr, mutual);
    c.said.initiator_nonce = hex_at(json, "/initiator/nonce");
    c.said.responder_nonce = hex_at(json, "/responder/nonce");
    const std::string at = mutual ? "/mutual" : "/responder_only";
    EXPECT_TRUE(equal(c.shared.m.reveal(), hex_at(json, "/M.x")));
    EXPECT_TRUE(equal(c.shared.n.reveal(), hex_at(json, "/N.x")));
    if (mutual) {
      EXPECT_TRUE(equal(c.shared.l->reveal(), hex_at(json, "/L.x")));
    }
    EXPECT_TRUE(equal(first_intermediate_key(Curve::p256, c.shared.m.reveal()).reveal(),
                      hex_at(json, "/k1")));
    EXPECT_TRUE(equal(second_intermediate_key(Curve::p256, c.shared.n.reveal()).reveal(),
                      hex_at(json, "/k2")));
    EXPECT_TRUE(equal(session_key(c.said, c.shared).reveal(), hex_at(json, at + "/ke")));
    EXPECT_EQ(to_hex(initiator_tag(c.said)), test::text_at(json, at + "/I-auth"));
    EXPECT_EQ(to_hex(responder_tag(c.said)), test::text_at(json, at + "/R-auth"));
  }
}

class RecordedKeys : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Dpp, RecordedKeys,
                         testing::Values("dpp/psk-configurator-starts.json",
                                         "dpp/psk-enrollee-starts.json", "dpp/sae-mutual.json",
                                         "dpp/dpp-p384.json"));

TEST_P(RecordedKeys, AreComputedFromThePrivateKeys) {
  auto json = test::read_json_vector(GetParam());
  const Curve curve = test::text_at(json, "/curve") == "P-256" ? Curve::p256 : Curve::p384;
  auto br = key_at(curve, json, "/keys/responder_bootstrap_private");
  Computed c =
      compute(curve, key_at(curve, json, "/keys/initiator_bootstrap_private"), br,
              key_at(curve, json, "/keys/initiator_protocol_private"),
              key_at(curve, json, "/keys/responder_protocol_private"), json.at("mutual").as_bool());
  c.said.initiator_nonce = hex_at(json, "/nonces/initiator");
  c.said.responder_nonce = hex_at(json, "/nonces/responder");
  EXPECT_EQ(c.said.initiator_nonce.size(), nonce_bytes(curve));
  EXPECT_TRUE(equal(session_key(c.said, c.shared).reveal(), hex_at(json, "/secrets/ke")));
  EXPECT_EQ(responder_tag(c.said), hex_at(json, "/secrets/R-auth"));
  EXPECT_EQ(initiator_tag(c.said), hex_at(json, "/secrets/I-auth"));
  BootstrapKey key = bootstrap_key(br.point);
  EXPECT_EQ(key.spki, hex_at(json, "/keys/responder_bootstrap_spki"));
  EXPECT_EQ(key.hash().hex(), test::text_at(json, "/hashes/responder_bootstrap"));
  EXPECT_EQ(key.chirp_hash().hex(), test::text_at(json, "/hashes/responder_chirp"));
}

TEST(BootstrapKeys, ComeBackOnEveryCurve) {
  for (Curve curve : {Curve::p256, Curve::p384, Curve::p521}) {
    Bytes one(coordinate_bytes(curve));
    one.back() = 1;
    BootstrapKey key = bootstrap_key(crypto::curve_key_from_scalar(curve, one)->point);
    auto again = decode_bootstrap_key(key.spki);
    ASSERT_TRUE(again) << to_string(again.error());
    EXPECT_EQ(again->point, key.point);
    for (std::size_t length = 0; length < key.spki.size(); ++length)
      EXPECT_FALSE(decode_bootstrap_key(View(key.spki).first(length)));
  }
}

TEST(BootstrapKeys, OthersAreRefusedWithAReason) {
  Bytes one(32);
  one.back() = 1;
  BootstrapKey key = bootstrap_key(crypto::curve_key_from_scalar(Curve::p256, one)->point);
  Bytes other_curve = key.spki;
  other_curve[22] = 8;  // the last byte of the curve's name
  EXPECT_EQ(decode_bootstrap_key(other_curve).error().code, Errc::unsupported);
  Bytes off = key.spki;
  off.back() ^= 3;
  EXPECT_EQ(decode_bootstrap_key(off).error().code, Errc::untrusted);
  Bytes longer = key.spki;
  longer.push_back(0);
  EXPECT_EQ(decode_bootstrap_key(longer).error().code, Errc::malformed);
}

}  // namespace
}  // namespace fairlead::dpp
