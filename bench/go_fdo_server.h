// SPDX-License-Identifier: Apache-2.0
// go-fdo-server as released, in its role of owner, with a SQLite database on disk.
#pragma once

#include "server_process.h"

namespace fairlead::bench {

struct GoFdoServer {
  Process process;
  std::uint16_t port;
  crypto::PublicKey owner;

  // Its keys, database and log lie in `folder`. The database writes ahead and syncs at each commit,
  // and waits for its lock: as durable as ours, and the quickest way of its that is.
  static Result<GoFdoServer> start(const std::string& program, const std::filesystem::path& folder,
                                   crypto::KeyType keys);
  // By its API, which takes two requests a second of a megabyte each.
  Result<void> import(const std::vector<std::string>& pem_vouchers) const;
};

}  // namespace fairlead::bench
