// SPDX-License-Identifier: Apache-2.0
#include "crypto/srp.h"

#include <gtest/gtest.h>

#include "crypto/system_random.h"
#include "support/random.h"
#include "support/vectors.h"

namespace fairlead::crypto::srp {
namespace {

using test::hex_at;
using test::ScriptedRandom;

struct Recorded {
  boost::json::value json = test::read_json_vector("protocomm/security2.json");
  std::string username = test::text_at(json, "/username");
  Bytes code = to_bytes(test::text_at(json, "/password"));
  Bytes salt = hex_at(json, "/device/salt");
  Bytes a_public = hex_at(json, "/values/A"), b_public = hex_at(json, "/values/B");

  Verifier verifier() const {
    return {username, salt, SecretBytes(hex_at(json, "/device/verifier"))};
  }
};

TEST(Srp, MakesTheRecordedVerifier) {
  Recorded recorded;
  ScriptedRandom random;
  random.push(recorded.salt);
  auto verifier = make_verifier(recorded.username, recorded.code, random);
  ASSERT_TRUE(verifier);
  EXPECT_EQ(to_hex(verifier->value.reveal()), test::text_at(recorded.json, "/device/verifier"));
}

TEST(Srp, DeviceAnswersAsRecorded) {
  Recorded recorded;
  ScriptedRandom random;
  random.push(hex_at(recorded.json, "/device/b"));
  auto keys = answer(recorded.verifier(), recorded.a_public, random);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->public_value, recorded.b_public);
  EXPECT_EQ(to_hex(keys->key.reveal()), test::text_at(recorded.json, "/values/K"));
  EXPECT_EQ(keys->client_proof, hex_at(recorded.json, "/values/M1"));
  EXPECT_EQ(keys->device_proof, hex_at(recorded.json, "/values/M2"));
}

TEST(Srp, ClientFinishesAsRecorded) {
  Recorded recorded;
  ScriptedRandom random;
  random.push(hex_at(recorded.json, "/client/a"));
  ClientShare share = start(random);
  EXPECT_EQ(share.public_value, recorded.a_public);
  auto keys = finish(share, recorded.username, recorded.code, recorded.salt, recorded.b_public);
  ASSERT_TRUE(keys);
  EXPECT_EQ(to_hex(keys->key.reveal()), test::text_at(recorded.json, "/values/K"));
  EXPECT_EQ(keys->client_proof, hex_at(recorded.json, "/values/M1"));
  EXPECT_EQ(keys->device_proof, hex_at(recorded.json, "/values/M2"));
}

TEST(Srp, AnotherCodeOrNameGivesAnotherProof) {
  SystemRandom random;
  auto verifier = make_verifier("wifiprov", as_view("abcd1234"), random);
  ASSERT_TRUE(verifier);
  ClientShare share = start(random);
  auto device = answer(*verifier, share.public_value, random);
  ASSERT_TRUE(device);
  auto good = finish(share, "wifiprov", as_view("abcd1234"), verifier->salt, device->public_value);
  auto code = finish(share, "wifiprov", as_view("abcd1235"), verifier->salt, device->public_value);
  auto name = finish(share, "wifiprow", as_view("abcd1234"), verifier->salt, device->public_value);
  ASSERT_TRUE(good && code && name);
  EXPECT_EQ(good->client_proof, device->client_proof);
  EXPECT_EQ(good->device_proof, device->device_proof);
  EXPECT_NE(code->client_proof, device->client_proof);
  EXPECT_NE(name->client_proof, device->client_proof);
}

TEST(Srp, RefusesPublicValuesThatGiveAwayTheKey) {
  Recorded recorded;
  ScriptedRandom random;
  Bytes zero(384), longer(385, 1);
  Bytes n = *from_hex(
      "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E34"
      "04DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6"
      "F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A6916"
      "3FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C"
      "32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA95"
      "6AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA7157"
      "5D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D876"
      "02733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E"
      "4B82D120A93AD2CAFFFFFFFFFFFFFFFF");
  ClientShare share = start(random);
  for (const Bytes& bad : {Bytes(), zero, n, longer}) {
    EXPECT_FALSE(answer(recorded.verifier(), bad, random));
    EXPECT_FALSE(finish(share, "wifiprov", as_view("abcd1234"), recorded.salt, bad));
  }
}

// What begins with a zero byte is stripped by some peers and not by others.
TEST(Srp, NeverSendsWhatPeersStrip) {
  Recorded recorded;
  SystemRandom random;
  ClientShare share = start(random);
  for (int i = 0; i < 40; ++i) {
    auto keys = answer(recorded.verifier(), share.public_value, random);
    ASSERT_TRUE(keys);
    EXPECT_NE(keys->public_value[0], 0);
    EXPECT_NE(keys->client_proof[0], 0);
    EXPECT_NE(keys->key.reveal()[0], 0);
  }
  ScriptedRandom scripted;
  Bytes salt(16, 7), zero_first(16, 7);
  zero_first[0] = 0;
  scripted.push(zero_first);
  scripted.push(salt);
  auto verifier = make_verifier("wifiprov", as_view("abcd1234"), scripted);
  ASSERT_TRUE(verifier);
  EXPECT_EQ(verifier->salt, salt);
}

TEST(Srp, RefusesCodesThatAClientWouldStrip) {
  SystemRandom random;
  int refused = 0, tried = 0;
  for (; tried < 4000 && refused == 0; ++tried)
    refused += !make_verifier("u", as_view(std::to_string(tried)), random);
  EXPECT_EQ(refused, 1);  // 1 in 256
  EXPECT_FALSE(make_verifier("", as_view("abcd1234"), random));
}

}  // namespace
}  // namespace fairlead::crypto::srp
