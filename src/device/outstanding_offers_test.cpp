// SPDX-License-Identifier: Apache-2.0
#include "device/outstanding_offers.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace fairlead::device {
namespace {

TEST(OutstandingOffers, OutlastARestartAndAreBounded) {
  test::TemporaryDirectory folder;
  auto directory = StateDirectory::open(folder.path() / "state");
  ASSERT_TRUE(directory);
  OutstandingOffers offers = OutstandingOffers::load(*directory);
  EXPECT_TRUE(offers.newest_first().empty());
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(offers.add(crypto::sha256(as_view(std::to_string(i))), *directory));
  auto again = OutstandingOffers::load(*directory);
  ASSERT_EQ(again.newest_first().size(), outstanding_offers_max);
  EXPECT_EQ(again.newest_first().front(), crypto::sha256(as_view("9")));
  ASSERT_TRUE(again.clear(*directory));
  EXPECT_TRUE(OutstandingOffers::load(*directory).newest_first().empty());
}

TEST(OutstandingOffers, WhatCannotBeReadCountsForNone) {
  test::TemporaryDirectory folder;
  auto directory = StateDirectory::open(folder.path() / "state");
  for (std::size_t size : {1ul, 31ul, 33ul, 9 * 32ul}) {
    ASSERT_TRUE(directory->write("offers", Bytes(size, 'x')));
    EXPECT_TRUE(OutstandingOffers::load(*directory).newest_first().empty()) << size;
  }
}

}  // namespace
}  // namespace fairlead::device
