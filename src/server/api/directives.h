// SPDX-License-Identifier: Apache-2.0
// Rendezvous directives (FDO 1.1 §3.7) as the API shows and takes them: schema Directive.
#pragma once

#include <boost/json/fwd.hpp>

#include "base/result.h"
#include "fdo/rendezvous.h"

namespace fairlead::server::api {

// Without a wireless network's name and passphrase: a voucher is read by more people than these are
// for.
boost::json::object to_json(const fdo::Directive& directive);
// malformed: names the member. Only http, https and rest are taken.
Result<fdo::Directive> directive_from(const boost::json::object& object);

}  // namespace fairlead::server::api
