// SPDX-License-Identifier: Apache-2.0
#include "local/handshake.h"

#include <gtest/gtest.h>

#include "crypto/system_random.h"

namespace fairlead::local {
namespace {

using Kind = Refusal::Kind;

crypto::SystemRandom& random_source() {
  static crypto::SystemRandom random;
  return random;
}

DeviceSecrets secrets_with(std::string_view code) {
  DeviceSecrets out;
  auto verifier = crypto::srp::make_verifier("wifiprov", as_view(code), random_source());
  out.srp.push_back({std::move(*verifier), Proof::code});
  return out;
}

ClientSecret client_with(std::string_view code, Security security = Security::srp) {
  ClientSecret out;
  out.security = security;
  out.code = SecretBytes::copy_of(as_view(code));
  return out;
}

// One message to the device; what it says.
Answered<std::variant<HandshakeGoesOn, Secured>> say(DeviceHandshake state, const DeviceSecrets& s,
                                                     View request) {
  return on_session(std::move(state), request, s, random_source());
}

Kind kind_of(const Answered<std::variant<HandshakeGoesOn, Secured>>& answer) {
  EXPECT_FALSE(answer);
  return answer ? Kind::internal : answer.error().kind;
}

struct Pair {
  Channel device, client;
};

// A whole handshake. Fails the test where one end refuses.
Pair secure(const DeviceSecrets& secrets, ClientSecret secret) {
  auto started = start_session(std::move(secret), random_source());
  auto first = say(handshake::AwaitingCmd0{}, secrets, started.request);
  auto& goes_on = std::get<HandshakeGoesOn>(*first);
  auto next = on_session_answer(std::move(started.next), goes_on.reply);
  auto& sends = std::get<ClientSends>(*next);
  auto second = say(std::move(goes_on.next), secrets, sends.request);
  auto& secured = std::get<Secured>(*second);
  auto done = on_session_answer(std::move(sends.next), secured.reply);
  return {std::move(secured.channel), std::move(std::get<Channel>(*done))};
}

TEST(Handshake, AWrongCodeIsSaidToBeOne) {
  DeviceSecrets secrets = secrets_with("abcd1234");
  auto started = start_session(client_with("abcd1235"), random_source());
  auto first = say(handshake::AwaitingCmd0{}, secrets, started.request);
  auto& goes_on = std::get<HandshakeGoesOn>(*first);
  auto next = on_session_answer(std::move(started.next), goes_on.reply);
  auto second = say(std::move(goes_on.next), secrets, std::get<ClientSends>(*next).request);
  EXPECT_EQ(kind_of(second), Kind::wrong_code);

  secrets.security1 = SecretBytes::copy_of(as_view("abcd1234"));
  started = start_session(client_with("abcd1235", Security::x25519), random_source());
  first = say(handshake::AwaitingCmd0{}, secrets, started.request);
  auto& again = std::get<HandshakeGoesOn>(*first);
  next = on_session_answer(std::move(started.next), again.reply);
  second = say(std::move(again.next), secrets, std::get<ClientSends>(*next).request);
  EXPECT_EQ(kind_of(second), Kind::wrong_code);
}

TEST(Handshake, SchemesThatAreNotAskedForAreRefused) {
  DeviceSecrets secrets = secrets_with("abcd1234");
  for (Security security : {Security::none, Security::x25519}) {
    auto started = start_session(client_with("abcd1234", security), random_source());
    EXPECT_EQ(kind_of(say(handshake::AwaitingCmd0{}, secrets, started.request)), Kind::unsupported);
  }
  ClientSecret stranger = client_with("abcd1234");
  stranger.username = "somebody";
  auto started = start_session(std::move(stranger), random_source());
  EXPECT_EQ(kind_of(say(handshake::AwaitingCmd0{}, secrets, started.request)), Kind::unsupported);
}

TEST(Handshake, Security0NeedsOneExchangeWhereItIsAllowed) {
  DeviceSecrets secrets;
  secrets.security0 = true;
  auto started = start_session(client_with("", Security::none), random_source());
  auto answer = say(handshake::AwaitingCmd0{}, secrets, started.request);
  auto& secured = std::get<Secured>(*answer);
  EXPECT_EQ(secured.proof, Proof::none);
  EXPECT_TRUE(secured.channel.binding().empty());
  auto done = on_session_answer(std::move(started.next), secured.reply);
  EXPECT_TRUE(std::get<Channel>(*done).binding().empty());
}

TEST(Handshake, AnythingOutOfOrderIsRefused) {
  DeviceSecrets secrets = secrets_with("abcd1234");
  secrets.security1 = SecretBytes::copy_of(as_view("abcd1234"));
  Bytes cmd1 = encode_session(sec2::Cmd1{Bytes(64, 1)});
  EXPECT_EQ(kind_of(say(handshake::AwaitingCmd0{}, secrets, cmd1)), Kind::malformed);
  EXPECT_EQ(kind_of(say(handshake::AwaitingCmd0{}, secrets, Bytes{0xFF})), Kind::malformed);
  EXPECT_EQ(kind_of(say(handshake::AwaitingCmd0{}, secrets, {})), Kind::malformed);
  Bytes answer = encode_session(sec2::Resp0{Status::success, Bytes(384, 1), Bytes(16, 1)});
  EXPECT_EQ(kind_of(say(handshake::AwaitingCmd0{}, secrets, answer)), Kind::malformed);
  auto started = start_session(client_with("abcd1234", Security::x25519), random_source());
  auto first = say(handshake::AwaitingCmd0{}, secrets, started.request);
  auto& goes_on = std::get<HandshakeGoesOn>(*first);
  EXPECT_EQ(kind_of(say(std::move(goes_on.next), secrets, cmd1)), Kind::malformed);
}

TEST(Handshake, PublicValuesWithoutSecretAreRefused) {
  DeviceSecrets secrets = secrets_with("abcd1234");
  secrets.security1 = SecretBytes::copy_of(as_view("abcd1234"));
  Bytes zero = encode_session(sec2::Cmd0{"wifiprov", Bytes(384)});
  Bytes none = encode_session(sec2::Cmd0{"wifiprov", {}});
  Bytes small_order = encode_session(sec1::Cmd0{Bytes(32)});
  for (const Bytes& each : {zero, none, small_order})
    EXPECT_EQ(kind_of(say(handshake::AwaitingCmd0{}, secrets, each)), Kind::malformed);
}

TEST(Handshake, AClientTakesNoDeviceThatDoesNotKnowTheCode) {
  DeviceSecrets secrets = secrets_with("abcd1234");
  auto started = start_session(client_with("abcd1234"), random_source());
  auto first = say(handshake::AwaitingCmd0{}, secrets, started.request);
  auto next = on_session_answer(std::move(started.next), std::get<HandshakeGoesOn>(*first).reply);
  auto& sends = std::get<ClientSends>(*next);
  Bytes forged = encode_session(sec2::Resp1{Status::success, Bytes(64, 1), Bytes(12, 1)});
  auto done = on_session_answer(std::move(sends.next), forged);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::untrusted);
}

TEST(Handshake, AClientPassesOnWhatTheDeviceRefuses) {
  auto started = start_session(client_with("abcd1234"), random_source());
  Bytes no = encode_session(sec2::Resp0{Status::too_many_sessions, {}, {}});
  auto done = on_session_answer(std::move(started.next), no);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::refused);
}

