// SPDX-License-Identifier: Apache-2.0
#include "fdo/rendezvous.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "fdo/di.h"
#include "support/fdo_party.h"

namespace fairlead::fdo {
namespace {

using test::must;

// [[[var, ? bstr]]] of one directive with one instruction.
Bytes info(std::uint64_t variable, std::optional<std::string_view> value_hex) {
  cbor::Writer out;
  out.array(1).array(1).array(value_hex ? 2 : 1).uint(variable);
  if (value_hex) out.bytes(*from_hex(*value_hex));
  return out.take();
}
Result<Directive> read_one(std::uint64_t variable, std::optional<std::string_view> value_hex) {
  TRY(auto read, decode_rendezvous_info(info(variable, value_hex)));
  return read.directives.at(0);
}

TEST(RendezvousInfo, RefusesWhatIsEmptyOrOfAnotherForm) {
  for (auto hex : {"", "80", "8180", "818180", "8181818e", "81818300f500", "a0", "8181810000",
                   "818182054161616161"})
    EXPECT_FALSE(decode_rendezvous_info(*from_hex(hex))) << hex;
}

TEST(RendezvousInfo, RefusesValuesOfAnotherType) {
  EXPECT_FALSE(read_one(2, "43010203"));             // an address of three bytes
  EXPECT_FALSE(read_one(2, "7f000001"));             // not a bstr within the bstr
  EXPECT_FALSE(read_one(3, "1a00010000"));           // port 65536
  EXPECT_FALSE(read_one(5, "00"));                   // a name that is no text
  EXPECT_FALSE(read_one(6, "822f4101"));             // a hash of one byte
  EXPECT_FALSE(read_one(6, "4101"));                 // and bare
  EXPECT_FALSE(read_one(13, "1b0000000100000000"));  // 2^32 seconds
  EXPECT_FALSE(read_one(14, "00"));                  // a flag that is no bool
  EXPECT_FALSE(read_one(5, "616100"));               // a byte too many
}

TEST(RendezvousInfo, TakesFlagsInBothForms) {
  EXPECT_TRUE(must(read_one(14, std::nullopt)).bypass);
  EXPECT_TRUE(must(read_one(14, "f5")).bypass);
  EXPECT_TRUE(must(read_one(0, "f5")).device_only);
  EXPECT_TRUE(must(read_one(1, std::nullopt)).owner_only);
  EXPECT_TRUE(read_one(8, "f5"));  // UserInput
  EXPECT_TRUE(must(read_one(15, "8261786100")).external);
  EXPECT_TRUE(read_one(200, "00"));  // a variable of the future
}

TEST(RendezvousInfo, TakesACertificateHashAsAHashAndBare) {
  std::string digest(64, 'a');
  EXPECT_EQ(must(read_one(6, "822f5820" + digest)).server_cert_hash->value.size(), 32u);
  EXPECT_EQ(must(read_one(7, "5820" + digest)).authority_cert_hash->alg, crypto::HashAlg::sha256);
}

TEST(RendezvousInfo, EachVariableComesOnceButAddresses) {
  cbor::Writer twice;
  twice.array(1).array(2);
  for (int i = 0; i < 2; ++i) twice.array(2).uint(3).bytes(Bytes{0x01});
  EXPECT_FALSE(decode_rendezvous_info(twice.view()));
  cbor::Writer addresses;
  addresses.array(1).array(2);
  for (int i = 0; i < 2; ++i) addresses.array(2).uint(2).bytes(*from_hex("447f000001"));
  EXPECT_EQ(must(decode_rendezvous_info(addresses.view())).directives[0].ips.size(), 2u);
}

TEST(RendezvousInfo, IsBoundedAtItsLimits) {
  for (std::size_t directives :
       {limits::rendezvous_directives_max, limits::rendezvous_directives_max + 1}) {
    cbor::Writer out;
    out.array(directives);
    for (std::size_t i = 0; i < directives; ++i) out.array(1).array(1).uint(14);
    EXPECT_EQ(decode_rendezvous_info(out.view()).has_value(),
              directives == limits::rendezvous_directives_max);
  }
  for (std::size_t count :
       {limits::rendezvous_instructions_max, limits::rendezvous_instructions_max + 1}) {
    cbor::Writer out;
    out.array(1).array(count);
    for (std::size_t i = 0; i < count; ++i) out.array(2).uint(2).bytes(*from_hex("447f000001"));
    EXPECT_EQ(decode_rendezvous_info(out.view()).has_value(),
              count == limits::rendezvous_instructions_max);
  }
}

TEST(RendezvousInfo, OfAllKindsGoesBothWays) {
  Directive all;
  all.device_only = all.bypass = true;
  all.ips = {{127, 0, 0, 1}, Bytes(16, 0xFE)};
  all.dns = "rv.example";
  all.device_port = 8041;
  all.owner_port = 8042;
  all.protocol = RvProtocol::rest;
  all.server_cert_hash = Hash{crypto::HashAlg::sha256, Bytes(32, 1)};
  all.authority_cert_hash = Hash{crypto::HashAlg::sha384, Bytes(48, 2)};
  all.wifi_ssid = "plant";
  all.wifi_password = "secret";
  all.medium = 20;
  all.delay_seconds = 30;
  RendezvousInfo made = make_rendezvous_info({all});
  Directive read = must(decode_rendezvous_info(made.encoded)).directives.at(0);
  EXPECT_TRUE(read.device_only && read.bypass && !read.owner_only);
  EXPECT_EQ(read.ips, all.ips);
  EXPECT_EQ(read.dns, all.dns);
  EXPECT_EQ(read.device_port, all.device_port);
  EXPECT_EQ(read.owner_port, all.owner_port);
  EXPECT_EQ(read.protocol, all.protocol);
  EXPECT_EQ(read.server_cert_hash, all.server_cert_hash);
  EXPECT_EQ(read.authority_cert_hash, all.authority_cert_hash);
  EXPECT_EQ(read.wifi_ssid, all.wifi_ssid);
  EXPECT_EQ(read.wifi_password, all.wifi_password);
  EXPECT_EQ(read.medium, all.medium);
  EXPECT_EQ(read.delay_seconds, all.delay_seconds);
}

// FDO writes 127.0.0.1 as a bstr that holds a bstr.
TEST(RendezvousInfo, WritesAnAddressAsItIsWrittenElsewhere) {
  Directive directive;
  directive.ips = {{127, 0, 0, 1}};
  EXPECT_EQ(to_hex(make_rendezvous_info({directive}).encoded), "8181820245447f000001");
}

std::vector<std::string> urls(const std::vector<Candidate>& candidates) {
  std::vector<std::string> out;
  for (const Candidate& c : candidates)
    out.push_back((c.tls ? "https://" : "http://") + c.host + ":" + std::to_string(c.port));
  return out;
}
using Urls = std::vector<std::string>;

TEST(Candidates, NamesComeBeforeAddressesAndEachSideHasItsPort) {
  Directive directive;
  directive.ips = {{10, 0, 0, 1}};
  directive.dns = "rv.example";
  directive.device_port = 8041;
  directive.protocol = RvProtocol::http;
  EXPECT_EQ(urls(candidates(directive, RvSide::device)),
            (Urls{"http://rv.example:8041", "http://10.0.0.1:8041"}));
  EXPECT_EQ(urls(candidates(directive, RvSide::owner)),
            (Urls{"http://rv.example:80", "http://10.0.0.1:80"}));
}

TEST(Candidates, WithoutProtocolAreHttpsAndRestTriesBoth) {
  Directive directive;
  directive.dns = "rv.example";
  EXPECT_EQ(urls(candidates(directive, RvSide::device)), (Urls{"https://rv.example:443"}));
  directive.protocol = RvProtocol::rest;
  EXPECT_EQ(urls(candidates(directive, RvSide::device)),
            (Urls{"https://rv.example:443", "http://rv.example:80"}));
  for (auto unspoken :
       {RvProtocol::tcp, RvProtocol::coap, RvProtocol::coap_tcp, static_cast<RvProtocol>(99)}) {
    directive.protocol = unspoken;
    EXPECT_TRUE(candidates(directive, RvSide::device).empty());
  }
}

TEST(Candidates, AreNotForTheOtherSide) {
  Directive directive;
  directive.dns = "rv.example";
  directive.owner_only = true;
  EXPECT_TRUE(candidates(directive, RvSide::device).empty());
  EXPECT_EQ(candidates(directive, RvSide::owner).size(), 1u);
  directive.owner_only = false;
  directive.device_only = true;
  EXPECT_TRUE(candidates(directive, RvSide::owner).empty());
  directive.external = true;
  EXPECT_TRUE(candidates(directive, RvSide::device).empty());
}

TEST(Candidates, OfTo2AddressesPassOverWhatWeDoNotSpeak) {
  std::vector<To2Address> addresses = {
      {{10, 0, 0, 2}, "owner.example", 8043, TransportProtocol::http},
      {{}, "coap.example", 5683, TransportProtocol::coap},
      {Bytes(16, 0), "", 443, TransportProtocol::https}};
  EXPECT_EQ(urls(candidates(addresses)),
            (Urls{"http://owner.example:8043", "http://10.0.0.2:8043", "https://:::443"}));
  Bytes encoded = encode_to2_addresses(addresses);
  cbor::Reader reader(encoded);
  EXPECT_EQ(read_to2_addresses(reader), addresses);
}

TEST(Delays, AreTheDirectivesOwnOrTwoMinutesAfterTheLast) {
  Directive plain, delayed;
  delayed.delay_seconds = 7;
  auto info_of = [](std::vector<Directive> directives) {
    return RendezvousInfo{{}, std::move(directives)};
  };
  EXPECT_EQ(delay_after(info_of({plain, delayed, plain}), 0), 0u);
  EXPECT_EQ(delay_after(info_of({plain, delayed, plain}), 1), 7u);
  EXPECT_EQ(delay_after(info_of({plain, delayed, plain}), 2), 120u);
  EXPECT_EQ(delay_after(info_of({delayed}), 0), 7u);
}

TEST(Delays, AreSpreadByAQuarter) {
  EXPECT_EQ(jittered_ms(120, 0), 90'000u);
  EXPECT_EQ(jittered_ms(120, 255), 150'000u);
  EXPECT_EQ(jittered_ms(0, 255), 0u);
  EXPECT_LE(jittered_ms(UINT32_MAX, 255), 108'000'000u);  // a day and a quarter
}

TEST(IpText, GoesBothWays) {
  EXPECT_EQ(ip_from_text("10.1.2.3"), (Bytes{10, 1, 2, 3}));
  EXPECT_EQ(ip_text(Bytes{10, 1, 2, 3}), "10.1.2.3");
  EXPECT_EQ(ip_text(*ip_from_text("fe80::1")), "fe80::1");
  EXPECT_FALSE(ip_from_text("rv.example"));
  EXPECT_FALSE(ip_from_text(""));
}

TEST(DeviceInitialize, RefusesKeysThatWeDoNotServeAndDevicesWithoutAName) {
  DeviceMfgInfo info{crypto::KeyType::p256, KeyEncoding::x509, "SN-1", "device", Bytes(10, 1)};
  EXPECT_EQ(must(decode_app_start(encode_app_start(info))).serial, "SN-1");
  for (std::uint64_t type : {0, 1, 5, 6, 12}) {
    Bytes changed = test::edit(encode_app_start(info), {0, test::inside, 0},
                               [&](View) { return cbor::Writer().uint(type).take(); });
    auto refused = decode_app_start(changed);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unsupported) << type;
  }
  info.device_info.clear();
  EXPECT_FALSE(decode_app_start(encode_app_start(info)));
}

}  // namespace
}  // namespace fairlead::fdo
