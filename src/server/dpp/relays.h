// SPDX-License-Identifier: Apache-2.0
// Wi-Fi Easy Connect over TCP: access points that relay what devices say over the air (hostapd's
// dpp_controller), and devices that come by themselves. One exchange per connection.
#pragma once

#include "net/tcp_server.h"
#include "server/config.h"
#include "server/dpp/controller.h"

namespace fairlead::server {

class DppRelays {
 public:
  // All outlive this.
  static Result<std::unique_ptr<DppRelays>> listen(net::Loop& loop, Log& log, const Listener& where,
                                                   DppController& controller, Random& random,
                                                   Clock clock);
  std::uint16_t port() const { return server_->port(); }

 private:
  struct Exchange;
  DppRelays(net::Loop& loop, DppController& controller, Random& random, Clock clock)
      : loop_(loop), controller_(controller), random_(random), clock_(std::move(clock)) {}
  net::Task<void> serve(net::TcpConnection connection);

  net::Loop& loop_;
  DppController& controller_;
  Random& random_;
  Clock clock_;
  std::unique_ptr<net::TcpServer> server_;
};

}  // namespace fairlead::server
