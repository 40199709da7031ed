// SPDX-License-Identifier: Apache-2.0
// Asks the DHCP servers of one interface where the upstream is, beside the system's own client and
// without disturbing it: the questions need an address, and ask for none.
#pragma once

#include "base/random.h"
#include "link/interfaces.h"
#include "net/loop.h"

namespace fairlead::link {

struct DhcpQuestion {
  std::string vendor_class;      // what servers may choose their answer by
  std::uint32_t enterprise = 0;  // whose vendor class and options in DHCPv6
  std::uint8_t site_option = 0;  // 224 to 254: holds a bare URI at this site; 0: none
};

struct DhcpHint {
  std::string source;  // "dhcp4-143", "dhcp4-43", "dhcp4-site", "dhcp6-136", "dhcp6-17"
  std::string uri;     // dhcp::is_upstream_uri()
};

struct DhcpAnswer {
  std::vector<DhcpHint> hints;            // in the order of trust
  std::vector<std::string> domains;       // of this network, at most 3: "plant.example"
  std::vector<std::string> name_servers;  // numeric, at most 3
};

// The first answer; an empty one where nobody answers, which is normal.
// Take up to 28 and 16 seconds. refused: this program may not use the port (CAP_NET_BIND_SERVICE);
// not_found: the interface has no address of that family.
net::Task<DhcpAnswer> ask_dhcp4(net::Loop& loop, Random& random, Interface interface,
                                DhcpQuestion question);
net::Task<DhcpAnswer> ask_dhcp6(net::Loop& loop, Random& random, Interface interface,
                                DhcpQuestion question);

}  // namespace fairlead::link
