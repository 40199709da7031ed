// SPDX-License-Identifier: Apache-2.0
// What stands in a voucher, for people: schema VoucherContent.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>

#include "fdo/voucher.h"

namespace fairlead::server::api {

// Whose key it is, as far as this server knows: "this server's owner key"; "" for a stranger's.
using NameKey = std::function<std::string(const crypto::PublicKey&)>;

boost::json::object content_of(const fdo::Voucher& voucher, const NameKey& name);

}  // namespace fairlead::server::api
