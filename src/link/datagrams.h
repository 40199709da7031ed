// SPDX-License-Identifier: Apache-2.0
// UDP sockets that ask and listen. For the .cpp files of this room.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/random.h"
#include "link/interfaces.h"
#include "net/loop.h"

namespace fairlead::link {

using Datagrams = std::shared_ptr<boost::asio::ip::udp::socket>;  // shared with a timer that may
                                                                  // end a wait

// An interface's own address, never any: a socket on any address takes answers from the system's
// client. not_found: there is none.
Result<boost::asio::ip::udp::endpoint> own_endpoint(const std::string& address, std::uint16_t port);
// Bound to this address. `interface`: on that one only; "": on whichever the system chooses.
// refused: this program may not use the port.
Result<Datagrams> open_datagrams(net::Loop& loop, const std::string& interface,
                                 const boost::asio::ip::udp::endpoint& own);

// Takes datagrams until one is `understood`, or until then (false). Each is at most 9,000 bytes;
// what is longer is cut off.
using Understood = std::function<bool(View, const boost::asio::ip::udp::endpoint& from)>;
boost::asio::awaitable<bool> listen(Datagrams socket, std::chrono::steady_clock::time_point until,
                                    Understood understood);

std::uint32_t draw_number(Random& random);

}  // namespace fairlead::link
