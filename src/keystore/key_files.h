// SPDX-License-Identifier: Apache-2.0
// Keys as files of a private directory: `NAME.key`. What is in them is the back end's affair.
#pragma once

#include "keystore/directory.h"
#include "keystore/keystore.h"

namespace fairlead::keystore {

// Durable and atomic as Directory is; every name is checked first.
class KeyFiles {
 public:
  static Result<KeyFiles> open(const std::filesystem::path& directory,
                               Checkpoint checkpoint = {});  // as Directory::open

  Result<void> create(const KeyName& name, View content) const;       // conflict if it is there
  Result<SecretBytes> read(const KeyName& name) const;                // not_found
  Result<void> rename(const KeyName& from, const KeyName& to) const;  // replaces; not_found
  Result<void> remove(const KeyName& name) const;                     // no error if absent
  Result<std::vector<KeyName>> list() const;                          // sorted

  // A file that is no key; its name holds a dot, so it collides with none. Where it is missing it
  // is made of what `make` gives; of several processes, the first one's counts.
  template <class Make>
  Result<SecretBytes> read_or_create(const std::string& file, Make make) const {
    auto found = directory_.read(file);
    if (found || found.error().code != Errc::not_found) return found;
    TRY(SecretBytes fresh, make());
    auto created = directory_.create(file, fresh.reveal());
    if (!created && created.error().code != Errc::conflict) return std::unexpected(created.error());
    return directory_.read(file);
  }
  Result<SecretBytes> read_file(const std::string& file) const { return directory_.read(file); }

 private:
  explicit KeyFiles(Directory directory) : directory_(std::move(directory)) {}

  Directory directory_;
};

}  // namespace fairlead::keystore
