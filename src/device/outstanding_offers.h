// SPDX-License-Identifier: Apache-2.0
// Offers that no Grant has answered yet. Somebody may carry one away and bring its Grant days
// later, so they outlast sessions and restarts.
#pragma once

#include <vector>

#include "crypto/hash.h"
#include "device/state_directory.h"

namespace fairlead::device {

inline constexpr std::size_t outstanding_offers_max = 8;  // then the oldest is forgotten

class OutstandingOffers {
 public:
  // What can't be read counts for none: whoever made it makes another Offer.
  static OutstandingOffers load(const StateDirectory& directory);

  Result<void> add(const crypto::Sha256& offer, const StateDirectory& directory);
  Result<void> clear(const StateDirectory& directory);  // a Grant was committed
  const std::vector<crypto::Sha256>& newest_first() const { return offers_; }

 private:
  std::vector<crypto::Sha256> offers_;
};

}  // namespace fairlead::device
