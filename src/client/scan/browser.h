// SPDX-License-Identifier: Apache-2.0
// Browsing for devices by multicast DNS (RFC 6762, RFC 6763) without sockets: messages as they came
// go in, sightings come out. A message may hold a part of what there is to know; what came before
// is kept, within limits.
#pragma once

#include <map>
#include <unordered_map>

#include "base/time.h"
#include "client/scan/sighting.h"
#include "codec/dns/message.h"

namespace fairlead::client {

inline constexpr std::string_view device_service = "_fairlead-dev._tcp.local";
inline constexpr std::size_t browser_instances_max = 10'000;  // in all; more are passed over
inline constexpr std::size_t browser_hosts_max = 20'000;
inline constexpr std::size_t browser_sources_max = 20'000;  // whose messages are counted
inline constexpr std::size_t messages_per_second_max = 50;  // of one source
inline constexpr std::size_t addresses_of_host_max = 8;

Result<Bytes> browse_query(bool unicast_answer);

// The announcement's TXT record as a map; keys compare without case (RFC 6763 §6.4).
Said said_in(const dns::Text& text);

class Browser {
 public:
  // `source`: numeric address without zone. What is malformed, foreign or too much changes nothing.
  std::vector<Sighting> on_message(View message, const std::string& interface,
                                   const std::string& source, Time now);
  std::size_t passed_over() const { return passed_over_; }  // messages beyond a limit

 private:
  struct Instance {
    std::optional<dns::Service> service;
    std::optional<Said> said;
    std::string link_local;  // as the announcement's `ll` says
    std::vector<std::string> sources;
  };
  struct Rate {
    Time since{};
    std::size_t messages = 0;
  };
  using Key = std::pair<std::string, std::string>;  // interface, name in lower case

  bool is_too_much(const std::string& interface, const std::string& source, Time now);
  void keep_host(const std::string& interface, const dns::Record& record);
  Instance* find_instance(const Key& key);
  std::optional<Sighting> sighting_of(const Key& key, const std::string& label) const;

  std::map<Key, Instance> instances_;
  std::map<Key, std::vector<std::string>> hosts_;  // addresses
  std::unordered_map<std::string, Rate> rates_;
  std::size_t passed_over_ = 0;
};

}  // namespace fairlead::client
