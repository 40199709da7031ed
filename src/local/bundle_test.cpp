// SPDX-License-Identifier: Apache-2.0
#include "local/bundle.h"

#include <gtest/gtest.h>

#include "crypto/software_key.h"
#include "enroll/documents.h"

namespace fairlead::local {
namespace {

BundleEntry entry_of(Proof proof) {
  auto key = crypto::SoftwareKey::generate(crypto::KeyType::p256);
  enroll::Offer offer;
  offer.serial = "SN-1";
  offer.csr = *crypto::create_csr(**key, {"SN-1", {}, {}});
  BundleEntry out;
  out.row = proof == Proof::stick ? "" : "r";
  out.serial = "SN-1";
  out.proof = proof;
  out.offer = *enroll::encode_offer(offer, **key);
  out.grant = Bytes(10, 1);
  return out;
}

TEST(Bundle, ComesBackByEveryProof) {
  for (Proof proof : {Proof::code, Proof::button, Proof::stick}) {
    BundleEntry entry = entry_of(proof);
    auto back = decode_bundle(encode_bundle({entry}));
    ASSERT_TRUE(back) << back.error().context;
    EXPECT_EQ(back->front(), entry);
  }
}

TEST(Bundle, RefusesAnOfferOfAnotherDeviceAndARowThatIsNone) {
  BundleEntry entry = entry_of(Proof::button);
  entry.serial = "SN-2";
  EXPECT_FALSE(decode_bundle(encode_bundle({entry})));
  entry.serial = "SN-1";
  entry.row.clear();
  EXPECT_FALSE(decode_bundle(encode_bundle({entry})));
  entry.row = "r";
  entry.proof = Proof::none;
  EXPECT_FALSE(decode_bundle(encode_bundle({entry})));
}

TEST(Bundle, RefusesWhatIsNone) {
  for (const char* bad :
       {"", "{}", "[]", R"({"format":"fairlead-bundle","version":1,"entries":[]})",
        R"({"format":"fairlead-bundle","entries":[]})", R"({"format":1,"version":2,"entries":[]})",
        R"({"format":"fairlead-bundle","version":2})",
        R"({"format":"fairlead-bundle","version":2,"entries":{}})",
        R"({"format":"fairlead-bundle","version":2,"entries":[1]})",
        R"({"format":"fairlead-bundle","version":2,"entries":[{"proof":"code","offer":"!"}]})",
        R"({"format":"fairlead-bundle","version":2,"entries":[{"proof":"code","row":[[[[]]]]}]})"})
    EXPECT_FALSE(decode_bundle(bad)) << bad;
}

}  // namespace
}  // namespace fairlead::local
