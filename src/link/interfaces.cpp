// SPDX-License-Identifier: Apache-2.0
#include "link/interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

namespace fairlead::link {

namespace {

Interface& entry_of(std::vector<Interface>& all, const ifaddrs& from) {
  auto known = std::ranges::find(all, from.ifa_name, &Interface::name);
  if (known != all.end()) return *known;
  Interface made;
  made.name = from.ifa_name;
  made.index = if_nametoindex(from.ifa_name);
  made.running = (from.ifa_flags & IFF_UP) != 0 && (from.ifa_flags & IFF_RUNNING) != 0;
  made.loopback = (from.ifa_flags & IFF_LOOPBACK) != 0;
  return all.emplace_back(std::move(made));
}

void add_address(Interface& to, const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_PACKET) {
    const auto& link = reinterpret_cast<const sockaddr_ll&>(address);
    if (link.sll_halen == to.mac.size()) std::copy_n(link.sll_addr, to.mac.size(), to.mac.begin());
  } else if (address.sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
    to.ipv4.emplace_back(text);
  } else if (address.sa_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    inet_ntop(AF_INET6, &six, text, sizeof text);
    if (!IN6_IS_ADDR_LINKLOCAL(&six)) {
      to.ipv6.emplace_back(text);
    } else if (to.link_local.empty()) {
      to.link_local = text;
    }
  }
}

bool has_address(const Interface& each, std::string_view address) {
  return std::ranges::count(each.ipv4, address) + std::ranges::count(each.ipv6, address) > 0;
}

}  // namespace

Result<std::vector<Interface>> interfaces() {
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0)
    return fail(Errc::io,
                std::string("the network interfaces can't be read: ") + std::strerror(errno));
  std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owned(found, &freeifaddrs);
  std::vector<Interface> out;
  for (const ifaddrs* each = found; each; each = each->ifa_next) {
    Interface& entry = entry_of(out, *each);
    if (each->ifa_addr) add_address(entry, *each->ifa_addr);
  }
  return out;
}

std::vector<Interface> interfaces_of(const std::string& address,
                                     const std::vector<Interface>& all) {
  auto zone = address.find('%');
  bool any = zone == address.npos && (address == "::" || address == "0.0.0.0");
  std::vector<Interface> out;
  std::ranges::copy_if(all, std::back_inserter(out), [&](const Interface& each) {
    if (zone != address.npos) return each.name == address.substr(zone + 1);
    return any ? !each.loopback : has_address(each, address);
  });
  return out;
}

// proc(5): in "route" the second column is the destination, in "ipv6_route" the first two are that
// and its prefix's length, all in hexadecimal, the loopback's last.
bool has_default_route() {
  std::string line;
  for (std::ifstream in("/proc/net/route"); std::getline(in, line);) {
    std::string interface, destination, gateway, flags, count, use, metric, mask;
    std::istringstream(line) >> interface >> destination >> gateway >> flags >> count >> use >>
        metric >> mask;
    if (destination == "00000000" && mask == "00000000") return true;
  }
  for (std::ifstream in("/proc/net/ipv6_route"); std::getline(in, line);) {
    const std::string any(32, '0');
    if (line.starts_with(any + " 00 ") && !line.ends_with(" lo")) return true;
  }
  return false;
}

}  // namespace fairlead::link
