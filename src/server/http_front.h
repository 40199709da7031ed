// SPDX-License-Identifier: Apache-2.0
// HTTP in front of the services: FDO's transport (FDO 1.1 §4.3), the REST API's and EST's.
#pragma once

#include "net/http.h"
#include "server/api/api.h"
#include "server/asking.h"
#include "server/est/service.h"
#include "server/fdo/service.h"
#include "server/revocation.h"

namespace fairlead::server {

// POST /fdo/101/msg/NN, and Offers of devices that ask by themselves; anything else is 404. Work is
// done on the loop's pool; when its queue is full the device hears 503 and comes again.
net::HttpHandler fdo_front(net::Loop& loop, FdoService& service, Asking& asking, Clock clock);
net::HttpHandler est_front(net::Loop& loop, EstService& service, Clock clock);
net::HttpHandler revocation_front(net::Loop& loop, Revocation& revocation, Clock clock);
net::HttpHandler api_front(net::Loop& loop, api::Api& api, Clock clock);

}  // namespace fairlead::server
