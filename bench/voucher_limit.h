// SPDX-License-Identifier: Apache-2.0
// The ceiling of an import: the signatures of the vouchers themselves, and nothing else, in one
// thread, with digests and contexts prepared: of the device's certificate, and of each entry. A
// chain's authorities count nothing, since they are the same for all.
#pragma once

#include <span>

#include "fdo/voucher.h"

namespace fairlead::bench {

// Vouchers per second of processor time. EC keys only; those with a wrong signature are left out.
Result<double> voucher_limit(std::span<const fdo::Voucher> vouchers, double seconds);

}  // namespace fairlead::bench
