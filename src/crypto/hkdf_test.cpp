// SPDX-License-Identifier: Apache-2.0
#include "crypto/hkdf.h"

#include <gtest/gtest.h>

namespace fairlead::crypto {
namespace {

TEST(Hkdf, AgreesWithTheRfc) {  // RFC 5869 A.1
  SecretBytes key =
      hkdf_extract(HashAlg::sha256, *from_hex("000102030405060708090a0b0c"), Bytes(22, 0x0b));
  EXPECT_EQ(to_hex(key.reveal()),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  EXPECT_EQ(to_hex(hkdf_expand(HashAlg::sha256, key.reveal(), *from_hex("f0f1f2f3f4f5f6f7f8f9"), 42)
                       .reveal()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

TEST(Hkdf, NoSaltStandsForZeros) {  // RFC 5869 A.3
  SecretBytes key = hkdf_extract(HashAlg::sha256, {}, Bytes(22, 0x0b));
  EXPECT_EQ(to_hex(key.reveal()),
            to_hex(hkdf_extract(HashAlg::sha256, Bytes(32), Bytes(22, 0x0b)).reveal()));
  EXPECT_EQ(to_hex(hkdf_expand(HashAlg::sha256, key.reveal(), {}, 42).reveal()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

}  // namespace
}  // namespace fairlead::crypto
