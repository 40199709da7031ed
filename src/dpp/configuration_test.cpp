// SPDX-License-Identifier: Apache-2.0
#include "dpp/configuration.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/limits.h"
#include "codec/base64.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "support/vectors.h"

namespace fairlead::dpp {
namespace {

WifiNetwork plant(Akm akm = Akm::psk_sae) {
  WifiNetwork out{to_bytes("PlantFloor"), akm, {}};
  if (wants_passphrase(akm)) out.passphrase = SecretBytes(to_bytes("correct horse battery"));
  return out;
}

Connector connector_for(crypto::Curve curve) {
  crypto::SystemRandom random;
  return {"press", crypto::generate_curve_key(curve, random)->point};
}

TEST(ConfigurationRequests, AreUnderstood) {
  auto request = decode_configuration_request(
      as_view(R"({"name":"press-04","wi-fi_tech":"infra","netRole":"sta","mudurl":"https://x/y",)"
              R"("bandSupport":[81,115],"pkcs10":"AAAA","new":{"a":[1]}})"));
  ASSERT_TRUE(request) << to_string(request.error());
  EXPECT_EQ(request->name, "press-04");
  EXPECT_EQ(request->role, NetworkRole::station);
  EXPECT_EQ(request->mud_url, "https://x/y");
  EXPECT_EQ(request->bands, (std::vector<unsigned>{81, 115}));
  EXPECT_EQ(encode_configuration_request(
                *decode_configuration_request(as_view(encode_configuration_request(*request)))),
            encode_configuration_request(*request));
}

TEST(ConfigurationRequests, OthersAreRefused) {
  for (std::string_view bad : {"", "[]", "{", R"({"name":"x","netRole":"sta"})",
                               R"({"name":"x","wi-fi_tech":"map","netRole":"sta"})",
                               R"({"name":"x","wi-fi_tech":"infra","netRole":"mesh"})",
                               R"({"name":"x","wi-fi_tech":"infra"})",
                               R"({"name":7,"wi-fi_tech":"infra","netRole":"sta"})",
                               R"({"a":[[[[[[[[[1]]]]]]]]],"wi-fi_tech":"infra","netRole":"sta"})"})
    EXPECT_FALSE(decode_configuration_request(as_view(bad))) << bad;
  auto with_name = [](std::size_t length) {
    return R"({"wi-fi_tech":"infra","netRole":"sta","name":")" + std::string(length, 'x') + "\"}";
  };
  EXPECT_TRUE(decode_configuration_request(as_view(with_name(limits::dpp_text_bytes_max))));
  EXPECT_FALSE(decode_configuration_request(as_view(with_name(limits::dpp_text_bytes_max + 1))));
  EXPECT_FALSE(decode_configuration_request(as_view(with_name(limits::dpp_json_bytes_max))));
}

TEST(Configurations, HoldWhatAStationNeeds) {
  SecretBytes text = encode_configuration(plant(), {});
  EXPECT_EQ(as_text(text.reveal()), R"({"wi-fi_tech":"infra","discovery":{"ssid":"PlantFloor"},)"
                                    R"("cred":{"akm":"psk+sae","pass":"correct horse battery"}})");
}

TEST(Configurations, NamesThatAreNoUtf8TravelAsBase64) {
  WifiNetwork network = plant();
  network.ssid = {0xFF, 0x00, 'a'};
  auto json = boost::json::parse(as_text(encode_configuration(network, {}).reveal()));
  EXPECT_EQ(test::text_at(json, "/discovery/ssid64"), "_wBh");
  network.ssid = to_bytes("Büro \"2\" 🏭");
  json = boost::json::parse(as_text(encode_configuration(network, {}).reveal()));
  EXPECT_EQ(test::text_at(json, "/discovery/ssid"), "Büro \"2\" 🏭");
}

TEST(Configurations, WhatNoStationTakesIsRefused) {
  WifiNetwork network = plant();
  network.ssid.clear();
  EXPECT_EQ(check(network).error().code, Errc::refused);
  network.ssid = Bytes(limits::ssid_bytes_max, 'x');
  EXPECT_TRUE(check(network));
  network.ssid.push_back('x');
  EXPECT_FALSE(check(network));
  auto with = [](std::string_view passphrase) {
    WifiNetwork out = plant();
    out.passphrase = SecretBytes(to_bytes(passphrase));
    return check(out).has_value();
  };
  EXPECT_FALSE(with("1234567"));
  EXPECT_TRUE(with("12345678"));
  EXPECT_TRUE(with(std::string(63, 'x')));
  EXPECT_FALSE(with(std::string(64, 'a')));
  EXPECT_FALSE(with("pässword"));
  EXPECT_FALSE(with(""));
  EXPECT_TRUE(check(plant(Akm::dpp)));
  network = plant(Akm::dpp);
  network.passphrase = SecretBytes(to_bytes("12345678"));
  EXPECT_FALSE(check(network));
}

TEST(Akms, ComeBackFromTheirNames) {
  for (Akm akm : {Akm::psk, Akm::sae, Akm::psk_sae, Akm::dpp, Akm::dpp_sae, Akm::dpp_psk_sae})
    EXPECT_EQ(parse_akm(to_string(akm)), akm);
  EXPECT_FALSE(parse_akm("dot1x"));
}

TEST(Connectors, AreSignedForTheDevicesKey) {
  for (crypto::KeyType type : {crypto::KeyType::p256, crypto::KeyType::p384}) {
    auto c_sign = std::move(*crypto::SoftwareKey::generate(type));
    Connector connector = connector_for(crypto::Curve::p521);
    auto made = sign_connector(connector, *c_sign);
    ASSERT_TRUE(made) << to_string(made.error());
    const std::size_t dot = made->text.rfind('.');
    EXPECT_TRUE(c_sign->public_key().verify(as_view(made->text.substr(0, dot)),
                                            *from_base64url(made->text.substr(dot + 1))));
    const std::size_t first = made->text.find('.');
    auto payload =
        boost::json::parse(as_text(*from_base64url(made->text.substr(first + 1, dot - first - 1))));
    EXPECT_EQ(test::text_at(payload, "/groups/0/groupId"), "press");
    EXPECT_EQ(*from_base64url(test::text_at(payload, "/netAccessKey/x")), connector.network_key.x);
    auto json = boost::json::parse(as_text(encode_configuration(plant(Akm::dpp), *made).reveal()));
    EXPECT_EQ(test::text_at(json, "/cred/signedConnector"), made->text);
    EXPECT_EQ(test::text_at(json, "/cred/csign/crv"), crypto::to_string(type));
    EXPECT_FALSE(json.at("cred").as_object().contains("pass"));
  }
}

TEST(Connectors, AreNotSignedWithRsa) {
  auto rsa = std::move(*crypto::SoftwareKey::generate(crypto::KeyType::rsa2048));
  EXPECT_EQ(sign_connector(connector_for(crypto::Curve::p256), *rsa).error().code,
            Errc::unsupported);
}

// The key id of a recorded Connector is the one that we would give it.
TEST(Connectors, NameTheirKeyAsWpaSupplicantDoes) {
  auto recorded = test::read_json_vector("dpp/psk-configurator-starts.json");
  auto object = boost::json::parse(test::text_at(recorded, "/config_object"));
  auto key = crypto::PublicKey::from_point(crypto::KeyType::p256,
                                           *from_base64url(test::text_at(object, "/cred/csign/x")),
                                           *from_base64url(test::text_at(object, "/cred/csign/y")));
  auto json = boost::json::parse(
      as_text(encode_configuration(plant(Akm::dpp), SignedConnector{"a.b.c", *key}).reveal()));
  EXPECT_EQ(json.at("cred").at("csign"), object.at("cred").at("csign"));
}

TEST(ConnectionStatuses, SayHowTheJoinEnded) {
  auto json = test::read_json_vector("dpp/single-frames.json");
  auto good = decode_connection_status(as_view(test::text_at(json, "/connection_status/0/json")));
  auto bad = decode_connection_status(as_view(test::text_at(json, "/connection_status/1/json")));
  ASSERT_TRUE(good && bad);
  EXPECT_EQ(good->result, Status::ok);
  EXPECT_EQ(bad->result, Status::auth_failure);
  for (std::string_view text : {"", "{}", R"({"result":-1})", R"({"result":15})",
                                R"({"result":"0"})", R"({"result":0,"channelList":7})"})
    EXPECT_FALSE(decode_connection_status(as_view(text))) << text;
}

}  // namespace
}  // namespace fairlead::dpp
