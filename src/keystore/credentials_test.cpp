// SPDX-License-Identifier: Apache-2.0
#include "keystore/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "keystore/backend.h"
#include "support/temporary_directory.h"

namespace fairlead::keystore {
namespace {

using testing::HasSubstr;

class CredentialsTest : public testing::Test {
 protected:
  void put(std::string_view content, mode_t mode = 0400) {
    std::filesystem::remove(folder_.path() / "pin");
    std::ofstream(folder_.path() / "pin", std::ios::binary) << content;
    ::chmod((folder_.path() / "pin").c_str(), mode);
  }
  Result<std::optional<SecretBytes>> find(std::size_t bytes_max = 8) {
    return Credentials(folder_.path()).find("pin", bytes_max);
  }
  std::string found() {
    auto result = find();
    EXPECT_TRUE(result) << to_string(result.error());
    return result && *result ? std::string(as_text((*result)->reveal())) : "(nothing)";
  }

  test::TemporaryDirectory folder_;
};

TEST_F(CredentialsTest, OneLineEndIsNoPartOfTheSecret) {
  put("1234\n");
  EXPECT_EQ(found(), "1234");
  put("1234");
  EXPECT_EQ(found(), "1234");
  put("12 34\n\n");
  EXPECT_EQ(found(), "12 34\n");
}

TEST_F(CredentialsTest, WithoutFileOrDirectoryThereIsNone) {
  EXPECT_EQ(found(), "(nothing)");
  EXPECT_FALSE(Credentials().find("pin", 8).value());
}

TEST_F(CredentialsTest, AtItsLimitItIsReadAndOneBeyondIsRefused) {
  put("12345678\n");
  EXPECT_EQ(found(), "12345678");
  for (const char* wrong : {"123456789", "123456789\n", "12345678\n\n", "", "\n"}) {
    put(wrong);
    auto result = find();
    ASSERT_FALSE(result) << wrong;
    EXPECT_EQ(result.error().code, Errc::malformed);
  }
}

TEST_F(CredentialsTest, AFileThatOthersCanReadIsRefusedWithTheCure) {
  for (mode_t mode : {0404, 0420, 0401, 0644}) {
    put("1234", mode);
    auto result = find();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::refused);
    EXPECT_THAT(result.error().context, HasSubstr("chmod"));
  }
  put("1234", 0440);  // systemd's, for a service with a user of its own
  EXPECT_EQ(found(), "1234");
}

TEST_F(CredentialsTest, AFolderIsNoCredential) {
  std::filesystem::create_directory(folder_.path() / "pin");
  EXPECT_FALSE(find());
}

TEST_F(CredentialsTest, TheConfiguredFolderComesBeforeTheOneOfSystemd) {
  put("configured");
  ::setenv("CREDENTIALS_DIRECTORY", "/nonexistent", 1);
  EXPECT_TRUE(Credentials::from_environment(folder_.path()).find("pin", 10).value());
  ::setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1);
  EXPECT_TRUE(Credentials::from_environment({}).find("pin", 10).value());
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_FALSE(Credentials::from_environment({}).find("pin", 10).value());
}

// Says what it was asked for, as its refusal.
Result<std::unique_ptr<Keystore>> echo(const Place& place) {
  return fail(Errc::io, "'" + place.address + "' in " + place.directory.string());
}
constexpr Backend two[] = {{"file", echo}, {"tpm2", echo}};

TEST(KeystoreSetting, NamesABackEndAndItsAddress) {
  EXPECT_EQ(open_keystore("file", two, "/keys", Credentials()).error().context,
            "keystore file: '' in /keys");
  EXPECT_EQ(open_keystore("tpm2:swtpm:path=/x", two, "/keys", Credentials()).error().context,
            "keystore tpm2: 'swtpm:path=/x' in /keys");
}

TEST(KeystoreSetting, OfAnUnknownKindIsRefusedWithTheKindsThatThereAre) {
  for (const char* setting : {"pkcs11:token=x", "", "FILE", "tpm", ":"}) {
    auto opened = open_keystore(setting, two, "/keys", Credentials());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::refused);
    EXPECT_THAT(opened.error().context, HasSubstr("file, tpm2"));
  }
}

}  // namespace
}  // namespace fairlead::keystore
