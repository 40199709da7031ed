// SPDX-License-Identifier: Apache-2.0
#include "link/bluez/bus.h"

#include <poll.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>

namespace fairlead::link {

namespace asio = boost::asio;

namespace {

constexpr const char* bluez = "org.bluez";
// A call that times out is noticed this late at most.
constexpr Duration look_again = std::chrono::seconds(1);
constexpr Duration writing_again = std::chrono::milliseconds(10);

std::uint64_t microseconds(Duration time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

// sd-bus borrows the descriptor to us; it closes it itself.
class Borrowed {
 public:
  Borrowed(asio::io_context& context, int descriptor) : stream_(context, descriptor) {}
  ~Borrowed() { stream_.release(); }
  Borrowed(const Borrowed&) = delete;
  asio::posix::stream_descriptor& operator*() { return stream_; }

 private:
  asio::posix::stream_descriptor stream_;
};

struct Waiting {
  explicit Waiting(net::Loop& loop) : done(loop) {}
  net::Completion done;
  Message reply;
};

int on_reply(sd_bus_message* reply, void* waiting_at, sd_bus_error*) {
  auto* waiting = static_cast<Waiting*>(waiting_at);
  waiting->reply.reset(sd_bus_message_ref(reply));
  waiting->done.complete(ok());
  return 0;
}

int on_signal(sd_bus_message* signal, void* heard_at, sd_bus_error*) {
  (*static_cast<Bus::Heard*>(heard_at))(signal);
  return 0;
}

}  // namespace

Result<BusPtr> open_system_bus() {
  sd_bus* opened = nullptr;
  int done = sd_bus_open_system(&opened);
  if (done < 0) return fail(error_of(done, "the system's message bus (D-Bus)"));
  return BusPtr(opened);
}

Result<Message> bluez_call(sd_bus* bus, const std::string& path, const char* interface,
                           const char* method) {
  sd_bus_message* made = nullptr;
  int done = sd_bus_message_new_method_call(bus, &made, bluez, path.c_str(), interface, method);
  if (done < 0) return fail(error_of(done, "a call to bluetoothd"));
  return Message(made);
}

Error error_of(int negative_errno, std::string_view what) {
  return {Errc::io, std::string(what) + ": " + std::strerror(-negative_errno)};
}

Error error_of(const sd_bus_error& error) {
  std::string name = error.name ? error.name : "";
  std::string words = error.message ? error.message : name;
  // The bus tries to start it where it is not running, and says how that went.
  bool not_started = name.starts_with("org.freedesktop.DBus.Error.Spawn.");
  if (name == SD_BUS_ERROR_SERVICE_UNKNOWN || name == SD_BUS_ERROR_NAME_HAS_NO_OWNER || not_started)
    return {Errc::not_found, "bluetoothd is not running"};
  if (name == SD_BUS_ERROR_UNKNOWN_OBJECT || name == SD_BUS_ERROR_UNKNOWN_METHOD)
    return {Errc::not_found, words};
  if (name == SD_BUS_ERROR_NO_REPLY || name == SD_BUS_ERROR_TIMEOUT)
    return {Errc::timed_out, "bluetoothd does not answer"};
  if (name == SD_BUS_ERROR_ACCESS_DENIED)
    return {Errc::refused, "this user may not talk to bluetoothd: " + words};
  return {Errc::refused, words + " (" + name + ")"};
}

Result<std::unique_ptr<Bus>> Bus::open(net::Loop& loop) {
  TRY(auto bus, open_system_bus());
  return std::unique_ptr<Bus>(new Bus(loop, std::move(bus)));
}

Result<void> Bus::process() {
  for (;;) {
    int done = sd_bus_process(bus_.get(), nullptr);
    if (done < 0) return fail(error_of(done, "the message bus is lost"));
    if (done == 0) return ok();
  }
}

net::Task<void> Bus::wait() {
  Borrowed descriptor(loop_.context(), sd_bus_get_fd(bus_.get()));
  bool unsent = (sd_bus_get_events(bus_.get()) & POLLOUT) != 0;
  asio::steady_timer timer(loop_.context(), unsent ? writing_again : look_again);
  timer.async_wait([&descriptor](const boost::system::error_code& error) {
    if (!error) (*descriptor).cancel();
  });
  auto readable = (*descriptor)
                      .async_wait(asio::posix::stream_descriptor::wait_read,
                                  asio::as_tuple(asio::use_awaitable));
  co_await std::move(readable);
  if (loop_.stopping()) co_return fail(Errc::cancelled, "the loop stops");
  co_return ok();
}

net::Task<void> Bus::run() {
  for (;;) {
    CO_TRY_VOID(process());
    auto waiting = wait();
    CO_TRY_VOID(co_await std::move(waiting));
  }
}

net::Task<Message> Bus::call(Message request, Duration limit) {
  Waiting waiting(loop_);
  sd_bus_slot* sent = nullptr;
  int done =
      sd_bus_call_async(bus_.get(), &sent, request.get(), on_reply, &waiting, microseconds(limit));
  if (done < 0) co_return fail(error_of(done, "the message bus"));
  Slot slot(sent);  // before `waiting` goes
  auto waited = waiting.done.wait(limit + 2 * look_again);
  CO_TRY_VOID(co_await std::move(waited));
  if (const sd_bus_error* error = sd_bus_message_get_error(waiting.reply.get()))
    co_return fail(error_of(*error));
  co_return std::move(waiting.reply);
}

Result<Slot> Bus::match(const std::string& rule, Heard& heard) {
  sd_bus_slot* slot = nullptr;
  int done = sd_bus_add_match_async(bus_.get(), &slot, rule.c_str(), on_signal, nullptr, &heard);
  if (done < 0) return fail(error_of(done, "a match of signals"));
  return Slot(slot);
}

}  // namespace fairlead::link
