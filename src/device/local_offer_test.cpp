// SPDX-License-Identifier: Apache-2.0
// Offer and Grant of a device that no factory station knows, and the code that it keeps.
#include "device/local_offer.h"

#include <gtest/gtest.h>

#include "crypto/system_random.h"
#include "device/local_code.h"
#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

struct LocalOfferTest : testing::Test {
  test::TemporaryDirectory folder;
  StateDirectory directory = std::move(*StateDirectory::open(folder.path() / "state"));
  crypto::SystemRandom random;
};

TEST_F(LocalOfferTest, ACodeIsKeptAsWhatChecksIt) {
  auto code = set_local_code(directory, "", random);
  ASSERT_TRUE(code);
  EXPECT_EQ(code->size(), 10u);
  auto verifier = load_local_code(directory);
  ASSERT_TRUE(verifier && *verifier);
  auto file = directory.read(std::string(local_code_file));
  EXPECT_EQ(as_text(**file).find(*code), std::string_view::npos);
  auto share = crypto::srp::start(random);
  auto ours = crypto::srp::answer(**verifier, share.public_value, random);
  auto theirs = crypto::srp::finish(share, local_username, as_view(*code), (*verifier)->salt,
                                    ours->public_value);
  EXPECT_EQ(ours->client_proof, theirs->client_proof);
}

TEST_F(LocalOfferTest, CodesThatAreTooShortOrTooLongAreRefused) {
  EXPECT_FALSE(set_local_code(directory, "1234567", random));
  EXPECT_FALSE(set_local_code(directory, std::string(65, 'x'), random));
  EXPECT_FALSE(*load_local_code(directory));
}

TEST_F(LocalOfferTest, ADamagedCodeIsNotTakenForNone) {
  ASSERT_TRUE(directory.write(std::string(local_code_file), as_view("nonsense")));
  EXPECT_FALSE(load_local_code(directory));
}

TEST_F(LocalOfferTest, AnIdentityWithoutCredentialComesBackAsItWas) {
  Identity identity;
  identity.generation = 3;
  identity.serial = "SN-1";
  auto back = decode_identity(encode_identity(identity));
  ASSERT_TRUE(back) << back.error().context;
  EXPECT_FALSE(back->has_credential());
  EXPECT_EQ(back->generation, 3u);
  EXPECT_EQ(state_of(std::optional(*back)), State::uninitialized);
}

}  // namespace
}  // namespace fairlead::device
