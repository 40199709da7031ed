// SPDX-License-Identifier: Apache-2.0
// Inside of the HTTP server: the open connections, who is idle, who is late, who must make room.
#pragma once

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/http.h"
#include "net/http_reader.h"
#include "net/stream.h"

namespace fairlead::net {

using SteadyTime = std::chrono::steady_clock::time_point;

class ConnectionTable;
class TlsAcceptor;
struct PeerAccount;

struct HttpConnection {
  HttpConnection(Loop& loop, int descriptor, std::string its_peer)
      : stream(loop, descriptor), peer(std::move(its_peer)) {}
  ~HttpConnection();

  using Hook = boost::intrusive::list_member_hook<
      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  Hook in_all;  // hooks leave their lists by themselves
  Hook in_waiting,
      in_waiting_of_peer;  // idle, or in the middle of a request; neither while we work for it

  std::shared_ptr<ConnectionTable> table;  // shared with the server, which may go first
  std::shared_ptr<TlsAcceptor> tls;        // that the stream's session refers to
  PeerAccount* account = nullptr;          // in the table while this connection counts
  Stream stream;
  std::string peer;
  std::string unread;  // received, but not yet consumed: a partial head, or the next request
  std::string head;    // of the answer; kept for its memory
  RequestReader reader;
  SteadyTime deadline = SteadyTime::max();
  bool dropped = false;  // to make room: it ends without a word
  std::function<void()> cancel;
};

template <auto Member>
using ConnectionList = boost::intrusive::list<
    HttpConnection, boost::intrusive::member_hook<HttpConnection, HttpConnection::Hook, Member>,
    boost::intrusive::constant_time_size<false>>;

struct PeerAccount {
  using List = ConnectionList<&HttpConnection::in_waiting_of_peer>;
  std::size_t connections = 0;
  List idle, reading;  // longest first
};

class ConnectionTable : public std::enable_shared_from_this<ConnectionTable> {
 public:
  enum class Room { yes, full, full_for_peer };

  ConnectionTable(std::size_t connections_max, std::size_t per_peer_max)
      : connections_max_(connections_max), per_peer_max_(per_peer_max) {}

  // If that is what it takes, closes the connection that has been idle longest, or else the one
  // that has been longest about sending its request: a slow one is the cheapest way to use up a
  // server.
  Room make_room(const std::string& peer);
  bool close_longest_waiting();
  void enter(HttpConnection& connection);
  void leave(HttpConnection& connection);  // once is enough, twice is harmless
  void set_idle(HttpConnection& connection);
  void set_reading(HttpConnection& connection);
  void set_busy(HttpConnection& connection);

  void interrupt_late(SteadyTime now);
  void cancel_all();
  std::size_t size() const { return size_; }  // from any thread

 private:
  void drop(HttpConnection& connection);

  std::size_t connections_max_, per_peer_max_;
  std::atomic<std::size_t> size_ = 0;
  ConnectionList<&HttpConnection::in_all> all_;
  ConnectionList<&HttpConnection::in_waiting> idle_, reading_;  // longest first
  std::unordered_map<std::string, PeerAccount> peers_;
};

}  // namespace fairlead::net
