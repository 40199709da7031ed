// SPDX-License-Identifier: Apache-2.0
#include "tool/mdns_sockets.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "disk/descriptor.h"

namespace fairlead::tool {

namespace {

using disk::Descriptor;

constexpr std::uint16_t mdns_port = 5353;
constexpr const char* group4 = "224.0.0.251";
constexpr const char* group6 = "ff02::fb";
constexpr int receive_buffer_bytes = 4 * 1024 * 1024;  // hundreds of devices answer at once
constexpr std::size_t messages_at_once_max = 4096;     // then others get their turn

struct Link {
  std::string name;
  unsigned index = 0;
  std::optional<in_addr> address4;
  std::optional<in6_addr> address6;  // link-local
};

std::vector<Link> links() {
  std::vector<Link> out;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return out;
  for (ifaddrs* each = all; each; each = each->ifa_next) {
    bool usable = (each->ifa_flags & IFF_UP) && (each->ifa_flags & IFF_MULTICAST);
    if (!usable || !each->ifa_addr) continue;
    auto known = std::ranges::find(out, std::string(each->ifa_name), &Link::name);
    if (known == out.end())
      known = out.insert(out.end(), {each->ifa_name, if_nametoindex(each->ifa_name), {}, {}});
    if (each->ifa_addr->sa_family == AF_INET && !known->address4)
      known->address4 = reinterpret_cast<sockaddr_in*>(each->ifa_addr)->sin_addr;
    if (each->ifa_addr->sa_family == AF_INET6) {
      const auto& address = reinterpret_cast<sockaddr_in6*>(each->ifa_addr)->sin6_addr;
      if (IN6_IS_ADDR_LINKLOCAL(&address)) known->address6 = address;
    }
  }
  freeifaddrs(all);
  return out;
}

void set(int fd, int level, int option, int value) {
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

Descriptor udp(int family) {
  Descriptor out(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!out) return out;
  set(out.get(), SOL_SOCKET, SO_RCVBUF, receive_buffer_bytes);
  set(out.get(), SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer_bytes);
  if (family == AF_INET6) set(out.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  return out;
}

template <class Address>
bool bound(const Descriptor& socket, const Address& address) {
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

sockaddr_in to4(in_addr address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr = address;
  return out;
}
sockaddr_in6 to6(const in6_addr& address, std::uint16_t port, unsigned scope) {
  sockaddr_in6 out{};
  out.sin6_family = AF_INET6;
  out.sin6_port = htons(port);
  out.sin6_addr = address;
  out.sin6_scope_id = scope;
  return out;
}
in_addr the_group4() {
  in_addr out{};
  inet_pton(AF_INET, group4, &out);
  return out;
}
in6_addr the_group6() {
  in6_addr out{};
  inet_pton(AF_INET6, group6, &out);
  return out;
}

// RFC 6762 §6.7: a question from another port than 5353 is answered by unicast to that port.
Descriptor asking(const Link& link, int family) {
  Descriptor out = udp(family);
  if (!out) return out;
  if (family == AF_INET) {
    ip_mreqn request{{}, {}, static_cast<int>(link.index)};
    bool good = bound(out, to4(*link.address4, 0)) &&
                setsockopt(out.get(), IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) == 0;
    set(out.get(), IPPROTO_IP, IP_MULTICAST_TTL, 255);  // RFC 6762 §11
    return good ? std::move(out) : Descriptor();
  }
  set(out.get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(link.index));
  set(out.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255);
  return bound(out, to6(*link.address6, 0, link.index)) ? std::move(out) : Descriptor();
}

// Bound to the group's address: what is sent to this machine alone goes on to its mDNS daemon.
Descriptor listening(const Link& link, int family) {
  Descriptor out = udp(family);
  if (!out) return out;
  set(out.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (setsockopt(out.get(), SOL_SOCKET, SO_BINDTODEVICE, link.name.data(),
                 static_cast<socklen_t>(link.name.size())) != 0)
    return Descriptor();
  if (family == AF_INET) {
    ip_mreqn request{the_group4(), {}, static_cast<int>(link.index)};
    bool good = bound(out, to4(the_group4(), mdns_port)) &&
                setsockopt(out.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0;
    return good ? std::move(out) : Descriptor();
  }
  ipv6_mreq request{the_group6(), link.index};
  bool good = bound(out, to6(the_group6(), mdns_port, link.index)) &&
              setsockopt(out.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) == 0;
  return good ? std::move(out) : Descriptor();
}

std::string text_of(const sockaddr_storage& from) {
  char text[INET6_ADDRSTRLEN] = "";
  if (from.ss_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(from).sin_addr, text, sizeof text);
  else
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(from).sin6_addr, text, sizeof text);
  return text;
}

struct Pair {
  std::string interface;
  unsigned index = 0;
  int family = AF_INET;
  Descriptor ask, listen;  // listen may be missing: then later changes go unheard
};

}  // namespace

struct MdnsSockets::Impl {
  std::vector<Pair> pairs;

  bool has(const Link& link, int family) const {
    return std::ranges::any_of(
        pairs, [&](const Pair& each) { return each.index == link.index && each.family == family; });
  }
  bool open(const Link& link, int family) {
    if (has(link, family)) return true;
    Pair pair{link.name, link.index, family, asking(link, family), listening(link, family)};
    if (!pair.ask) return false;
    pairs.push_back(std::move(pair));
    return true;
  }
};

std::vector<std::string> multicast_interfaces() {
  std::vector<std::string> out;
  for (const Link& link : links())
    if (link.name != "lo" && (link.address4 || link.address6)) out.push_back(link.name);
  return out;
}

MdnsSockets::MdnsSockets() : impl_(std::make_unique<Impl>()) {}
MdnsSockets::~MdnsSockets() = default;

std::vector<std::string> MdnsSockets::use(const std::vector<std::string>& interfaces) {
  std::vector<std::string> complaints;
  auto all = links();
  std::erase_if(impl_->pairs, [&](const Pair& pair) {
    bool there = std::ranges::any_of(all, [&](const Link& link) {
      return link.index == pair.index &&
             (pair.family == AF_INET ? link.address4.has_value() : link.address6.has_value());
    });
    return !there || std::ranges::find(interfaces, pair.interface) == interfaces.end();
  });
  for (const std::string& name : interfaces) {
    if (impl_->pairs.size() >= 2 * scan_interfaces_max) {
      complaints.push_back("more than " + std::to_string(scan_interfaces_max) + " interfaces");
      break;
    }
    auto link = std::ranges::find(all, name, &Link::name);
    if (link == all.end() || (!link->address4 && !link->address6)) {
      complaints.push_back("interface " + name + " is not there, not up, or has no address");
      continue;
    }
    bool good = (!link->address4 || impl_->open(*link, AF_INET));
    good = (!link->address6 || impl_->open(*link, AF_INET6)) && good;
    if (!good) complaints.push_back("interface " + name + ": " + std::strerror(errno));
  }
  return complaints;
}

void MdnsSockets::ask(View question) {
  for (const Pair& pair : impl_->pairs) {
    auto four = to4(the_group4(), mdns_port);
    auto six = to6(the_group6(), mdns_port, pair.index);
    bool is_four = pair.family == AF_INET;
    const auto* to = is_four ? reinterpret_cast<const sockaddr*>(&four)
                             : reinterpret_cast<const sockaddr*>(&six);
    (void)::sendto(pair.ask.get(), question.data(), question.size(), 0, to,
                   is_four ? sizeof four : sizeof six);
  }
}

void MdnsSockets::hear(Duration limit, const Heard& heard) {
  std::vector<pollfd> waiting;
  std::vector<const Pair*> of;
  for (const Pair& pair : impl_->pairs)
    for (const Descriptor* each : {&pair.ask, &pair.listen})
      if (*each) waiting.push_back({each->get(), POLLIN, 0}), of.push_back(&pair);
  if (::poll(waiting.data(), waiting.size(), static_cast<int>(limit.count())) <= 0) return;
  std::uint8_t buffer[9'000];
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    for (std::size_t n = 0; waiting[i].revents && n < messages_at_once_max; ++n) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      auto count = ::recvfrom(waiting[i].fd, buffer, sizeof buffer, MSG_TRUNC,
                              reinterpret_cast<sockaddr*>(&from), &size);
      if (count < 0) break;
      auto length = static_cast<std::size_t>(count);
      if (length <= sizeof buffer) heard(View(buffer, length), of[i]->interface, text_of(from));
    }
  }
}

std::size_t MdnsSockets::sockets() const {
  std::size_t out = 0;
  for (const Pair& pair : impl_->pairs) out += 1 + bool(pair.listen);
  return out;
}

}  // namespace fairlead::tool
