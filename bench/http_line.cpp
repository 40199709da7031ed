// SPDX-License-Identifier: Apache-2.0
#include "http_line.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace fairlead::bench {

namespace {
constexpr std::size_t body_bytes_max = 16 * 1024 * 1024;
}

std::string_view HttpLine::Reply::header(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        strncasecmp(line.data(), name.data(), name.size()) != 0)
      continue;
    line.remove_prefix(name.size() + 1);
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
    return line;
  }
  return {};
}

Result<HttpLine> HttpLine::connect(std::uint16_t port) {
  HttpLine line(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  timeval limit{60, 0};
  setsockopt(line.socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(line.socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(line.socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(line.socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    return fail(Errc::io, "port " + std::to_string(port) + ": " + std::strerror(errno));
  return line;
}

HttpLine::~HttpLine() {
  if (socket_ >= 0) ::close(socket_);
}

Result<void> HttpLine::receive() {
  char buffer[16 * 1024];
  auto count = ::recv(socket_, buffer, sizeof buffer, 0);
  if (count == 0) return fail(Errc::io, "the server closed the connection");
  if (count < 0) return fail(Errc::io, std::string("no answer: ") + std::strerror(errno));
  received_.append(buffer, static_cast<std::size_t>(count));
  return ok();
}

Result<HttpLine::Reply> HttpLine::send(std::string_view method, std::string_view target,
                                       std::string_view headers, View body) {
  std::string head(method);
  head.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(headers);
  head += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  head += as_text(body);
  return exchange(head);
}

Result<HttpLine::Reply> HttpLine::send_padded(std::size_t size) {
  constexpr std::string_view begin = "POST / HTTP/1.1\r\nPadding: ", end = "\r\n\r\n";
  const std::size_t around = begin.size() + end.size();
  std::string request(begin);
  request.append(size > around ? size - around : 0, 'x').append(end);
  return exchange(request);
}

Result<HttpLine::Reply> HttpLine::exchange(std::string_view request) {
  for (std::string_view rest = request; !rest.empty();) {
    auto count = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count <= 0) return fail(Errc::io, std::string("can't send: ") + std::strerror(errno));
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) TRY_VOID(receive());
  Reply reply;
  reply.head = received_.substr(0, end + 2);
  received_.erase(0, end + 4);
  std::from_chars(reply.head.data() + std::min<std::size_t>(9, reply.head.size()),
                  reply.head.data() + reply.head.size(), reply.status);
  std::string_view length = reply.header("Content-Length");
  std::size_t size = 0;
  std::from_chars(length.data(), length.data() + length.size(), size);
  if (size > body_bytes_max) return fail(Errc::malformed, "the answer is too long");
  while (received_.size() < size) TRY_VOID(receive());
  reply.body = to_bytes(std::string_view(received_).substr(0, size));
  received_.erase(0, size);
  reply.sizes = {request.size(), end + 4 + size};
  return reply;
}

}  // namespace fairlead::bench
