// SPDX-License-Identifier: Apache-2.0
#include "upstream/broker.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <deque>
#include <system_error>

#include "base/events.h"
#include "net/http.h"

namespace fairlead::upstream {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

constexpr auto start_deadline = seconds(10);
constexpr auto stop_deadline = seconds(5);
constexpr auto poll_period = milliseconds(20);
constexpr auto back_off_min = milliseconds(500);
constexpr auto back_off_max = milliseconds(30'000);
constexpr auto healthy_after = seconds(60);
constexpr std::size_t line_bytes_max = 2048;
constexpr std::size_t last_words_max = 5;

std::string errno_words(int error) { return std::generic_category().message(error); }

std::string exit_words(int status) {
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

// Everything that the child needs is made before fork(): between fork and exec a process with
// threads may only make system calls.
struct Launch {
  std::vector<std::string> words;
  std::vector<char*> arguments;
  std::optional<uid_t> user;
  gid_t group = 0;
  std::vector<gid_t> groups;
};

[[noreturn]] void run_child(const Launch& launch, int output, pid_t parent) {
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path, nullptr};
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  bool well = ::dup2(output, 1) == 1 && ::dup2(output, 2) == 2;
  int null = ::open("/dev/null", O_RDONLY);
  well = well && null >= 0 && ::dup2(null, 0) == 0;
  ::close_range(3, ~0u, 0);
  if (launch.user)
    well = well && ::setgroups(launch.groups.size(), launch.groups.data()) == 0 &&
           ::setgid(launch.group) == 0 && ::setuid(*launch.user) == 0;
  // After the change of user, which would clear it. If the parent is gone already, so are we.
  well = well && ::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && ::getppid() == parent;
  if (well) ::execve(launch.arguments[0], launch.arguments.data(), environment);
  constexpr std::string_view complaint = "Error: the broker program can't be run\n";
  [[maybe_unused]] auto said = ::write(2, complaint.data(), complaint.size());
  ::_exit(127);
}

}  // namespace

struct Broker::Impl {
  Impl(net::Loop& l, Log& g, BrokerOptions o) : loop(l), log(g), options(std::move(o)) {}

  Result<Launch> prepare();
  Result<int> launch();  // the descriptor of its output
  void hear(std::string_view line);
  void take_lines(std::string& pending, bool end);
  bool reap();
  net::Task<void> listen_to_output(int descriptor);
  net::Task<void> wait_for_end();
  net::Task<void> await_listener();
  static net::Task<void> attend(std::shared_ptr<Impl> self, int output);

  net::Loop& loop;
  Log& log;
  BrokerOptions options;
  pid_t pid = -1;
  bool stopping = false;
  bool attended = false;
  bool was_up = false;
  bool says_running = false;
  std::string how_it_ended;
  std::deque<std::string> last_words;
  std::uint64_t starts = 0;
};

Result<Launch> Broker::Impl::prepare() {
  TRY(auto conf, write_broker_conf(options));
  Launch out;
  out.words = {options.program, "-c", conf};
  for (auto& word : out.words) out.arguments.push_back(word.data());
  out.arguments.push_back(nullptr);
  if (::geteuid() == 0 && !options.user.empty() && options.user != "root") {
    const passwd* user = ::getpwnam(options.user.c_str());
    if (!user) return fail(Errc::not_found, "broker: there is no user '" + options.user + "'");
    out.user = user->pw_uid;
    out.group = user->pw_gid;
    int count = 64;
    out.groups.resize(64);
    if (::getgrouplist(options.user.c_str(), user->pw_gid, out.groups.data(), &count) < 0)
      return fail(Errc::internal, "broker: user '" + options.user + "' is in too many groups");
    out.groups.resize(static_cast<std::size_t>(count));
  }
  return out;
}

Result<int> Broker::Impl::launch() {
  TRY(auto prepared, prepare());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Errc::io, "broker: pipe: " + errno_words(errno));
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  auto parent = ::getpid();
  pid = ::fork();
  if (pid == 0) run_child(prepared, ends[1], parent);
  int error = errno;
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    return fail(Errc::io, "broker: fork: " + errno_words(error));
  }
  ++starts;
  says_running = false;
  last_words.clear();
  return ends[0];
}

void Broker::Impl::hear(std::string_view line) {
  if (line.empty()) return;
  if (line.starts_with("mosquitto version") && line.ends_with("running")) says_running = true;
  bool error = line.starts_with("Error:");
  bool warning = line.starts_with("Warning:");
  log(error     ? event::broker_fails
      : warning ? event::broker_warns
                : event::broker_says,
      {{"line", std::string(line)}});
  last_words.emplace_back(line);
  if (last_words.size() > last_words_max) last_words.pop_front();
}

// Hears the whole lines; what is left of a longer one goes on.
void Broker::Impl::take_lines(std::string& pending, bool end) {
  std::size_t from = 0;
  while (true) {
    auto stop = pending.find('\n', from);
    if (stop == std::string::npos) break;
    hear(std::string_view(pending).substr(from, stop - from));
    from = stop + 1;
  }
  pending.erase(0, from);
  if (!end && pending.size() < line_bytes_max) return;
  hear(pending);
  pending.clear();
}

