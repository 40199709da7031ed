// SPDX-License-Identifier: Apache-2.0
#include "device/button.h"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/events.h"

namespace fairlead::device {

namespace {

namespace asio = boost::asio;

constexpr Duration again_after = std::chrono::seconds(5);

// Until it is gone (io), or the loop stops (cancelled).
net::Task<void> listen(net::Loop& loop, link::Button& button, std::function<void()> pressed) {
  // A copy: the descriptor is the button's, and Asio closes its own.
  asio::posix::stream_descriptor readable(loop.context(), ::dup(button.descriptor()));
  link::ButtonPresses presses;
  for (;;) {
    auto waiting = readable.async_wait(asio::posix::stream_descriptor::wait_read,
                                       asio::as_tuple(asio::use_awaitable));
    auto waited = co_await std::move(waiting);
    if (std::get<0>(waited)) co_return fail(Errc::cancelled, "told to stop");
    CO_TRY(auto changes, button.changes());
    for (const auto& change : changes)
      if (presses.on(change)) pressed();
  }
}

}  // namespace

net::Task<void> watch_button(net::Loop& loop, Log& log, link::ButtonPlace place, OpenButton open,
                             std::function<void()> pressed) {
  std::string complaint;
  for (;;) {
    auto button = open(place);
    Error why{Errc::io, ""};
    if (button) {
      log(event::device_button_watched, {});
      complaint.clear();
      auto listening = listen(loop, **button, pressed);
      auto listened = co_await std::move(listening);
      why = listened.error();
      if (why.code == Errc::cancelled) co_return ok();
    } else {
      why = button.error();
    }
    if (why.context != complaint) log(event::device_button_failed, {{"why", why.context}});
    complaint = why.context;
    auto sleeping = loop.sleep(again_after);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

}  // namespace fairlead::device
