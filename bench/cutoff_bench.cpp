// SPDX-License-Identifier: Apache-2.0
// cutoff_bench --server PROGRAM --plugin FILE [--clients N] [--revoke N]
// N devices with certificates of EST, all connected to the server's mosquitto from this process;
// some are revoked by the API, one after the other. One line of JSON: from sending the order to the
// DISCONNECT that its client receives. Another client that loses its connection ends the
// measurement.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "est_fleet.h"

namespace {

using namespace fairlead;
using Clock = std::chrono::steady_clock;

constexpr int patience_ms = 60'000;
constexpr std::uint8_t connack = 0x20, disconnect = 0xE0, not_authorised = 0x87,
                       administrative_action = 0x98;

struct Options {
  std::string server, plugin;
  std::size_t clients = 10'000, revoke = 200;
};

struct Client {
  std::string device;
  bench::SslPtr ssl;
};

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// MQTT 5, 3.1: clean start, no keep-alive, no properties, no will.
std::string connect_packet(std::string_view client_id) {
  std::string out("\x10\0\0\4MQTT\5\2\0\0\0\0\0", 15);
  out += client_id;
  out[1] = static_cast<char>(out.size() - 2);  // below 128, with names of ours
  out[14] = static_cast<char>(client_id.size());
  return out;
}

// As a device does: enrols, connects with its certificate, is let in.
Result<Client> come_online(const bench::EstServer& server, bench::EstFleet& est, SSL_CTX* context) {
  TRY(auto device, est.enroll());
  TRY(auto identity, bench::TlsIdentity::of(*device.certificate, *device.key));
  Client out{device.certificate->common_name(), nullptr};
  TRY(out.ssl, bench::connect_tls(context, server.broker_port, identity));
  const std::string packet = connect_packet(out.device);
  SSL_write(out.ssl.get(), packet.data(), static_cast<int>(packet.size()));
  std::uint8_t answer[256];
  int count = SSL_read(out.ssl.get(), answer, sizeof answer);
  if (count < 4 || answer[0] != connack || answer[3] != 0)
    return fail(Errc::refused, out.device + ": the broker does not let it in");
  return out;
}

class Crowd {
 public:
  static Result<Crowd> gather(const bench::EstServer& server, bench::EstFleet& est,
                              std::size_t count) {
    Crowd out;
    out.clients_.resize(count);
    TRY_VOID(bench::on_threads(count, 16, [&](std::size_t i) -> Result<void> {
      TRY(out.clients_[i], come_online(server, est, out.context_.get()));
      return ok();
    }));
    out.poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    for (std::size_t i = 0; i < count; ++i) {
      int socket = SSL_get_fd(out.clients_[i].ssl.get());
      ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
      epoll_event event{EPOLLIN, {.u64 = i}};
      if (::epoll_ctl(out.poll_, EPOLL_CTL_ADD, socket, &event) != 0)
        return fail(Errc::io, "epoll_ctl");
    }
    return out;
  }

  const std::string& device(std::size_t index) const { return clients_[index].device; }

  // Waits until this one is cut off; any other's end is an error.
  Result<void> until_cut_off(std::size_t index) {
    for (;;) {
      epoll_event event{};
      if (::epoll_wait(poll_, &event, 1, patience_ms) != 1)
        return fail(Errc::timed_out, device(index) + " is still connected");
      std::uint8_t packet[256];
      SSL* ssl = clients_[event.data.u64].ssl.get();
      int count = SSL_read(ssl, packet, sizeof packet);
      if (count <= 0 && SSL_get_error(ssl, count) == SSL_ERROR_WANT_READ) continue;
      if (event.data.u64 != index)
        return fail(Errc::refused, device(event.data.u64) + " lost its connection, too");
      const bool told = count >= 3 && packet[0] == disconnect &&
                        (packet[2] == administrative_action || packet[2] == not_authorised);
      ::epoll_ctl(poll_, EPOLL_CTL_DEL, SSL_get_fd(ssl), nullptr);
      bench::close_tls(std::move(clients_[index].ssl));
      return told ? ok() : fail(Errc::io, device(index) + " was cut off without a word");
    }
  }

 private:
  bench::SslContext context_ = bench::make_client_context();
  std::vector<Client> clients_;
  int poll_ = -1;
};

Result<void> measure(const Options& options) {
  bench::Folder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));  // for the broker
  TRY(auto server, bench::EstServer::start(options.server, folder.path(), options.plugin));
  TRY(auto est, bench::EstFleet::create(server));
  const auto begin = Clock::now();
  TRY(auto crowd, Crowd::gather(server, *est, options.clients));
  const double gathered_s = milliseconds_since(begin) / 1000;
  std::vector<double> milliseconds;
  for (std::size_t i = 0; i < options.revoke; ++i) {
    const std::size_t victim = i * options.clients / options.revoke;
    const auto start = Clock::now();
    constexpr std::string_view order = R"({"reason": "benchmark"})";
    TRY_VOID(server.server.api("/api/v1/devices/" + crowd.device(victim) + "/revoke",
                               "application/json", to_bytes(order)));
    TRY_VOID(crowd.until_cut_off(victim));
    milliseconds.push_back(milliseconds_since(start));
  }
  std::ranges::sort(milliseconds);
  auto share = [&](std::size_t percent) {
    return milliseconds[std::min(milliseconds.size() - 1, milliseconds.size() * percent / 100)];
  };
  std::printf(
      "{\"bench\":\"cutoff\",\"clients\":%zu,\"revoked\":%zu,\"gathered_s\":%.1f,\"p50_ms\":%.0f,"
      "\"p99_ms\":%.0f,\"max_ms\":%.0f}\n",
      options.clients, options.revoke, gathered_s, share(50), share(99), milliseconds.back());
  return ok();
}

// The broker inherits it.
void allow_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    if (name == "--server") options.server = argv[i + 1];
    if (name == "--plugin") options.plugin = argv[i + 1];
    if (name == "--clients") options.clients = std::strtoul(argv[i + 1], nullptr, 10);
    if (name == "--revoke") options.revoke = std::strtoul(argv[i + 1], nullptr, 10);
  }
  if (options.server.empty() || options.plugin.empty() || options.revoke == 0 ||
      options.revoke > options.clients) {
    std::fprintf(stderr,
                 "cutoff_bench --server PROGRAM --plugin FILE [--clients N] [--revoke N]\n");
    return 2;
  }
  allow_descriptors();
  auto measured = measure(options);
  if (measured) return 0;
  std::fprintf(stderr, "cutoff_bench: %s\n", to_string(measured.error()).c_str());
  return 1;
}
