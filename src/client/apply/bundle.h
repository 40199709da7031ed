// SPDX-License-Identifier: Apache-2.0
// A bundle (local/bundle.h) at the tool and at the server.
#pragma once

#include "client/provision/provision.h"
#include "local/bundle.h"

namespace fairlead::client {

using local::BundleEntry;

// Whether a Grant for this row waits to be delivered: a new Offer in its place would make it
// worthless.
bool holds_undelivered(const std::vector<BundleEntry>& entries, std::string_view row);

// Asks the server for the Grant of an entry that has none. A problem: the server can't be asked;
// what it decided stands in the entry.
Answer<void> exchange(BundleEntry& entry, Api& server);

}  // namespace fairlead::client
