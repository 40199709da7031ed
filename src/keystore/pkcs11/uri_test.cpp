// SPDX-License-Identifier: Apache-2.0
#include "keystore/pkcs11/uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::keystore::pkcs11 {
namespace {

using testing::HasSubstr;

void expect_refused(const std::string& text, Errc code, const std::string& words) {
  auto decoded = decode_token_uri(text);
  ASSERT_FALSE(decoded) << text;
  EXPECT_EQ(decoded.error().code, code) << text;
  EXPECT_THAT(decoded.error().context, HasSubstr(words)) << text;
}

TEST(TokenUri, NamesTokenModuleAndPinFile) {
  auto uri = decode_token_uri(
      "token=Acme%20HSM;serial=%41b;manufacturer=M;model=x(1);object=line-7.?module-path="
      "/usr/lib/hsm.so&pin-source=file:/run/pin");
  ASSERT_TRUE(uri) << to_string(uri.error());
  EXPECT_EQ(uri->token, "Acme HSM");
  EXPECT_EQ(uri->serial, "Ab");
  EXPECT_EQ(uri->manufacturer, "M");
  EXPECT_EQ(uri->model, "x(1)");
  EXPECT_EQ(uri->label_prefix, "line-7.");
  EXPECT_EQ(uri->module_path, "/usr/lib/hsm.so");
  EXPECT_EQ(uri->pin_file, "/run/pin");
}

TEST(TokenUri, MayBeEmptySinceOneTokenIsTheUsualCase) {
  EXPECT_TRUE(decode_token_uri(""));
  EXPECT_EQ(decode_token_uri("?module-path=/m.so")->module_path, "/m.so");
}

TEST(TokenUri, APinInItIsRefusedWithThePlaceWhereItBelongs) {
  expect_refused("token=x?pin-value=1234", Errc::refused, "pkcs11-pin");
  expect_refused("token=x?pin-source=|cat%20pin", Errc::unsupported, "file:PATH");
}

TEST(TokenUri, WhatNamesOneObjectOrIsUnknownIsNotSupported) {
  expect_refused("id=%01", Errc::unsupported, "one object");
  expect_refused("type=private", Errc::unsupported, "one object");
  expect_refused("slot-id=1", Errc::unsupported, "not known");
  expect_refused("module-path=/m.so", Errc::unsupported, "not known");  // it is of the query
}

TEST(TokenUri, ABrokenOneIsRefused) {
  for (const char* wrong :
       {"token", "token=", "token=a;token=b", "token=%", "token=%4", "token=%zz", "token=%00",
        "token=a b", "token=a\n", ";", "token=\xC3\xA4"})
    expect_refused(wrong, Errc::malformed, "PKCS#11 URI");
}

TEST(TokenUri, AtItsLimitsItIsReadAndOneBeyondIsRefused) {
  const std::string prefix = "object=" + std::string(label_prefix_bytes_max, 'a');
  EXPECT_TRUE(decode_token_uri(prefix));
  expect_refused(prefix + "a", Errc::malformed, "too long");
  const std::string token = "token=" + std::string(uri_bytes_max - 6, 'a');
  EXPECT_TRUE(decode_token_uri(token));
  expect_refused(token + "a", Errc::malformed, "too long");
}

}  // namespace
}  // namespace fairlead::keystore::pkcs11
