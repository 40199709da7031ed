// SPDX-License-Identifier: Apache-2.0
#include "device/local_http.h"

#include <net/if.h>

#include <charconv>

#include "base/events.h"
#include "base/limits.h"

namespace fairlead::device {

using local::Refusal;

namespace {

constexpr std::string_view cookie_name = "session=";

// Espressif's clients take any other status than 200 for failure; people read the words.
unsigned status_of(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::malformed:
    case Refusal::Kind::unsupported:
      return 400;
    case Refusal::Kind::wrong_code:
    case Refusal::Kind::closed:
      return 403;
    case Refusal::Kind::wait:
      return 429;
    case Refusal::Kind::busy:
      return 503;
    case Refusal::Kind::internal:
      break;
  }
  return 500;
}

void put(net::HttpResponse& to, const Refusal& refusal) {
  to.status = status_of(refusal.kind);
  to.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  to.headers.emplace_back("Fairlead-Reason", std::string(local::to_string(refusal.kind)));
  to.body = to_bytes(refusal.why + "\n");
}

// A socket is tied to its interface by number: one that was unplugged comes back as another.
unsigned interface_of(const std::string& address) {
  auto zone = address.find('%');
  return zone == address.npos ? 0 : if_nametoindex(address.substr(zone + 1).c_str());
}

}  // namespace

LocalHttp::LocalHttp(net::Loop& loop, Log& log, Random& random, LocalDoor& door,
                     ListenAddress listen)
    : loop_(loop), log_(log), random_(random), door_(door), listen_(std::move(listen)) {}

Result<void> LocalHttp::offer(bool open) {
  if (!open || interface_ != interface_of(listen_.address)) server_.reset();
  if (!open || server_) return ok();
  interface_ = interface_of(listen_.address);
  net::HttpServerOptions options;
  options.address = listen_.address;
  options.port = listen_.port;
  options.body_bytes_max = limits::local_message_bytes_max;
  options.connections_max = 16;
  options.connections_per_peer_max = 4;
  TRY(server_, net::HttpServer::listen(loop_, log_, std::move(options), [this](net::HttpRequest r) {
        return handle(std::move(r));
      }));
  log_(event::device_door_listens,
       {{"address", listen_.address}, {"port", std::to_string(server_->port())}});
  return ok();
}

std::optional<ListenAddress> LocalHttp::listening() const {
  if (!server_) return std::nullopt;
  return ListenAddress{listen_.address, server_->port()};
}

// "session=<number>", as stock clients send it back; anything else is a new client.
local::PeerId LocalHttp::peer_of(const net::HttpRequest& request, bool& is_new) {
  auto cookie = net::find_header(request.headers, "Cookie");
  std::uint32_t number = 0;
  if (cookie && cookie->starts_with(cookie_name)) {
    std::string_view digits = cookie->substr(cookie_name.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
  }
  is_new = number == 0;
  while (number == 0)
    for (std::uint8_t byte : random_.bytes(4)) number = number << 8 | byte;
  return number;
}

net::Task<net::HttpResponse> LocalHttp::handle(net::HttpRequest request) {
  net::HttpResponse answer;
  answer.status = 500;
  if (request.method != "POST" || !request.target.starts_with('/')) {
    put(answer, {Refusal::Kind::unsupported, "send POST to an endpoint of local provisioning"});
    co_return answer;
  }
  bool is_new = false;
  local::PeerId peer = peer_of(request, is_new);
  if (is_new) answer.headers.emplace_back("Set-Cookie", "session=" + std::to_string(peer));
  local::Request asked{peer, request.peer, request.target.substr(1), std::move(request.body)};
  auto asking = door_.ask(std::move(asked));
  CO_TRY(auto said, co_await std::move(asking));
  if (auto* refusal = std::get_if<Refusal>(&said)) {
    put(answer, *refusal);
  } else {
    answer.status = 200;
    answer.body = std::move(std::get<Bytes>(said));
  }
  co_return answer;
}

}  // namespace fairlead::device
