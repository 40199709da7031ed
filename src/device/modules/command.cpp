// SPDX-License-Identifier: Apache-2.0
#include "device/modules/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/events.h"
#include "base/limits.h"

namespace fairlead::device {

using cbor::Reader;
using cbor::Writer;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t output_bytes_max = 60'000, args_max = 64, arg_bytes_max = 1024;
constexpr int not_run = 126;  // the shell's exit code for "can't be executed"

struct Pipe {
  int read = -1, write = -1;
  static Result<Pipe> open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      return fail(Errc::io, std::string("pipe: ") + std::strerror(errno));
    Pipe out;
    out.read = ends[0];
    out.write = ends[1];
    return out;
  }
  Pipe() = default;
  Pipe(Pipe&& other) noexcept
      : read(std::exchange(other.read, -1)), write(std::exchange(other.write, -1)) {}
  Pipe& operator=(Pipe&& other) noexcept {
    std::swap(read, other.read);
    std::swap(write, other.write);
    return *this;
  }
  ~Pipe() {
    close_write();
    close_read();
  }
  void close_write() {
    if (write >= 0) ::close(std::exchange(write, -1));
  }
  void close_read() {
    if (read >= 0) ::close(std::exchange(read, -1));
  }
};

class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

Result<pid_t> start(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                    const Pipe& out, const Pipe& err) {
  SpawnSettings settings;
  posix_spawn_file_actions_addopen(&settings.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&settings.actions, out.write, 1);
  posix_spawn_file_actions_adddup2(&settings.actions, err.write, 2);
  posix_spawn_file_actions_addchdir_np(&settings.actions, folder.c_str());
  sigset_t none, standard;
  sigemptyset(&none);
  sigfillset(&standard);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &standard);
  posix_spawnattr_setpgroup(&settings.attributes,
                            0);  // its own group, so that all of it can be ended
  posix_spawnattr_setflags(&settings.attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> argv;
  for (const std::string& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LANG=C.UTF-8";
  char* environment[] = {path, language, nullptr};
  pid_t child = -1;
  int problem = ::posix_spawn(&child, argv[0], &settings.actions, &settings.attributes, argv.data(),
                              environment);
  if (problem != 0) return fail(Errc::io, arguments[0] + ": " + std::strerror(problem));
  return child;
}

void take_output(Pipe& from, Bytes& to) {
  std::uint8_t part[4096];
  ssize_t count = ::read(from.read, part, sizeof part);
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) return from.close_read();
  // More than we keep is read all the same, so that the program is not held up by a full pipe.
  std::size_t room = output_bytes_max - std::min(to.size(), output_bytes_max);
  append(to, View(part, std::min(static_cast<std::size_t>(count), room)));
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

struct RunningCommand::Impl {
  std::vector<std::string> arguments;
  std::chrono::seconds limit;
  steady_clock::time_point deadline;
  Pipe out, err;
  pid_t child = -1;
  bool ended = false;
  CommandResult result{};

  // The program, if it is late, and whatever it left behind.
  ~Impl() {
    ::kill(-child, SIGKILL);
    if (!ended) ::waitpid(child, nullptr, 0);
  }
  // Ends with the program, not with its pipes: a child of it may keep those open.
  void take(std::chrono::milliseconds patience) {
    std::array<pollfd, 2> wanted{pollfd{out.read, POLLIN, 0}, pollfd{err.read, POLLIN, 0}};
    ::poll(wanted.data(), wanted.size(), static_cast<int>(patience.count()));
    if (wanted[0].revents != 0) take_output(out, result.out);
    if (wanted[1].revents != 0) take_output(err, result.err);
    const bool quiet = wanted[0].revents == 0 && wanted[1].revents == 0;
    int status = 0;
    ended = quiet && ::waitpid(child, &status, WNOHANG) == child;
    if (ended) result.exit_code = exit_code_of(status);
  }
};

RunningCommand::RunningCommand(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunningCommand::RunningCommand(RunningCommand&&) noexcept = default;
RunningCommand::~RunningCommand() = default;

Result<RunningCommand> RunningCommand::start(std::vector<std::string> arguments,
                                             const std::filesystem::path& folder,
                                             std::chrono::seconds limit) {
  TRY(auto out, Pipe::open());
  TRY(auto err, Pipe::open());
  TRY(pid_t child, device::start(arguments, folder, out, err));
  out.close_write();
  err.close_write();
  return RunningCommand(std::make_unique<Impl>(std::move(arguments), limit,
                                               steady_clock::now() + limit, std::move(out),
                                               std::move(err), child));
}

Result<std::optional<CommandResult>> RunningCommand::wait(std::chrono::milliseconds patience) {
  using std::chrono::milliseconds;
  constexpr milliseconds step{20};
  const auto until = steady_clock::now() + patience;
  for (;;) {
    const auto now = steady_clock::now();
    if (now >= impl_->deadline)
      return fail(Errc::timed_out, impl_->arguments[0] + " did not end within " +
                                       std::to_string(impl_->limit.count()) + " s");
    const auto left = std::chrono::duration_cast<milliseconds>(until - now);
    impl_->take(std::clamp(left, milliseconds(0), step));
    if (impl_->ended) return std::optional(std::move(impl_->result));
    if (left <= milliseconds(0)) return std::optional<CommandResult>();
  }
}

Result<CommandResult> run_command(std::vector<std::string> arguments,
                                  const std::filesystem::path& folder, std::chrono::seconds limit) {
  TRY(auto running, RunningCommand::start(std::move(arguments), folder, limit));
  for (;;) {
    TRY(auto ended, running.wait(limit));
    if (ended) return std::move(*ended);
  }
}

namespace {

// args = bstr holding an array of tstr (the text's form), or the bare array (Intel's).
Result<std::vector<std::string>> read_args(Reader& in) {
  Bytes inner;
  if (in.peek() == cbor::Kind::bytes) {
    inner = to_bytes(in.bytes(limits::service_info_value_bytes_max));
    TRY_VOID(in.finish());
    Reader array(inner);
    return read_args(array);
  }
  std::size_t count = in.array_between(0, args_max);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    std::string arg = in.text(arg_bytes_max);
    if (arg.contains('\0')) in.fail_here("an argument has a NUL character");
    out.push_back(std::move(arg));
  }
  return in.finish(std::move(out));
}

}  // namespace

Result<void> CommandModule::receive(std::string_view message, View value, fdo::Outbox& out) {
  Reader in(value);
  if (message == "command") {
    order_ = {};
    order_.command = in.text(arg_bytes_max);
    return in.finish();
  }
  if (message == "args") {
    TRY(order_.args, read_args(in));
    return ok();
  }
  for (auto [name, flag] :
       {std::pair{"may_fail", &Order::may_fail}, std::pair{"return_stdout", &Order::return_stdout},
        std::pair{"return_stderr", &Order::return_stderr}}) {
    if (message != name) continue;
    order_.*flag = in.boolean();
    return in.finish();
  }
  if (message != "execute") return ok();  // sig: by then the program has ended
  if (!in.take_null()) {
    TRY(order_.args, read_args(in));
  }
  TRY_VOID(in.status());
  return execute(std::exchange(order_, {}), out);
}

Result<CommandResult> CommandModule::run(const Order& order) const {
  if (std::ranges::find(facts_.commands, order.command) == facts_.commands.end())
    return fail(Errc::refused,
                "'" + order.command + "' is not among the commands that this device allows");
  TRY_VOID(folder_.make());
  std::vector<std::string> arguments{order.command};
  arguments.insert(arguments.end(), order.args.begin(), order.args.end());
  return run_command(arguments, folder_.path(), facts_.command_seconds_max);
}

Result<void> CommandModule::execute(Order order, fdo::Outbox& out) {
  std::string what = "command " + order.command;
  auto result = run(order);
  CommandResult shown;
  if (result)
    shown = std::move(*result);
  else
    shown = {not_run, {}, to_bytes(result.error().context + "\n")};
  std::string why =
      result ? "exit code " + std::to_string(shown.exit_code) : result.error().context;
  bool good = shown.exit_code == 0;
  if (facts_.log && good) (*facts_.log)(event::device_action, {{"what", what}});
  if (facts_.log && !good)
    (*facts_.log)(event::device_action_failed, {{"what", what}, {"why", why}});
  // FSIM fdo.command: where it may not fail, the device ends TO2.
  if (!good && !order.may_fail) {
    report_.failure = Failure{Reason::action_impossible, what + ": " + why};
    return fail(Errc::refused, what + ": " + why);
  }
  auto push = [&](std::string key, Writer value) { out.push(std::move(key), value.take()); };
  if (order.return_stdout && !shown.out.empty())
    push("fdo.command:stdout", std::move(Writer().bytes(shown.out)));
  if (order.return_stderr && !shown.err.empty())
    push("fdo.command:stderr", std::move(Writer().bytes(shown.err)));
  push("fdo.command:exitcode", std::move(Writer().integer(shown.exit_code)));
  return ok();
}

}  // namespace fairlead::device
