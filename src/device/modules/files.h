// SPDX-License-Identifier: Apache-2.0
// fdo.download, fdo.upload and fdo.wget: files from and to the owner, inside the working directory.
#pragma once

#include <atomic>
#include <optional>

#include "crypto/hasher.h"
#include "device/modules/modules.h"
#include "device/modules/working_directory.h"

namespace fairlead::device {

// A file on its way to us: written as it comes, and moved to its name when it is whole and right.
struct Transfer {
  std::string name;
  std::optional<std::uint64_t> length;  // without it the file ends with empty data
  Bytes sha384;                         // empty: not given
  std::optional<NewFile> file;
  crypto::Hasher hasher{crypto::HashAlg::sha384};
  std::uint64_t received = 0;

  Result<void> take(View part, const WorkingDirectory& folder);
  Result<void> finish();
};

// o: name tstr, length uint, sha-384 bstr48 (optional), data bstr ... d: done int (the size, or -1)
class DownloadModule final : public fdo::DeviceModule {
 public:
  DownloadModule(const ModuleFacts& facts) : facts_(facts), folder_(facts.work) {}
  std::string_view name() const override { return "fdo.download"; }
  Result<void> receive(std::string_view message, View value, fdo::Outbox& out) override;

 private:
  Result<void> take(View part);  // an error spoils the transfer, not the run
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
  Result<bool> speak(fdo::Outbox& out) override;

 private:
  struct Sending {
    std::string what;  // "upload of NAME"
    OpenFile file;
    bool need_sha = false;
    crypto::Hasher hasher{crypto::HashAlg::sha384};
    bool begun = false;  // at least one part was sent, if need be an empty one
  };
  // The module has no message for "can't": the run ends, and the reason goes with it.
  std::unexpected<Error> give_up(const std::string& what, const Error& why);

  const ModuleFacts& facts_;
  WorkingDirectory folder_;
  ModuleReport& report_;
  bool need_sha_ = false;
  std::optional<Sending> sending_;
};

// o: sha-384 (optional), name tstr, url tstr (starts it); d: done int, or error tstr
// The fetch goes on beside the run, which polls meanwhile: the owner hears from us all the time.
class WgetModule final : public fdo::DeviceModule {
 public:
  WgetModule(const ModuleFacts& facts) : facts_(facts), folder_(facts.work) {}
  ~WgetModule() override { give_up(); }
  std::string_view name() const override { return "fdo.wget"; }
  Result<void> receive(std::string_view message, View value, fdo::Outbox& out) override;
  Result<bool> speak(fdo::Outbox& out) override;

 private:
  // Shared with the sink, which may run on after this module is gone.
  struct Coming {
    std::atomic<bool> given_up = false;
    Transfer transfer;
  };
  Result<void> start(const std::string& url);
  void end(Result<void> result, fdo::Outbox& out);
  void give_up();

  const ModuleFacts& facts_;
  WorkingDirectory folder_;
  std::string name_, url_;
  Bytes sha384_;
  std::shared_ptr<Coming> coming_;
  std::future<Result<void>> outcome_;  // valid while a fetch goes on
};

}  // namespace fairlead::device
