// SPDX-License-Identifier: Apache-2.0
#include "keystore/key_files.h"

#include <algorithm>

namespace fairlead::keystore {

namespace {

constexpr std::string_view suffix = ".key";

std::string file_of(const KeyName& name) { return name.str() + std::string(suffix); }

}  // namespace

Result<KeyFiles> KeyFiles::open(const std::filesystem::path& path, Checkpoint checkpoint) {
  TRY(auto directory, Directory::open(path, std::move(checkpoint)));
  return KeyFiles(std::move(directory));
}

Result<void> KeyFiles::create(const KeyName& name, View content) const {
  TRY_VOID(check_name(name));
  return directory_.create(file_of(name), content);
}

Result<SecretBytes> KeyFiles::read(const KeyName& name) const {
  TRY_VOID(check_name(name));
  return directory_.read(file_of(name));
}

Result<void> KeyFiles::rename(const KeyName& from, const KeyName& to) const {
  TRY_VOID(check_name(from));
  TRY_VOID(check_name(to));
  return directory_.rename(file_of(from), file_of(to));
}

Result<void> KeyFiles::remove(const KeyName& name) const {
  TRY_VOID(check_name(name));
  return directory_.remove(file_of(name));
}

Result<std::vector<KeyName>> KeyFiles::list() const {
  TRY(auto files, directory_.list());
  std::vector<KeyName> out;
  for (const std::string& file : files) {
    if (!file.ends_with(suffix)) continue;
    KeyName name(file.substr(0, file.size() - suffix.size()));
    if (check_name(name)) out.push_back(std::move(name));
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace fairlead::keystore
