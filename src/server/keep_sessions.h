// SPDX-License-Identifier: Apache-2.0
// The form of Sessions that the configuration asks for, and its upkeep.
#pragma once

#include <memory>

#include "base/log.h"
#include "net/loop.h"
#include "server/config.h"
#include "server/registry_sessions.h"

namespace fairlead::server {

std::unique_ptr<Sessions> open_sessions(SessionsIn where, Store& store, keystore::Keystore& keys,
                                        Random& random, Clock clock);

// Drops expired runs every few seconds, until the loop stops. A failure is logged, and it goes on.
net::Task<void> sweep(net::Loop& loop, Sessions& sessions, Log& log);

}  // namespace fairlead::server
