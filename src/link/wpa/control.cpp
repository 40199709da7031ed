// SPDX-License-Identifier: Apache-2.0
#include "link/wpa/control.h"

#include <poll.h>
#include <wpa_ctrl.h>

#include "base/limits.h"

namespace fairlead::link::wpa {

namespace {

struct Close {
  void operator()(wpa_ctrl* control) const { wpa_ctrl_close(control); }
};
using WpaCtrl = std::unique_ptr<wpa_ctrl, Close>;

std::string without_line_end(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// "<3>CTRL-EVENT-..." is of priority 3.
std::string without_priority(std::string text) {
  const std::size_t end = text.find('>');
  if (text.starts_with('<') && end != std::string::npos) text.erase(0, end + 1);
  return text;
}

}  // namespace

// wpa_ctrl.h advises two connections, so that no event is taken for an answer.
struct Control::Impl {
  WpaCtrl commands, events;
};

Control::Control(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Control::~Control() = default;

Result<std::unique_ptr<Control>> Control::open(const std::filesystem::path& socket) {
  auto impl = std::make_unique<Impl>();
  impl->commands.reset(wpa_ctrl_open(socket.c_str()));
  impl->events.reset(wpa_ctrl_open(socket.c_str()));
  if (!impl->commands || !impl->events || wpa_ctrl_attach(impl->events.get()) != 0)
    return fail(Errc::io, "wpa_supplicant does not answer at " + socket.string());
  return std::unique_ptr<Control>(new Control(std::move(impl)));
}

Result<std::string> Control::ask(std::string_view command) {
  const std::string name = "wpa_supplicant: " + std::string(command.substr(0, command.find(' ')));
  std::string answer(limits::wifi_reply_bytes_max, '\0');
  std::size_t length = answer.size();
  const int outcome = wpa_ctrl_request(impl_->commands.get(), command.data(), command.size(),
                                       answer.data(), &length, nullptr);
  if (outcome == -2) return fail(Errc::timed_out, name + " was not answered");
  if (outcome != 0) return fail(Errc::io, name + " could not be asked");
  answer.resize(length);
  answer = without_line_end(std::move(answer));
  if (answer.starts_with("FAIL") || answer.starts_with("UNKNOWN COMMAND"))
    return fail(Errc::refused, name + " was refused");
  return answer;
}

Result<void> Control::tell(std::string_view command) {
  TRY(std::string answer, ask(command));
  if (answer != "OK")
    return fail(Errc::refused,
                "wpa_supplicant: " + std::string(command.substr(0, command.find(' '))) +
                    " was answered in an unknown way");
  return ok();
}

Result<std::optional<std::string>> Control::next_event(Duration limit) {
  pollfd waiting{wpa_ctrl_get_fd(impl_->events.get()), POLLIN, 0};
  const int ready = poll(&waiting, 1, static_cast<int>(limit.count()));
  if (ready == 0) return std::optional<std::string>();
  std::string event(limits::wifi_reply_bytes_max, '\0');
  std::size_t length = event.size();
  if (ready < 0 || wpa_ctrl_recv(impl_->events.get(), event.data(), &length) != 0)
    return fail(Errc::io, "wpa_supplicant sends no events any more");
  event.resize(length);
  return std::optional(without_priority(without_line_end(std::move(event))));
}

}  // namespace fairlead::link::wpa
