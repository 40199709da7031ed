// SPDX-License-Identifier: Apache-2.0
// Points and scalars of the NIST curves, for protocols that compute with them: ECDH, Wi-Fi Easy
// Connect. Keys that sign and verify are in key.h and signer.h.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/hash.h"

namespace fairlead::crypto {

enum class Curve { p256, p384, p521 };

std::string_view to_string(Curve curve);  // "P-256"
constexpr std::size_t coordinate_bytes(Curve curve) {
  return curve == Curve::p256 ? 32 : curve == Curve::p384 ? 48 : 66;
}
constexpr HashAlg hash_for(Curve curve) {
  return curve == Curve::p256   ? HashAlg::sha256
         : curve == Curve::p384 ? HashAlg::sha384
                                : HashAlg::sha512;
}

// On the curve, never at infinity; coordinates of full width, big-endian.
struct CurvePoint {
  Curve curve = Curve::p256;
  Bytes x, y;
  friend bool operator==(const CurvePoint&, const CurvePoint&) = default;
};
// 04‖x‖y, 02‖x or 03‖x (SEC 1 §2.3.4). untrusted: not a point of this curve, or infinity.
Result<CurvePoint> decode_curve_point(Curve curve, View encoded);
Bytes compressed(const CurvePoint& point);
Bytes uncompressed(const CurvePoint& point);

struct CurveKey {
  SecretBytes scalar;  // full width, big-endian, in [1, n-1]
  CurvePoint point;
  CurveKey clone() const { return {scalar.clone(), point}; }
};
Result<CurveKey> generate_curve_key(Curve curve, Random& random);
Result<CurveKey> curve_key_from_scalar(Curve curve, View scalar);  // malformed: outside [1, n-1]

// 04‖x‖y; shorter coordinates are padded. Not looked at: whether it lies on the curve.
Result<Bytes> uncompressed(Curve curve, View x, View y);

// The x coordinate of scalar * point, of full width. untrusted: infinity.
Result<SecretBytes> shared_x(View scalar, const CurvePoint& point);
// The same with a stranger's point, 04‖x‖y. malformed: it is not on the curve.
Result<SecretBytes> shared_x(Curve curve, View scalar, View encoded_point);
// (a + b) mod n, of full width. untrusted: 0.
Result<SecretBytes> add_scalars(Curve curve, View a, View b);
// Both of one curve. untrusted: infinity.
Result<CurvePoint> add_points(const CurvePoint& a, const CurvePoint& b);

}  // namespace fairlead::crypto
