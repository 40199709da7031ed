// SPDX-License-Identifier: Apache-2.0
#include "codec/dns/message.h"

#include <gtest/gtest.h>

namespace fairlead::dns {
namespace {

// An answer as a responder sends it: PTR, then SRV, TXT and A whose names are pointers.
const std::string answer =
    "0000840000000001000000030d5f666169726c6561642d646576045f746370056c6f63616c00"
    "000c0001000011940007"                              // PTR, 4500 s
    "04534e2d31c00c"                                    // SN-1 at offset 12
    "c0300021800100000078000c000000001f90046465763100"  // SRV 8080 dev1 (target of one label)
    "c030001080010000119400110974787476657273"
    "3d310673743d6e6577"  // TXT txtvers=1 st=new
    "0464657631000001800100000078"
    "0004"
    "0a4d0005";  // A 10.77.0.5

Bytes bytes(const std::string& hex) { return from_hex(hex).value(); }

TEST(DnsMessage, ReadsAnAnswerWithPointers) {
  auto message = decode_message(bytes(answer));
  ASSERT_TRUE(message) << message.error().context;
  EXPECT_TRUE(message->response);
  ASSERT_EQ(message->records.size(), 4u);
  const auto& pointer = std::get<Pointer>(message->records[0].data);
  EXPECT_EQ(to_text(pointer.target), "SN-1._fairlead-dev._tcp.local");
  EXPECT_TRUE(same(message->records[0].name, name_of("_FAIRLEAD-dev._tcp.LOCAL")));
  const auto& service = std::get<Service>(message->records[1].data);
  EXPECT_EQ(service.port, 8080);
  EXPECT_EQ(to_text(service.target), "dev1");
  EXPECT_EQ(std::get<Text>(message->records[2].data).strings,
            (std::vector<std::string>{"txtvers=1", "st=new"}));
  EXPECT_EQ(std::get<Address>(message->records[3].data).bytes, (Bytes{10, 77, 0, 5}));
}

TEST(DnsMessage, IsRefusedWhereverItIsCutOff) {
  auto whole = bytes(answer);
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(decode_message(View(whole).first(length))) << length;
  whole.push_back(0);
  EXPECT_FALSE(decode_message(whole)) << "something is left over";
}

TEST(DnsMessage, APointerMustGoBackwards) {
  for (const char* name : {"c00c", "c00e", "0161c00c", "c0ff"}) {
    std::string text = std::string("000084000000000100000000") + name + "000c000100000078000100";
    EXPECT_FALSE(decode_message(bytes(text))) << name;
  }
}

TEST(DnsMessage, ANameHasAtMost255Bytes) {
  auto with_labels = [](int labels) {
    std::string text = "000000000001000000000000";
    for (int i = 0; i < labels; ++i)
      text +=
          "01"
          "61";
    return bytes(text +
                 "00"
                 "000c0001");
  };
  EXPECT_TRUE(decode_message(with_labels(127)));
  EXPECT_FALSE(decode_message(with_labels(128)));
}

TEST(DnsMessage, TooManyRecordsAreRefused) {
  std::string text = "000084000000";
  Bytes head = bytes(text +
                     "0401"
                     "00000000");
  for (std::size_t i = 0; i < records_max + 1; ++i) append(head, bytes("00000a0001000000000000"));
  EXPECT_FALSE(decode_message(head));
}

TEST(DnsMessage, OtherRecordsArePassedOver) {
  auto message =
      decode_message(bytes("000084000000000100000000"
                           "00"
                           "002f8001000000780003"
                           "010203"));
  ASSERT_TRUE(message) << message.error().context;
  EXPECT_TRUE(message->records.empty());
}

TEST(DnsMessage, AQueryIsReadBack) {
  std::vector<Question> questions{{name_of("_fairlead-dev._tcp.local"), Type::ptr, true}};
  auto query = encode_query(7, questions);
  ASSERT_TRUE(query);
  auto message = decode_message(*query);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->id, 7);
  EXPECT_EQ(message->questions, 1u);
  questions[0].name = {std::string(64, 'a')};
  EXPECT_FALSE(encode_query(7, questions));
}

TEST(DnsName, DotsOfALabelAreEscaped) {
  EXPECT_EQ(to_text({"SN101.acme.example", "_x", "a\\b\n"}),
            "SN101\\.acme\\.example._x.a\\\\b\\010");
}

}  // namespace
}  // namespace fairlead::dns
