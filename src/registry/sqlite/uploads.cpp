// SPDX-License-Identifier: Apache-2.0
// Files that devices leave: in parts while they come, then whole.
#include "registry/sqlite/statements.h"

namespace fairlead::registry::sqlite {
Result<void> read(Statement& row, Upload& upload) {
  return row.read(upload.device, upload.name, upload.size, upload.sha384, upload.at);
}

Result<void> read(Statement& row, UploadPart& part) { return row.read(part.offset, part.content); }

Result<void> apply(Connection& connection, const PutUploadPart& put) {
  return change(connection,
                "INSERT INTO upload_parts(device, offset, content) VALUES(?, ?, ?)"
                " ON CONFLICT(device, offset) DO UPDATE SET content = excluded.content",
                put.device, put.part.offset, put.part.content)
      .in("part of an upload");
}

Result<void> apply(Connection& connection, const RemoveUploadParts& remove) {
  return change(connection, "DELETE FROM upload_parts WHERE device = ?", remove.device)
      .in("parts of an upload");
}

Result<void> apply(Connection& connection, const PutUpload& put) {
  const Upload& upload = put.upload;
  return change(connection,
                "INSERT INTO uploads(device, name, sha384, at, content) VALUES(?, ?, ?, ?, ?)"
                " ON CONFLICT(device, name) DO UPDATE SET sha384 = excluded.sha384,"
                " at = excluded.at, content = excluded.content",
                upload.device, upload.name, upload.sha384, upload.at, put.content)
      .in("upload");
}

Result<void> apply(Connection& connection, const RemoveUpload& remove) {
  return change(connection, "DELETE FROM uploads WHERE device = ? AND name = ?", remove.device,
                remove.name)
      .in("upload");
}

Result<std::vector<UploadPart>> upload_parts_of(Connection& connection, const DeviceId& device) {
  return find_all<UploadPart>(
      connection, "SELECT offset, content FROM upload_parts WHERE device = ? ORDER BY offset",
      device);
}

Result<std::vector<Upload>> uploads_of(Connection& connection, const DeviceId& device) {
  return find_all<Upload>(connection,
                          "SELECT device, name, length(content), sha384, at FROM uploads"
                          " WHERE device = ? ORDER BY name",
                          device);
}

Result<std::optional<Bytes>> find_upload_content(Connection& connection, const DeviceId& device,
                                                 std::string_view name) {
  return find_one<Bytes>(connection, "SELECT content FROM uploads WHERE device = ? AND name = ?",
                         device, name);
}

}  // namespace fairlead::registry::sqlite
