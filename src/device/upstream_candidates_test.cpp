// SPDX-License-Identifier: Apache-2.0
#include "device/upstream_candidates.h"

#include <gtest/gtest.h>

#include "support/bare_certificate.h"
#include "support/must.h"
#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

using Wanted = UpstreamCandidates::Wanted;
using test::must;

const crypto::Certificate& server(bool other = false) {
  static const auto make = [] {
    auto key = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
    return test::bare_certificate(key->public_key(), Time{}, Time{} + std::chrono::hours(24));
  };
  static const auto one = make(), two = make();
  return other ? two : one;
}
Bytes key_of(const crypto::Certificate& certificate) {
  return to_bytes(View(certificate.public_key().fingerprint()));
}

struct UpstreamCandidatesTest : testing::Test {
  test::TemporaryDirectory folder;
  StateDirectory directory = must(StateDirectory::open(folder.path() / "state"));
  UpstreamCandidates candidates{directory};
  UpstreamCandidates::Moment now{};

  UpstreamCandidatesTest() { candidates.want(Wanted::any); }

  bool named(const std::string& source, const std::string& uri,
             std::vector<std::string> addresses = {"10.77.0.2"}) {
    return candidates.take({{source, uri}, "eth0", "Edge", std::move(addresses)});
  }
  // Each that is to be looked at answers with this identity.
  void look(const crypto::Certificate& seen = server()) {
    while (auto at = candidates.next_look())
      candidates.looked(at->which, net::Look{"10.77.0.2", std::chrono::milliseconds(3), seen}, now);
  }
  std::string order() {
    std::string out;
    for (const auto& each : candidates.list(now)) out += each.source + " ";
    return out;
  }
};

TEST_F(UpstreamCandidatesTest, TheSitesOwnServersComeBeforeWhoeverIsOnTheNetwork) {
  named("mdns", "https://a:1");
  named("dns-sd", "https://b:1");
  named("dhcp6-136", "https://c:1");
  named("name", "https://d:1");
  named("dhcp4-143", "https://e:1");
  EXPECT_EQ(order(), "dhcp4-143 dhcp6-136 dns-sd name mdns ");
}

TEST_F(UpstreamCandidatesTest, AFloodOfNamesPushesNoBetterSourceOut) {
  for (int i = 0; i < 40; ++i) named("mdns", "https://flood:" + std::to_string(i + 1));
  EXPECT_EQ(candidates.size(), candidates_max);
  EXPECT_TRUE(named("dhcp4-143", "https://edge:1"));
  EXPECT_FALSE(named("mdns", "https://late:1"));
  EXPECT_EQ(candidates.size(), candidates_max);
  EXPECT_EQ(candidates.list(now).front().uri, "https://edge:1");
}

TEST_F(UpstreamCandidatesTest, WhatIsNamedNoLongerIsForgottenAtTheEndOfTheRound) {
  named("mdns", "https://a:1");
  named("mdns", "https://b:1");
  candidates.begin_round();
  EXPECT_FALSE(named("mdns", "https://b:1")) << "known already";
  candidates.end_round();
  ASSERT_EQ(candidates.size(), 1u);
  EXPECT_EQ(candidates.list(now).front().uri, "https://b:1");
}

TEST_F(UpstreamCandidatesTest, EachIsTriedOnceARoundAndOnlyWhenItWasSeen) {
  named("mdns", "https://a:8040");
  EXPECT_FALSE(candidates.has_try()) << "not looked at yet";
  look();
  ASSERT_TRUE(candidates.has_try());
  auto next = candidates.next_try();
  EXPECT_EQ(next->url.host, "10.77.0.2");
  EXPECT_EQ(next->url.port, 8040);
  EXPECT_EQ(next->key, key_of(server()));
  EXPECT_FALSE(candidates.has_try());
  candidates.tried(next->which, "not the owner", now);
  EXPECT_EQ(candidates.list(now + std::chrono::seconds(7)).front().result, "not the owner");
  EXPECT_EQ(candidates.list(now + std::chrono::seconds(7)).front().seconds, 7u);
  candidates.begin_round();
  EXPECT_FALSE(candidates.next_look()) << "not named again yet";
  named("mdns", "https://a:8040");
  look();
  EXPECT_TRUE(candidates.has_try());
}

