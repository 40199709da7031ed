// SPDX-License-Identifier: Apache-2.0
#include "device/hooks.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

using local::NetworkSettings;

TEST(NetworkWords, SayWhatTheHookIsToDo) {
  NetworkSettings fixed{"eth0",
                        NetworkSettings::Address{"10.77.0.5", 24, "10.77.0.1"},
                        {"10.77.0.1", "fd77::1"},
                        {"ntp.local"}};
  EXPECT_EQ(*network_words(fixed, ""),
            (std::vector<std::string>{"eth0", "10.77.0.5/24", "10.77.0.1", "10.77.0.1,fd77::1",
                                      "ntp.local"}));
  EXPECT_EQ(*network_words(NetworkSettings{}, "eth1"),
            (std::vector<std::string>{"eth1", "dhcp", "-", "-", "-"}));
}

TEST(NetworkWords, RefuseWhatCanNotBe) {
  auto refused = [](NetworkSettings::Address address, std::string interface = "eth0") {
    return !network_words(NetworkSettings{std::move(interface), std::move(address), {}, {}}, "");
  };
  EXPECT_TRUE(refused({"10.77.0", 24, ""}));
  EXPECT_TRUE(refused({"10.77.0.5", 33, ""}));
  EXPECT_TRUE(refused({"10.77.0.5", 0, ""}));
  EXPECT_TRUE(refused({"10.77.0.5", 24, "fd77::1"}));
  EXPECT_TRUE(refused({"10.77.0.5", 24, ""}, "-x"));
  for (auto interface : {"a/b", "..", "a b", "$(x)", "a;b", "a*"})
    EXPECT_TRUE(refused({"10.77.0.5", 24, ""}, interface)) << interface;
  for (auto interface : {"eth0", "br-lan", "eth0.5", "wl_1", "vlan5@eth0"})
    EXPECT_FALSE(refused({"10.77.0.5", 24, ""}, interface)) << interface;
  EXPECT_FALSE(refused({"fd77::5", 128, "fe80::1"}));
  EXPECT_FALSE(network_words(NetworkSettings{}, ""));
  for (auto host : {"", "-v", "a b", "$(x)", "a,b"})
    EXPECT_FALSE(network_words(NetworkSettings{"eth0", {}, {host}, {}}, "")) << host;
}

class HooksTest : public testing::Test {
 protected:
  // A hook that notes what it is told, and fails where `broken` is its first word.
  explicit HooksTest() : directory_(std::move(*StateDirectory::open(folder_.path() / "state"))) {
    config_.network_hook = folder_.path() / "hook";
    config_.local_listen = {{"::%eth0", 0}};
    say_of_hook("");
  }
  void say_of_hook(const std::string& broken) {
    std::ofstream(config_.network_hook)
        << "#!/bin/sh\necho \"$*\" >> '" << notes().string() << "'\n[ \"$1\" != '" << broken
        << "' ] || { echo no such wire >&2; exit 1; }\n";
    std::filesystem::permissions(config_.network_hook, std::filesystem::perms::owner_all);
  }
  std::filesystem::path notes() const { return folder_.path() / "notes"; }
  std::string noted() const {
    std::ifstream in(notes());
    return {std::istreambuf_iterator<char>(in), {}};
  }

  test::TemporaryDirectory folder_;
  StateDirectory directory_;
  Config config_;
  JsonLog log_{-1, system_clock(), Level::error};
};

TEST_F(HooksTest, WhatWasSetIsKeptOnce) {
  Hooks hooks(config_, directory_, log_);
  ASSERT_TRUE(hooks.set_network({}));
  hooks.keep_network();
  hooks.keep_network();
  hooks.revert_network();
  EXPECT_EQ(noted(), "set eth0 dhcp - - -\nkeep\n");
}

TEST_F(HooksTest, APowerCutBeforeItWasKeptReverts) {
  ASSERT_TRUE(Hooks(config_, directory_, log_).set_network({}));
  Hooks(config_, directory_, log_).revert_network();
  Hooks(config_, directory_, log_).revert_network();
  EXPECT_EQ(noted(), "set eth0 dhcp - - -\nrevert\n");
}

