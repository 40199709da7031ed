// SPDX-License-Identifier: Apache-2.0
#include "wpa_peer.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "support/must.h"

namespace fairlead::test {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

int tcp_socket() {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw std::runtime_error("no socket");
  timeval limit{10, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return descriptor;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_in bound{};
  socklen_t length = sizeof bound;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &length);
  return ntohs(bound.sin_port);
}

}  // namespace

WpaPeer::WpaPeer() {
  const auto file = directory_.path() / "wpa.conf", sockets = directory_.path() / "ctrl";
  std::ofstream(file) << "ctrl_interface=" << sockets.string()
                      << "\nupdate_config=1\npmf=1\ndpp_config_processing=1\n";
  process_.emplace(std::vector<std::string>{WPA_SUPPLICANT, "-D", "none", "-i", "lo", "-c",
                                            file.string(), "-dd"},
                   directory_.path() / "wpa.log");
  wait_until([&] {
    auto opened = link::wpa::Control::open(sockets / "lo");
    if (opened) control_ = std::move(*opened);
    return control_ != nullptr;
  });
  if (!control_) throw std::runtime_error("wpa_supplicant does not start");
}

std::string WpaPeer::make_key(std::string_view curve) {
  return must(control_->ask("DPP_BOOTSTRAP_GEN type=qrcode curve=" + std::string(curve)));
}

dpp::BootstrapUri WpaPeer::uri_of(const std::string& key) {
  return must(dpp::decode_bootstrap_uri(must(control_->ask("DPP_BOOTSTRAP_GET_URI " + key))));
}

std::uint16_t WpaPeer::listen_as_enrollee() {
  const int probe = tcp_socket();
  const sockaddr_in any = loopback(0);
  bind(probe, reinterpret_cast<const sockaddr*>(&any), sizeof any);
  const std::uint16_t port = port_of(probe);  // of a namespace in which nobody else takes ports
  close(probe);
  const std::string command =
      "DPP_CONTROLLER_START tcp_port=" + std::to_string(port) + " role=enrollee";
  must(control_->tell(command));
  return port;
}

std::string WpaPeer::wait_for(std::string_view event) {
  for (;;) {
    auto next = must(control_->next_event(std::chrono::seconds(10)));
    if (!next) throw std::runtime_error("wpa_supplicant says no " + std::string(event));
    if (next->starts_with(event)) return next->substr(std::min(next->size(), event.size() + 1));
  }
}

std::string WpaPeer::network_value(std::string_view name) {
  return must(control_->ask("GET_NETWORK " + wait_for("DPP-NETWORK-ID") + " " + std::string(name)));
}

BodySocket BodySocket::connect_to(std::uint16_t port) {
  BodySocket out(tcp_socket());
  const sockaddr_in address = loopback(port);
  if (connect(out.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("nobody listens on port " + std::to_string(port));
  return out;
}

BodySocket::~BodySocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

void BodySocket::send(View body) {
  const Bytes out = dpp::framed(body);
  if (::send(descriptor_, out.data(), out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size()))
    throw std::runtime_error("the peer takes nothing");
}

std::optional<Bytes> BodySocket::receive() {
  for (;;) {
    if (auto body = joiner_.next()) return body;
    Bytes more(4096);
    const ssize_t length = recv(descriptor_, more.data(), more.size(), 0);
    if (length <= 0) return std::nullopt;
    must(joiner_.take(View(more).first(static_cast<std::size_t>(length))));
  }
}

LoopbackListener::LoopbackListener() : descriptor_(tcp_socket()) {
  const sockaddr_in any = loopback(0);
  bind(descriptor_, reinterpret_cast<const sockaddr*>(&any), sizeof any);
  listen(descriptor_, 4);
  port_ = port_of(descriptor_);
}

LoopbackListener::~LoopbackListener() { close(descriptor_); }

BodySocket LoopbackListener::accept() {
  const int accepted = ::accept(descriptor_, nullptr, nullptr);
  if (accepted < 0) throw std::runtime_error("nobody came");
  timeval limit{10, 0};
  setsockopt(accepted, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return BodySocket(accepted);
}

}  // namespace fairlead::test
