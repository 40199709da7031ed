// SPDX-License-Identifier: Apache-2.0
// A connected socket, plain or with TLS, as non-blocking reads and writes and one awaitable:
// wait(). OpenSSL works on the descriptor directly, so that an idle TLS connection costs no buffers
// of ours.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "net/loop.h"

namespace fairlead::net {

class TlsSession;

// What a non-blocking operation came to.
struct Io {
  enum class Kind {
    done,        // `count` bytes moved, or the handshake is complete
    wait_read,   // wait(Io::Kind::wait_read), then repeat
    wait_write,  // wait(Io::Kind::wait_write), then repeat
    closed,      // the peer has ended its direction properly
    failed       // `why` says how
  };
  Kind kind = Kind::failed;
  std::size_t count = 0;
  std::string why{};
};

class Stream {
 public:
  // Owns `descriptor`: a connected or connecting, non-blocking TCP socket.
  Stream(Loop& loop, int descriptor);
  ~Stream();  // sends TLS's close_notify if there is room for it, and closes
  Stream(const Stream&) = delete;

  // From here on TLS. handshake() ends with what the TLS session says of the peer.
  void use_tls(std::unique_ptr<TlsSession> session);
  TlsSession* tls() { return tls_.get(); }
  // One side's handshake; the heavy steps (signing, verifying) run on the loop's pool.
  Task<void> handshake();

  Io read(char* into, std::size_t room);
  // Moves some of head, then of body, in one call where the socket allows it.
  Io write(std::string_view head, std::string_view body);
  bool has_buffered() const;  // bytes that a read would give although the socket is not readable

  // Ends with an error when interrupted or cancelled.
  boost::asio::awaitable<std::tuple<boost::system::error_code>> wait(Io::Kind what);
  // Ends a wait that is under way; true from then on until forgive(). Loop thread only.
  void interrupt();
  void forgive() { interrupted_ = false; }
  bool interrupted() const { return interrupted_; }

  void end_writing();  // half-close
  int descriptor() const;

 private:
  struct Impl;
  Loop& loop_;
  std::unique_ptr<Impl> impl_;
  std::unique_ptr<TlsSession> tls_;
  bool interrupted_ = false;
};

}  // namespace fairlead::net
