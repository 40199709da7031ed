// SPDX-License-Identifier: Apache-2.0
// The recorded exchanges that a Configurator started, replayed with the recorded random values:
// every byte that we send is the one that wpa_supplicant sent.
#include <gtest/gtest.h>

#include "dpp/configurator.h"
#include "dpp/uri.h"
#include "support/random.h"
#include "support/vectors.h"

namespace fairlead::dpp {
namespace {

using test::hex_at;
using test::text_at;

const Time now = from_unix_seconds(1'000);

class RecordedExchange : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Dpp, RecordedExchange,
                         testing::Values("dpp/psk-configurator-starts.json", "dpp/sae-mutual.json",
                                         "dpp/dpp-p384.json"));

std::string sent(const Actions& actions) {
  for (const Action& each : actions)
    if (auto* send = std::get_if<Send>(&each)) return to_hex(send->body);
  return {};
}

TEST_P(RecordedExchange, SaysWhatWasRecorded) {
  auto json = test::read_json_vector(GetParam());
  auto frame = [&json](int index) {
    return hex_at(json, "/frames/" + std::to_string(index) + "/hex");
  };
  auto uri = decode_bootstrap_uri(text_at(json, "/uri/responder"));
  ASSERT_TRUE(uri) << to_string(uri.error());
  auto own = crypto::curve_key_from_scalar(uri->key.point.curve,
                                           hex_at(json, "/keys/initiator_bootstrap_private"));
  test::ScriptedRandom random;
  random.push(hex_at(json, "/keys/initiator_protocol_private"));
  random.push(hex_at(json, "/nonces/initiator"));

  Configurator configurator(random);
  EXPECT_EQ(sent(configurator.initiate(uri->key, own->clone(), now)), to_hex(frame(0)));
  EXPECT_EQ(sent(configurator.on_message(frame(1), now)), to_hex(frame(2)));
  Actions asked = configurator.on_message(frame(3), now);
  ASSERT_TRUE(!asked.empty() && std::holds_alternative<Configure>(asked[0]));
  EXPECT_EQ(std::get<Configure>(asked[0]).mutual, json.at("mutual").as_bool());
  const std::string wrapped = text_at(json, "/frames/4/wrapped/0/plain");
  const bool wants_status = wrapped.ends_with("1b100000");
  std::vector<SecretBytes> objects;
  objects.emplace_back(to_bytes(text_at(json, "/config_object")));
  EXPECT_EQ(sent(configurator.configured(std::move(objects), wants_status, now)), to_hex(frame(4)));
  Actions end = configurator.on_message(frame(5), now);
  if (wants_status) end = configurator.on_closed();
  ASSERT_EQ(end.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<Configured>(end[0]));
  EXPECT_TRUE(random.used_up());
}

}  // namespace
}  // namespace fairlead::dpp
