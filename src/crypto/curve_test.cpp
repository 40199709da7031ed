// SPDX-License-Identifier: Apache-2.0
#include "crypto/curve.h"

#include <gtest/gtest.h>

#include "crypto/system_random.h"
#include "support/random.h"

namespace fairlead::crypto {
namespace {

constexpr Curve curves[] = {Curve::p256, Curve::p384, Curve::p521};

CurveKey fresh(Curve curve) {
  SystemRandom random;
  return generate_curve_key(curve, random).value();
}

// NIST CAVS 14.1, ECC CDH Primitive, P-521, count 0.
TEST(CurveKey, AgreesWithThePublishedExampleOnP521) {
  auto ours = curve_key_from_scalar(
      Curve::p521,
      *from_hex(
          "017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4eac6564f6ee9974c5e68"
          "87a1fefee5743ae2241bfeb95d5ce31ddcb6f9edb4d6fc47"));
  auto theirs = decode_curve_point(
      Curve::p521,
      *from_hex(
          "0400685a48e86c79f0f0875f7bc18d25eb5fc8c0b07e5da4f4370f3a9490340854334b1e1b87fa395464"
          "c60626124a4e70d0f785601d37c09870ebf176666877a2046d01ba52c56fc8776d9e8f5db4f0cc27636d"
          "0b741bbe05400697942e80b739884a83bde99e0f6716939e632bc8986fa18dccd443a348b6c3e5224979"
          "55a4f3c302f676"));
  ASSERT_TRUE(ours && theirs);
  EXPECT_EQ(
      to_hex(shared_x(ours->scalar.reveal(), *theirs).value().reveal()),
      "005fc70477c3e63bc3954bd0df3ea0d1f41ee21746ed95fc5e1fdf90930d5e136672d72cc770742d1711c3c3"
      "a4c334a0ad9759436a4d3c5bf6e74b9578fac148c831");
}

TEST(CurveKey, BothSidesShareOnePoint) {
  for (Curve curve : curves) {
    CurveKey a = fresh(curve), b = fresh(curve);
    auto one = shared_x(a.scalar.reveal(), b.point), other = shared_x(b.scalar.reveal(), a.point);
    ASSERT_TRUE(one && other) << to_string(curve);
    EXPECT_EQ(one->size(), coordinate_bytes(curve));
    EXPECT_EQ(to_hex(one->reveal()), to_hex(other->reveal()));
  }
}

TEST(CurveKey, TheSumOfKeysIsTheKeyOfTheSum) {
  for (Curve curve : curves) {
    CurveKey a = fresh(curve), b = fresh(curve);
    auto scalar = add_scalars(curve, a.scalar.reveal(), b.scalar.reveal());
    ASSERT_TRUE(scalar);
    EXPECT_EQ(curve_key_from_scalar(curve, scalar->reveal()).value().point,
              add_points(a.point, b.point).value());
  }
}

TEST(CurveKey, RefusesScalarsOutsideOfTheGroup) {
  Bytes order = *from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  EXPECT_FALSE(curve_key_from_scalar(Curve::p256, order));
  EXPECT_FALSE(curve_key_from_scalar(Curve::p256, Bytes(32)));
  EXPECT_FALSE(curve_key_from_scalar(Curve::p256, Bytes(31, 1)));
  order.back() -= 1;
  auto last = curve_key_from_scalar(Curve::p256, order);
  ASSERT_TRUE(last);
  Bytes one(32);
  one.back() = 1;
  EXPECT_EQ(add_scalars(Curve::p256, order, one).error().code, Errc::untrusted);
  auto first = curve_key_from_scalar(Curve::p256, one);
  EXPECT_EQ(add_points(last->point, first->point).error().code, Errc::untrusted);
}

TEST(CurvePoint, ComesBackFromBothForms) {
  for (Curve curve : curves) {
    CurvePoint point = fresh(curve).point;
    EXPECT_EQ(decode_curve_point(curve, compressed(point)).value(), point);
    EXPECT_EQ(decode_curve_point(curve, uncompressed(point)).value(), point);
  }
}

TEST(CurvePoint, WhatIsNotOnTheCurveIsRefused) {
  CurvePoint point = fresh(Curve::p256).point;
  Bytes encoded = uncompressed(point);
  encoded.back() ^= 1;
  EXPECT_EQ(decode_curve_point(Curve::p256, encoded).error().code, Errc::untrusted);
  EXPECT_FALSE(decode_curve_point(Curve::p256, Bytes{0}));  // infinity
  EXPECT_FALSE(decode_curve_point(Curve::p256, {}));
  EXPECT_FALSE(decode_curve_point(Curve::p384, compressed(point)));
  Bytes hybrid = uncompressed(point);
  hybrid[0] = static_cast<std::uint8_t>(6 | (point.y.back() & 1));
  EXPECT_FALSE(decode_curve_point(Curve::p256, hybrid));
}

}  // namespace
}  // namespace fairlead::crypto
