// SPDX-License-Identifier: Apache-2.0
// fdo.download, fdo.upload and fdo.wget: files from and to the owner, inside the working directory.
#pragma once

#include "crypto/hasher.h"
#include "device/modules/modules.h"
#include "device/modules/working_directory.h"

namespace fairlead::device {

// A file on its way to us.
struct Transfer {
  std::string name;
  std::optional<std::uint64_t> length;  // without it the file ends with empty data
  Bytes sha384;                         // empty: not given
  std::unique_ptr<NewFile> file;
  crypto::Hasher hasher{crypto::HashAlg::sha384};
  std::uint64_t received = 0;
};

// o: name tstr, length uint, sha-384 bstr48 (optional), data bstr ... d: done int (the size, or -1)
class DownloadModule final : public fdo::DeviceModule {
 public:
  DownloadModule(const ModuleFacts& facts) : facts_(facts), folder_(facts.work) {}
  std::string_view name() const override { return "fdo.download"; }
  Result<void> receive(std::string_view message, View value, fdo::Outbox& out) override;

 private:
  Result<void> take(View part);  // an error spoils the transfer, not the run
  Result<void> finish();
  void end(Result<void> result, fdo::Outbox& out);

  const ModuleFacts& facts_;
  WorkingDirectory folder_;
  std::optional<Transfer> transfer_;
};

// o: need-sha bool, name tstr; d: length uint, data bstr ..., sha-384 bstr48 if asked
class UploadModule final : public fdo::DeviceModule {
 public:
  UploadModule(const ModuleFacts& facts, ModuleReport& report)
      : facts_(facts), folder_(facts.work), report_(report) {}
  std::string_view name() const override { return "fdo.upload"; }
  Result<void> receive(std::string_view message, View value, fdo::Outbox& out) override;

 private:
  const ModuleFacts& facts_;
  WorkingDirectory folder_;
  ModuleReport& report_;
  bool need_sha_ = false;
};

// o: sha-384 (optional), name tstr, url tstr (starts it); d: done int, or error tstr
class WgetModule final : public fdo::DeviceModule {
 public:
  WgetModule(const ModuleFacts& facts) : facts_(facts), folder_(facts.work) {}
  std::string_view name() const override { return "fdo.wget"; }
  Result<void> receive(std::string_view message, View value, fdo::Outbox& out) override;

 private:
  Result<std::uint64_t> fetch(const std::string& url) const;

  const ModuleFacts& facts_;
  WorkingDirectory folder_;
  std::string name_;
  Bytes sha384_;
};

}  // namespace fairlead::device
