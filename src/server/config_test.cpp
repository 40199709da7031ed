// SPDX-License-Identifier: Apache-2.0
#include "server/config.h"

#include <gtest/gtest.h>

namespace fairlead::server {
namespace {

std::string refusal(std::string_view text) {
  auto config = parse_config(text);
  if (config) return "taken";
  EXPECT_EQ(config.error().code, Errc::malformed);
  return config.error().context;
}

TEST(Config, RefusesAnUnknownSettingWithItsLine) {
  EXPECT_EQ(refusal("\npublic_hots = 'x'"), "line 2: there is no setting 'public_hots'");
  EXPECT_EQ(refusal("[fdo]\nports = 1"), "line 2: there is no setting 'fdo.ports'");
  EXPECT_EQ(refusal("[brokre]\nport = 1"), "line 2: there is no setting 'brokre.port'");
}

TEST(Config, RefusesAValueOfTheWrongKindOrOutOfRange) {
  for (std::string_view text :
       {"public_host = 5", "data = true", "[fdo]\nport = 65536", "[fdo]\nport = -1",
        "[fdo]\nport = '80'", "[fdo]\ntls = 1", "[owner]\nto0_wait_seconds = 4294967296",
        "[broker]\nport = 70000", "key_type = 'rsa'", "log_level = 'loud'", "sessions = 'disk'",
        "[limits]\naddress_burst = 0", "[limits]\nguid_per_second = -1", "[limits]\nloopback = 1",
        "[roles]\nowner = 'yes'", "[broker]\nenabled = 0"})
    EXPECT_NE(refusal(text).find("wrong kind or out of range"), std::string::npos) << text;
}

TEST(Config, RefusesWhatIsNotTomlAndSaysWhere) {
  EXPECT_TRUE(refusal("[fdo").starts_with("line 1: "));
  EXPECT_TRUE(refusal("data = '/a'\ndata = '/b'").starts_with("line 2: "));
}

TEST(Config, HasDefaultsThatListenOnThisMachineOnly) {
  Config config = parse_config("").value();
  EXPECT_EQ(config.fdo.address, "127.0.0.1");
  EXPECT_EQ(config.api.address, "127.0.0.1");
  EXPECT_EQ(config.est.address, "127.0.0.1");
  EXPECT_FALSE(config.rendezvous_open);
  EXPECT_TRUE(config.roles.factory && config.roles.rendezvous && config.roles.owner);
}

TEST(Config, AnOwnerRenewsUnlessToldOtherwise) {
  EXPECT_TRUE(parse_config("")->offers_est());
  EXPECT_FALSE(parse_config("[est]\nport = 0")->offers_est());
  EXPECT_FALSE(parse_config("[roles]\nowner = false")->offers_est());
}

TEST(Config, ReadsEverySetting) {
  Config c = parse_config(R"(
data = "/srv/fairlead"
registry = "/srv/shared/registry.db"
sessions = "registry"
public_host = "plant.example"
key_type = "p384"
keystore = "pkcs11:token=T"
keystore_credentials = "/run/c"
log_level = "debug"
[roles]
factory = false
rendezvous = false
owner = true
[fdo]
address = "0.0.0.0"
port = 443
tls = true
[api]
address = "::"
port = 65535
tls = true
[owner]
to0_wait_seconds = 60
[rendezvous]
wait_seconds_max = 61
open = true
[broker]
enabled = false
address = "0.0.0.0"
port = 1
plugin = "/usr/lib/p.so"
[limits]
address_per_second = 5
address_burst = 6
guid_per_second = 0
guid_burst = 8
loopback = true
)")
                 .value();
  EXPECT_EQ(c.data, "/srv/fairlead");
  EXPECT_EQ(c.registry_file(), "/srv/shared/registry.db");
  EXPECT_EQ(c.sessions, SessionsIn::registry);
  EXPECT_TRUE(c.fdo_rates.per_address.per_second == 5 && c.fdo_rates.per_address.burst == 6 &&
              c.fdo_rates.per_identity.per_second == 0 && c.fdo_rates.per_identity.burst == 8 &&
              !c.fdo_rates.loopback_exempt);
  EXPECT_EQ(c.public_host, "plant.example");
  EXPECT_EQ(c.key_type, crypto::KeyType::p384);
  EXPECT_EQ(c.keystore, "pkcs11:token=T");
  EXPECT_EQ(c.keystore_credentials, "/run/c");
  EXPECT_EQ(c.log_level, Level::debug);
  EXPECT_FALSE(c.roles.factory || c.roles.rendezvous);
  EXPECT_TRUE(c.fdo.address == "0.0.0.0" && c.fdo.port == 443 && c.fdo.tls);
  EXPECT_TRUE(c.api.address == "::" && c.api.port == 65535 && c.api.tls);
  EXPECT_TRUE(c.to0_wait_seconds == 60 && c.rendezvous_wait_max == 61 && c.rendezvous_open);
  EXPECT_TRUE(!c.broker && c.broker_address == "0.0.0.0" && c.broker_port == 1 &&
              c.broker_plugin == "/usr/lib/p.so");
}

TEST(Config, SaysWhichFileCantBeRead) {
  auto config = load_config("/nonexistent/server.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Errc::not_found);
  EXPECT_NE(config.error().context.find("/nonexistent/server.toml"), std::string::npos);
}

}  // namespace
}  // namespace fairlead::server
