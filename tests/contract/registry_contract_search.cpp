// SPDX-License-Identifier: Apache-2.0
// Pages, filters, search.
#include <algorithm>
#include <random>

#include "contract/registry_contract.h"

namespace fairlead::registry::test {
namespace {

std::vector<std::string> ids(const std::vector<Device>& devices) {
  std::vector<std::string> out;
  for (const Device& d : devices) out.push_back(d.id.str());
  return out;
}

// All pages, one after the other.
std::vector<Device> all(Registry& registry, const DeviceFilter& filter, std::size_t limit) {
  std::vector<Device> out;
  Page page{"", limit};
  for (;;) {
    auto some = must(registry.devices(filter, page));
    EXPECT_LE(some.size(), limit);
    if (some.empty()) return out;
    page.after = some.back().id.str();
    out.insert(out.end(), some.begin(), some.end());
  }
}

}  // namespace

TEST_P(RegistryContract, APageAfterSomethingThatIsNoKeyIsRefused) {
  for (const char* after : {"xyz", "abc", "0x12", "a-b-"}) {
    expect_error(registry_->vouchers({}, {after, 10}), Errc::malformed);
    expect_error(registry_->certificates_in(CertificateState::active, {after, 10}),
                 Errc::malformed);
  }
}

TEST_P(RegistryContract, APageHasNoMoreThanAThousand) {
  Transaction many;
  for (int i = 0; i < 1005; ++i) {
    many.push_back(InsertDevice{device(i)});
    many.push_back(InsertVoucher{voucher(i)});
    many.push_back(AppendEvent{event(1, std::to_string(i))});
  }
  must(registry_->write(many));
  EXPECT_EQ(must(registry_->devices({}, {"", 1'000'000})).size(), 1000u);
  EXPECT_EQ(must(registry_->vouchers({}, {"", 1'000'000})).size(), 1000u);
  EXPECT_EQ(must(registry_->events_of(device(1).id, SIZE_MAX)).size(), 1000u);
  EXPECT_EQ(must(registry_->devices({}, {device(999).id.str(), 1000})).size(), 5u);
  EXPECT_TRUE(must(registry_->devices({}, {"", 0})).empty());
  EXPECT_TRUE(must(registry_->vouchers({}, {"", 0})).empty());
}

TEST_P(RegistryContract, PagesGoOnAfterTheLastKeyInByteOrder) {
  Transaction some;
  const std::vector<std::string> in_order = {"A", "Z", "a", "aa", "ab", "b", "z", "ä", "水", "😀"};
  for (const std::string& id : in_order) {
    Device d = device(1);
    d.id = DeviceId(id);
    some.push_back(InsertDevice{d});
  }
  std::ranges::reverse(some);
  keep(some);
  EXPECT_EQ(ids(must(registry_->devices({}, {}))), in_order);
  for (std::size_t limit : {1u, 3u, 10u, 100u})
    EXPECT_EQ(ids(all(*registry_, {}, limit)), in_order) << limit;
  EXPECT_EQ(ids(must(registry_->devices({}, {"aaa", 2}))), (std::vector<std::string>{"ab", "b"}));
}

TEST_P(RegistryContract, VouchersArePagedByGuidAndFiltered) {
  Voucher other_account = voucher(2), handed_over = voucher(3);
  other_account.account = account(2).id;
  handed_over.state = VoucherState::handed_over;
  keep({InsertVoucher{handed_over}, InsertVoucher{voucher(1)}, InsertVoucher{other_account},
        InsertVoucher{voucher(4)}});
  EXPECT_EQ(must(registry_->vouchers({}, {"", 2})), (std::vector{voucher(1), other_account}));
  EXPECT_EQ(must(registry_->vouchers({}, {to_hex(other_account.guid), 2})),
            (std::vector{handed_over, voucher(4)}));
  VoucherFilter filter;
  filter.account = account(1).id;
  EXPECT_EQ(must(registry_->vouchers(filter, {})),
            (std::vector{voucher(1), handed_over, voucher(4)}));
  filter.state = VoucherState::owned;
  EXPECT_EQ(must(registry_->vouchers(filter, {})), (std::vector{voucher(1), voucher(4)}));
  EXPECT_EQ(must(registry_->vouchers(filter, {to_hex(voucher(1).guid), 9})),
            std::vector{voucher(4)});
  filter.serial = voucher(4).serial;
  EXPECT_EQ(must(registry_->vouchers(filter, {})), std::vector{voucher(4)});
  filter.serial = voucher(4).serial.substr(0, 5);  // exact, not a prefix
  EXPECT_TRUE(must(registry_->vouchers(filter, {})).empty());
}

// Whatever else it is asked with: back ends find some states in another way than others.
TEST_P(RegistryContract, VouchersAreFoundByEveryStateThatTheyPassThrough) {
  for (VoucherState state :
       {VoucherState::made, VoucherState::owned, VoucherState::pending, VoucherState::superseded,
        VoucherState::handed_over, VoucherState::replaced}) {
    const int number = static_cast<int>(state);
    Voucher passing = voucher(10 + number);
    passing.state = VoucherState::made;
    keep({InsertVoucher{passing}});
    passing.state = state;
    keep({ReplaceVoucher{passing, VoucherState::made}});
    VoucherFilter filter;
    filter.state = state;
    EXPECT_EQ(must(registry_->vouchers(filter, {})), std::vector{passing}) << number;
    filter.account = passing.account;
    EXPECT_EQ(must(registry_->vouchers(filter, {})), std::vector{passing}) << number;
    filter.device = passing.device;
    EXPECT_EQ(must(registry_->vouchers(filter, {})), std::vector{passing}) << number;
    filter.serial = passing.serial;
    EXPECT_EQ(must(registry_->vouchers(filter, {})), std::vector{passing}) << number;
    filter = {};
    filter.state = state;
    filter.account = account(2).id;
    EXPECT_TRUE(must(registry_->vouchers(filter, {})).empty()) << number;
    EXPECT_TRUE(
        must(registry_->vouchers({{}, VoucherState::made, {}, passing.device}, {})).empty() ||
        state == VoucherState::made)
        << number;
  }
}

TEST_P(RegistryContract, CertificatesOfAStateArePagedBySerial) {
  Transaction some;
  std::vector<Certificate> expected;
  for (int i = 0; i < 7; ++i) {
    Certificate c = certificate(i);
    c.state = i % 2 ? CertificateState::revoked : CertificateState::active;
    c.serial.resize(static_cast<std::size_t>(8 + i));  // serials differ in length
    if (i % 2) expected.push_back(c);
    some.push_back(InsertCertificate{c});
  }
  keep(some);
  std::vector<Certificate> found;
  Page page{"", 1};
  for (;;) {
    auto next = must(registry_->certificates_in(CertificateState::revoked, page));
    if (next.empty()) break;
    page.after = to_hex(next.back().serial);
    found.push_back(next.back());
  }
  EXPECT_EQ(found, expected);
}

TEST_P(RegistryContract, DevicesAreFoundByAPrefixOfAnyText) {
  Device a = device(1), b = device(2), c = device(3);
  a.name = "Pumpe Süd", a.serial = "SN-1", a.device_info = "Sensor",
  a.guid = bytes_of(0x12ab34cd, 16);
  b.name = "sn-lager", b.serial = "X9", b.device_info = "PUMPE", b.guid = bytes_of(0x12ab35cd, 16);
  c.name = "Ärger", c.serial = "12ab", c.device_info = "", c.guid = {};
  keep({InsertDevice{c}, InsertDevice{b}, InsertDevice{a}});
  auto search = [&](const char* text) {
    DeviceFilter filter;
    filter.search = text;
    auto found = ids(must(registry_->devices(filter, {})));
    std::string out;
    for (const std::string& id : found)
      out += id == a.id.str() ? 'a' : id == b.id.str() ? 'b' : 'c';
    return out;
  };
  EXPECT_EQ(search("zzz"), "");
  EXPECT_EQ(search("umpe"), "");  // a prefix, not a part
  EXPECT_EQ(search("pumpe"), "ab");
  EXPECT_EQ(search("PUMPE s"), "a");
  EXPECT_EQ(search("Pumpe Süd"), "a");
  EXPECT_EQ(search("Pumpe Süden"), "");
  EXPECT_EQ(search("SN-"), "ab");
  EXPECT_EQ(search("sn-1"), "a");
  EXPECT_EQ(search("Ärg"), "c");
  EXPECT_EQ(search("12ab"), "abc");
  EXPECT_EQ(search("12AB3"), "ab");
  EXPECT_EQ(search("12ab35cd-a5a5"), "b");
  EXPECT_EQ(search("12ab34"), "a");
  EXPECT_EQ(search("x"), "b");
  EXPECT_EQ(search("-"), "");
  EXPECT_EQ(search(""), "abc");
}

TEST_P(RegistryContract, AGuidOfOnlyOnesBitsIsFoundByItsPrefix) {
  Device last = device(1);
  last.guid = Bytes(16, 0xff);
  last.serial = last.name = last.device_info = "";
  keep({InsertDevice{last}, InsertDevice{device(2)}});
  DeviceFilter filter;
  for (const char* text : {"f", "ff", "fff", "ffffffff-ffff-ffff-ffff-ffffffffffff"}) {
    filter.search = text;
    const auto found = must(registry_->devices(filter, {}));
    EXPECT_EQ(std::ranges::count(ids(found), last.id.str()), 1) << text;
  }
  filter.search = "ffffffff-ffff-ffff-ffff-ffffffffffff00";
  EXPECT_TRUE(must(registry_->devices(filter, {})).empty());
}

// Many enough that a back end may answer frequent and rare texts in different ways; compared with
// plain code.
TEST_P(RegistryContract, SearchAmongManyDevicesFindsWhatPlainComparisonFinds) {
  std::mt19937 random(4711);
  auto draw = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
  std::vector<Device> devices;
  Transaction many;
  for (int i = 0; i < 12'000; ++i) {
    Device d = device(draw(1 << 30));
    d.account = account(draw(3)).id;
    d.profile = profile(draw(2)).id;
    d.state = static_cast<DeviceState>(1 + draw(9));
    d.name = draw(2) ? "pump " + std::to_string(draw(50)) : "Valve";
    d.serial = "SN" + std::to_string(draw(100'000));
    if (std::ranges::any_of(devices, [&](const Device& other) { return other.id == d.id; }))
      continue;
    devices.push_back(d);
    many.push_back(InsertDevice{d});
  }
  must(registry_->write(many));
  std::ranges::sort(devices, {}, [](const Device& d) { return d.id; });

  auto starts = [](std::string text, const std::string& prefix) {
    std::ranges::transform(text, text.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return text.starts_with(prefix);
  };
  for (const std::string prefix :
       {"", "pump", "pump 7", "v", "sn", "sn12", "sn12345", "p", "f\xc3"}) {
    for (int choice = 0; choice < 8; ++choice) {
      DeviceFilter filter;
      filter.search = prefix;
      if (choice & 1) filter.account = account(1).id;
      if (choice & 2) filter.state = DeviceState::online;
      if (choice & 4) filter.profile = profile(1).id;
      std::vector<std::string> expected;
      for (const Device& d : devices)
        if ((!filter.account || d.account == *filter.account) &&
            (!filter.state || d.state == *filter.state) &&
            (!filter.profile || d.profile == *filter.profile) &&
            (starts(d.name, prefix) || starts(d.serial, prefix) || starts(d.device_info, prefix)))
          expected.push_back(d.id.str());
      EXPECT_EQ(ids(all(*registry_, filter, 700)), expected) << prefix << ' ' << choice;
    }
  }
}

}  // namespace fairlead::registry::test
