// SPDX-License-Identifier: Apache-2.0
#include "device/config.h"

#include <gtest/gtest.h>

namespace fairlead::device {
namespace {

Result<CommandLine> parse(std::vector<const char*> words) { return parse_command_line(words); }

TEST(Config, RefusesWhatItDoesNotKnowWithTheLine) {
  for (const char* text :
       {"\nnonsense = 1", "\nserial = 5", "\nkey_type = \"rsa\"", "\nretry_max_seconds = 0",
        "\n[owner]\ncommands = [\"sh\"]", "\nserial = "}) {
    auto config = parse_config(text);
    ASSERT_FALSE(config.has_value()) << text;
    EXPECT_TRUE(config.error().context.starts_with("line ")) << config.error().context;
  }
}

TEST(Config, ReadsEveryKindOfValue) {
  auto config = parse_config(
      "serial = \"S\"\nkey_type = \"p384\"\nkeystore = \"tpm2\"\n"
      "keystore_credentials = \"/run/c\"\n[owner]\ncommands = [\"/bin/true\"]\n"
      "[upstream]\nconnect = false\ntelemetry_seconds = 5\n");
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->serial, "S");
  EXPECT_EQ(config->key_type, crypto::KeyType::p384);
  EXPECT_EQ(config->keystore, "tpm2");
  EXPECT_EQ(config->keystore_credentials, "/run/c");
  EXPECT_EQ(config->commands, std::vector<std::string>{"/bin/true"});
  EXPECT_FALSE(config->connect);
}

TEST(CommandLine, TakesOneCommandAndRefusesTheUnknown) {
  EXPECT_EQ(parse({"status", "--json"})->config.command, Command::status);
  EXPECT_EQ(parse({"--keystore", "tpm2:tabrmd:"})->config.keystore, "tpm2:tabrmd:");
  EXPECT_FALSE(parse({"--serial"}).has_value());
  EXPECT_FALSE(parse({"run", "status"}).has_value());
  EXPECT_FALSE(parse({"--key-type", "rsa"}).has_value());
  EXPECT_FALSE(parse({"--retry-max", "5x"}).has_value());
}

TEST(CommandLine, TakesSeveralAddressesToListenOn) {
  auto listen = parse({"--local", "[::%eth0]:8080,10.0.0.1:0"})->config.local_listen;
  ASSERT_EQ(listen.size(), 2u);
  EXPECT_EQ(listen[0].address, "::%eth0");
  EXPECT_EQ(listen[0].port, 8080);
  EXPECT_EQ(listen[1].address, "10.0.0.1");
  for (auto wrong : {"8080", ":8080", "10.0.0.1", "10.0.0.1:x", "10.0.0.1:65536", "10.0.0.1:-1",
                     "a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1"})
    EXPECT_FALSE(parse({"--local", wrong}).has_value()) << wrong;
}

}  // namespace
}  // namespace fairlead::device
