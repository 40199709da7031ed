// SPDX-License-Identifier: Apache-2.0
#include "net/http_connection.h"

#include <vector>

namespace fairlead::net {

HttpConnection::~HttpConnection() {
  if (table) table->leave(*this);
}

ConnectionTable::Room ConnectionTable::make_room(const std::string& peer) {
  auto place = peers_.find(peer);
  if (place != peers_.end() && place->second.connections >= per_peer_max_) {
    auto& account = place->second;
    auto& waiting = account.idle.empty() ? account.reading : account.idle;
    if (waiting.empty()) return Room::full_for_peer;
    drop(waiting.front());
  }
  if (size_ >= connections_max_ && !close_longest_waiting()) return Room::full;
  return Room::yes;
}

bool ConnectionTable::close_longest_waiting() {
  auto& waiting = idle_.empty() ? reading_ : idle_;
  if (waiting.empty()) return false;
  drop(waiting.front());
  return true;
}

// Its coroutine wakes up and ends soon; its place is free now.
void ConnectionTable::drop(HttpConnection& connection) {
  connection.dropped = true;
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
  set_busy(connection);
  if (!connection.account) return;
  idle_.push_back(connection);
  connection.account->idle.push_back(connection);
}

void ConnectionTable::set_reading(HttpConnection& connection) {
  set_busy(connection);
  if (!connection.account) return;
  reading_.push_back(connection);
  connection.account->reading.push_back(connection);
}

void ConnectionTable::set_busy(HttpConnection& connection) {
  connection.in_waiting.unlink();
  connection.in_waiting_of_peer.unlink();
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
