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
  // All outlive the carrier.
  LocalHttp(net::Loop& loop, Log& log, Random& random, LocalDoor& door, ListenAddress listen);

  // An interface that the address names may come later, go, and come back.
  Result<void> offer(bool open) override;
  std::optional<ListenAddress> listening() const;  // with the port that was found

 private:
  net::Task<net::HttpResponse> handle(net::HttpRequest request);
  local::PeerId peer_of(const net::HttpRequest& request, bool& is_new);

  net::Loop& loop_;
  Log& log_;
  Random& random_;
  LocalDoor& door_;
  ListenAddress listen_;
  std::unique_ptr<net::HttpServer> server_;
  unsigned interface_ = 0;  // the number of the one that the address names; 0: none named
};

}  // namespace fairlead::device