TEST(Handshake, TheUserNameSaysByWhichProof) {
  DeviceSecrets secrets = secrets_with("abcd1234");
  auto button = crypto::srp::make_verifier("button", {}, random_source());
  secrets.srp.push_back({std::move(*button), Proof::button});
  ClientSecret without_code;
  without_code.username = "button";
  auto started = start_session(std::move(without_code), random_source());
  auto first = say(handshake::AwaitingCmd0{}, secrets, started.request);
  auto& goes_on = std::get<HandshakeGoesOn>(*first);
  auto next = on_session_answer(std::move(started.next), goes_on.reply);
  auto second = say(std::move(goes_on.next), secrets, std::get<ClientSends>(*next).request);
  EXPECT_EQ(std::get<Secured>(*second).proof, Proof::button);
}

TEST(Channel, ChangedRepeatedAndReflectedMessagesAreRefused) {
  Pair pair = secure(secrets_with("abcd1234"), client_with("abcd1234"));
  auto sealed = pair.client.seal(as_view("hello"));
  Bytes changed = *sealed;
  changed[0] ^= 1;
  EXPECT_FALSE(pair.device.open(changed));
  EXPECT_FALSE(pair.device.open(View(*sealed).first(15)));
  ASSERT_TRUE(pair.device.open(*sealed));
  EXPECT_FALSE(pair.device.open(*sealed));
  EXPECT_FALSE(pair.client.open(*sealed));
}

TEST(Channel, TheCounterNeverComesBack) {
  Bytes key(64, 7), nonce(12, 0xFF);
  auto last = Channel::security2(key, nonce, NonceRule::counting);
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->seal(as_view("the last one")));
  EXPECT_FALSE(last->seal(as_view("one more")));
  EXPECT_FALSE(last->open(Bytes(30)));
  nonce[8] = nonce[9] = nonce[10] = nonce[11] = 0;
  auto zero = Channel::security2(key, nonce, NonceRule::counting);
  EXPECT_FALSE(zero->seal(as_view("never")));
  EXPECT_FALSE(Channel::security2(key, Bytes(11, 1), NonceRule::counting));
  EXPECT_FALSE(Channel::security2(Bytes(63, 1), Bytes(12, 1), NonceRule::counting));
}

// sec_patch_ver 0, as old stock devices have it; a client of ours can follow.
TEST(Channel, TheFixedNonceIsUsedAgain) {
  Bytes key(64, 7), nonce(12, 1);
  auto one = Channel::security2(key, nonce, NonceRule::fixed);
  EXPECT_EQ(*one->seal(as_view("same")), *one->seal(as_view("same")));
  auto counting = Channel::security2(key, nonce, NonceRule::counting);
  EXPECT_NE(*counting->seal(as_view("same")), *counting->seal(as_view("same")));
}

}  // namespace
}  // namespace fairlead::local
