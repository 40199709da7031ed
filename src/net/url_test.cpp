// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "net/http.h"

namespace fairlead::net {
namespace {

TEST(Url, RefusesWhatCanNotBeAsked) {
  for (auto text : {"",
                    "http:",
                    "http://",
                    "http:///x",
                    "ftp://a/",
                    "a.example/x",
                    "http://u@a/",
                    "http://u:p@a/",
                    "http://a b/",
                    "http://a/x y",
                    "http://a/\r\nHost: b",
                    "http://a:0/",
                    "http://a:65536/",
                    "http://a:1x/",
                    "http://[::1/",
                    "http://[::1]x/",
                    "http://[a]/",
                    "http://[]/",
                    "http://[fe80::1%]/",
                    "http://a\xc3\xa4/",
                    "http://a%41/",
                    "http://[fe80::1%a/b]/"})
    EXPECT_FALSE(parse_url(text)) << text;
  EXPECT_TRUE(parse_url("http://a/" + std::string(limits::http_url_bytes_max - 9, 'x')));
  EXPECT_FALSE(parse_url("http://a/" + std::string(limits::http_url_bytes_max - 8, 'x')));
}

TEST(Url, KnowsSchemesPortsAndTargets) {
  auto url = parse_url("HTTP://Rv.Example:8080/fdo?x=y#z").value();
  EXPECT_FALSE(url.tls);
  EXPECT_EQ(url.host, "rv.example");
  EXPECT_EQ(url.port, 8080);
  EXPECT_EQ(url.target, "/fdo?x=y");
  EXPECT_EQ(url.authority(), "rv.example:8080");
  EXPECT_EQ(parse_url("https://a").value().port, 443);
  EXPECT_EQ(parse_url("https://a").value().target, "/");
  EXPECT_EQ(parse_url("http://a?q").value().target, "/?q");
  EXPECT_EQ(parse_url("http://a:").value().port, 80);
}

TEST(Url, LeavesTheZoneOutOfTheAuthority) {
  for (auto text : {"http://[FE80::1%eth0]:81/", "http://[fe80::1%25eth0]:81/"}) {
    auto url = parse_url(text).value();
    EXPECT_EQ(url.host, "fe80::1%eth0");
    EXPECT_EQ(url.authority(), "[fe80::1]:81");
  }
}

TEST(Headers, AreFoundWithoutRegardToCase) {
  Headers headers{{"Message-Type", "61"}};
  EXPECT_EQ(find_header(headers, "message-TYPE"), "61");
  EXPECT_FALSE(find_header(headers, "message"));
}

}  // namespace
}  // namespace fairlead::net
