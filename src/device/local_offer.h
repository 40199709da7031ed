// SPDX-License-Identifier: Apache-2.0
// What a device that is provisioned from beside it does with its key, its Offer and its Grant. All
// may block.
#pragma once

#include "device/identity.h"
#include "device/initialize.h"
#include "local/door.h"

namespace fairlead::device {

struct LocalFacts {
  std::string serial, model, product_uri, firmware;
  crypto::KeyType key_type = crypto::KeyType::p256;
  std::string fingerprint{};  // of the key from the factory, in hex; empty: none
};

struct LocalOffer {
  Bytes document;
  std::string unproven_because;  // as WrittenOffer's
  crypto::Sha256 hash;
};
// With the key that the next identity will have: the same for every Offer until one is committed.
Result<LocalOffer> make_local_offer(Workshop& shop, const LocalFacts& facts,
                                    const std::optional<Identity>& identity,
                                    const enroll::OfferNonce& nonce);

// The identity that the Grant, which answers one of `offers`, would make of the device. Trust comes
// with the session: whoever proved the code says whose key signed it.
Result<Identity> accept_local_grant(Workshop& shop, const LocalFacts& facts,
                                    const std::optional<Identity>& identity,
                                    const std::vector<crypto::Sha256>& offers,
                                    const local::CheckGrant& grant, bool clock_plausible);

}  // namespace fairlead::device
