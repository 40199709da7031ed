// SPDX-License-Identifier: Apache-2.0
// A program that a test starts and ends, and commands whose answer it wants.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::test {

using Environment = std::vector<std::pair<std::string, std::string>>;  // added to ours

// Runs from construction to destruction; ends with the test program, however that ends.
class ChildProcess {
 public:
  // Looks arguments[0] up in PATH. Output goes to `log`. Throws std::runtime_error if it can't
  // fork.
  ChildProcess(const std::vector<std::string>& arguments, const std::filesystem::path& log,
               const Environment& environment = {});
  ~ChildProcess() { stop(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool running();
  void stop();         // SIGTERM, then SIGKILL after a few seconds; waits for the end
  int wait_for_end();  // its exit status, 128 and more for a signal
  void send(int signal);

 private:
  pid_t pid_ = -1;
  int status_ = 0;
};

struct CommandOutput {
  int status = 0;
  std::string text;  // standard output and error together
};
CommandOutput run_command(const std::vector<std::string>& arguments,
                          const Environment& environment = {});

// Until `done()` or, after some 20 seconds, false.
bool wait_until(const std::function<bool()>& done);

}  // namespace fairlead::test
