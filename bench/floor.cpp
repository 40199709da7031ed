// SPDX-License-Identifier: Apache-2.0
#include "floor.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <unordered_map>

#include "in_parallel.h"
#include "server_process.h"

namespace fairlead::bench {

namespace {

constexpr std::string_view mark = "--as-the-floor";

// An answer of `size` bytes, head and all, that HttpLine can read.
std::string answer_of(std::size_t size) {
  auto head = [](std::size_t body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body) + "\r\n\r\n";
  };
  std::size_t body = size;
  while (body > 0 && head(body).size() + body > size) --body;
  return head(body) + std::string(body, 'x');
}

class FloorServer {
 public:
  explicit FloorServer(const FloorLoad& load)
      : crypto_(load.key_type, load.with_offer ? with_grant : without_grant,
                static_cast<unsigned>(load.exchanges.size())) {
    for (const auto& sizes : load.exchanges)
      steps_.push_back({sizes.sent, answer_of(sizes.received)});
  }

  bool listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, SOMAXCONN) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      return false;
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return watch(listener_);
  }

  int run() {
    std::array<epoll_event, 64> events;
    for (;;) {
      int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        if (events[static_cast<std::size_t>(i)].data.fd == listener_)
          accept();
        else if (!serve(events[static_cast<std::size_t>(i)].data.fd))
          return 1;
      }
    }
  }

 private:
  struct Step {
    std::size_t request_bytes;
    std::string answer;
  };
  struct Connection {
    std::size_t step = 0, received = 0;
  };

  bool watch(int socket) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0;
  }

  void accept() {
    int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    connections_[socket] = {};
    watch(socket);
  }

  // False: an operation of OpenSSL failed, or an answer did not go out: no figure then.
  bool serve(int socket) {
    auto count = ::recv(socket, buffer_.data(), buffer_.size(), 0);
    Connection& connection = connections_[socket];
    if (count <= 0 || connection.step == steps_.size()) {
      ::close(socket);
      return true;
    }
    connection.received += static_cast<std::size_t>(count);
    const Step& step = steps_[connection.step];
    if (connection.received < step.request_bytes) return true;
    connection.received = 0;
    if (connection.step++ == 0 && !crypto_.onboarding()) return false;
    // A line reads before it sends again, so there is always room for one answer.
    return ::send(socket, step.answer.data(), step.answer.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(step.answer.size());
  }

  CryptoLimit crypto_;
  std::vector<Step> steps_;
  int listener_ = -1, epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::unordered_map<int, Connection> connections_;
  std::array<char, 64 * 1024> buffer_;
};

std::vector<std::string> command_of(const FloorLoad& load) {
  std::vector<std::string> out{"/proc/self/exe", std::string(mark),
                               load.key_type == crypto::KeyType::p384 ? "p384" : "p256",
                               load.with_offer ? "grant" : "plain"};
  for (const auto& sizes : load.exchanges) {
    out.push_back(std::to_string(sizes.sent));
    out.push_back(std::to_string(sizes.received));
  }
  return out;
}

// One onboarding's worth of requests, each as long as a real one.
Result<void> exchange_all(const FloorLoad& load, std::uint16_t port) {
  TRY(auto line, HttpLine::connect(port));
  for (const auto& sizes : load.exchanges) TRY_VOID(line.send_padded(sizes.sent));
  return ok();
}

}  // namespace

void FloorRate::add(const FloorRate& other) {
  onboardings += other.onboardings;
  server_cpu_seconds += other.server_cpu_seconds;
}

std::optional<int> serve_floor(int argc, char** argv) {
  if (argc < 4 || argv[1] != mark) return std::nullopt;
  FloorLoad load;
  load.key_type =
      argv[2] == std::string_view("p384") ? crypto::KeyType::p384 : crypto::KeyType::p256;
  load.with_offer = argv[3] == std::string_view("grant");
  for (int i = 4; i + 1 < argc; i += 2)
    load.exchanges.push_back({static_cast<std::size_t>(std::atol(argv[i])),
                              static_cast<std::size_t>(std::atol(argv[i + 1]))});
  FloorServer server(load);
  return server.listen() ? server.run() : 1;
}

Result<FloorRate> measure_floor(const FloorLoad& load) {
  Folder folder;
  TRY(auto server, Process::start(command_of(load), folder.path() / "port"));
  TRY(const std::uint16_t port, server.port_said(folder.path() / "port"));
  const double cpu = server.cpu_seconds();
  TRY_VOID(in_parallel(load.onboardings, load.lines,
                       [&](std::size_t) { return exchange_all(load, port); }));
  return FloorRate{load.onboardings, server.cpu_seconds() - cpu};
}

}  // namespace fairlead::bench
