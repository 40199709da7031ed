// SPDX-License-Identifier: Apache-2.0
#include "support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "support/temporary_directory.h"

namespace fairlead::test {

namespace {

constexpr auto patience = std::chrono::seconds(20);
constexpr auto beat = std::chrono::milliseconds(5);

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments,
                           const std::filesystem::path& log, const Environment& environment) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  int in = ::open("/dev/null", O_RDONLY);
  if (out < 0 || in < 0 || ::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(out, 2) < 0)
    ::_exit(126);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

bool ChildProcess::running() {
  if (pid_ < 0) return false;
  if (::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

void ChildProcess::send(int signal) {
  if (running()) ::kill(pid_, signal);
}

void ChildProcess::stop() {
  send(SIGTERM);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (running()) {
    if (std::chrono::steady_clock::now() > until) send(SIGKILL);
    std::this_thread::sleep_for(beat);
  }
}

int ChildProcess::wait_for_end() {
  while (pid_ > 0)
    if (::waitpid(pid_, &status_, 0) == pid_) pid_ = -1;
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

CommandOutput run_command(const std::vector<std::string>& arguments,
                          const Environment& environment) {
  TemporaryDirectory folder;
  auto log = folder.path() / "output";
  CommandOutput out;
  out.status = ChildProcess(arguments, log, environment).wait_for_end();
  std::ifstream in(log, std::ios::binary);
  out.text.assign(std::istreambuf_iterator<char>(in), {});
  return out;
}

bool wait_until(const std::function<bool()>& done) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(beat);
  }
  return true;
}

}  // namespace fairlead::test
