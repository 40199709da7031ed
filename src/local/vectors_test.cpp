// SPDX-License-Identifier: Apache-2.0
// The recorded conversations, replayed by both ends with the recorded random values: every byte
// that we send is the one that was sent.
#include <gtest/gtest.h>

#include "local/handshake.h"
#include "local/network_messages.h"
#include "support/random.h"
#include "support/vectors.h"

namespace fairlead::local {
namespace {

using test::hex_at;
using test::ScriptedRandom;
using test::text_at;

struct Conversation {
  explicit Conversation(std::string_view name) : json(test::read_json_vector(name)) {}
  std::string at(std::size_t index, std::string_view member) const {
    return "/messages/" + std::to_string(index) + "/" + std::string(member);
  }
  Bytes bytes(std::size_t index, std::string_view member) const {
    return hex_at(json, at(index, member));
  }
  std::string endpoint(std::size_t index) const { return text_at(json, at(index, "endpoint")); }
  std::size_t size() const { return json.as_object().at("messages").as_array().size(); }

  boost::json::value json;
};

DeviceSecrets secrets_of(const Conversation& c) {
  DeviceSecrets out;
  if (c.json.as_object().contains("pop")) {
    out.security1 = SecretBytes::copy_of(as_view(text_at(c.json, "/pop")));
    return out;
  }
  crypto::srp::Verifier verifier{text_at(c.json, "/username"), hex_at(c.json, "/device/salt"),
                                 SecretBytes(hex_at(c.json, "/device/verifier"))};
  out.srp.push_back({std::move(verifier), Proof::code});
  return out;
}

void script_device(const Conversation& c, ScriptedRandom& random) {
  if (c.json.as_object().contains("pop")) {
    random.push(hex_at(c.json, "/device/private"));
    random.push(hex_at(c.json, "/device/random"));
    return;
  }
  random.push(hex_at(c.json, "/device/b"));
  random.push(View(hex_at(c.json, "/values/device_nonce")).first(8));
}

Channel device_channel(const Conversation& c) {
  ScriptedRandom random;
  script_device(c, random);
  DeviceSecrets secrets = secrets_of(c);
  auto first = on_session(handshake::AwaitingCmd0{}, c.bytes(0, "request"), secrets, random);
  auto& goes_on = std::get<HandshakeGoesOn>(*first);
  EXPECT_EQ(to_hex(goes_on.reply), to_hex(c.bytes(0, "response")));
  auto second = on_session(std::move(goes_on.next), c.bytes(1, "request"), secrets, random);
  auto& secured = std::get<Secured>(*second);
  EXPECT_EQ(to_hex(secured.reply), to_hex(c.bytes(1, "response")));
  EXPECT_TRUE(random.used_up());
  return std::move(secured.channel);
}

Channel client_channel(const Conversation& c) {
  ScriptedRandom random;
  ClientSecret secret;
  if (c.json.as_object().contains("pop")) {
    random.push(hex_at(c.json, "/client/private"));
    secret.security = Security::x25519;
    secret.code = SecretBytes::copy_of(as_view(text_at(c.json, "/pop")));
  } else {
    random.push(hex_at(c.json, "/client/a"));
    secret.username = text_at(c.json, "/username");
    secret.code = SecretBytes::copy_of(as_view(text_at(c.json, "/password")));
  }
  auto started = start_session(std::move(secret), random);
  EXPECT_EQ(to_hex(started.request), to_hex(c.bytes(0, "request")));
  auto first = on_session_answer(std::move(started.next), c.bytes(0, "response"));
  auto& sends = std::get<ClientSends>(*first);
  EXPECT_EQ(to_hex(sends.request), to_hex(c.bytes(1, "request")));
  auto second = on_session_answer(std::move(sends.next), c.bytes(1, "response"));
  return std::move(std::get<Channel>(*second));
}

class Recorded : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Protocomm, Recorded,
                         testing::Values("protocomm/security2.json", "protocomm/security1.json"));

TEST_P(Recorded, DeviceSaysWhatWasRecorded) {
  Conversation c(GetParam());
  Channel channel = device_channel(c);
  EXPECT_EQ(channel.binding().size(), 32u);
  for (std::size_t i = 2; i < c.size(); ++i) {
    auto opened = channel.open(c.bytes(i, "request"));
    ASSERT_TRUE(opened) << i;
    EXPECT_EQ(to_hex(*opened), to_hex(c.bytes(i, "request_plain")));
    auto sealed = channel.seal(c.bytes(i, "response_plain"));
    ASSERT_TRUE(sealed) << i;
    EXPECT_EQ(to_hex(*sealed), to_hex(c.bytes(i, "response")));
  }
}

TEST_P(Recorded, ClientSaysWhatWasRecorded) {
  Conversation c(GetParam());
  Channel channel = client_channel(c);
  for (std::size_t i = 2; i < c.size(); ++i) {
    auto sealed = channel.seal(c.bytes(i, "request_plain"));
    ASSERT_TRUE(sealed) << i;
    EXPECT_EQ(to_hex(*sealed), to_hex(c.bytes(i, "request")));
    auto opened = channel.open(c.bytes(i, "response"));
    ASSERT_TRUE(opened) << i;
    EXPECT_EQ(to_hex(*opened), to_hex(c.bytes(i, "response_plain")));
  }
}

TEST_P(Recorded, BothEndsTieAnOfferToTheSameSession) {
  Conversation c(GetParam());
  EXPECT_TRUE(equal(device_channel(c).binding(), client_channel(c).binding()));
}

// What a command means is understood, and our answers are encoded as stock firmware does.
TEST_P(Recorded, MessagesAreUnderstoodAndAnswersEqualThoseRecorded) {
  Conversation c(GetParam());
  for (std::size_t i = 2; i < c.size(); ++i) {
    Bytes request = c.bytes(i, "request_plain"), response = c.bytes(i, "response_plain");
    if (c.endpoint(i) == "prov-scan") {
      EXPECT_TRUE(scan::decode_scan_command(request)) << i;
      auto answer = scan::decode_scan_answer(response);
      ASSERT_TRUE(answer) << i << answer.error().context;
      EXPECT_EQ(to_hex(scan::encode_answer(*answer)), to_hex(response));
    } else {
      EXPECT_TRUE(config::decode_config_command(request)) << i;
      auto answer = config::decode_config_answer(response);
      ASSERT_TRUE(answer) << i << answer.error().context;
      EXPECT_EQ(to_hex(config::encode_answer(*answer)), to_hex(response));
    }
  }
  auto page = scan::decode_scan_answer(c.bytes(4, "response_plain"));
  auto& entries = std::get<scan::TellResult>(*page).entries;
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(as_text(entries[0].ssid), "PlantFloor");
  EXPECT_EQ(entries[0].rssi, -40);
  auto set = config::decode_config_command(c.bytes(6, "request_plain"));
  auto& values = std::get<config::Set>(*set);
  EXPECT_TRUE(config::plausible(values));
  EXPECT_EQ(as_text(values.passphrase.reveal()), "correct horse battery");
}

}  // namespace
}  // namespace fairlead::local
