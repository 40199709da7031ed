// SPDX-License-Identifier: Apache-2.0
#include "dpp/uri.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "support/vectors.h"

namespace fairlead::dpp {
namespace {

const std::string key =
    "K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADm1c6RPQU3ygJ8wyaqAPy7lFYgc80jtfG7p3O79aGmtE=;";

TEST(BootstrapUri, SaysEverythingThatItCan) {
  auto uri =
      decode_bootstrap_uri("DPP:C:81/1,6,115/36;I:SN:press-04;M:5254005828e5;V:2;" + key + ";");
  ASSERT_TRUE(uri) << to_string(uri.error());
  std::vector<Channel> channels{{81, 1}, {81, 6}, {115, 36}};
  EXPECT_EQ(uri->channels, channels);
  EXPECT_EQ(uri->information, "SN:press-04");
  EXPECT_EQ(to_hex(*uri->mac), "5254005828e5");
  EXPECT_EQ(uri->version, 2u);
  EXPECT_EQ(uri->key.hash().hex(),
            "385e1202b18c741dda4e44927c592581e169a4765687a95780b185567ede379e");
}

TEST(BootstrapUri, ComesBackAsItWasWritten) {
  std::string text = "DPP:C:81/1,115/36;M:5254005828e5;I:SN:press-04;V:2;" + key + ";";
  EXPECT_EQ(encode_bootstrap_uri(decode_bootstrap_uri(text).value()), text);
}

TEST(BootstrapUri, NeedsNothingButAKey) {
  auto uri = decode_bootstrap_uri("DPP:" + key + ";");
  ASSERT_TRUE(uri);
  EXPECT_TRUE(uri->channels.empty() && !uri->mac && uri->information.empty());
  EXPECT_EQ(uri->version, 1u);
}

TEST(BootstrapUri, TakesTheFirstOfARepeatedFieldAndPassesOverUnknownOnes) {
  auto uri = decode_bootstrap_uri("DPP:Z:later;I:one;I:two;H:x;" + key + ";");
  ASSERT_TRUE(uri) << to_string(uri.error());
  EXPECT_EQ(uri->information, "one");
}

TEST(BootstrapUri, RefusesWhatIsNone) {
  for (const std::string& bad :
       {std::string(""), std::string("DPP:"), std::string("DPP:;"), std::string("DPP:;;"),
        std::string("WIFI:S:x;;"), "dpp:" + key + ";", "DPP:" + key, "DPP:" + key + ";;",
        "DPP:" + key + ";C:81/1;;", "DPP:C;" + key + ";", "DPP::81/1;" + key + ";",
        "DPP:I:\x01;" + key + ";", "DPP:I:\xC3\xA4;" + key + ";",
        std::string("DPP:K:MDkwEwYHKoZIzj0CAQY;;"), std::string("DPP:K:;;")})
    EXPECT_EQ(decode_bootstrap_uri(bad).error().code, Errc::malformed) << bad;
}

TEST(BootstrapUri, RefusesFieldsThatCantBeRead) {
  for (std::string_view bad : {"C:", "C:81", "C:81/", "C:81/1,", "C:81/1,81/", "C:/", "C:1,81/1",
                               "C:81/256", "C:256/1", "C:81/-1", "M:525400", "M:5254005828eg",
                               "M:52:54:00:58:28:e5", "V:0", "V:x", "V:", "V:256"})
    EXPECT_EQ(decode_bootstrap_uri("DPP:" + std::string(bad) + ";" + key + ";").error().code,
              Errc::malformed)
        << bad;
}

TEST(BootstrapUri, HasLimits) {
  auto channels = [](std::size_t count) {
    std::string out = "DPP:C:81/1";
    for (std::size_t i = 1; i < count; ++i) out += ",1";
    return out + ";" + key + ";";
  };
  EXPECT_TRUE(decode_bootstrap_uri(channels(limits::dpp_channels_max)));
  EXPECT_FALSE(decode_bootstrap_uri(channels(limits::dpp_channels_max + 1)));
  const std::string rest = "DPP:I:;" + key + ";";
  auto longest = [&](std::size_t bytes) {
    return "DPP:I:" + std::string(bytes - rest.size(), 'x') + ";" + key + ";";
  };
  EXPECT_TRUE(decode_bootstrap_uri(longest(limits::dpp_uri_bytes_max)));
  EXPECT_FALSE(decode_bootstrap_uri(longest(limits::dpp_uri_bytes_max + 1)));
}

}  // namespace
}  // namespace fairlead::dpp
