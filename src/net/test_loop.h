// SPDX-License-Identifier: Apache-2.0
// For this room's tests: a loop on a thread of its own, a log that remembers, and a peer that
// speaks raw bytes.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "net/http.h"

namespace fairlead::net {

// Every wait of a test that goes well ends long before this; one that goes wrong ends here.
inline constexpr std::chrono::seconds test_patience{20};

class MemoryLog final : public Log {
 public:
  void write(const LogEvent& event, std::span<const Field> fields) override {
    std::lock_guard lock(mutex_);
    lines_.push_back(std::string(event.id) + " " + describe(event, fields));
    changed_.notify_all();
  }
  // Waits until an event with this ID was written; "" if none came.
  std::string await(std::string_view id) {
    std::unique_lock lock(mutex_);
    std::string found;
    changed_.wait_for(lock, test_patience, [&] {
      for (const auto& line : lines_)
        if (line.starts_with(std::string(id) + " ")) found = line;
      return !found.empty();
    });
    return found;
  }
  std::string all() {
    std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& line : lines_) out += line + "\n";
    return out;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

// Declared before the servers and clients of a test. Call stop() before those go.
class LoopThread {
 public:
  explicit LoopThread(unsigned workers = 2, std::size_t queue_max = 4096)
      : loop(log, workers, queue_max) {}
  ~LoopThread() { stop(); }

  void start() {
    if (!thread_.joinable()) thread_ = std::thread([this] { loop.run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    loop.stop();
    thread_.join();
  }
  // Runs a task on the loop and waits for what it comes to.
  template <class T>
  Result<T> await(Task<T> task) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto future = promise->get_future();
    loop.spawn("test", deliver(std::move(task), promise));
    start();
    if (future.wait_for(test_patience) != std::future_status::ready)
      return fail(Errc::internal, "the test's task did not end");
    return future.get();
  }
  // Runs a function on the loop thread and waits until it has.
  void on_loop(std::function<void()> work) {
    std::promise<void> done;
    loop.post([&] {
      work();
      done.set_value();
    });
    start();
    done.get_future().wait();
  }

  MemoryLog log;
  Loop loop;

 private:
  template <class T>
  static Task<void> deliver(Task<T> task, std::shared_ptr<std::promise<Result<T>>> promise) {
    auto result = co_await std::move(task);
    promise->set_value(std::move(result));
    co_return ok();
  }
  std::thread thread_;
};

// A client that sends exactly the bytes it is told to, and blocks.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    timeval patience{test_patience.count(), 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  RawPeer(RawPeer&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_) {}
  ~RawPeer() { close(); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  bool connected() const { return connected_; }
  int descriptor() const { return socket_; }

  // False when the server has gone. Never SIGPIPE.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void end_writing() { ::shutdown(socket_, SHUT_WR); }

  // Everything until the server closes.
  std::string read_all() {
    while (read_some()) {
    }
    return std::exchange(received_, "");
  }
  // One answer with Content-Length; what follows stays for the next call.
  std::string read_answer() {
    for (;;) {
      auto end = received_.find("\r\n\r\n");
      if (end != received_.npos) {
        std::size_t body = 0;
        auto length = received_.find("Content-Length: ");
        if (length < end) body = std::stoul(received_.substr(length + 16));
        if (received_.size() >= end + 4 + body) {
          auto answer = received_.substr(0, end + 4 + body);
          received_.erase(0, answer.size());
          return answer;
        }
      }
      if (!read_some()) return std::exchange(received_, "") + "<closed>";
    }
  }

 private:
  bool read_some() {
    char bytes[16 * 1024];
    auto count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  int socket_;
  bool connected_ = false;
  std::string received_;
};

}  // namespace fairlead::net
