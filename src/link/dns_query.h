// SPDX-License-Identifier: Apache-2.0
// Looks for services and addresses by questions of its own: by multicast on one interface (RFC
// 6762), and at name servers (RFC 6763 in a plain domain). Neither a daemon nor the system's
// resolver is needed: a device of a plant may have neither, or one that drops what DHCP said.
#pragma once

#include "base/random.h"
#include "codec/dns/services.h"
#include "link/interfaces.h"
#include "net/loop.h"

namespace fairlead::link {

using FoundServices = std::vector<dns::Services::Found>;  // the order to try them in

// Instances of `type` ("_fairlead._tcp") on the network of this interface, asked for from its
// address `own` (numeric, of either family), twice; what answers within 3 s counts. Link-local
// addresses come with their zone. Few networks have any: an empty list is no error.
net::Task<FoundServices> browse_multicast(net::Loop& loop, Random& random, Interface interface,
                                          std::string own, std::string type);

// The same in `domain`, by the first of the name servers (numeric) that answers. not_found: none
// does. Takes up to 4 s a server and step; an answer that a UDP message can't hold is cut short.
net::Task<FoundServices> browse_domain(net::Loop& loop, Random& random,
                                       std::vector<std::string> servers, std::string type,
                                       std::string domain);
// Addresses of a host. Empty: it has none. not_found: no server answers.
net::Task<std::vector<std::string>> ask_addresses(net::Loop& loop, Random& random,
                                                  std::vector<std::string> servers,
                                                  std::string host);

struct SystemResolver {
  std::vector<std::string> name_servers, domains;  // at most 3 of each
};
// As resolv.conf(5) has them; empty where it can't be read.
SystemResolver system_resolver(const std::string& file = "/etc/resolv.conf");

}  // namespace fairlead::link
