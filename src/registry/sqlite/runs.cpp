// SPDX-License-Identifier: Apache-2.0
// Sessions (protocol runs between two messages) and timelines.
#include <algorithm>

#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {
Result<void> read(Statement& row, Session& session) {
  return row.read(session.id, session.state, session.expires);
}

Result<void> read(Statement& row, TimelineEvent& event) {
  return row.read(event.sequence, event.device, event.at, event.id, event.fields);
}

Result<void> apply(Connection& connection, const PutSession& put) {
  const Session& session = put.session;
  return change(connection,
                "INSERT INTO sessions(id, state, expires) VALUES(?, ?, ?)"
                " ON CONFLICT(id) DO UPDATE SET state = excluded.state, expires = excluded.expires",
                session.id, session.state, session.expires)
      .in("session");
}

Result<void> apply(Connection& connection, const RemoveSession& remove) {
  return change(connection, "DELETE FROM sessions WHERE id = ?", remove.id).in("session");
}

Result<void> apply(Connection& connection, const TakeSession& take) {
  return change_one(connection, "is gone, or was continued by someone else",
                    "DELETE FROM sessions WHERE id = ? AND state = ?", take.id, take.state)
      .in("session");
}

Result<void> apply(Connection& connection, const AppendEvent& append) {
  const TimelineEvent& event = append.event;
  return change(connection, "INSERT INTO events(device, at, id, fields) VALUES(?, ?, ?, ?)",
                event.device, event.at, event.id, event.fields)
      .in("timeline event");
}

Result<std::optional<Session>> find_session(Connection& connection, std::string_view id) {
  return find_one<Session>(connection, "SELECT id, state, expires FROM sessions WHERE id = ?", id);
}

Result<std::uint64_t> remove_some_sessions_before(Connection& connection, Time expired) {
  TRY_VOID(change(connection,
                  "DELETE FROM sessions WHERE rowid IN"
                  " (SELECT rowid FROM sessions WHERE expires < ? LIMIT 1000)",
                  expired));
  return connection.changed_rows();
}

Result<std::vector<TimelineEvent>> events_of(Connection& connection, const DeviceId& device,
                                             std::size_t limit) {
  TRY(auto events, find_all<TimelineEvent>(connection,
                                           "SELECT sequence, device, at, id, fields FROM events"
                                           " WHERE device = ? ORDER BY sequence DESC LIMIT ?",
                                           device, rows_of(limit)));
  std::ranges::reverse(events);
  return events;
}

}  // namespace fairlead::registry::sqlite
