// SPDX-License-Identifier: Apache-2.0
// Local provisioning over HTTP (docs/wire/local.md): there is a listener while the door is open,
// and none else; a provisioned device has nothing to knock at.
#pragma once

#include <memory>

#include "device/local_carrier.h"
#include "device/local_door.h"
#include "net/http.h"

namespace fairlead::device {

class LocalHttp final : public LocalCarrier {
 public:
  // `listen` as "0.0.0.0:8080". All outlive the carrier.
  LocalHttp(net::Loop& loop, Log& log, Random& random, LocalDoor& door, std::string listen);

  Result<void> offer(bool open) override;

 private:
  net::Task<net::HttpResponse> handle(net::HttpRequest request);
  local::PeerId peer_of(const net::HttpRequest& request, bool& is_new);

  net::Loop& loop_;
  Log& log_;
  Random& random_;
  LocalDoor& door_;
  std::string listen_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace fairlead::device
