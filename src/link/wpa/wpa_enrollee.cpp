// SPDX-License-Identifier: Apache-2.0
#include "link/wpa/wpa_enrollee.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "base/limits.h"
#include "link/wpa/control.h"
#include "link/wpa/received_network.h"

namespace fairlead::link::wpa {

using std::chrono::steady_clock;

namespace {

constexpr unsigned events_at_once = 64;
constexpr int accept_limit_ms = 2'000;
constexpr auto exchange_limit = std::chrono::seconds(20);  // as long as a relay waits
// Ten rounds over all channels, thirty seconds apart.
constexpr std::string_view chirp_rounds = "10";

class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  explicit operator bool() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

struct Listening {
  Socket socket;
  std::uint16_t port = 0;
};

// On loopback, on a port of the system's choice: wpa_supplicant dials it. As responder it would
// listen on every address of the machine.
Result<Listening> listen_on_loopback() {
  Listening out{Socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (!out.socket ||
      ::bind(out.socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(out.socket.get(), 1) != 0 ||
      ::getsockname(out.socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return fail(Errc::io, "no port for the tunnel");
  out.port = ntohs(address.sin_port);
  return out;
}

Result<Socket> accept_within(const Socket& listening, int limit_ms) {
  pollfd waiting{listening.get(), POLLIN, 0};
  if (::poll(&waiting, 1, limit_ms) != 1)
    return fail(Errc::timed_out, "wpa_supplicant does not begin the exchange");
  Socket out(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!out) return fail(Errc::io, "the tunnel has no end at wpa_supplicant");
  return out;
}

class WpaEnrollee final : public Enrollee {
 public:
  explicit WpaEnrollee(std::filesystem::path socket) : socket_(std::move(socket)) {}
  ~WpaEnrollee() override { ignore(stop(), "wpa_supplicant ends it by itself"); }

  Result<void> open(const EnrolleeKey& key, const std::string& configurator) override;
  Result<Carried> carry(View content) override;
  Result<void> chirp(const EnrolleeKey& key) override;
  Result<std::optional<WifiCredentials>> received() override;
  Result<void> stop() override;

 private:
  Result<void> connect();
  Result<void> load(const EnrolleeKey& key);
  Result<void> take_events();

  std::filesystem::path socket_;
  std::unique_ptr<Control> control_;
  std::string own_, peer_;  // numbers of bootstrapping keys
  std::string processing_;  // what wpa_supplicant did with networks before
  Socket tunnel_;
  bool chirping_ = false;
  steady_clock::time_point answered_until_{};  // somebody heard us: their exchange has so long
  ReceivedNetwork network_;
};

// One that was restarted has forgotten us, our keys and what we told it to do.
Result<void> WpaEnrollee::connect() {
  if (control_ && control_->ask("PING").value_or("") == "PONG") return ok();
  control_.reset();
  own_.clear();
  peer_.clear();
  processing_.clear();
  chirping_ = false;
  TRY(control_, Control::open(socket_));
  auto capable = control_->ask("GET_CAPABILITY dpp");
  if (capable && capable->starts_with("DPP=")) return ok();
  control_.reset();
  return fail(Errc::unsupported, "this wpa_supplicant was built without Wi-Fi Easy Connect");
}

Result<void> WpaEnrollee::load(const EnrolleeKey& key) {
  TRY_VOID(connect());
  if (processing_.empty()) {
    TRY(processing_, control_->ask("GET dpp_config_processing"));
    TRY_VOID(control_->tell("SET dpp_config_processing 0"));
  }
  if (!own_.empty()) return ok();
  TRY(own_, control_->ask("DPP_BOOTSTRAP_GEN type=qrcode key=" + to_hex(key.reveal())));
  return ok();
}

Result<void> WpaEnrollee::open(const EnrolleeKey& key, const std::string& configurator) {
  ignore(stop(), "there may be nothing to stop");
  TRY_VOID(load(key));
  TRY(peer_, control_->ask("DPP_QR_CODE " + configurator));
  TRY(auto listening, listen_on_loopback());
  network_ = {};
  // It starts, so that nothing listens on the networks that this machine is on, and it proves its
  // key and has the other's proven. The channel is for the air, and has to be said all the same.
  TRY_VOID(control_->tell("DPP_AUTH_INIT peer=" + peer_ + " own=" + own_ +
                          " role=enrollee neg_freq=2412 tcp_addr=127.0.0.1 tcp_port=" +
                          std::to_string(listening.port)));
  TRY(tunnel_, accept_within(listening.socket, accept_limit_ms));
  return ok();
}

Result<Enrollee::Carried> WpaEnrollee::carry(View content) {
  if (!tunnel_) return fail(Errc::conflict, "there is no tunnel");
  if (!content.empty() && ::send(tunnel_.get(), content.data(), content.size(), MSG_NOSIGNAL) !=
                              static_cast<ssize_t>(content.size()))
    return fail(Errc::io, "wpa_supplicant ended the exchange");
  Carried out;
  out.content.resize(limits::dpp_message_bytes_max);
  const ssize_t count = ::recv(tunnel_.get(), out.content.data(), out.content.size(), 0);
  out.open = count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
  out.content.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return out;
}

Result<void> WpaEnrollee::chirp(const EnrolleeKey& key) {
  tunnel_ = {};
  TRY_VOID(load(key));
  TRY_VOID(take_events());
  if (chirping_ || steady_clock::now() < answered_until_) return ok();
  network_ = {};
  TRY_VOID(control_->tell("DPP_CHIRP own=" + own_ + " iter=" + std::string(chirp_rounds)));
  chirping_ = true;
  return ok();
}

Result<void> WpaEnrollee::take_events() {
  for (unsigned i = 0; i < events_at_once; ++i) {
    TRY(auto event, control_->next_event(Duration(0)));
    if (!event) break;
    if (event->starts_with("DPP-CHIRP-STOPPED")) {
      chirping_ = false;
      answered_until_ = steady_clock::now() + exchange_limit;
    }
    network_.on_event(*event);
  }
  return ok();
}

Result<std::optional<WifiCredentials>> WpaEnrollee::received() {
  if (!control_) return fail(Errc::conflict, "nothing was begun");
  TRY_VOID(take_events());
  if (!network_.is_there()) return std::optional<WifiCredentials>();
  // What it tells of one network, it tells before it answers anything.
  TRY_VOID(control_->ask("PING"));
  TRY_VOID(take_events());
  answered_until_ = {};
  TRY(auto network, network_.take());
  return std::optional(std::move(network));
}

Result<void> WpaEnrollee::stop() {
  tunnel_ = {};
  network_ = {};
  const bool answered = std::exchange(answered_until_, {}) != steady_clock::time_point{};
  if (!control_) return ok();
  Control& control = *control_;
  if (std::exchange(chirping_, false) || answered) {
    ignore(control.tell("DPP_STOP_CHIRP"), "it may have ended by itself");
    ignore(control.tell("DPP_STOP_LISTEN"), "it listens between two calls only");
  }
  for (std::string* key : {&own_, &peer_}) {
    if (key->empty()) continue;
    ignore(control.tell("DPP_BOOTSTRAP_REMOVE " + std::exchange(*key, "")),
           "a restart of wpa_supplicant forgets it, too");
  }
  if (processing_.empty()) return ok();
  return control.tell("SET dpp_config_processing " + std::exchange(processing_, ""));
}

}  // namespace

std::unique_ptr<Enrollee> wpa_enrollee(std::filesystem::path socket) {
  return std::make_unique<WpaEnrollee>(std::move(socket));
}

}  // namespace fairlead::link::wpa
