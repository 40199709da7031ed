// SPDX-License-Identifier: Apache-2.0
#include "go_fdo_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "codec/pem.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "http_line.h"
#include "pki/authority.h"

namespace fairlead::bench {

using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 60s;  // to start, or to take a request of its API
constexpr unsigned too_many_requests = 429;
constexpr std::string_view database_options =
    "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=60000&_txlock=immediate";

// It names its port when it is told one. Somebody else may take this port before it does; then it
// ends, and says so.
std::uint16_t free_port() {
  int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ::bind(probe, reinterpret_cast<sockaddr*>(&at), size);
  ::getsockname(probe, reinterpret_cast<sockaddr*>(&at), &size);
  ::close(probe);
  return ntohs(at.sin_port);
}

// Its certificate of the authority of devices; it is read, and nothing is held against it.
Result<std::string> some_authority(crypto::Signer& key) {
  crypto::SystemRandom random;
  TRY(auto root, pki::create_root(key, "go-fdo-server", from_unix_seconds(1'790'000'000),
                                  pki::no_expiry, random));
  return pem::encode("CERTIFICATE", root.der());
}

Result<void> post(std::uint16_t port, std::string_view target, View body) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  for (;;) {
    TRY(auto line, HttpLine::connect(port));
    TRY(auto reply, line.send("POST", target, {}, body));
    if (reply.status >= 200 && reply.status < 300) return ok();
    if (reply.status != too_many_requests || std::chrono::steady_clock::now() > end)
      return fail(Errc::refused, "go-fdo-server: " + std::string(as_text(reply.body)));
    std::this_thread::sleep_for(100ms);
  }
}

}  // namespace

Result<GoFdoServer> GoFdoServer::start(const std::string& program,
                                       const std::filesystem::path& folder, crypto::KeyType keys) {
  TRY(auto owner, crypto::SoftwareKey::generate(keys));
  TRY(auto authority, some_authority(*owner));
  const auto key_file = folder / "go-owner.der", authority_file = folder / "go-device-ca.pem";
  const SecretBytes pkcs8 = owner->pkcs8();
  std::ofstream(key_file) << as_text(pkcs8.reveal());
  std::ofstream(authority_file) << authority;
  const std::uint16_t port = free_port();
  TRY(auto process,
      Process::start(
          {program, "owner", "127.0.0.1:" + std::to_string(port), "--db-dsn",
           "file:" + (folder / "go-fdo-server.db").string() + std::string(database_options),
           "--owner-key", key_file.string(), "--device-ca-cert", authority_file.string()},
          folder / "go-fdo-server.log"));
  const std::string here =
      R"([{"ip":"127.0.0.1","protocol":"http","port":")" + std::to_string(port) + R"("}])";
  for (auto waited = 0ms; process.running() && waited < deadline; waited += 10ms) {
    std::this_thread::sleep_for(10ms);
    if (post(port, "/api/v1/owner/redirect", to_bytes(std::string_view(here))))
      return GoFdoServer{std::move(process), port, owner->public_key()};
  }
  return fail(Errc::io, program + " did not start: see " + folder.string());
}

Result<void> GoFdoServer::import(const std::vector<std::string>& pem_vouchers) const {
  return in_requests(pem_vouchers,
                     [&](View body) { return post(port, "/api/v1/owner/vouchers", body); });
}

}  // namespace fairlead::bench
