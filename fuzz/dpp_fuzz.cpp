// SPDX-License-Identifier: Apache-2.0
// Every decoder of Wi-Fi Easy Connect: what it accepts is encoded, and comes back equal.
#include "base/assert.h"
#include "base/limits.h"
#include "dpp/configurator.h"
#include "dpp/uri.h"

using namespace fairlead;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const View in(data, size);
  if (auto attributes = dpp::decode_attributes(in)) {
    ignore(attributes->status(), "any answer is good");
    ASSERT(attributes->clear().size() <= in.size());
  }
  if (auto frame = dpp::decode_frame(in)) ASSERT(equal(dpp::encode_frame(*frame), in));
  if (auto uri = dpp::decode_bootstrap_uri(as_text(in))) {
    const std::string text = dpp::encode_bootstrap_uri(*uri);
    auto again = dpp::decode_bootstrap_uri(text);
    // Channels are written with their class each, which may make it too long.
    ASSERT(again || text.size() > limits::dpp_uri_bytes_max);
    ASSERT(!again || dpp::encode_bootstrap_uri(*again) == text);
  }
  if (auto key = dpp::decode_bootstrap_key(in))
    ASSERT(equal(dpp::bootstrap_key(key->point).spki, in));
  for (auto curve : {crypto::Curve::p256, crypto::Curve::p384, crypto::Curve::p521}) {
    if (auto point = crypto::decode_curve_point(curve, in))
      ASSERT(equal(in[0] == 4 ? uncompressed(*point) : compressed(*point), in));
    if (auto point = dpp::decode_protocol_key(curve, in))
      ASSERT(equal(dpp::encode_protocol_key(*point), in));
  }
  if (auto request = dpp::decode_configuration_request(in)) {
    const std::string text = dpp::encode_configuration_request(*request);
    auto again = dpp::decode_configuration_request(as_view(text));
    ASSERT(again || text.size() > limits::dpp_json_bytes_max);
    ASSERT(!again || dpp::encode_configuration_request(*again) == text);
  }
  if (auto status = dpp::decode_connection_status(in)) ASSERT(!to_string(status->result).empty());
  ignore(dpp::decode_opening(in), "any answer is good");
  dpp::BodyJoiner joiner;
  if (joiner.take(in))
    while (auto body = joiner.next()) ASSERT(!body->empty());
  return 0;
}
