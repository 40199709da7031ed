// SPDX-License-Identifier: Apache-2.0
// Multicast DNS on chosen interfaces: questions from a port of our own, answers to it, and what is
// announced to everybody. One pair of sockets for each interface and family; an mDNS daemon on this
// machine is neither needed nor disturbed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace fairlead::tool {

inline constexpr std::size_t scan_interfaces_max = 64;

// Interfaces that are up and know multicast, without the loopback.
std::vector<std::string> multicast_interfaces();

class MdnsSockets {
 public:
  using Heard =
      std::function<void(View message, const std::string& interface, const std::string& source)>;

  MdnsSockets();
  ~MdnsSockets();

  // From now on these; those that were open stay so, others are closed. What can't be opened is
  // left out and told in words.
  std::vector<std::string> use(const std::vector<std::string>& interfaces);
  // On every interface and family; a question that can't be sent is passed over.
  void ask(View question);
  // Waits for messages for at most `limit`; what there is at once is handed over at once.
  void hear(Duration limit, const Heard& heard);
  std::size_t sockets() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::tool
