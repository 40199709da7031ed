// SPDX-License-Identifier: Apache-2.0
// What libavahi-client wants of an event loop, on ours. For the .cpp files of this folder.
#pragma once

#include <avahi-common/watch.h>

#include "net/loop.h"

namespace fairlead::link::avahi {

// The functions take `loop` as userdata; it outlives every watch and timeout made with them. All
// happens on the loop's thread.
AvahiPoll poll_on(net::Loop& loop);

}  // namespace fairlead::link::avahi
