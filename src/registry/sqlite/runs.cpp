// SPDX-License-Identifier: Apache-2.0
// Sessions (protocol runs between two messages) and timelines.
#include <algorithm>

#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {
Result<void> read(Statement& row, Session& session) {
  return row.read(session.id, session.state, session.expires);
}

Result<void> read(Statement& row, TimelineEvent& event) {
  TRY_VOID(row.read(event.sequence, event.device, event.at, event.id, event.fields, event.times,
                    event.last));
  event.last = std::max(event.last, event.at);
  return ok();
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

namespace {

Result<bool> counted_at_newest(Connection& connection, const TimelineEvent& event) {
  TRY_VOID(change(connection,
                  "UPDATE events SET times = times + 1, last = ?1 WHERE sequence ="
                  " (SELECT max(sequence) FROM events WHERE device = ?2) AND id = ?3"
                  " AND fields = ?4",
                  event.at, event.device, event.id, event.fields));
  return connection.changed_rows() > 0;
}

Result<void> shorten_timeline(Connection& connection, const DeviceId& device) {
  TRY(auto beyond, find_one<std::int64_t>(
                       connection, "SELECT sequence FROM events WHERE device = ? LIMIT 1 OFFSET ?",
                       device, std::int64_t{timeline_entries_max}));
  if (!beyond) return ok();
  return change(connection,
                "DELETE FROM events WHERE sequence = (SELECT min(sequence) FROM events"
                " WHERE device = ?1 AND id = (SELECT id FROM events WHERE device = ?1"
                " GROUP BY id ORDER BY count(*) DESC, min(sequence) LIMIT 1))",
                device);
}

Result<void> append_to_timeline(Connection& connection, const TimelineEvent& event) {
  TRY(bool counted, counted_at_newest(connection, event));
  if (counted) return ok();
  TRY_VOID(change(connection, "INSERT INTO events(device, at, id, fields) VALUES(?, ?, ?, ?)",
                  event.device, event.at, event.id, event.fields));
  return shorten_timeline(connection, event.device);
}

}  // namespace

Result<void> apply(Connection& connection, const AppendEvent& append) {
  return append_to_timeline(connection, append.event).in("timeline event");
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
                                           "SELECT sequence, device, at, id, fields, times,"
                                           " last FROM events"
                                           " WHERE device = ? ORDER BY sequence DESC LIMIT ?",
                                           device, rows_of(limit)));
  std::ranges::reverse(events);
  return events;
}

}  // namespace fairlead::registry::sqlite
