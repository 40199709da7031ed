// SPDX-License-Identifier: Apache-2.0
#include "device/resident.h"

#include <gtest/gtest.h>

#include <fstream>

#include "crypto/software_key.h"
#include "support/must.h"

namespace fairlead::device {
namespace {

std::size_t resident_pages() {
  std::ifstream in("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  in >> all >> resident;
  return resident;
}

TEST(Resident, CodeThatIsNotUsedAnyMoreIsLetGoAndComesBackWhereItIs) {
  auto key = test::must(crypto::SoftwareKey::generate(crypto::KeyType::p384));
  auto before = test::must(key->sign(as_view("before")));
  const std::size_t much = resident_pages();
  let_go_of_memory();
  EXPECT_LT(resident_pages(), much);
  EXPECT_TRUE(key->public_key().verify(as_view("before"), before.raw));
  auto after = test::must(key->sign(as_view("after")));
  EXPECT_TRUE(key->public_key().verify(as_view("after"), after.raw));
}

}  // namespace
}  // namespace fairlead::device
