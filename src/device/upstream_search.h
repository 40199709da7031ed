// SPDX-License-Identifier: Apache-2.0
// Asks the network where an upstream is, while the device has none: DHCP servers, DNS-SD by
// multicast and in the network's domain, and a fixed name there. What comes of it are candidates
// (upstream_candidates.h), each looked at: hints, and nothing is trusted for being among them.
#pragma once

#include <set>

#include "device/config.h"
#include "device/local_door.h"
#include "device/upstream_candidates.h"
#include "link/dhcp_query.h"
#include "link/dns_query.h"

namespace fairlead::device {

inline constexpr std::string_view upstream_service = "_fairlead._tcp";

class UpstreamSearch {
 public:
  // All outlive it. `door`: who is shown the list; may be null.
  UpstreamSearch(const Config& config, net::Loop& loop, Random& random, Log& log,
                 UpstreamCandidates& candidates, LocalDoor* door);

  // Rounds by all interfaces that run and all sources at once, of 30 s at most. The next one starts
  // 30 s after the last began, later each time up to ten minutes; one whose addresses changed, or
  // that is new, brings it back to 30 s. Candidates are looked at as they come.
  net::Task<void> run();

 private:
  using Names = std::vector<std::string>;
  void begin_round(const std::vector<link::Interface>& interfaces);
  void start(std::string_view name, net::Task<void> source);
  net::Task<void> counted(net::Task<void> source);
  net::Task<void> by_dhcp(link::Interface interface, bool version6);
  net::Task<void> by_multicast(link::Interface interface, std::string own);
  void ask_names(const std::string& interface, Names servers, Names domains);
  net::Task<void> by_domain(std::string interface, Names servers, std::string domain);
  net::Task<void> by_name(std::string interface, Names servers, std::string host,
                          std::uint16_t port);
  void take_services(std::string_view source, const std::string& interface,
                     const link::FoundServices& services);
  void take(UpstreamCandidates::Hint hint);
  void complain(const std::string& interface, const Error& error);
  net::Task<void> look(UpstreamCandidates::LookAt at);

  const Config& config_;
  net::Loop& loop_;
  Random& random_;
  Log& log_;
  UpstreamCandidates& candidates_;
  LocalDoor* door_;
  std::size_t sources_open_ = 0;
  std::set<std::string> names_asked_;  // in this round
  Names name_servers_;                 // that DHCP named last, for hosts that the system can't find
  std::string complaint_;
};

}  // namespace fairlead::device
