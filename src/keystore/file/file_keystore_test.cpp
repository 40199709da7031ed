// SPDX-License-Identifier: Apache-2.0
// What is peculiar to files; what every keystore must do stands in
// tests/contract/keystore_contract.cpp.
#include "keystore/file/file_keystore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "support/temporary_directory.h"

namespace fairlead::keystore {
namespace {

namespace fs = std::filesystem;
using crypto::KeyType;
using testing::HasSubstr;

const KeyName device("device");

class FileKeystoreTest : public testing::Test {
 protected:
  std::unique_ptr<FileKeystore> open() {
    auto opened = FileKeystore::open(folder_);
    EXPECT_TRUE(opened) << to_string(opened.error());
    return opened ? std::move(*opened) : nullptr;
  }
  Error refusal() {
    auto opened = FileKeystore::open(folder_);
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }
  void put(const std::string& name, std::string_view content, mode_t mode = 0600) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    ::chmod((folder_ / name).c_str(), mode);
  }
  std::string content(const std::string& name) {
    std::ifstream in(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  mode_t mode(const fs::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
  }
  std::size_t files() {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  test::TemporaryDirectory outer_;
  fs::path folder_ = outer_.path() / "state" / "keys";
};

TEST_F(FileKeystoreTest, ADirectoryThatOthersCanReachIsRefusedWithTheCure) {
  open();
  for (mode_t wrong : {0710, 0701, 0750, 0755, 0777}) {
    ::chmod(folder_.c_str(), wrong);
    Error why = refusal();
    EXPECT_EQ(why.code, Errc::refused);
    EXPECT_THAT(why.context, HasSubstr("open to group or others"));
    EXPECT_THAT(why.context, HasSubstr("chmod"));
  }
}

TEST_F(FileKeystoreTest, AnAddressIsTheFolderWhereItWasGiven) {
  auto here = FileKeystore::open_place({"", folder_, Credentials()});
  auto there = FileKeystore::open_place({outer_.path() / "there", folder_, Credentials()});
  ASSERT_TRUE(here && there);
  ASSERT_TRUE((*there)->create_key(device, KeyType::p256));
  EXPECT_TRUE(fs::exists(outer_.path() / "there" / "device.key"));
  EXPECT_TRUE((*here)->list()->empty());
}

TEST_F(FileKeystoreTest, AFileThatOthersCanReadIsRefusedOnOpenAndOnUse) {
  auto keystore = open();
  ASSERT_TRUE(keystore->create_key(device, KeyType::p256));
  ::chmod((folder_ / "device.key").c_str(), 0640);
  auto key = keystore->open_key(device);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, Errc::refused);
  EXPECT_THAT(key.error().context, HasSubstr("device.key"));
  EXPECT_THAT(refusal().context, HasSubstr("0640"));
}

TEST_F(FileKeystoreTest, ADirectoryOfAnotherUserIsRefused) {
  if (::geteuid() != 0) {
    ASSERT_FALSE(std::getenv("CI")) << "CI leaves out nothing, so that it has to run as root";
    GTEST_SKIP() << "only root can give a directory away";
  }
  open();
  ASSERT_EQ(::chown(folder_.c_str(), 65534, 65534), 0);
  Error why = refusal();
  EXPECT_EQ(why.code, Errc::refused);
  EXPECT_THAT(why.context, HasSubstr("another user"));
}

TEST_F(FileKeystoreTest, ALinkOrADirectoryIsNoKey) {
  auto keystore = open();
  ASSERT_TRUE(keystore->create_key(device, KeyType::p256));
  fs::create_symlink("device.key", folder_ / "link.key");
  fs::create_directory(folder_ / "folder.key");
  ::chmod((folder_ / "folder.key").c_str(), 0700);
  EXPECT_FALSE(keystore->open_key(KeyName("link")));
  EXPECT_FALSE(keystore->open_key(KeyName("folder")));
}

TEST_F(FileKeystoreTest, ADamagedKeyFileIsRefusedAndNotReplaced) {
  auto keystore = open();
  ASSERT_TRUE(keystore->create_key(device, KeyType::p256));
  const std::string good = content("device.key");
  for (std::size_t length = 0; length < good.size(); length += 7) {
    put("device.key", good.substr(0, length));
    auto key = keystore->open_key(device);
    ASSERT_FALSE(key) << "cut to " << length;
    EXPECT_EQ(key.error().code, Errc::malformed);
  }
  put("device.key", good + "x");
  EXPECT_FALSE(keystore->open_key(device)) << "trailing byte";
  put("device.key", std::string(16 * 1024 + 1, 'x'));
  EXPECT_FALSE(keystore->open_key(device)) << "too long";
  EXPECT_EQ(keystore->create_key(device, KeyType::p256).error().code, Errc::conflict);
  put("device.key", good);
  EXPECT_TRUE(keystore->open_key(device));
}

TEST_F(FileKeystoreTest, ADamagedSealSecretIsNotReplacedByAFreshOne) {
  open();
  put("seal.secret", "short");
  EXPECT_EQ(refusal().code, Errc::malformed);
  EXPECT_EQ(content("seal.secret"), "short");
}

TEST_F(FileKeystoreTest, DirectoryAndFilesArePrivateWhateverTheUmask) {
  mode_t before = ::umask(0);
  auto keystore = open();
  ASSERT_TRUE(keystore->create_key(device, KeyType::p256));
  ASSERT_TRUE(keystore->create_hmac_key(KeyName("device-hmac")));
  ::umask(before);
  EXPECT_EQ(mode(folder_), 0700u);
  for (const auto& entry : fs::directory_iterator(folder_))
    EXPECT_EQ(mode(entry.path()), 0600u) << entry.path();
}

TEST_F(FileKeystoreTest, WhatACrashLeftIsClearedAwayOnOpen) {
  open();
  put(".new-0123456789abcdef", "half a k");
  auto keystore = open();
  EXPECT_FALSE(fs::exists(folder_ / ".new-0123456789abcdef"));
  EXPECT_TRUE(keystore->list()->empty());
}

TEST_F(FileKeystoreTest, WhatAnotherProcessIsWritingIsLeftAlone) {
  auto first = open();
  put(".new-0123456789abcdef", "half a k");
  auto second = open();
  EXPECT_TRUE(fs::exists(folder_ / ".new-0123456789abcdef"));
  auto made = first->create_key(device, KeyType::p256);
  ASSERT_TRUE(made);
  EXPECT_EQ((*second->open_key(device))->public_key(), (*made)->public_key());
}

TEST_F(FileKeystoreTest, AFullDiskIsAnErrorAndLeavesNothing) {
  auto keystore = open();
  const std::size_t before = files();
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit none{0, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  auto made = keystore->create_key(device, KeyType::p256);
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::io);
  EXPECT_EQ(files(), before);
  EXPECT_TRUE(keystore->create_key(device, KeyType::p256));
}

// The child creates and replaces keys and says so for each; killed at once after the n-th word, it
// must have left at least those n, each whole.
TEST_F(FileKeystoreTest, NoKeyIsLostOrHalfWrittenWhenTheProcessIsKilled) {
  for (int n = 1; n <= 6; ++n) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto keystore = FileKeystore::open(folder_);
      for (int i = 0; keystore; ++i) {
        KeyName name("key-" + std::to_string(n) + "-" + std::to_string(i));
        KeyName staged("staged");
        bool good = (*keystore)->remove(staged) && (*keystore)->create_key(staged, KeyType::p256) &&
                    (*keystore)->rename(staged, name);
        if (!good || ::write(pipe_ends[1], ".", 1) != 1) break;
      }
      ::_exit(1);
    }
    ::close(pipe_ends[1]);
    char word = 0;
    for (int i = 0; i < n; ++i) ASSERT_EQ(::read(pipe_ends[0], &word, 1), 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe_ends[0]);

    auto keystore = open();
    ASSERT_TRUE(keystore);
    for (int i = 0; i < n; ++i)
      EXPECT_TRUE(
          keystore->open_key(KeyName("key-" + std::to_string(n) + "-" + std::to_string(i))));
    for (const KeyName& name : *keystore->list())
      EXPECT_TRUE(keystore->open_key(name)) << name.str();
    for (const auto& entry : fs::directory_iterator(folder_))
      EXPECT_FALSE(entry.path().filename().string().starts_with(".new-"));
  }
}

}  // namespace
}  // namespace fairlead::keystore
