// SPDX-License-Identifier: Apache-2.0
// file "offers" = SHA-256 *8: newest first, 32 bytes each
#include "device/outstanding_offers.h"

namespace fairlead::device {

namespace {
const std::string file_name = "offers";
}

OutstandingOffers OutstandingOffers::load(const StateDirectory& directory) {
  OutstandingOffers out;
  auto content = directory.read(file_name);
  if (!content || !*content) return out;
  View rest = **content;
  constexpr std::size_t size = crypto::Sha256::size_bytes;
  if (rest.size() % size != 0 || rest.size() > size * outstanding_offers_max) return out;
  for (; !rest.empty(); rest = rest.subspan(size))
    out.offers_.push_back(*crypto::Sha256::from(rest.first(size)));
  return out;
}

Result<void> OutstandingOffers::add(const crypto::Sha256& offer, const StateDirectory& directory) {
  std::erase(offers_, offer);
  offers_.insert(offers_.begin(), offer);
  if (offers_.size() > outstanding_offers_max) offers_.pop_back();
  Bytes content;
  for (const crypto::Sha256& each : offers_) append(content, each);
  return directory.write(file_name, content);
}

Result<void> OutstandingOffers::clear(const StateDirectory& directory) {
  offers_.clear();
  return directory.remove(file_name);
}

}  // namespace fairlead::device