net::Task<void> Broker::Impl::listen_to_output(int descriptor) {
  asio::posix::stream_descriptor output(loop.context(), descriptor);
  std::string pending;
  std::array<char, 4096> piece;
  auto room = asio::buffer(piece);
  auto token = asio::as_tuple(asio::use_awaitable);
  while (true) {
    auto outcome = co_await output.async_read_some(room, token);
    auto error = std::get<0>(outcome);
    pending.append(piece.data(), std::get<1>(outcome));
    take_lines(pending, error.failed());
    if (error == asio::error::operation_aborted)
      co_return fail(Errc::cancelled, "the broker is no longer attended");
    if (error) co_return ok();  // end of file: the child has closed it, by ending
  }
}

bool Broker::Impl::reap() {
  if (pid < 0) return true;
  int status = 0;
  auto ended = ::waitpid(pid, &status, WNOHANG);
  if (ended == 0) return false;
  how_it_ended = ended == pid ? exit_words(status) : "not our child any more";
  pid = -1;
  return true;
}

net::Task<void> Broker::Impl::wait_for_end() {
  while (!reap()) CO_TRY_VOID(co_await loop.sleep(poll_period));
  co_return ok();
}

// From the first start to the end of the broker's life, over all restarts.
net::Task<void> Broker::Impl::attend(std::shared_ptr<Impl> self, int output) {
  auto& log = self->log;
  Duration pause = back_off_min;
  while (true) {
    auto from = steady_clock::now();
    if (output >= 0) {
      CO_TRY_VOID(co_await self->listen_to_output(output));
      CO_TRY_VOID(co_await self->wait_for_end());
      if (self->stopping || !self->was_up) break;
      if (steady_clock::now() - from > healthy_after) pause = back_off_min;
      log(event::broker_ended,
          {{"how", self->how_it_ended}, {"again_in", std::to_string(pause.count()) + " ms"}});
    }
    auto until = steady_clock::now() + pause;
    while (!self->stopping && steady_clock::now() < until)
      CO_TRY_VOID(co_await self->loop.sleep(poll_period));
    pause = std::min<Duration>(pause * 2, back_off_max);
    if (self->stopping) break;
    auto again = self->launch();
    if (!again) log(event::broker_not_started, {{"why", again.error().context}});
    output = again ? *again : -1;
  }
  self->attended = false;
  co_return ok();
}

net::Task<void> Broker::Impl::await_listener() {
  std::string host = options.address;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  Duration limit = start_deadline;
  CO_TRY(auto addresses, co_await net::resolve(loop, host, limit));
  boost::system::error_code error;
  auto address = asio::ip::make_address(addresses.front(), error);
  if (error) co_return fail(Errc::malformed, "broker: address " + options.address);
  asio::ip::tcp::endpoint endpoint(address, options.port);
  auto token = asio::as_tuple(asio::use_awaitable);
  auto until = steady_clock::now() + start_deadline;
  int accepted = 0;
  while (steady_clock::now() < until) {
    if (!attended || pid < 0) {
      std::string words = how_it_ended;
      for (const auto& line : last_words) words += "; " + line;
      co_return fail(Errc::io, "the broker did not start: " + words);
    }
    asio::ip::tcp::socket probe(loop.context());
    auto outcome = co_await probe.async_connect(endpoint, token);
    // Somebody else may listen there, and ours be about to complain of that: its own word counts,
    // or that it is still alive a second later.
    if (!std::get<0>(outcome) && (says_running || ++accepted > 50)) co_return ok();
    CO_TRY_VOID(co_await loop.sleep(poll_period));
  }
  co_return fail(Errc::timed_out, "the broker runs, but does not listen on " + options.address +
                                      " port " + std::to_string(options.port));
}

Broker::Broker(net::Loop& loop, Log& log, BrokerOptions options)
    : impl_(std::make_shared<Impl>(loop, log, std::move(options))) {}

Broker::~Broker() {
  impl_->stopping = true;
  if (impl_->pid < 0) return;
  ::kill(impl_->pid, SIGKILL);
  ::waitpid(impl_->pid, nullptr, 0);
  impl_->pid = -1;
}

net::Task<void> Broker::start() {
  auto self = impl_;
  if (self->attended) co_return fail(Errc::conflict, "the broker runs already");
  self->stopping = false;
  self->was_up = false;
  CO_TRY(auto output, self->launch());
  self->attended = true;
  self->loop.spawn("broker", Impl::attend(self, output));
  auto up = co_await self->await_listener();
  if (!up) {
    self->stopping = true;
    if (self->pid > 0) ::kill(self->pid, SIGKILL);
    co_return fail(std::move(up).error());
  }
  self->was_up = true;
  self->log(event::broker_started, {{"pid", std::to_string(self->pid)},
                                    {"address", self->options.address},
                                    {"port", std::to_string(self->options.port)}});
  co_return ok();
}

net::Task<void> Broker::stop() {
  auto self = impl_;
  self->stopping = true;
  if (self->pid > 0) ::kill(self->pid, SIGTERM);
  auto until = steady_clock::now() + stop_deadline;
  while (self->attended) {  // attend() hears the last words and reaps
    if (self->pid > 0 && steady_clock::now() > until) ::kill(self->pid, SIGKILL);
    CO_TRY_VOID(co_await self->loop.sleep(poll_period));
  }
  self->log(event::broker_stopped, {{"how", self->how_it_ended}});
  co_return ok();
}

Result<void> Broker::reload() {
  if (impl_->pid <= 0 || ::kill(impl_->pid, SIGHUP) == 0) return ok();
  return fail(Errc::io, "broker: it can't be told to reload: " + errno_words(errno));
}

int Broker::pid() const { return impl_->pid; }
std::uint64_t Broker::starts() const { return impl_->starts; }

}  // namespace fairlead::upstream
