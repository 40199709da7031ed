// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "crypto/key.h"

namespace fairlead::bench {

// Operations per second on one core, CA and subject keys of one type.
struct IssueRates {
  double sign;  // bare: one signature of a digest, context prepared
  double
      sign_and_verify;    // bare: one signature and one verification: what issuing can't do without
  double template_only;   // Authority::issue_der() for a key that is known already
  double request_to_der;  // decode_csr() with its proof of possession, then issue_der()
  double request_to_certificate;  // the same with issue(), which parses what it made
  double library_builder;         // decode_csr(), then OpenSSL's X509_* and X509V3_* calls
};
// Spends about `seconds` on each. Any failure inside ends the measurement.
Result<IssueRates> measure_issue(crypto::KeyType type, double seconds);

}  // namespace fairlead::bench
