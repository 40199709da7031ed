// SPDX-License-Identifier: Apache-2.0
// fdo.command: runs a program that the device's configuration allows.
#pragma once

#include "device/modules/modules.h"
#include "device/modules/working_directory.h"

namespace fairlead::device {

struct CommandResult {
  int exit_code = 0;  // 128 + signal where one ended it
  Bytes out, err;     // at most 60,000 bytes each; what is more is dropped and said
};
// `arguments[0]` (a full path) in `folder` with a bare environment: at most `limit`, then the whole
// process group is killed, as it is when the object goes. For callers that do something else
// meanwhile.
class RunningCommand {
 public:
  static Result<RunningCommand> start(std::vector<std::string> arguments,
                                      const std::filesystem::path& folder,
                                      std::chrono::seconds limit);
  ~RunningCommand();
  RunningCommand(RunningCommand&&) noexcept;

  // None: it still runs, after `patience`. timed_out: it was killed. Not called again after it
  // ended.
  Result<std::optional<CommandResult>> wait(std::chrono::milliseconds patience);

 private:
  struct Impl;
  explicit RunningCommand(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};
// The same, waiting for its end.
Result<CommandResult> run_command(std::vector<std::string> arguments,
                                  const std::filesystem::path& folder, std::chrono::seconds limit);

// o: command tstr, args, may_fail, return_stdout, return_stderr bool, execute; d: stdout bstr,
// stderr bstr, exitcode int
class CommandModule final : public fdo::DeviceModule {
 public:
  CommandModule(const ModuleFacts& facts, ModuleReport& report)
      : facts_(facts), folder_(facts.work), report_(report) {}
  std::string_view name() const override { return "fdo.command"; }
  Result<void> receive(std::string_view message, View value, fdo::Outbox& out) override;

 private:
  struct Order {
    std::string command;
    std::vector<std::string> args;
    bool may_fail = false, return_stdout = false, return_stderr = false;
  };
  Result<CommandResult> run(const Order& order) const;
  Result<void> execute(Order order, fdo::Outbox& out);

  const ModuleFacts& facts_;
  WorkingDirectory folder_;
  ModuleReport& report_;
  Order order_;
};

}  // namespace fairlead::device
