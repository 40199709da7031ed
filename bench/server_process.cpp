// SPDX-License-Identifier: Apache-2.0
#include "server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "codec/pem.h"
#include "crypto/certificate.h"
#include "http_line.h"

namespace fairlead::bench {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr auto start_deadline = 180s;  // a registry of a million is read for the access table
constexpr auto stop_deadline = 10s;
constexpr std::size_t import_request_bytes_max = 1000 * 1000;

std::string whole_file(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

// Ports from the events that name them, in order.
std::vector<std::uint16_t> listening_ports(const std::filesystem::path& log) {
  std::vector<std::uint16_t> out;
  std::ifstream in(log);
  for (std::string line; std::getline(in, line);) {
    boost::system::error_code error;
    auto event = json::parse(line, error);
    const json::object* object = error ? nullptr : event.if_object();
    const json::value* id = object ? object->if_contains("id") : nullptr;
    if (!id || *id != json::value("HTTP_LISTENING")) continue;
    if (const json::value* port = object->if_contains("port"))
      out.push_back(static_cast<std::uint16_t>(std::atoi(port->as_string().c_str())));
  }
  return out;
}

void write_config(const std::filesystem::path& file, const std::filesystem::path& data,
                  crypto::KeyType keys) {
  std::ofstream(file)
      << "data = \"" << data.string() << "\"\nkey_type = \""
      << (keys == crypto::KeyType::p384 ? "p384" : "p256")
      << "\"\nlog_level = \"info\"\n[fdo]\nport = 0\n[api]\nport = 0\n[est]\nport = 0\n"
         "[broker]\nenabled = false\n";
}

}  // namespace

Folder::Folder() {
  const char* elsewhere = std::getenv("FAIRLEAD_BENCH_DATA");
  std::string pattern =
      ((elsewhere ? std::filesystem::path(elsewhere) : std::filesystem::temp_directory_path()) /
       "fairlead-bench.XXXXXX")
          .string();
  if (!::mkdtemp(pattern.data())) std::abort();
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Result<Process> Process::start(const std::vector<std::string>& command,
                               const std::filesystem::path& log) {
  std::vector<char*> arguments;
  for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t pid = -1;
  int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(Errc::io, command[0] + ": " + std::strerror(error));
  return Process(pid);
}

Process::~Process() {
  if (!running()) return;
  ::kill(pid_, SIGTERM);
  for (auto waited = 0ms; running() && waited < stop_deadline; waited += 10ms)
    std::this_thread::sleep_for(10ms);
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Process::running() const {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = -1;
  return pid_ > 0;
}

Result<std::uint16_t> Process::port_said(const std::filesystem::path& log) const {
  for (auto waited = 0ms; running() && waited < start_deadline; waited += 5ms) {
    std::this_thread::sleep_for(5ms);
    if (int port = std::atoi(whole_file(log).c_str()); port > 0)
      return static_cast<std::uint16_t>(port);
  }
  return fail(Errc::io, "a program did not start:\n" + whole_file(log));
}

// proc(5): utime and stime are the 14th and 15th field; the 2nd, in brackets, may hold blanks.
double Process::cpu_seconds() const {
  std::string stat = whole_file("/proc/" + std::to_string(pid_) + "/stat");
  auto bracket = stat.rfind(')');
  if (bracket == std::string::npos) return 0;
  std::istringstream fields(stat.substr(bracket + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::size_t Process::resident_bytes() const {
  std::istringstream fields(whole_file("/proc/" + std::to_string(pid_) + "/statm"));
  std::size_t size = 0, resident = 0;
  fields >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

Result<FairleadServer> FairleadServer::start(const std::string& program,
                                             const std::filesystem::path& data,
                                             crypto::KeyType keys) {
  std::filesystem::create_directories(data);
  auto config = data / "bench.toml", log = data / "server.log";
  std::filesystem::remove(log);
  write_config(config, data, keys);
  TRY(auto process, Process::start({program, "--config", config.string()}, log));
  for (auto waited = 0ms; waited < start_deadline; waited += 5ms) {
    auto ports = listening_ports(log);
    if (ports.size() == 2) {
      std::string token = whole_file(data / "admin-token");
      while (token.ends_with('\n')) token.pop_back();
      return FairleadServer{std::move(process), ports[0], ports[1], std::move(token)};
    }
    if (!process.running()) break;
    std::this_thread::sleep_for(5ms);
  }
  return fail(Errc::io, program + " did not start:\n" + whole_file(log));
}

Result<Bytes> FairleadServer::api(std::string_view target, std::string_view content_type,
                                  View body) const {
  TRY(auto line, HttpLine::connect(api_port));
  std::string headers = "Authorization: Bearer " + token + "\r\n";
  if (!content_type.empty()) headers += "Content-Type: " + std::string(content_type) + "\r\n";
  TRY(auto reply, line.send(content_type.empty() ? "GET" : "POST", target, headers, body));
  if (reply.status < 200 || reply.status > 299)
    return fail(Errc::refused, std::string(target) + ": " + std::string(as_text(reply.body)));
  return std::move(reply.body);
}

Result<crypto::PublicKey> FairleadServer::owner_key() const {
  TRY(auto body, api("/api/v1/keys"));
  boost::system::error_code error;
  auto keys = json::parse(as_text(body), error);
  if (error || !keys.is_object() || !keys.as_object().contains("owner"))
    return fail(Errc::malformed, "the server's keys can't be read");
  TRY(auto blocks, pem::decode(keys.at("owner").as_string()));
  return crypto::PublicKey::from_spki(blocks.at(0).content);
}

Result<void> FairleadServer::trust(const crypto::PublicKey& manufacturer) const {
  std::string body = json::serialize(json::object{
      {"pem", pem::encode("PUBLIC KEY", manufacturer.spki())}, {"name", "bench maker"}});
  TRY_VOID(api("/api/v1/trusted-keys", "application/json", to_bytes(std::string_view(body))));
  return ok();
}

Result<void> in_requests(const std::vector<std::string>& pem_vouchers,
                         const std::function<Result<void>(View)>& send) {
  std::size_t taken = 0;
  while (taken < pem_vouchers.size()) {
    std::string body;
    while (taken < pem_vouchers.size() &&
           body.size() + pem_vouchers[taken].size() < import_request_bytes_max)
      body += pem_vouchers[taken++];
    TRY_VOID(send(to_bytes(std::string_view(body))));
  }
  return ok();
}

Result<void> FairleadServer::import(const std::vector<std::string>& pem_vouchers) const {
  return in_requests(pem_vouchers, [&](View body) -> Result<void> {
    TRY(auto answer, api("/api/v1/vouchers/import", "application/x-pem-file", body));
    if (as_text(answer).find("\"refused\"") != std::string_view::npos)
      return fail(Errc::refused, "a voucher of ours was refused: " + std::string(as_text(answer)));
    return ok();
  });
}

Result<GoPeer> GoPeer::start(const std::string& program, const std::filesystem::path& folder,
                             crypto::KeyType keys) {
  auto log = folder / "go-peer.log";
  TRY(auto process, Process::start({program, "-folder", folder.string()}, log));
  TRY(const std::uint16_t port, process.port_said(log));
  const bool strong = keys == crypto::KeyType::p384;
  TRY(auto line, HttpLine::connect(port));
  TRY(auto reply, line.send("GET", strong ? "/keys/owner/11" : "/keys/owner/10", {}, {}));
  TRY(auto certificates, crypto::Certificate::from_pem(as_text(reply.body)));
  return GoPeer{std::move(process), port, certificates.front().public_key()};
}

Result<void> GoPeer::import(const std::vector<std::string>& pem_vouchers) const {
  TRY(auto line, HttpLine::connect(port));
  for (const std::string& voucher : pem_vouchers) {
    TRY(auto reply, line.send("POST", "/vouchers", {}, to_bytes(std::string_view(voucher))));
    if (reply.status < 200 || reply.status > 299)
      return fail(Errc::refused, "go-fdo: " + std::string(as_text(reply.body)));
  }
  return ok();
}

}  // namespace fairlead::bench
