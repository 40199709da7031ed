// SPDX-License-Identifier: Apache-2.0
#include "device/resident.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
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

// The program that is started anew says by its exit code what it found.
[[maybe_unused]] const bool first_start = [] {
  if (!::getenv("FAIRLEAD_TEST_BINDING")) return true;
  const bool bound = ::getenv("LD_BIND_NOW") != nullptr;
  bind_libraries_at_start(nullptr);
  ::_exit(bound && !::getenv("LD_BIND_NOW") ? 7 : 8);
}();

[[noreturn]] void start_anew() {
  ::setenv("FAIRLEAD_TEST_BINDING", "1", 1);
  ::unsetenv("LD_BIND_NOW");
  std::string name = "device_test";
  char* argv[] = {name.data(), nullptr};
  bind_libraries_at_start(argv);
  ::_exit(9);
}

TEST(Resident, TheProgramStartsAnewOnceWithItsLibrariesBoundAndHandsThatToNobody) {
  EXPECT_EXIT(start_anew(), testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace fairlead::device
