// SPDX-License-Identifier: Apache-2.0
// Real programs under measurement, each in a process and a folder of its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"

namespace fairlead::bench {

// A folder below the temporary folder, removed at the end. FAIRLEAD_BENCH_DATA names another place:
// what a commit costs depends on the disk.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Process {
 public:
  // Its standard output and error go into `log`.
  static Result<Process> start(const std::vector<std::string>& command,
                               const std::filesystem::path& log);
  ~Process();  // SIGTERM, then SIGKILL after 10 s
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&&) = delete;

  double cpu_seconds() const;          // of all its threads, user and system
  std::size_t resident_bytes() const;  // now
  bool running() const;
  // The decimal number at the beginning of its log, which a helper says when it listens. io: it
  // ended, or said none in time.
  Result<std::uint16_t> port_said(const std::filesystem::path& log) const;
  pid_t pid() const { return pid_; }

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  mutable pid_t pid_;
};

// Hands the vouchers to `send` in bodies below a megabyte, which is what servers take, until one
// fails.
Result<void> in_requests(const std::vector<std::string>& pem_vouchers,
                         const std::function<Result<void>(View)>& send);

// fairlead-server with every role and no broker process; its access table is kept all the same.
struct FairleadServer {
  Process process;
  std::uint16_t fdo_port, api_port;
  std::string token;

  // `data` may hold the registry of an earlier run.
  static Result<FairleadServer> start(const std::string& program, const std::filesystem::path& data,
                                      crypto::KeyType keys);
  // GET without a body, POST with one. An answer other than 2xx is an error with its text.
  Result<Bytes> api(std::string_view target, std::string_view content_type = {},
                    View body = {}) const;
  Result<crypto::PublicKey> owner_key() const;
  Result<void> trust(const crypto::PublicKey& manufacturer) const;
  Result<void> import(const std::vector<std::string>& pem_vouchers) const;  // all of them, or error
};

// The go-fdo peer of tests/interop: owner of its own, without a database.
struct GoPeer {
  Process process;
  std::uint16_t port;
  crypto::PublicKey owner;

  static Result<GoPeer> start(const std::string& program, const std::filesystem::path& folder,
                              crypto::KeyType keys);
  Result<void> import(const std::vector<std::string>& pem_vouchers) const;
};

}  // namespace fairlead::bench
