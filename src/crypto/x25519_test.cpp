// SPDX-License-Identifier: Apache-2.0
#include "crypto/x25519.h"

#include <gtest/gtest.h>

#include "crypto/key_stream.h"
#include "support/random.h"

namespace fairlead::crypto {
namespace {

// RFC 7748 §6.1
TEST(X25519, AgreesWithTheRfc) {
  test::ScriptedRandom random;
  random.push(*from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  X25519Key alice = generate_x25519(random);
  random.push(*from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  X25519Key bob = generate_x25519(random);
  EXPECT_EQ(to_hex(bob.public_value),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(to_hex(alice.public_value),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  auto one = x25519(alice, bob.public_value), other = x25519(bob, alice.public_value);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(to_hex(one->reveal()),
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  EXPECT_EQ(to_hex(one->reveal()), to_hex(other->reveal()));
}

TEST(X25519, RefusesPointsOfSmallOrderAndOtherLengths) {
  test::ScriptedRandom random;
  X25519Key ours = generate_x25519(random);
  Bytes one(32);
  one[0] = 1;
  EXPECT_FALSE(x25519(ours, Bytes(32)));
  EXPECT_FALSE(x25519(ours, one));
  EXPECT_FALSE(x25519(ours, Bytes(31, 9)));
  EXPECT_FALSE(x25519(ours, Bytes(33, 9)));
}

// NIST SP 800-38A, F.5.5
TEST(KeyStream, RunsOnOverCallsOfAnySize) {
  Bytes key = *from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
  Bytes block = *from_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  Bytes plain = *from_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
  std::string expected = "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5";
  KeyStream whole(key, block), pieces(key, block);
  EXPECT_EQ(to_hex(whole.apply(plain)), expected);
  std::string joined;
  for (std::size_t at = 0; at < plain.size(); at += 5)
    joined += to_hex(pieces.apply(View(plain).subspan(at, std::min<std::size_t>(5, 32 - at))));
  EXPECT_EQ(joined, expected);
  EXPECT_TRUE(whole.apply({}).empty());
}

}  // namespace
}  // namespace fairlead::crypto
