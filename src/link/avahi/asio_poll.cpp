// SPDX-License-Identifier: Apache-2.0
#include "link/avahi/asio_poll.h"

#include <avahi-common/timeval.h>
#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace asio = boost::asio;
using boost::system::error_code;

// One of our own descriptors per watch, since Avahi may watch one descriptor twice and an event
// loop takes it once.
struct AvahiWatch {
  AvahiWatch(asio::io_context& context, int watched, AvahiWatchCallback call, void* with)
      : ready(context), descriptor(watched), callback(call), userdata(with) {
    int own = ::fcntl(watched, F_DUPFD_CLOEXEC, 0);
    error_code ignored;
    if (own >= 0) ready.assign(own, ignored);
  }

  asio::posix::stream_descriptor ready;
  int descriptor;  // Avahi's
  AvahiWatchCallback callback;
  void* userdata;
  int wanted = 0, happening = 0;
  unsigned round = 0;  // of update(): a wait of an earlier one is of no interest
  bool freed = false;
  std::shared_ptr<AvahiWatch> self{};  // until it is freed; a wait that is under way owns it too
};

struct AvahiTimeout {
  AvahiTimeout(asio::io_context& context, AvahiTimeoutCallback call, void* with)
      : timer(context), callback(call), userdata(with) {}

  asio::steady_timer timer;
  AvahiTimeoutCallback callback;
  void* userdata;
  bool freed = false;
  std::shared_ptr<AvahiTimeout> self{};
};

namespace fairlead::link::avahi {

namespace {

asio::io_context& context_of(const AvahiPoll* api) {
  return static_cast<net::Loop*>(api->userdata)->context();
}

void wait_for(const std::shared_ptr<AvahiWatch>& watch);

void on_ready(const std::shared_ptr<AvahiWatch>& watch) {
  pollfd now{watch->descriptor, static_cast<short>(watch->wanted), 0};
  if (::poll(&now, 1, 0) > 0) {
    watch->happening = now.revents;
    watch->callback(watch.get(), watch->descriptor, static_cast<AvahiWatchEvent>(now.revents),
                    watch->userdata);
    watch->happening = 0;
  }
  // A peer that hung up stays "ready" for ever; Avahi has been told, and frees the watch.
  if (!watch->freed && (now.revents & (POLLHUP | POLLERR | POLLNVAL)) == 0) wait_for(watch);
}

void wait_for(const std::shared_ptr<AvahiWatch>& watch) {
  unsigned round = ++watch->round;
  error_code ignored;
  if (!watch->ready.is_open()) return;
  watch->ready.cancel(ignored);
  auto when_ready = [watch, round](error_code error) {
    if (!error && !watch->freed && round == watch->round) on_ready(watch);
  };
  using Descriptor = asio::posix::stream_descriptor;
  if ((watch->wanted & POLLIN) != 0) watch->ready.async_wait(Descriptor::wait_read, when_ready);
  if ((watch->wanted & POLLOUT) != 0) watch->ready.async_wait(Descriptor::wait_write, when_ready);
}

void watch_update(AvahiWatch* watch, AvahiWatchEvent event) {
  watch->wanted = event;
  wait_for(watch->self);
}

AvahiWatch* watch_new(const AvahiPoll* api, int descriptor, AvahiWatchEvent event,
                      AvahiWatchCallback callback, void* userdata) {
  auto made = std::make_shared<AvahiWatch>(context_of(api), descriptor, callback, userdata);
  made->self = made;
  watch_update(made.get(), event);
  return made.get();
}

AvahiWatchEvent watch_get_events(AvahiWatch* watch) {
  return static_cast<AvahiWatchEvent>(watch->happening);
}

void watch_free(AvahiWatch* watch) {
  auto last = std::move(watch->self);
  last->freed = true;
  error_code ignored;
  last->ready.close(ignored);
}

void timeout_update(AvahiTimeout* timeout, const timeval* at) {
  timeout->timer.cancel();
  if (!at) return;
  auto left = std::max<AvahiUsec>(-avahi_age(at), 0);  // `at` is of the wall clock
  timeout->timer.expires_after(std::chrono::microseconds(left));
  timeout->timer.async_wait([timeout = timeout->self](error_code error) {
    if (!error && !timeout->freed) timeout->callback(timeout.get(), timeout->userdata);
  });
}

AvahiTimeout* timeout_new(const AvahiPoll* api, const timeval* at, AvahiTimeoutCallback callback,
                          void* userdata) {
  auto made = std::make_shared<AvahiTimeout>(context_of(api), callback, userdata);
  made->self = made;
  timeout_update(made.get(), at);
  return made.get();
}

void timeout_free(AvahiTimeout* timeout) {
  auto last = std::move(timeout->self);
  last->freed = true;
  last->timer.cancel();
}

}  // namespace

AvahiPoll poll_on(net::Loop& loop) {
  return {&loop,      watch_new,   watch_update,   watch_get_events,
          watch_free, timeout_new, timeout_update, timeout_free};
}

}  // namespace fairlead::link::avahi
