// SPDX-License-Identifier: Apache-2.0
#include "net/http_connection.h"

#include <vector>

namespace fairlead::net {

HttpConnection::~HttpConnection() {
  if (table) table->leave(*this);
}

ConnectionTable::Room ConnectionTable::make_room(const std::string& peer) {
  auto account = peers_.find(peer);
  if (account != peers_.end() && account->second.connections >= per_peer_max_) {
    if (account->second.idle.empty()) return Room::full_for_peer;
    close_idle(account->second.idle.front());
  }
  if (size_ >= connections_max_ && !close_longest_idle()) return Room::full;
  return Room::yes;
}

bool ConnectionTable::close_longest_idle() {
  if (idle_.empty()) return false;
  close_idle(idle_.front());
  return true;
}

// Its coroutine wakes up and ends soon; its place is free now.
void ConnectionTable::close_idle(HttpConnection& connection) {
  connection.stream.interrupt();
  leave(connection);
}

void ConnectionTable::enter(HttpConnection& connection) {
  connection.table = shared_from_this();
  connection.account = &peers_[connection.peer];
  ++connection.account->connections;
  ++size_;
  all_.push_back(connection);
}

void ConnectionTable::leave(HttpConnection& connection) {
  if (!connection.account) return;
  set_busy(connection);
  --size_;
  if (--connection.account->connections == 0) peers_.erase(connection.peer);
  connection.account = nullptr;
}

void ConnectionTable::set_idle(HttpConnection& connection) {
  if (!connection.account || connection.in_idle.is_linked()) return;
  idle_.push_back(connection);
  connection.account->idle.push_back(connection);
}

void ConnectionTable::set_busy(HttpConnection& connection) {
  connection.in_idle.unlink();
  connection.in_idle_of_peer.unlink();
}

void ConnectionTable::interrupt_late(SteadyTime now) {
  for (auto& connection : all_)
    if (connection.deadline <= now && !connection.stream.interrupted())
      connection.stream.interrupt();
}

void ConnectionTable::cancel_all() {
  std::vector<std::function<void()>> cancels;  // a cancelled task may end and leave the list
  for (auto& connection : all_) cancels.push_back(connection.cancel);
  for (auto& cancel : cancels)
    if (cancel) cancel();
}

}  // namespace fairlead::net