TEST_F(UpstreamCandidatesTest, OneThatDoesNotAnswerIsShownWithWhyAndNotTried) {
  named("mdns", "https://a:1");
  candidates.looked(candidates.next_look()->which, fail(Errc::io, "Connection refused"), now);
  EXPECT_FALSE(candidates.has_try());
  EXPECT_EQ(candidates.list(now).front().result, "Connection refused");
}

TEST_F(UpstreamCandidatesTest, OneSourceGivesAnothersNameNoAddress) {
  named("dhcp4-143", "https://edge.local:1", {});
  named("mdns", "https://edge.local:1", {"10.66.6.6"});
  auto first = candidates.next_look();
  EXPECT_EQ(first->which.source, "dhcp4-143");
  EXPECT_TRUE(first->addresses.empty());
}

TEST_F(UpstreamCandidatesTest, AChoiceComesFirstIsKeptAndIsHeldToItsKey) {
  named("mdns", "https://a:1", {"fe80::2%eth0"});
  look();
  must(candidates.choose("https://a:1", key_of(server())));
  EXPECT_EQ(order(), "chosen mdns ");
  UpstreamCandidates later(directory);
  later.want(Wanted::chosen);
  ASSERT_EQ(later.list(now).size(), 1u);
  EXPECT_EQ(later.list(now).front().source, "chosen");
  later.take({{"mdns", "https://a:1"}, "eth0", "Edge", {"fe80::9%eth0"}});
  auto at = later.next_look();
  EXPECT_EQ(at->key, key_of(server()));
  EXPECT_EQ(at->addresses, std::vector<std::string>{"fe80::9%eth0"}) << "where it is now";
  must(candidates.choose("", {}));
  EXPECT_EQ(UpstreamCandidates(directory).size(), 0u);
}

TEST_F(UpstreamCandidatesTest, AKeyThatWasNotSeenThereIsNoChoice) {
  named("mdns", "https://a:1");
  look();
  auto refused = candidates.choose("https://a:1", key_of(server(true)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_FALSE(candidates.choose("http://a:1", {})) << "no TLS, no key";
  EXPECT_EQ(order(), "mdns ");
}

TEST_F(UpstreamCandidatesTest, WithoutAVoucherOnlyTheChosenOneIsTriedAndOnlyWithAKey) {
  candidates.want(Wanted::chosen);
  named("dhcp4-143", "https://a:1");
  look();
  EXPECT_FALSE(candidates.has_try()) << "nobody has decided";
  auto refused = candidates.choose("https://b:1", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::refused);
  must(candidates.choose("https://a:1", key_of(server())));
  look();
  auto next = candidates.next_try();
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->which.is_chosen());
}

TEST_F(UpstreamCandidatesTest, AChoiceThatCantBeReadCountsForNone) {
  for (const char* broken : {"", "83", "830160", "8302606040", "83016161", "8301616141ff"}) {
    must(directory.write("upstream", *from_hex(broken)));
    EXPECT_EQ(UpstreamCandidates(directory).size(), 0u) << broken;
  }
}

TEST(UpstreamUrl, IsHttpsUnderEitherName) {
  EXPECT_TRUE(must(upstream_url("fairlead://edge:8443")).tls);
  EXPECT_TRUE(upstream_url("https://[fe80::1%eth0]:8443"));
  EXPECT_FALSE(upstream_url("http://edge:8443"));
  EXPECT_FALSE(upstream_url("edge"));
}

}  // namespace
}  // namespace fairlead::device
