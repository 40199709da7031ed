// SPDX-License-Identifier: Apache-2.0
// Plain TCP connections for protocols that are not HTTP: bounded in number, each with a handler of
// its own, each wait with a deadline. On the loop's thread.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "net/loop.h"

namespace fairlead::net {

class TcpConnection {
 public:
  const std::string& peer() const;  // its address, without port
  // At least one byte, at most `max`. timed_out; io: the peer has closed, or the connection is
  // gone.
  Task<Bytes> read(std::size_t max, Duration limit);
  Task<void> write(Bytes bytes, Duration limit);

  struct Impl;
  explicit TcpConnection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<Impl> impl_;  // shared with timers that may still be queued when it goes
};

struct TcpServerOptions {
  std::string address;     // numeric
  std::uint16_t port = 0;  // 0: of the system's choice
  std::size_t connections_max = 64, connections_per_peer_max = 16;
};

class TcpServer {
 public:
  // Serves one connection, which ends when the handler does; its errors are the handler's to log.
  using Handler = std::function<Task<void>(TcpConnection)>;
  static Result<std::unique_ptr<TcpServer>> listen(Loop& loop, Log& log, TcpServerOptions options,
                                                   Handler handler);
  ~TcpServer();  // closes the listener; connections go on until their handlers end
  std::uint16_t port() const;

 private:
  struct Impl;
  explicit TcpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;  // shared with the accepting coroutine, which may end later
};

}  // namespace fairlead::net
