// SPDX-License-Identifier: Apache-2.0
// DNS-SD (RFC 6763 §4) as the one who looks: puts instances of one service together from whatever
// answers come, by multicast or from a name server, and says what is still to be asked.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "codec/dns/message.h"

namespace fairlead::dns {

// Of one search; more are passed over.
inline constexpr std::size_t instances_max = 64, addresses_of_host_max = 4;

class Services {
 public:
  struct Found {
    std::string instance;  // its label, any bytes
    std::uint16_t priority = 0, weight = 0, port = 0;
    std::string host;                    // letters, digits, hyphens and dots only
    std::vector<std::string> addresses;  // numeric; first who answered, if that is known
  };

  explicit Services(Name type) : type_(std::move(type)) {}  // "_fairlead._tcp.local"

  // `source`: who sent it by multicast, numeric; "": a name server, which is not the service.
  void on_answer(const Message& message, const std::string& source);
  std::vector<Question> missing() const;  // the type itself as long as no instance is known
  // Those with a port and a host that can be named in a URI.
  std::vector<Found> found() const;

 private:
  struct Instance {
    Name name;
    std::optional<Service> service;
    std::string source;
  };
  struct Host {
    Name name;
    std::vector<std::string> addresses;
  };
  void take(const Record& record, const std::string& source);
  const Host* find_host(const Name& name) const;

  Name type_;
  std::vector<Instance> instances_;
  std::vector<Host> hosts_;
};

// SRV's rule of choice (RFC 2782): the smallest priority first, by weighted lot among equals.
// `draw(n)` gives a number below n, n at least 1.
void order_by_lot(std::vector<Services::Found>& services,
                  const std::function<std::uint64_t(std::uint64_t)>& draw);

// The addresses of `host` among the answers.
std::vector<std::string> addresses_in(const Message& message, const Name& host);

}  // namespace fairlead::dns
