// SPDX-License-Identifier: Apache-2.0
// What is signed in X.509's way: certificates, revocation lists, OCSP answers.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/signer.h"

namespace fairlead::pki {

// AlgorithmIdentifier of ECDSA with the hash that goes with the curve. EC only.
Bytes signature_algorithm(crypto::KeyType key);

// SEQUENCE { to_be_signed, AlgorithmIdentifier, BIT STRING [, more] }; `more`: further elements.
// Fails as the signer fails.
Result<Bytes> sign_der(View to_be_signed, crypto::Signer& key, View more = {});

Bytes generalized_time(Time time);  // whole seconds
Bytes explicit_tag(std::uint8_t n, View element);

}  // namespace fairlead::pki
