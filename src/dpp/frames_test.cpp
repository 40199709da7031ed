// SPDX-License-Identifier: Apache-2.0
#include "dpp/frames.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "dpp/configurator.h"
#include "support/vectors.h"

namespace fairlead::dpp {
namespace {

std::vector<Bytes> recorded_frames() {
  std::vector<Bytes> out;
  for (const char* name :
       {"psk-configurator-starts", "psk-enrollee-starts", "sae-mutual", "dpp-p384"}) {
    auto json = test::read_json_vector("dpp/" + std::string(name) + ".json");
    for (const auto& frame : json.at("frames").as_array())
      out.push_back(test::hex_at(frame, "/hex"));
  }
  return out;
}

TEST(DppFrames, RecordedOnesComeBackAsTheyWere) {
  for (const Bytes& body : recorded_frames()) {
    auto frame = decode_frame(body);
    ASSERT_TRUE(frame) << to_string(frame.error());
    EXPECT_EQ(to_hex(encode_frame(*frame)), to_hex(body));
  }
}

TEST(DppFrames, CutOnesAreRefusedOrCutInTheirAttributes) {
  for (const Bytes& body : recorded_frames())
    for (std::size_t length = 0; length < body.size(); ++length) {
      auto frame = decode_frame(View(body).first(length));
      if (!frame) continue;
      auto* action = std::get_if<ActionFrame>(&*frame);
      ASSERT_TRUE(action) << length;
      auto in = decode_attributes(action->attributes);
      EXPECT_TRUE(!in || !in->find(Attribute::wrapped_data)) << length;
    }
}

TEST(DppFrames, OtherMessagesAreUnsupported) {
  EXPECT_EQ(decode_frame(*from_hex("09506f9a1a0107")).error().code, Errc::unsupported);  // PKEX
  EXPECT_EQ(decode_frame(*from_hex("0c00")).error().code, Errc::unsupported);
  EXPECT_EQ(decode_frame(*from_hex("09506f9a1a0200")).error().code, Errc::malformed);  // suite 2
  EXPECT_EQ(decode_frame(Bytes(limits::dpp_message_bytes_max + 1, 9)).error().code,
            Errc::malformed);
  Bytes later = recorded_frames()[4];
  later[4] = 1;  // comeback delay
  EXPECT_EQ(decode_frame(later).error().code, Errc::unsupported);
}

TEST(DppOpening, IsAChirpOrARequest) {
  auto json = test::read_json_vector("dpp/single-frames.json");
  auto chirp = decode_opening(test::hex_at(json, "/presence_announcement/hex"));
  ASSERT_TRUE(chirp);
  EXPECT_EQ(std::get<Announced>(*chirp).chirp_hash.hex(),
            test::text_at(json, "/presence_announcement/chirp_hash"));
  auto request = decode_opening(recorded_frames()[0]);
  ASSERT_TRUE(request);
  EXPECT_EQ(std::get<Requested>(*request).responder.hex(),
            "af89c7f8a477c2e3226419d216e8164607a23d69f9b329b94151a0b52af21ed8");
  EXPECT_FALSE(decode_opening(recorded_frames()[1]));
  EXPECT_FALSE(decode_opening(recorded_frames()[3]));
}

TEST(BodyJoiner, GivesWholeBodiesWhereverTheStreamIsCut) {
  Bytes stream = framed(as_view("one"));
  append(stream, framed(as_view("second")));
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    BodyJoiner joiner;
    std::vector<std::string> bodies;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      ASSERT_TRUE(joiner.take(View(stream).subspan(at, std::min(piece, stream.size() - at))));
      while (auto body = joiner.next()) bodies.emplace_back(as_text(*body));
    }
    EXPECT_EQ(bodies, (std::vector<std::string>{"one", "second"})) << piece;
  }
}

TEST(BodyJoiner, RefusesLengthsThatNobodyHas) {
  for (std::string_view bad : {"00000000", "00002711", "ffffffff"}) {
    BodyJoiner joiner;
    EXPECT_EQ(joiner.take(*from_hex(bad)).error().code, Errc::malformed) << bad;
    EXPECT_FALSE(joiner.next());
  }
  BodyJoiner joiner;
  EXPECT_TRUE(joiner.take(framed(Bytes(limits::dpp_message_bytes_max, 1))));
  EXPECT_EQ(joiner.next()->size(), limits::dpp_message_bytes_max);
}

}  // namespace
}  // namespace fairlead::dpp
