// SPDX-License-Identifier: Apache-2.0
#include "codec/dns/services.h"

#include <gtest/gtest.h>

namespace fairlead::dns {
namespace {

const Name type = name_of("_fairlead._tcp.local");

Name instance(const std::string& label) {
  Name out{label};
  out.insert(out.end(), type.begin(), type.end());
  return out;
}

Message answer(std::vector<Record> records) {
  Message out;
  out.response = true;
  out.records = std::move(records);
  return out;
}

Record pointer(const std::string& label, std::uint32_t ttl = 120) {
  return {type, ttl, Pointer{instance(label)}};
}
Record service(const std::string& label, const std::string& host, std::uint16_t port = 8040,
               std::uint16_t priority = 0) {
  return {instance(label), 120, Service{priority, 0, port, name_of(host)}};
}
Record address(const std::string& host, Bytes bytes) {
  return {name_of(host), 120, Address{std::move(bytes)}};
}

TEST(DnsServices, PutsAnInstanceTogetherInWhateverOrderItComes) {
  Services services(type);
  services.on_answer(answer({address("box.local", {10, 77, 0, 2}), service("Hall 2", "box.local"),
                             pointer("Hall 2")}),
                     "10.77.0.9");
  ASSERT_EQ(services.found().size(), 1u);
  auto found = services.found().front();
  EXPECT_EQ(found.instance, "Hall 2");
  EXPECT_EQ(found.host, "box.local");
  EXPECT_EQ(found.port, 8040);
  EXPECT_EQ(found.addresses, (std::vector<std::string>{"10.77.0.9", "10.77.0.2"}));
  EXPECT_TRUE(services.missing().empty());
}

TEST(DnsServices, AsksStepByStepForWhatIsMissing) {
  Services services(type);
  const auto missing = [&] {
    std::vector<Type> out;
    for (const auto& each : services.missing()) out.push_back(each.type);
    return out;
  };
  EXPECT_EQ(missing(), std::vector{Type::ptr});
  services.on_answer(answer({pointer("a")}), "");
  EXPECT_EQ(missing(), std::vector{Type::srv});
  services.on_answer(answer({service("a", "box.local")}), "");
  EXPECT_EQ(missing(), (std::vector{Type::a, Type::aaaa}));
  services.on_answer(answer({address("BOX.local", {10, 77, 0, 2})}), "");
  EXPECT_TRUE(missing().empty());
}

TEST(DnsServices, WithoutAnAddressWhoAnsweredHasOne) {
  Services services(type);
  services.on_answer(answer({pointer("a"), service("a", "box.local")}), "fe80::2%eth0");
  EXPECT_EQ(services.found().front().addresses, std::vector<std::string>{"fe80::2%eth0"});
}

TEST(DnsServices, PassesOverWhatIsNotOfItsServiceOrIsNoHost) {
  Services services(type);
  Record foreign{name_of("_other._tcp.local"), 120, Pointer{instance("x")}};
  Record elsewhere{type, 120, Pointer{name_of("x._other._tcp.local")}};
  services.on_answer(answer({foreign, elsewhere, service("y", "box.local")}), "");
  EXPECT_EQ(services.missing().front().type, Type::ptr);
  Record crooked{instance("a"), 120, Service{0, 0, 8040, Name{"box/../etc", "local"}}};
  services.on_answer(answer({pointer("a"), crooked, pointer("b"), service("b", "box.local", 0)}),
                     "");
  EXPECT_TRUE(services.found().empty());
  auto question = answer({pointer("c"), service("c", "box.local")});
  question.response = false;
  services.on_answer(question, "");
  EXPECT_TRUE(services.found().empty());
}

TEST(DnsServices, AGoodbyeTakesAnInstanceBack) {
  Services services(type);
  services.on_answer(answer({pointer("a"), service("a", "box.local")}), "10.77.0.2");
  services.on_answer(answer({pointer("a", 0)}), "10.77.0.2");
  EXPECT_TRUE(services.found().empty());
  services.on_answer(answer({pointer("a", 0), service("a", "box.local")}), "");
  EXPECT_EQ(services.found().size(), 1u) << "a name server's TTL";
}

TEST(DnsServices, KeepsNoMoreThanItsLimits) {
  Services services(type);
  std::vector<Record> many;
  for (int i = 0; i < 100; ++i) {
    auto label = std::to_string(i);
    many.push_back(pointer(label));
    many.push_back(service(label, "box.local"));
    many.push_back(address("box.local", {10, 0, 0, static_cast<std::uint8_t>(i)}));
  }
  services.on_answer(answer(many), "");
  EXPECT_EQ(services.found().size(), instances_max);
  EXPECT_EQ(services.found().front().addresses.size(), addresses_of_host_max);
}

TEST(DnsServices, TheSmallestPriorityComesFirstAndEqualsByLot) {
  const auto with = [](std::string name, std::uint16_t priority, std::uint16_t weight) {
    Services::Found out;
    out.instance = std::move(name);
    out.priority = priority;
    out.weight = weight;
    return out;
  };
  const auto order = [&](std::uint64_t lot) {
    std::vector<Services::Found> all{with("late", 20, 9), with("light", 10, 0),
                                     with("heavy", 10, 9)};
    order_by_lot(all, [&](std::uint64_t below) { return std::min(lot, below - 1); });
    std::string out;
    for (const auto& each : all) out += each.instance + " ";
    return out;
  };
  EXPECT_EQ(order(0), "light heavy late ");
  EXPECT_EQ(order(1), "heavy light late ");
  EXPECT_EQ(order(99), "heavy light late ");
}

TEST(DnsNames, AListIsReadWholeOrRefused) {
  auto read =
      decode_names(*from_hex("05706c616e74076578616d706c6500"
                             "016100"));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(to_text(read->front()), "plant.example");
  for (auto wrong : {"05706c61", "0161", "c000"})
    EXPECT_FALSE(decode_names(*from_hex(wrong))) << wrong;
  Bytes many;
  for (int i = 0; i < 9; ++i) append(many, *from_hex("016100"));
  EXPECT_FALSE(decode_names(many));
}

}  // namespace
}  // namespace fairlead::dns
