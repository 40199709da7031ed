// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace fairlead {

// Text with a meaning: a DeviceId can't be passed as an AccountId.
template <class Tag>
class StrongId {
 public:
  StrongId() = default;
  explicit StrongId(std::string value) : value_(std::move(value)) {}
  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend auto operator<=>(const StrongId&, const StrongId&) = default;

 private:
  std::string value_;
};

using AccountId = StrongId<struct AccountTag>;  // the tenant
using DeviceId =
    StrongId<struct DeviceTag>;  // the registry's own name of a device, never a key or serial
using ProfileId = StrongId<struct ProfileTag>;
using UserId = StrongId<struct UserTag>;

}  // namespace fairlead

template <class Tag>
struct std::hash<fairlead::StrongId<Tag>> {
  std::size_t operator()(const fairlead::StrongId<Tag>& id) const {
    return std::hash<std::string>{}(id.str());
  }
};
