// SPDX-License-Identifier: Apache-2.0
// fairlead: the operator's command line.
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "cli/run.h"
#ifdef FAIRLEAD_BLUEZ
#include "link/bluez/central.h"
#endif
#include "tool/connect.h"
#ifdef FAIRLEAD_LABELS
#include "tool/print/label_pictures.h"
#endif

namespace {

using namespace fairlead;
using namespace fairlead::cli;

constexpr std::size_t secret_bytes_max = 1024;

void write_to(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  if (stream == stderr) std::fflush(stream);
}

std::size_t width_of(int descriptor) {
  winsize size{};
  if (!isatty(descriptor) || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

std::string local_time(Time time) {
  std::time_t seconds = to_unix_seconds(time);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

// Does not show on a terminal what is typed.
class NoEcho {
 public:
  NoEcho() : on_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (on_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (on_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;

 private:
  termios before_{};
  bool on_;
};

Answer<std::string> ask_secret(std::string_view prompt) {
  bool terminal = isatty(STDIN_FILENO);
  if (terminal) write_to(stderr, prompt);
  NoEcho quiet;
  std::string line;
  for (char c = 0; line.size() < secret_bytes_max && ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n';)
    line += c;
  if (terminal) write_to(stderr, "\n");
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return problem(ProblemKind::usage, "no password was given");
  return line;
}

Answer<std::unique_ptr<client::Transport>> connect_to(const World::Target& target) {
  return tool::connect_server({target.server, target.ca, target.plain_http, "or say --plain-http"});
}

volatile std::sig_atomic_t interrupted = 0;
void interrupt(int signal) {
  interrupted = 1;
  std::signal(signal, SIG_DFL);
}

// A command that asks ends with what it has at hand; a second signal ends it at once. One that
// never asks is ended by the first.
bool go_on() {
  static const bool asked = [] {
    std::signal(SIGINT, interrupt);
    std::signal(SIGTERM, interrupt);
    return true;
  }();
  return asked && interrupted == 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  tzset();
  World world{.console = {.out = [](std::string_view text) { write_to(stdout, text); },
                          .err = [](std::string_view text) { write_to(stderr, text); },
                          .ask_secret = ask_secret,
                          .width = width_of(STDOUT_FILENO),
                          .err_is_terminal = isatty(STDERR_FILENO) != 0,
                          .local_time = local_time},
              .clock = system_clock(),
              .wait = [](Duration time) { std::this_thread::sleep_for(time); },
              .environment =
                  [](const std::string& name) {
                    const char* value = std::getenv(name.c_str());
                    return std::string(value ? value : "");
                  },
              .connect = connect_to,
              .go_on = go_on};
#ifdef FAIRLEAD_BLUEZ
  world.bluetooth = tool::bluetooth_by(link::open_bluez_central);
#endif
#ifdef FAIRLEAD_LABELS
  world.draw_labels = tool::draw_labels;
#endif
  std::vector<std::string> words(argv + 1, argv + argc);
  ExitCode code = run(world, words);
  // Results that could not be written are not delivered.
  if (std::fflush(stdout) != 0 && code == ExitCode::ok) code = ExitCode::failed;
  return static_cast<int>(code);
}
