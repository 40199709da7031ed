// SPDX-License-Identifier: Apache-2.0
#include "tool/project_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "client/plan/project.h"
#include "disk/folder.h"
#include "tool/journal_file.h"
#include "tool/workbook.h"

namespace fairlead::tool {

namespace {

std::unexpected<Error> file_error(const std::string& path) {
  Errc code = errno == ENOENT ? Errc::not_found : Errc::io;
  return fail(code, path + ": " + std::strerror(errno));
}

}  // namespace

client::Problem own_problem(const Error& error) {
  using client::ProblemKind;
  switch (error.code) {
    case Errc::not_found:
      return {ProblemKind::not_found, error.context, {}};
    case Errc::busy:
      return {ProblemKind::busy, error.context, {}};
    default:
      return {ProblemKind::failed, error.context, {}};
  }
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return file_error(path);
  std::string out;
  char buffer[64 * 1024];
  ssize_t count = 0;
  while ((count = ::read(descriptor, buffer, sizeof buffer)) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    out.append(buffer, static_cast<std::size_t>(count));
    if (out.size() > bytes_max) break;
  }
  auto failed = file_error(path);
  ::close(descriptor);
  if (count < 0) return failed;
  if (out.size() > bytes_max)
    return fail(Errc::io, path + ": larger than " + std::to_string(bytes_max >> 20) + " MiB");
  return out;
}

Result<void> replace_file(const std::string& path, std::string_view content, unsigned mode) {
  std::filesystem::path whole(path);
  std::filesystem::path parent = whole.has_parent_path() ? whole.parent_path() : ".";
  disk::Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return file_error(path);
  return disk::write_file(folder.get(), whole.filename().string(), as_view(content),
                          static_cast<mode_t>(mode), disk::IfThere::replace)
      .in(path);
}

Result<ProjectFile> ProjectFile::open(const std::string& path, IfMissing missing) {
  ProjectFile out;
  out.path = path;
  auto text = read_file(path, client::project_bytes_max);
  bool is_new = !text && text.error().code == Errc::not_found;
  if (!text && !(is_new && missing == IfMissing::begin)) return fail(text.error());
  if (text) {
    TRY(out.plan, client::decode_project(*text).in(path));
  }
  TRY(out.history, JournalFile::read(out.journal()));
  return out;
}

Result<void> ProjectFile::save() const {
  return replace_file(path, client::encode_project(plan), 0600);
}

Result<client::Sheet> read_table(const std::string& path, const std::string& sheet_name) {
  TRY(auto content, read_file(path, client::sheet_bytes_max));
  if (is_workbook(as_view(content))) return read_workbook(as_view(content), sheet_name).in(path);
  return client::decode_csv(as_view(content)).in(path);
}

Result<void> write_table(const std::string& path, const std::string& sheet_name,
                         const std::vector<std::vector<std::string>>& rows, unsigned mode) {
  if (path.ends_with(".xlsx")) return write_workbook(path, {{sheet_name, rows}}, mode);
  return replace_file(path, client::encode_csv(rows), mode);
}

}  // namespace fairlead::tool
