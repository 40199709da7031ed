// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/loop.h"
#include "server/metrics.h"
#include "server/sessions.h"
#include "server/store.h"

namespace fairlead::server {

// What is a state and no event: counts of the registry, runs, queues, the time that commits take.
// All references outlive `metrics`' last reader.
void add_gauges(Metrics& metrics, Store& store, const Sessions& sessions, const net::Loop& loop);

}  // namespace fairlead::server
