// SPDX-License-Identifier: Apache-2.0
#include "link/dns_query.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_directory.h"

namespace fairlead::link {
namespace {

TEST(SystemResolver, ReadsServersAndTheLastDomains) {
  test::TemporaryDirectory folder;
  auto file = (folder.path() / "resolv.conf").string();
  std::ofstream(file) << "# by hand\ndomain old.example\nnameserver 10.77.0.1\n"
                      << "nameserver fd77::1\nnameserver 10.77.0.3\nnameserver 10.77.0.4\n"
                      << "search plant.example. hall.example\noptions edns0\n";
  auto read = system_resolver(file);
  EXPECT_EQ(read.name_servers, (std::vector<std::string>{"10.77.0.1", "fd77::1", "10.77.0.3"}));
  EXPECT_EQ(read.domains, (std::vector<std::string>{"plant.example", "hall.example"}));
  EXPECT_TRUE(system_resolver("/no/such/file").name_servers.empty());
}

}  // namespace
}  // namespace fairlead::link