TEST_F(HooksTest, APowerCutAfterAccessWasCommittedKeeps) {
  ASSERT_TRUE(Hooks(config_, directory_, log_).set_network({}));
  ASSERT_TRUE(Hooks(config_, directory_, log_).keep_with("new"));
  Hooks(config_, directory_, log_).settle_network("new");
  Hooks(config_, directory_, log_).settle_network("new");
  EXPECT_EQ(noted(), "set eth0 dhcp - - -\nkeep\n");
}

TEST_F(HooksTest, APowerCutBeforeAccessWasCommittedReverts) {
  for (const char* access : {"", "old"}) {
    std::filesystem::remove(notes());
    ASSERT_TRUE(Hooks(config_, directory_, log_).set_network({}));
    ASSERT_TRUE(Hooks(config_, directory_, log_).keep_with("new"));
    Hooks(config_, directory_, log_).settle_network(access);
    EXPECT_EQ(noted(), "set eth0 dhcp - - -\nrevert\n");
  }
}

TEST_F(HooksTest, AKeepThatFailedIsDoneAgainAtTheNextStart) {
  ASSERT_TRUE(Hooks(config_, directory_, log_).set_network({}));
  ASSERT_TRUE(Hooks(config_, directory_, log_).keep_with("new"));
  say_of_hook("keep");
  Hooks(config_, directory_, log_).keep_network();
  say_of_hook("");
  Hooks(config_, directory_, log_).settle_network("new");
  EXPECT_EQ(noted(), "set eth0 dhcp - - -\nkeep\nkeep\n");
}

TEST_F(HooksTest, AHookThatFailsIsRevertedAndTheClientHearsItsWords) {
  say_of_hook("set");
  auto done = Hooks(config_, directory_, log_).set_network({});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().context, "no such wire");
  EXPECT_EQ(noted(), "set eth0 dhcp - - -\nrevert\n");
}

TEST_F(HooksTest, WordsInWhateverEncodingReachTheClientAsText) {
  std::ofstream(config_.network_hook) << "#!/bin/sh\nprintf 'K\\344se\\033[1m\\n\\n' >&2\nexit 3\n";
  EXPECT_EQ(Hooks(config_, directory_, log_).set_network({}).error().context, "K?se?[1m");
  std::ofstream(config_.network_hook) << "#!/bin/sh\nprintf 'K\\303\\244se' >&2\nexit 3\n";
  EXPECT_EQ(Hooks(config_, directory_, log_).set_network({}).error().context, "K\u00e4se");
  std::ofstream(config_.network_hook) << "#!/bin/sh\nexit 3\n";
  EXPECT_EQ(Hooks(config_, directory_, log_).set_network({}).error().context,
            "set failed with code 3");
}

TEST_F(HooksTest, WithoutAHookTheNetworkIsNotOurs) {
  config_.network_hook.clear();
  EXPECT_EQ(Hooks(config_, directory_, log_).set_network({}).error().code, Errc::unsupported);
  EXPECT_TRUE(Hooks(config_, directory_, log_).identify(3));
}

net::Task<void> run_to_its_end(net::Loop& loop, std::vector<std::string> words,
                               std::filesystem::path folder, std::optional<Error>& said) {
  auto running = run_hook(std::move(words), std::move(folder), loop);
  auto ran = co_await std::move(running);
  if (!ran) said = ran.error();
  loop.stop();
  co_return ok();
}

net::Task<void> make_by_worker(net::Loop& loop, std::filesystem::path file) {
  auto make_it = [&]() -> Result<void> {
    std::ofstream(file) << "go";
    return ok();
  };
  auto making = loop.on_worker(make_it);
  co_return co_await std::move(making);
}

TEST_F(HooksTest, TheOnlyWorkerGoesOnWhileAHookRuns) {
  const auto go = folder_.path() / "go";
  std::ofstream(config_.network_hook) << "#!/bin/sh\nuntil [ -e '" << go.string()
                                      << "' ]; do sleep 0.02; done\necho gone >&2\nexit 4\n";
  net::Loop loop(log_, 1, 8);
  std::optional<Error> said;
  loop.spawn("hook", run_to_its_end(loop, {config_.network_hook.string(), "wlan0"},
                                    directory_.path(), said));
  loop.spawn("work", make_by_worker(loop, go));
  loop.run();
  ASSERT_TRUE(said);
  EXPECT_EQ(said->context, "gone");
}

}  // namespace
}  // namespace fairlead::device
