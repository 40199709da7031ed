// SPDX-License-Identifier: Apache-2.0
// The coroutine type of all drivers. The one header of ours that shows Asio.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/result.h"

namespace fairlead::net {

// A lazily started coroutine that ends in a Result. Parameters are taken by value, or by reference
// to something that plainly outlives the task. Owned by whoever awaits it; tasks without an awaiter
// live in a Loop's task group (loop.h), which is awaited at shutdown.
template <class T>
using Task = boost::asio::awaitable<Result<T>>;

}  // namespace fairlead::net
