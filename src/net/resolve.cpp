// SPDX-License-Identifier: Apache-2.0
// getaddrinfo can't be interrupted and may take half a minute when DNS is silent. It runs on
// threads of its own: neither the loop nor the pool waits for it, and a caller whose limit passes
// simply leaves.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <deque>
#include <mutex>
#include <thread>

#include "base/limits.h"
#include "net/http.h"

namespace fairlead::net {

namespace {

struct Lookup {
  Lookup(Loop& loop, std::string name) : host(std::move(name)), done(loop) {}
  std::string host;
  Completion done;
  std::vector<std::string> addresses;  // written before done, read after
};

std::string text_of(const sockaddr* address, socklen_t size) {
  char text[NI_MAXHOST];
  if (getnameinfo(address, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) return "";
  return text;
}

void look_up(Lookup& lookup) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int problem = getaddrinfo(lookup.host.c_str(), nullptr, &hints, &found);
  if (problem != 0) {
    // EAI_AGAIN: no name server answered; the others say that there is nothing under this name.
    auto code = problem == EAI_NONAME || problem == EAI_NODATA ? Errc::not_found : Errc::io;
    lookup.done.complete(fail(code, "can't resolve " + lookup.host + ": " + gai_strerror(problem)));
    return;
  }
  for (auto* entry = found; entry; entry = entry->ai_next) {
    auto text = text_of(entry->ai_addr, entry->ai_addrlen);
    if (!text.empty() && std::ranges::count(lookup.addresses, text) == 0)
      lookup.addresses.push_back(std::move(text));
  }
  freeaddrinfo(found);
  lookup.done.complete(ok());
}

// Threads exist while there is something to look up. They are detached, since one may hang in
// getaddrinfo beyond the life of its loop; all they touch is shared with them.
class Resolver : public std::enable_shared_from_this<Resolver> {
 public:
  bool submit(std::shared_ptr<Lookup> lookup) {
    std::lock_guard lock(mutex_);
    if (queue_.size() >= limits::resolver_queue_max) return false;
    queue_.push_back(std::move(lookup));
    if (threads_ < limits::resolver_threads_max) {
      ++threads_;
      std::thread([self = shared_from_this()] { self->work(); }).detach();
    }
    return true;
  }

 private:
  void work() {
    for (;;) {
      std::shared_ptr<Lookup> lookup;
      {
        std::lock_guard lock(mutex_);
        if (queue_.empty()) {
          --threads_;
          return;
        }
        lookup = std::move(queue_.front());
        queue_.pop_front();
      }
      look_up(*lookup);
    }
  }

  std::mutex mutex_;
  std::deque<std::shared_ptr<Lookup>> queue_;
  std::size_t threads_ = 0;
};

// One for the process: the threads are about the system's resolver, not about a loop.
Resolver& resolver() {
  static auto one = std::make_shared<Resolver>();
  return *one;
}

}  // namespace

Task<std::vector<std::string>> resolve(Loop& loop, std::string host, Duration limit) {
  boost::system::error_code not_numeric;
  boost::asio::ip::make_address(host, not_numeric);
  if (!not_numeric) co_return std::vector<std::string>{host};
  auto lookup = std::make_shared<Lookup>(loop, host);
  if (!resolver().submit(lookup))
    co_return fail(Errc::busy, "too many host names are being looked up");
  auto waited = co_await lookup->done.wait(limit);
  if (!waited && waited.error().code == Errc::timed_out)
    co_return fail(Errc::timed_out, "no name server answered for " + host);
  if (!waited) co_return fail(std::move(waited).error());
  if (lookup->addresses.empty()) co_return fail(Errc::not_found, "no address is known for " + host);
  co_return lookup->addresses;
}

}  // namespace fairlead::net
