// SPDX-License-Identifier: Apache-2.0
// Certificate revocation lists (RFC 5280 §5): whole ones, version 2.
#pragma once

#include <cstdint>
#include <vector>

#include "pki/authority.h"

namespace fairlead::pki {

inline constexpr std::size_t revoked_certificates_max = 250'000;  // in a list: some 10 MB

struct RevokedCertificate {
  Bytes serial;  // big-endian
  Time at{};
};

struct RevocationList {
  std::uint64_t number = 0;           // RFC 5280 §5.2.3: larger than that of every list before
  Time this_update{}, next_update{};  // whole seconds count
  std::vector<RevokedCertificate> revoked;  // any order
};

// DER, signed by the authority. refused: more than revoked_certificates_max, or a list that
// would end before it begins. Fails as the signer fails.
Result<Bytes> encode_revocation_list(const RevocationList& list, const Authority& authority);

}  // namespace fairlead::pki
