// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "device/reason.h"
#include "net/task.h"

namespace fairlead::device {

// A coroutine that ends in a value, or in the reason why a device is not further.
template <class T>
using AttemptTask = boost::asio::awaitable<Attempt<T>>;

}  // namespace fairlead::device
